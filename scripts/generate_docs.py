"""Write the generated parts of the documentation: docs/tasks.md, and the tables between markers in README.md and docs/results.md.

`--check` writes nothing and fails if anything is out of date.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from mosim_gym.evaluation.describe import task_table, tasks_page
from mosim_gym.evaluation.kinematics import kinematics_table
from mosim_gym.evaluation.parity import parity_table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def between_markers(text: str, name: str, content: str) -> str:
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"There is no marker <!-- generated: {name} --> … <!-- end --> to write to.")
    return pattern.sub(lambda m: f"{m[1]}\n{content}\n\n{m[2]}", text)


def measured_on(report: dict) -> str:
    m = report["machine"]
    return (
        f"Measured on {m['cores']} cores of {m['processor']}, accelerator {m['accelerator']}, torch {m['torch']} with "
        f"{m['torch_threads']} threads, MuJoCo {m['mujoco']}, dm_control {m['dm_control']}; seed {report['seed']}."
    )


def generated() -> dict[Path, str]:
    readme = (ROOT / "README.md").read_text()
    results = (ROOT / "docs" / "results.md").read_text()
    parity = json.loads((RESULTS / "parity.json").read_text())
    kinematics = json.loads((RESULTS / "kinematics.json").read_text())
    results = between_markers(results, "parity", f"{parity_table(parity)}\n\n{measured_on(parity)}")
    results = between_markers(results, "kinematics", f"{kinematics_table(kinematics)}\n\n{measured_on(kinematics)}")
    return {
        ROOT / "docs" / "tasks.md": tasks_page(),
        ROOT / "README.md": between_markers(readme, "tasks", task_table()),
        ROOT / "docs" / "results.md": results,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if anything is out of date")
    check = parser.parse_args().check
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run python scripts/generate_docs.py")
        else:
            path.write_text(generated()[path])
            print(f"wrote {path.relative_to(ROOT)}")
    sys.exit(bool(stale) and check)


if __name__ == "__main__":
    main()
