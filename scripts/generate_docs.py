"""Write the generated parts of the documentation: whole pages (tasks, policies, gallery, index), the picture of rooms, and the parts
between markers.

`--check` writes nothing and fails if anything is out of date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mosim_gym.studies.documentation import Documentation

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if anything is out of date")
    check = parser.parse_args().check
    pages = Documentation(ROOT).generated()
    stale = {path: text for path, text in pages.items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run python scripts/generate_docs.py")
        else:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    sys.exit(bool(stale) and check)


if __name__ == "__main__":
    main()
