#!/usr/bin/env bash
# Install a wheel in a fresh environment, outside the source tree, and test what was installed:
#
#   bash scripts/test_wheel.sh dist/*.whl                      all tests that need nothing but the package
#   bash scripts/test_wheel.sh dist/*.whl -n 0 tests/mechanics   others, or with other options of pytest
#
# PYTHON=/path/to/python3.12   the interpreter to use instead of `python3`
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -ge 1 ] && [ -f "$1" ] || { echo "usage: bash scripts/test_wheel.sh WHEEL [PYTEST OPTIONS]" >&2; exit 2; }
wheel=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
[ $# -gt 0 ] || set -- -n auto --maxprocesses 8 --dist loadfile tests/cli tests/dynamics tests/envs tests/mechanics tests/robots \
    tests/truth tests/zoo tests/test_cli.py tests/test_imports.py

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place/venv"
python=$place/venv/bin/python

# PyTorch for the CPU where pip finds it: the default build brings gigabytes that a machine without a GPU cannot use.
install() { "$python" -m pip install --quiet --disable-pip-version-check "$@"; }
torch=$(grep -E '^torch==' "$root/constraints.txt")
install --no-deps "$torch+cpu" 2>/dev/null ||
    install --no-deps --timeout 10 --retries 1 --index-url https://download.pytorch.org/whl/cpu "$torch" 2>/dev/null ||
    echo 'no CPU build of PyTorch within reach: the default one is larger'
install -c "$root/constraints.txt" "$wheel[test]"

# The tests and the files that they compare with, and nothing of the package's source.
cp -r "$root/tests" "$root/pyproject.toml" "$root/CHANGELOG.md" "$place"
mkdir "$place/scripts" "$place/benchmarks"
cp -r "$root/benchmarks/policies" "$place/benchmarks"
cd "$place"
"$python" - <<'END'
import sysconfig
import mosim_gym
assert mosim_gym.__file__.startswith(sysconfig.get_path("purelib")), mosim_gym.__file__
print("testing mosim_gym", mosim_gym.__version__, "in", mosim_gym.__file__)
END
"$place/venv/bin/mosim-gym" info
OMP_NUM_THREADS=1 "$python" -m pytest -q --deselect tests/mechanics/test_version.py "$@" # that one reads the source
