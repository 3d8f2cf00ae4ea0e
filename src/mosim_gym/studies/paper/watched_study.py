"""`WatchedStudy`: a study whose cells are trainings of SAC in a model, each watched from reality, at equal steps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.schema import Rule, anything, each, number, one_of, record, text, whole
from mosim_gym.mechanics.settings import Setting, setting
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.watched import WatchedRun, watch

ENDLESS = 1e9
"""Seconds: steps end the training."""
SECONDS_A_STEP = 0.0028
"""Of training, on one core."""
KEPT = ("config", "model", "curve", "chosen", "last")
"""What a cell keeps of a watched run."""
PLAYED = record({"mean": figure, "std": figure, "episodes": whole(1)})
POINT = record({"steps": whole(1), "seconds": number(0), "return_in_model": figure, "real": figure, "real_std": figure})


@dataclass(frozen=True)
class Trained:
    """One way to learn a task in a model. A `checkpoint` of None is the robot's own."""

    task: str
    label: str
    checkpoint: str | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    seed: int = 0
    first: bool = True
    """Whether its cell is above the cut line."""

    @property
    def name(self) -> str:
        """What its cell is called."""
        return f"{self.task}-{self.label}-seed{self.seed}"


@dataclass(frozen=True)
class WatchedStudy(PaperStudy):
    """SAC takes `steps` control steps in a model. Each of `evaluations` policies on the way plays `episodes` / 5 real episodes.

    The policy with the highest return in the model, and the last one, play `episodes`.
    """

    titles: ClassVar[Mapping[str, str]]
    """What tables call each label."""
    baselines: ClassVar[Collection[str]]
    """Labels that the other ways of their tasks are compared with."""

    steps: int = setting(300_000, least=1, most=10**9)
    evaluations: int = setting(10, least=1, most=1000)
    episodes: int = setting(50, least=5, most=100_000)

    @abstractmethod
    def trainings(self) -> Sequence[Trained]:
        """All trainings, in the order in which they are worth their minutes."""

    def cells(self) -> list[Cell]:
        """A cell for each training."""
        minutes = self.steps * SECONDS_A_STEP / 60 + 1 + self.evaluations / 4
        return [
            Cell(trained.name, minutes, partial(self._measure, trained), _holds(trained), trained.first)
            for trained in self.trainings()
        ]

    def _measure(self, trained: Trained, shared: Path) -> Result:
        changes = {
            **trained.settings,
            "algo": "sac",
            "seed": trained.seed,
            "evaluate_every": max(1, self.steps // self.evaluations),
        }
        run = WatchedRun(self.name, trained.name, trained.task, ENDLESS, trained.checkpoint, changes, self.steps)
        found = watch(
            run,
            shared / self.name / f"{trained.name}-{self.steps}",
            episodes=max(2, self.episodes // 5),
            final_episodes=self.episodes,
        )
        return {"task": trained.task, "label": trained.label, "seed": trained.seed, **{key: found[key] for key in KEPT}}

    def by_way(self, results: Results) -> dict[tuple[str, str], list[Result]]:
        """Results of all seeds by task and label, in the order of the trainings."""
        found: dict[tuple[str, str], list[Result]] = {}
        for trained in self.trainings():
            if trained.name in results:
                found.setdefault((trained.task, trained.label), []).append(results[trained.name])
        return found

    def table(self, results: Results) -> str:
        """A row for each way to learn a task, with all of its seeds, and what they say beside the baseline of the task."""
        rows: list[list[str]] = []
        ways = self.by_way(results)
        for (task, label), cells in ways.items():
            base = next(
                (found for (where, name), found in ways.items() if where == task and name in self.baselines), []
            )
            highest = [max(point["real"] for point in cell["curve"]) for cell in cells]
            kept = [cell["last"]["mean"] / top for cell, top in zip(cells, highest, strict=True) if top > 0]
            rows.append(
                [
                    task,
                    f"`{cells[0]['model']['name']}`",
                    self.titles[label],
                    _each([cell["curve"][-1]["return_in_model"] for cell in cells]),
                    _each(highest),
                    _each([cell["last"]["mean"] for cell in cells]),
                    ", ".join(f"{share:.0%}" for share in kept),
                    _each([cell["chosen"]["mean"] for cell in cells]),
                    "" if label in self.baselines else beside(cells, base),
                ]
            )
        header = [
            "Task", "Model", "Run", "In the model, at the end", "Highest real return", "Real return at the end", "Of the highest",
            "Real return of the policy chosen in the model", "Difference at the end",
        ]  # fmt: skip
        named = " and ".join(f"*{self.titles[label]}*" for label in self.baselines)
        note = (
            f"{self.steps:,} steps in the model; seeds with commas between. Returns on the way are means of "
            f"{max(2, self.episodes // 5)} real episodes, others of {self.episodes}. *Difference* is the mean of the difference to {named} "
            f"of the same task and seed; it is better or worse where all seeds are. {measured(list(results.values()))}"
        )
        return f"{table(header, rows)}\n\n{note}"

    def pictures(self, results: Results, folder: Path) -> list[Path]:
        """For each task a panel for each way, with the return in the model and the real one on the way."""
        from mosim_gym.pictures.learning_plots import watched_plot

        ways = self.by_way(results)
        return [
            watched_plot(
                folder / f"paper-{self.name}-{task}.png",
                {
                    self.titles[label]: [cell["curve"] for cell in cells]
                    for (where, label), cells in ways.items()
                    if where == task
                },
                title=task,
            )
            for task in dict.fromkeys(task for task, _ in ways)
        ]


def beside(cells: Sequence[Result], base: Sequence[Result]) -> str:
    """How far the real returns at the end are from those of `base` with the same seeds: `+120, better`; empty without such seeds."""
    others = {cell["seed"]: cell["last"]["mean"] for cell in base}
    gains = [cell["last"]["mean"] - others[cell["seed"]] for cell in cells if cell["seed"] in others]
    if not gains:
        return ""
    said = "better" if min(gains) > 0 else "worse" if max(gains) < 0 else "neither"
    return f"{sum(gains) / len(gains):+.0f}, {said}"


def _each(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)


def _holds(trained: Trained) -> Rule:
    """What a cell's file must hold."""
    return record(
        {
            "task": one_of(trained.task),
            "label": one_of(trained.label),
            "seed": one_of(trained.seed),
            "config": anything,
            "model": record({"name": text()}),
            "curve": each(POINT),
            "chosen": PLAYED,
            "last": PLAYED,
        }
    )
