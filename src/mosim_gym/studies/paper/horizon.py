"""Tables 7 and V and Figure 6 of the MoSim paper: how short may the episodes be from which TQC still learns a task?

The shorter they are, the less far a model must predict. TQC takes equally many steps in MuJoCo or in the packaged model, in episodes of
each length from the task's own starts. Then the policy is played in whole episodes of the real task.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mosim_gym.envs.backend import TRUTH
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.schema import Rule, anything, one_of, record
from mosim_gym.mechanics.settings import setting
from mosim_gym.rl.learners.off_policy_tasks import AS_SB3_HAS_IT
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.published import LEAST_HORIZON
from mosim_gym.studies.paper.watched_study import ENDLESS, KEPT
from mosim_gym.studies.watched import WatchedRun, watch

TASKS = ("ReacherEasy", "ReacherHard", "CheetahRun")
HORIZONS, WHOLE = (10, 50, 100, 1000), 1000
PAPERS_OWN = {"ReacherEasy": 30, "ReacherHard": 30, "CheetahRun": 500}
"""The least horizon of each task in the paper."""
WORLDS = {TRUTH: "MuJoCo", "model": "the model"}
FROM_THE_TASKS_STARTS = {"algo": "tqc", "spread_starts": 0.0, "near_reward_starts": 0.0, "repeat": 1}
SETTINGS: dict[str, dict[str, Any]] = {"ours": {}, "sb3": {"num_envs": 1, **AS_SB3_HAS_IT}}
TITLES = {"ours": "this package's", "sb3": "SB3's"}
SECONDS_A_STEP = {"ours": 0.0036, "sb3": 0.028}
"""Of training, on one core."""
LEARNED = 0.9
"""A task counts as learned where the return is this share of that with whole episodes."""


class Place(NamedTuple):
    """Which cell it is."""

    task: str
    world: str
    learner: str
    """Whose settings TQC has."""
    horizon: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.task}-{self.world}-{self.learner}-{self.horizon}"


def _places(world: str, learner: str) -> Iterator[Place]:
    """Whole episodes first: they say what there is to lose."""
    yield from (Place(task, world, learner, horizon) for task in TASKS for horizon in reversed(HORIZONS))


def _holds(place: Place) -> Rule:
    """What a cell's file must hold."""
    where = {name: one_of(value) for name, value in place._asdict().items()}
    return record({**where, **dict.fromkeys(KEPT, anything), "chosen": record({"mean": figure})})


@dataclass(frozen=True)
class Horizon(PaperStudy):
    """TQC takes `steps` control steps; its policy is evaluated `evaluations` times on the way and played for `episodes` real episodes."""

    name = "horizon"
    title = "Tables 7 and V, Figure 6: real returns of TQC by the length of the episodes that it learned from"

    steps: int = setting(100_000, least=1, most=10**9)
    evaluations: int = setting(5, least=1, most=1000)
    episodes: int = setting(20, least=2, most=100_000)
    seed: int = setting(0, seed=True)

    def cells(self) -> list[Cell]:
        """In the model and in MuJoCo with this package's settings; below the cut line with SB3's, which take an update for every step."""
        own = [
            Place(task, world, "ours", horizon) for world in ("model", TRUTH) for task, horizon in PAPERS_OWN.items()
        ]
        ordered = [
            *((place, True) for place in (*_places("model", "ours"), *_places(TRUTH, "ours"))),
            *((place, False) for place in (*_places(TRUTH, "sb3"), *own, *_places("model", "sb3"))),
        ]
        return [
            Cell(
                place.name,
                self.steps * SECONDS_A_STEP[place.learner] / 60 + 1 + self.evaluations / 4,
                partial(self._measure, place),
                _holds(place),
                first,
            )
            for place, first in ordered
        ]

    def _measure(self, place: Place, shared: Path) -> Result:
        changes: dict[str, Any] = {
            **FROM_THE_TASKS_STARTS,
            **SETTINGS[place.learner],
            "episode": place.horizon,
            "evaluate_every": max(1, self.steps // self.evaluations),
            "seed": self.seed,
        }
        checkpoint = TRUTH if place.world == TRUTH else None
        run = WatchedRun("horizon", place.name, place.task, ENDLESS, checkpoint, changes, max_steps=self.steps)
        found = watch(
            run,
            shared / "horizon" / f"{place.name}-{self.steps}-seed{self.seed}",
            episodes=max(2, self.episodes // 4),
            final_episodes=self.episodes,
        )
        return {**place._asdict(), **{key: found[key] for key in KEPT}}

    def table(self, results: Results) -> str:
        """A row for each task, world and settings."""
        rows: list[list[str]] = []
        cells = {_place(result): result for result in results.values()}
        horizons = sorted({place.horizon for place in cells})
        for task in TASKS:
            for world in WORLDS:
                for learner in SETTINGS:
                    line = {h: cells[place] for h in horizons if (place := Place(task, world, learner, h)) in cells}
                    if line:
                        shown = [f"{line[h]['chosen']['mean']:.0f}" if h in line else "" for h in horizons]
                        rows.append([task, WORLDS[world], TITLES[learner], *shown, least(line), LEAST_HORIZON[task]])
        header = ["Task", "Trained in", "Settings", *map(str, horizons), "Least", "Paper: needed / achieved"]
        note = (
            f"Real return, mean of {self.episodes} episodes of 1,000 steps, of the policy with the highest return in its world, after "
            f"{self.steps:,} steps in episodes of so many control steps; one seed. *Least* is the shortest from which the return is "
            f"{LEARNED:.0%} of that with episodes of {WHOLE:,}. {measured(list(results.values()))}"
        )
        return f"{table(header, rows)}\n\n{note}"

    def pictures(self, results: Results, folder: Path) -> list[Path]:
        """For each task the real return against the length of episodes."""
        from mosim_gym.pictures.horizon_plot import horizon_plot

        drawn: list[Path] = []
        for task in TASKS:
            lines: dict[str, dict[int, float]] = {}
            for result in results.values():
                place = _place(result)
                if place.task == task:
                    label = f"in {WORLDS[place.world]}, {TITLES[place.learner]} settings"
                    lines.setdefault(label, {})[place.horizon] = result["chosen"]["mean"]
            if lines:
                drawn.append(horizon_plot(folder / f"paper-horizon-{task}.png", lines, title=task))
        return drawn


def _place(result: Result) -> Place:
    return Place(result["task"], result["world"], result["learner"], result["horizon"])


def least(line: dict[int, Result]) -> str:
    """The shortest horizon from which the task is learned; empty where whole episodes have not been run, or nothing was learned."""
    if WHOLE not in line:
        return ""
    wanted = LEARNED * line[WHOLE]["chosen"]["mean"]
    learned = [horizon for horizon, cell in line.items() if cell["chosen"]["mean"] >= wanted > 0]
    return f"{min(learned):,}" if learned else ""
