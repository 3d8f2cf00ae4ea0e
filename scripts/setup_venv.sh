#!/usr/bin/env bash
# Make .venv ready: Python 3.11 or later, CPU torch where there is no NVIDIA GPU, this package in editable mode.
#
# A stamp (.venv/.ready-<checksum>) records what was installed, so a second call returns at once. The checksum covers
# pyproject.toml, constraints.txt, the version, this script and the folder (a virtual environment cannot be moved).
# Python 3.11 and 3.12 are preferred: dm_control, which parity and `make_real` need, is not to be had for later ones.
#
#   PYTHON=/path/to/python3.12   the interpreter to use, instead of the first one that works
#   MOSIM_DEPENDENCIES=newest    newest versions that the ranges of pyproject.toml allow, instead of constraints.txt; or `lowest`
#   MOSIM_NO_CONSTRAINTS=1       the same as MOSIM_DEPENDENCIES=newest
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '[setup] %s\n' "$*"; }
fail() { printf '[setup] error: %s\n' "$*" >&2; exit 1; }

uv=uv==0.13.9 # installs the lowest versions, which pip cannot
dependencies=${MOSIM_DEPENDENCIES:-pinned}
[ "${MOSIM_NO_CONSTRAINTS:-0}" != 1 ] || dependencies=newest
case $dependencies in
    pinned | newest | lowest) ;;
    *) fail "MOSIM_DEPENDENCIES=$dependencies is unknown; valid: pinned, newest, lowest." ;;
esac
key=$({ cat pyproject.toml constraints.txt src/mosim_gym/mechanics/version.py scripts/setup_venv.sh; printf '%s %s' "$PWD" "$dependencies"; } | cksum | cut -d' ' -f1)
stamp=.venv/.ready-$key
log=.venv/setup.log

# ---- the interpreter

is_supported() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

find_python() { # prints the first interpreter that really runs: a pyenv shim can exist and fail
    local candidate without_venv=
    if [ -n "${PYTHON:-}" ]; then
        is_supported "$PYTHON" || fail "PYTHON=$PYTHON is not a working Python 3.11 or later."
        has_venv "$PYTHON" || fail "PYTHON=$PYTHON lacks the venv module (on Debian and Ubuntu: apt install python$(version_of "$PYTHON")-venv)."
        echo "$PYTHON"
        return
    fi
    for candidate in python3.11 python3.12 python3.13 python3.14 python3 python; do
        is_supported "$candidate" || continue
        if has_venv "$candidate"; then echo "$candidate"; return; fi
        without_venv=${without_venv:-$candidate}
    done
    [ -z "$without_venv" ] ||
        fail "$without_venv works but lacks the venv module (on Debian and Ubuntu: apt install python$(version_of "$without_venv")-venv)."
    fail "no working Python 3.11 or later found; install one, or name it: PYTHON=/path/to/python3.12 make test."
}

if [ -e .venv ] && [ "$(cat .venv/.dependencies 2>/dev/null || echo pinned)" != "$dependencies" ]; then
    say "other versions are asked for: making .venv again"
    rm -rf .venv
fi
if [ -n "${PYTHON:-}" ] && [ -e .venv ] && [ "$(version_of "$PYTHON")" != "$(version_of .venv/bin/python)" ]; then
    say "PYTHON asks for another version: making .venv again"
    rm -rf .venv
fi

[ ! -e "$stamp" ] || exit 0

# ---- the environment

say "making .venv ready: about 2 minutes on 2 cores with a fast connection, longer where torch for a GPU is loaded"
if ! is_supported .venv/bin/python || [ "$(cat .venv/.folder 2>/dev/null)" != "$PWD" ]; then
    python=$(find_python) || exit 1
    say "creating .venv with $python ($("$python" -V 2>&1))"
    rm -rf .venv
    "$python" -m venv .venv || fail "$python -m venv failed; the message above says why."
    printf '%s' "$PWD" >.venv/.folder
    printf '%s' "$dependencies" >.venv/.dependencies
fi
rm -f .venv/.ready-*
: >"$log"

try_pip() { .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input "$@" >>"$log" 2>&1; }
pip_install() {
    try_pip "$@" || { tail -n 20 "$log" >&2; fail "pip install failed; its last lines are above, all of them in $log."; }
}

# ---- torch first: on Linux the default wheel brings gigabytes of CUDA libraries that a machine without a GPU cannot use

torch=$(grep -E '^torch==' constraints.txt) || fail "constraints.txt pins no torch."
has_gpu() { command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q .; }
has_torch() { # the pinned version, CPU or not; any version where others than the pinned ones are asked for
    local found
    found=$(.venv/bin/python -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null) || return 1
    [ "$dependencies" != pinned ] || [ "torch==${found%%+*}" = "$torch" ]
}

from_index() { try_pip --no-deps --timeout 10 --retries 1 --index-url https://download.pytorch.org/whl/cpu "$1"; }

if [ "$dependencies" = lowest ] || has_torch; then
    : # the next step brings the lowest, or it is here
elif [ "$(uname -s)" = Linux ] && ! has_gpu; then
    say "installing torch for the CPU (no NVIDIA GPU found)"
    # What pip is configured with (a local wheel, say), then PyTorch's own index, then the default wheel. Without
    # dependencies: the index holds few versions of them, and the next step brings them anyway.
    { [ "$dependencies" = newest ] && from_index torch; } || try_pip --no-deps "$torch+cpu" || from_index "$torch" ||
        { say "no CPU build within reach: the default one is larger"; pip_install "$torch"; }
else
    say "installing $torch"
    pip_install "$torch"
fi

# ---- everything else

if [ "$dependencies" = newest ]; then
    say "installing mosim-gym with the newest versions its ranges allow"
    pip_install --upgrade --upgrade-strategy only-if-needed -e ".[test,dev,docs]"
elif [ "$dependencies" = lowest ]; then
    say "installing mosim-gym with the lowest versions its ranges allow"
    pip_install "$uv"
    lowest() { .venv/bin/uv pip install --quiet --python .venv/bin/python --resolution lowest-direct "$@" -e ".[test,docs]" >>"$log" 2>&1; }
    lowest --torch-backend cpu || { say "no CPU build of torch within reach: the default one is larger"; lowest; } ||
        { tail -n 20 "$log" >&2; fail "uv pip install failed; its last lines are above, all of them in $log."; }
else
    say "installing mosim-gym and its tools (constraints.txt)"
    pip_install -c constraints.txt -e ".[test,dev,docs]"
fi

touch "$stamp"
.venv/bin/python -c 'import dm_control' >/dev/null 2>&1 ||
    say "without dm_control, which Python 3.13 and later cannot have: parity and make_real need Python 3.11 or 3.12"
say "ready: .venv with $(.venv/bin/python -V 2>&1), torch $(.venv/bin/python -c 'import torch; print(torch.__version__)')"
