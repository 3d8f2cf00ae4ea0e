"""The documentation's generated pages: what stands in each of their parts, from committed results and from what is registered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from mosim_gym.evaluation.describe import tasks_page
from mosim_gym.evaluation.kinematics import KinematicsReport, kinematics_table
from mosim_gym.evaluation.parity import ParityReport
from mosim_gym.evaluation.parity_table import parity_table
from mosim_gym.rl.strategies import few_shot, on_policy, real_task, zero_shot
from mosim_gym.studies.efficiency_tables import efficiency_summary
from mosim_gym.studies.finer_checkpoints import finer_table
from mosim_gym.studies.gallery import gallery_page
from mosim_gym.studies.measured import NOT_YET, measured
from mosim_gym.studies.measured_tables import measured_headline, measured_tables
from mosim_gym.studies.open_benchmark_table import entries_table
from mosim_gym.studies.pages import filled, home_page
from mosim_gym.studies.paper.catalogue import PAPER_STUDIES
from mosim_gym.studies.policy_pages import policies_page
from mosim_gym.studies.policy_tables import (
    not_trained,
    readme_table,
    returns_table,
    zero_shot_summary,
)
from mosim_gym.studies.prediction_tables import (
    endurance_table,
    error_table,
    normalised_table,
    policies_of_tests_table,
    published_table,
    rollout_speed_table,
    touch_table,
    training_table,
)
from mosim_gym.studies.registry_tables import (
    EXAMPLE,
    commands_table,
    differences_table,
    learner_settings,
    learners_table,
    schedules_table,
    settings_table,
    tasks_table,
    uses_table,
)
from mosim_gym.studies.reproducibility import reproducibility_table
from mosim_gym.studies.result_tables import (
    alternatives_table,
    collection_table,
    density_table,
    environment_speed,
    import_table,
    kinematics_targets,
    onnx_table,
    parity_targets,
    systems_table,
)
from mosim_gym.studies.rooms import rooms_picture, rooms_table
from mosim_gym.studies.sample_efficiency import Cell, matrix
from mosim_gym.studies.speed_targets import pace_table
from mosim_gym.studies.study_tables import gait_table, planning_summary
from mosim_gym.studies.swing_up import swing_up_table
from mosim_gym.studies.training_stages import stages_table
from mosim_gym.studies.world_model_tables import world_models_table


class Documentation:
    """The generated pages of the repository in `root`."""

    def __init__(self, root: Path) -> None:
        """`root` holds README.md, docs and benchmarks."""
        self.root, self.readme, self.docs = root, root / "README.md", root / "docs"
        self._measured = root / "benchmarks" / "results"

    def _result(self, name: str) -> dict[str, Any]:
        """What benchmarks/`name`.py measured."""
        return json.loads((self._measured / f"{name}.json").read_text())

    def _results_in(self, folder: str) -> list[dict[str, Any]]:
        """What benchmarks/`folder`.py measured piece by piece."""
        return [json.loads(path.read_text()) for path in sorted((self._measured / folder).glob("*.json"))]

    def _optional(self, name: str, to_table: Callable[[Any], str]) -> str:
        """The table of what benchmarks/`name`.py measured, if it has."""
        return to_table(self._result(name)) if (self._measured / f"{name}.json").exists() else NOT_YET

    def _pictures(self, pattern: str, about: str, *, page: Path) -> str:
        """The plots in docs/assets of that pattern, each with what it shows, as seen from `page`."""
        up = "../" * (len(page.relative_to(self.docs).parts) - 1)
        found = sorted((self.docs / "assets").glob(pattern))
        return "\n\n".join(f"![{about} {path.stem.split('-', 2)[2]}]({up}assets/{path.name})" for path in found)

    def _cells(self) -> list[dict[str, Any]]:
        """The benchmark's cells that have been run, in the order of the matrix."""
        order = {cell.name: number for number, cell in enumerate(matrix())}
        return sorted(self._results_in("sample_efficiency"), key=lambda cell: order.get(Cell.of(cell).name, len(order)))

    def _paper(self) -> dict[str, str]:
        """A part for each study of the paper's tables."""
        found: dict[str, str] = {}
        for name, kind in PAPER_STUDIES.items():
            study = kind.stored(self._measured / "paper")
            results = study.results(self._measured / "paper")
            found[f"paper {name}"] = study.summary(results) if results else NOT_YET
        return found

    def _measured_motion(self) -> dict[str, str]:
        """A part for each machine, and one for the policy of the acrobot."""
        found = measured_tables(self._result("measured") if (self._measured / "measured.json").exists() else {})
        return {**found, "swing-up": self._optional("swing_up", swing_up_table)}

    def _strategies(self) -> dict[str, dict[str, str]]:
        """For each page on strategies what the registries say."""
        return {
            "index": {"strategies": uses_table(), "commands": commands_table(), "learners": learners_table()},
            "zero-shot": {
                "settings": settings_table(zero_shot.config_for(EXAMPLE, "sac")),
                "learner settings": learner_settings("sac"),
                "ppo settings": learner_settings("ppo"),
                "tasks": tasks_table(),
            },
            "gradients": {"learner settings": learner_settings("shac")},
            "few-shot": {
                "schedules": schedules_table("few-shot"),
                "settings": settings_table(few_shot.config_for_schedule()),
            },
            "on-policy": {
                "schedules": schedules_table("on-policy"),
                "settings": settings_table(on_policy.config_for_schedule()),
            },
            "real-task": {
                "settings": settings_table(real_task.config_for(EXAMPLE)),
                "learner settings": differences_table("sac", real_task.NAME),
            },
        }

    def parts(self) -> dict[Path, dict[str, str]]:
        """For each page the content of its markers."""
        paper = self._paper()
        reports, policies, baselines = self._result("prediction"), self._result("zero_shot"), self._result("baselines")
        parity, kinematics, substeps = self._result("parity"), self._result("kinematics"), self._result("substeps")
        real_steps = self.docs / "results" / "real-steps.md"
        efficiency = (
            efficiency_summary(self._cells(), matrix()),
            self._pictures("sample-efficiency-*.png", "Real return against real steps:", page=real_steps),
        )
        steps = f"{baselines['ablation_steps']:,} training steps each, errors against i.i.d. uniform actions."
        return {
            self.readme: {
                "headline": readme_table(policies),
                "machines": measured_headline(self._result("measured"), self._result("swing_up")),
                "strategies": uses_table("docs/strategies/", costs=False)},
            **{self.docs / "strategies" / f"{page}.md": content for page, content in self._strategies().items()},
            self.docs / "results" / "parity.md": {
                "parity targets": parity_targets(parity),
                "parity": f"{parity_table(cast('ParityReport', parity))}\n\n{measured(parity)}",
                "kinematics": f"{kinematics_table(cast('KinematicsReport', kinematics))}\n\n{measured(kinematics)}",
                "kinematics targets": kinematics_targets(kinematics),
            },
            self.docs / "results" / "prediction.md": {
                "published": published_table(reports),
                "prediction": error_table(reports),
                "test policies": policies_of_tests_table(self.root / "benchmarks" / "policies" / "test"),
                "normalised": normalised_table(reports),
                "finer": finer_table(reports),
                "touch": touch_table(reports),
                "endurance": endurance_table(reports),
                "training": training_table(),
            },
            self.docs / "results" / "zero-shot.md": {
                "returns": returns_table(policies),
                "zero-shot": zero_shot_summary(policies),
                "not trained": not_trained(policies),
                "paper choices": paper.pop("paper choices"),
                "planning": self._optional("planning", planning_summary),
                "gait": gait_table(self._result("scripted_gait")),
            },
            self.docs / "results" / "measured.md": self._measured_motion(),
            self.docs / "results" / "paper.md": paper,
            self.docs / "benchmark.md": {"entries": entries_table(self._results_in("world_models"))},
            self.docs / "from-logs.md": {"import": import_table(self._result("import_logs"))},
            real_steps: {"sample efficiency": "\n\n".join(filter(None, efficiency))},
            self.docs / "results" / "speed.md": {
                "speed": environment_speed(self._result("speed")),
                "speed targets": pace_table(self._result("speed")),
                "rollout speed": rollout_speed_table(reports),
                "densities": self._optional("density", density_table),
                "onnx": self._optional("onnx", onnx_table),
            },
            self.docs / "how-it-works.md": {"reproducibility": self._optional("reproducibility", reproducibility_table)},
            self.docs / "architecture.md": {"rooms": rooms_table(self.root)},
            self.docs / "world-models.md": {"models": world_models_table()},
            self.docs / "learned-motion.md": {"collection": collection_table(self._result("collection"))},
            self.docs / "strategies" / "penalties.md": {"paper penalty": paper["paper penalty"]},
            self.docs / "notes" / "001-the-papers-scheme.md": {"systems": systems_table(baselines)},
            self.docs / "notes" / "002-what-each-choice-is-worth.md": {
                "ablations": alternatives_table(baselines["ablations"], steps, horizon="one_step")
            },
            self.docs / "notes" / "008-structure-and-stages.md": {
                "stages": self._optional("training_stages", lambda report: f"{stages_table(report)}\n\n{measured(report)}")
            },
            self.docs / "notes" / "003-physics-steps-within-a-control-step.md": {
                f"substeps {robot}": alternatives_table(
                    report["alternatives"], f"{robot}, {_length(report)} each, errors against i.i.d. uniform actions.",
                    horizon="16",
                )
                for robot, report in substeps.items()
            },
        }  # fmt: skip

    def generated(self) -> dict[Path, str]:
        """The content that each file should have."""
        pages = {path: filled(path.read_text(), content, path.name) for path, content in self.parts().items()}
        return {
            **pages,
            self.docs / "index.md": home_page(pages[self.readme]),
            self.docs / "tasks.md": tasks_page(),
            self.docs / "policies.md": policies_page(self._result("zero_shot"), self.docs / "assets"),
            self.docs / "assets" / "rooms.svg": rooms_picture(self.root),
            self.docs / "gallery.md": gallery_page(self.docs / "assets", self._measured, self._result("prediction")),
        }


def _length(report: Mapping[str, Any]) -> str:
    """How long each model of a comparison was trained, in words."""
    return f"{report['budget']} of training" if "budget" in report else f"{report['steps']:,} training steps"
