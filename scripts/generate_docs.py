"""Write the generated parts of the documentation: tasks.md and gallery.md, and what stands between markers in README.md and docs/*.md.

`--check` writes nothing and fails if anything is out of date.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gallery import gallery_page
from result_tables import (
    NOT_YET,
    collection_summary,
    comparison,
    density_summary,
    efficiency_summary,
    endurance_summary,
    environment_speed,
    gait_table,
    headline,
    normalised_summary,
    prediction_summary,
    published_summary,
    returns_summary,
    speed_summary,
    study_summary,
    touch_summary,
    zero_shot_summary,
)

from mosim_gym.evaluation.describe import task_table, tasks_page
from mosim_gym.evaluation.kinematics import kinematics_table
from mosim_gym.evaluation.parity import parity_table
from mosim_gym.rl.efficiency_summary import efficiency_table
from mosim_gym.rl.planning import planning_table
from mosim_gym.rl.sample_efficiency import MATRIX, Cell
from mosim_gym.rl.studies import RUNS, STUDIES

ROOT = Path(__file__).resolve().parents[1]
README, DOCS = ROOT / "README.md", ROOT / "docs"
STATUS = re.compile(r"<!-- status -->\n\n(.*?)\n\n<!-- end -->", re.DOTALL)


def result(name: str) -> dict[str, Any]:
    """What benchmarks/`name`.py measured."""
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())


def results_in(folder: str) -> list[dict[str, Any]]:
    """What benchmarks/`folder`.py measured piece by piece."""
    return [json.loads(path.read_text()) for path in sorted((ROOT / "benchmarks" / "results" / folder).glob("*.json"))]


def pictures(pattern: str, about: str) -> str:
    """The plots in docs/assets of that pattern, each with what it shows."""
    found = sorted((DOCS / "assets").glob(pattern))
    return "\n\n".join(f"![{about} {path.stem.split('-', 2)[2]}](assets/{path.name})" for path in found)


def optional(name: str, to_table: Callable[[Any], str]) -> str:
    """The table of what benchmarks/`name`.py measured, if it has."""
    measured = (ROOT / "benchmarks" / "results" / f"{name}.json").exists()
    return to_table(result(name)) if measured else NOT_YET


def between_markers(text: str, name: str, content: str) -> str:
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"There is no marker <!-- generated: {name} --> … <!-- end --> to write to.")
    return pattern.sub(lambda m: f"{m[1]}\n{content}\n\n{m[2]}", text)


def measured_on(report: dict[str, Any]) -> str:
    m, threads = report["provenance"], report["provenance"]["torch_threads"]
    return (
        f"Measured on {m['cores']} cores of {m['processor']}, accelerator {m['accelerator']}, torch {m['torch']} with "
        f"{threads} thread{'s' * (threads > 1)}, MuJoCo {m['mujoco']}, dm_control {m['dm_control']}; seed {report['seed']}."
    )


def generated() -> dict[Path, str]:
    """The content that each file should have."""
    readme, index, results = (path.read_text() for path in (README, DOCS / "index.md", DOCS / "results.md"))
    status = STATUS.search(readme)
    if status is None:
        raise SystemExit("README.md has no <!-- status --> … <!-- end --> to copy from.")
    for name, to_table in (("parity", parity_table), ("kinematics", kinematics_table)):
        report = result(name)
        results = between_markers(results, name, f"{to_table(report)}\n\n{measured_on(report)}")
    reports = result("prediction")
    first = next(iter(reports.values()))
    about = (
        f"{first['segments']:,} segments of {first['steps']} steps after a burn-in of {first['burn_in_seconds']:g} s."
    )
    note = f"{about} {measured_on(first)}"
    single = [f"`{name}`" for name, report in reports.items() if report["provenance"]["cores"] == 1]
    note += f" On 1 core: {', '.join(single)}." if single else ""
    results = between_markers(results, "prediction", f"{prediction_summary(reports)}\n\n{note}")
    for name, summary in (
        ("published", published_summary),
        ("normalised", normalised_summary),
        ("touch", touch_summary),
        ("endurance", endurance_summary),
        ("rollout speed", speed_summary),
    ):
        results = between_markers(results, name, summary(reports))
    policies = result("zero_shot")
    results = between_markers(results, "zero-shot", zero_shot_summary(policies))
    results = between_markers(results, "returns", returns_summary(policies))
    results = between_markers(results, "speed", environment_speed(result("speed")))
    order = [cell.name for cell in MATRIX]
    cells = sorted(results_in("sample_efficiency"), key=lambda cell: order.index(Cell.of(cell).name))
    shown = efficiency_summary(cells, MATRIX), pictures("sample-efficiency-*.png", "Real return against real steps:")
    results = between_markers(results, "sample efficiency", "\n\n".join(filter(None, shown)))
    runs = results_in("studies")
    for study, question in STUDIES.items():
        names = [run.label for run in RUNS if run.study == study]
        shown = study_summary([run for run in runs if run["study"] == study], names, question)
        results = between_markers(results, f"study {study}", shown)
    results = between_markers(results, "planning", optional("planning", lambda plans: planning_table(plans.values())))
    results = between_markers(results, "densities", optional("density", density_summary))
    learned = (DOCS / "learned-motion.md").read_text()
    baselines = result("baselines")
    about = "Samples are control steps, data generation included."
    learned = between_markers(learned, "systems", comparison(baselines["systems"], about, pace=True))
    about = f"{baselines['ablation_steps']:,} training steps each, against i.i.d. uniform actions."
    learned = between_markers(learned, "ablations", comparison(baselines["ablations"], about, pace=False))
    for robot, report in result("substeps").items():
        about = f"{robot}, {report['steps']:,} training steps each, against i.i.d. uniform actions."
        learned = between_markers(learned, f"substeps {robot}", comparison(report["alternatives"], about, pace=False))
    learned = between_markers(learned, "collection", collection_summary(result("collection")))
    readme = between_markers(readme, "tasks", task_table())
    readme = between_markers(readme, "headline", headline(policies))
    best = [cell for cell in cells if cell["strategy"] in ("few-shot-narrow-gradients", "on-policy-gradients")]
    return {
        README: between_markers(readme, "real steps", efficiency_table(best)),
        DOCS / "index.md": between_markers(index, "status", status[1]),
        DOCS / "tasks.md": tasks_page(),
        DOCS / "gallery.md": gallery_page(DOCS / "assets", reports),
        DOCS / "learned-motion.md": learned,
        DOCS / "results.md": between_markers(results, "gait", gait_table(result("scripted_gait"))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if anything is out of date")
    check = parser.parse_args().check
    stale = {path: text for path, text in generated().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run python scripts/generate_docs.py")
        else:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    sys.exit(bool(stale) and check)


if __name__ == "__main__":
    main()
