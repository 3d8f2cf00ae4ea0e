"""Whether a tag may be released: it is `v` and the version, which is no development version and heads the changelog with a date.

python scripts/check_release.py v0.2.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION_FILE = Path("src/mosim_gym/mechanics/version.py")


def fault(tag: str, version: str, changelog: str) -> str | None:
    """What is wrong, in a sentence; None if `tag` may be released."""
    if not re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", version):
        return f"The version {version} is none to release; {VERSION_FILE} must say one such as 0.2.0 or 0.2.0rc1."
    if tag != f"v{version}":
        return f"The tag {tag} is not v{version}, the version in {VERSION_FILE}."
    heading = re.search(r"^## (.*)$", changelog, re.MULTILINE)
    if heading is None or not re.fullmatch(rf"{re.escape(version)} \(\d{{4}}-\d\d-\d\d\)", heading[1]):
        return f"CHANGELOG.md must begin with '## {version} (YYYY-MM-DD)'."
    return None


def main() -> None:
    found = re.search(r'^__version__ = "(.*)"$', (ROOT / VERSION_FILE).read_text(), re.MULTILINE)
    version = found[1] if found else "(none)"
    wrong = fault(sys.argv[1], version, (ROOT / "CHANGELOG.md").read_text())
    if wrong:
        raise SystemExit(wrong)
    print(f"{sys.argv[1]} may be released.")


if __name__ == "__main__":
    main()
