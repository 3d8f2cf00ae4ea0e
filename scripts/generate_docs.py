"""Write the generated parts of the documentation: tasks.md, gallery.md, index.md, the picture of rooms, and the parts between markers.

`--check` writes nothing and fails if anything is out of date.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gallery import gallery_page
from measured import NOT_YET, measured
from policy_tables import (
    efficiency_summary,
    not_trained,
    readme_table,
    returns_table,
    zero_shot_summary,
)
from prediction_tables import (
    endurance_table,
    error_table,
    normalised_table,
    policies_of_tests_table,
    published_table,
    rollout_speed_table,
    touch_table,
    training_table,
)
from result_tables import (
    alternatives_table,
    collection_table,
    density_table,
    environment_speed,
    kinematics_targets,
    parity_targets,
    systems_table,
)
from rooms import rooms_picture, rooms_table
from speed_targets import pace_table
from study_tables import gait_table, penalty_targets, planning_summary, study_summary

from mosim_gym.evaluation.describe import tasks_page
from mosim_gym.evaluation.kinematics import kinematics_table
from mosim_gym.evaluation.parity import parity_table
from mosim_gym.studies.sample_efficiency import MATRIX, Cell
from mosim_gym.studies.studies import RUNS, STUDIES

ROOT = Path(__file__).resolve().parents[1]
README, DOCS = ROOT / "README.md", ROOT / "docs"
MEASURED = ROOT / "benchmarks" / "results"
MARKER = re.compile(r"(<!-- generated: ([^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
RUN = re.compile(r"<!-- run: \S+ -->\n")
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://)([^)\s]+)\)")


def result(name: str) -> dict[str, Any]:
    """What benchmarks/`name`.py measured."""
    return json.loads((MEASURED / f"{name}.json").read_text())


def results_in(folder: str) -> list[dict[str, Any]]:
    """What benchmarks/`folder`.py measured piece by piece."""
    return [json.loads(path.read_text()) for path in sorted((MEASURED / folder).glob("*.json"))]


def optional(name: str, to_table: Callable[[Any], str]) -> str:
    """The table of what benchmarks/`name`.py measured, if it has."""
    return to_table(result(name)) if (MEASURED / f"{name}.json").exists() else NOT_YET


def pictures(pattern: str, about: str, *, page: Path) -> str:
    """The plots in docs/assets of that pattern, each with what it shows, as seen from `page`."""
    up = "../" * (len(page.relative_to(DOCS).parts) - 1)
    found = sorted((DOCS / "assets").glob(pattern))
    return "\n\n".join(f"![{about} {path.stem.split('-', 2)[2]}]({up}assets/{path.name})" for path in found)


def cells() -> list[dict[str, Any]]:
    """The benchmark's cells that have been run, in the order of the matrix."""
    order = [cell.name for cell in MATRIX]
    return sorted(results_in("sample_efficiency"), key=lambda cell: order.index(Cell.of(cell).name))


def studies() -> dict[str, str]:
    """A part for each study."""
    runs = results_in("studies")
    found = {}
    for study, question in STUDIES.items():
        names = [run.label for run in RUNS if run.study == study]
        found[f"study {study}"] = study_summary([run for run in runs if run["study"] == study], names, question)
    return found


def parts() -> dict[Path, dict[str, str]]:
    """For each page the content of its markers."""
    reports, policies, baselines = result("prediction"), result("zero_shot"), result("baselines")
    parity, kinematics, substeps = result("parity"), result("kinematics"), result("substeps")
    real_steps = DOCS / "results" / "real-steps.md"
    efficiency = (
        efficiency_summary(cells(), MATRIX),
        pictures("sample-efficiency-*.png", "Real return against real steps:", page=real_steps),
    )
    steps = f"{baselines['ablation_steps']:,} training steps each, errors against i.i.d. uniform actions."
    labels = [run.label for run in RUNS]
    penalties = [run for run in results_in("studies") if run["study"] == "penalty"]
    penalties.sort(key=lambda run: labels.index(run["label"]))
    return {
        README: {"headline": readme_table(policies)},
        DOCS / "results" / "parity.md": {
            "parity targets": parity_targets(parity),
            "parity": f"{parity_table(parity)}\n\n{measured(parity)}",
            "kinematics": f"{kinematics_table(kinematics)}\n\n{measured(kinematics)}",
            "kinematics targets": kinematics_targets(kinematics),
        },
        DOCS / "results" / "prediction.md": {
            "published": published_table(reports),
            "prediction": error_table(reports),
            "test policies": policies_of_tests_table(ROOT / "benchmarks" / "policies" / "test"),
            "normalised": normalised_table(reports),
            "touch": touch_table(reports),
            "endurance": endurance_table(reports),
            "training": training_table(),
        },
        DOCS / "results" / "zero-shot.md": {
            "returns": returns_table(policies),
            "zero-shot": zero_shot_summary(policies),
            "not trained": not_trained(policies),
            **studies(),
            "planning": optional("planning", planning_summary),
            "gait": gait_table(result("scripted_gait")),
        },
        real_steps: {"sample efficiency": "\n\n".join(filter(None, efficiency))},
        DOCS / "results" / "speed.md": {
            "speed": environment_speed(result("speed")),
            "speed targets": pace_table(result("speed")),
            "rollout speed": rollout_speed_table(reports),
            "densities": optional("density", density_table),
        },
        DOCS / "architecture.md": {"rooms": rooms_table()},
        DOCS / "learned-motion.md": {"collection": collection_table(result("collection"))},
        DOCS / "strategies" / "penalties.md": {
            "penalty targets": f"{penalty_targets(penalties)}\n\n{measured(penalties)}"
        },
        DOCS / "notes" / "001-the-papers-scheme.md": {"systems": systems_table(baselines)},
        DOCS / "notes" / "002-what-each-choice-is-worth.md": {
            "ablations": alternatives_table(baselines["ablations"], steps, horizon="one_step")
        },
        DOCS / "notes" / "003-physics-steps-within-a-control-step.md": {
            f"substeps {robot}": alternatives_table(
                report["alternatives"], f"{robot}, {report['steps']:,} training steps each, errors against i.i.d. uniform actions.",
                horizon="16",
            )
            for robot, report in substeps.items()
        },
    }  # fmt: skip


def filled(text: str, content: dict[str, str], page: str) -> str:
    """`text` with each of its markers filled; a marker without content, or content without a marker, ends everything."""
    names = [name for _, name, _ in MARKER.findall(text)]
    if odd := sorted(set(names) ^ set(content)):
        raise SystemExit(f"{page}: markers and generated parts differ in {', '.join(odd)}.")
    return MARKER.sub(lambda m: f"{m[1]}\n{wrapped(content[m[2]])}\n\n{m[3]}", text)


def wrapped(content: str) -> str:
    """`content` with its paragraphs of prose in lines of 140 columns at most."""
    fill = partial(textwrap.fill, width=140, break_long_words=False, break_on_hyphens=False)
    paragraphs = content.split("\n\n")
    return "\n\n".join(part if part.startswith(("|", "!")) else fill(part) for part in paragraphs)


def home_page(readme: str) -> str:
    """The README as the documentation's first page: links lead from docs/, and what lies outside of it is named only."""

    def moved(m: re.Match[str]) -> str:
        picture, label, target = m.groups()
        return f"{picture}[{label}]({target.removeprefix('docs/')})" if target.startswith("docs/") else label

    return f"<!-- Written by scripts/generate_docs.py from README.md. -->\n\n{LINK.sub(moved, RUN.sub('', readme))}"


def generated() -> dict[Path, str]:
    """The content that each file should have."""
    pages = {path: filled(path.read_text(), content, path.name) for path, content in parts().items()}
    return {
        **pages,
        DOCS / "index.md": home_page(pages[README]),
        DOCS / "tasks.md": tasks_page(),
        DOCS / "assets" / "rooms.svg": rooms_picture(),
        DOCS / "gallery.md": gallery_page(DOCS / "assets", result("prediction")),
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
