"""How much a strategy makes of real steps: cells of task, strategy and seed, each run on its own and kept when it is done.

A cell's curve is the real return at regular counts of real steps, and its end 50 real episodes that nothing was learned from. Which
strategies there are, and how they are run, the registry of strategies says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from mosim_gym.evaluation.published import AFTER_100_000
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.rl.report import real_return
from mosim_gym.rl.strategies.base import STRATEGIES, Strategy, Trial

Report = Callable[[dict[str, float]], None]
MAIN = "CheetahRun"
"""The task in which all trials of every strategy are measured; in the others it is the best known one."""
TASKS = (MAIN, *(task for task in AFTER_100_000 if task != MAIN))
SEEDS = 3
USUAL_STEPS = 100_000
"""Real steps. Longer trials have one seed, and a plot of their own."""
FINAL_EPISODES = 50
NOTED = ("real_steps", "training_seconds", "config")
"""What the card of a policy says of its training."""


@dataclass(frozen=True)
class Cell:
    """One run of the benchmark. `strategy` is the name of a trial."""

    task: str
    strategy: str
    seed: int
    real_steps: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.task}-{self.strategy}-seed{self.seed}"

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Cell:
        """The cell whose result this is."""
        return cls(result["task"], result["strategy"], result["seed"], result["real_steps"])


def trials(task: str) -> dict[str, tuple[type[Strategy], Trial]]:
    """Every way to learn `task` from real steps, by name, with its strategy."""
    return {
        trial: (STRATEGIES.find(name), about)
        for name in STRATEGIES.names()
        for trial, about in STRATEGIES.find(name).trials(name, task).items()
    }


def title(task: str, strategy: str) -> str:
    """What plots call a cell's strategy."""
    known = trials(task)
    return known[strategy][1].title if strategy in known else strategy


def matrix() -> list[Cell]:
    """The benchmark's cells, in the order in which they are worth their hours: of each strategy its best known trial, then the others."""
    found: list[Cell] = []
    for task in TASKS:
        known = trials(task)
        first = {kind: name for name, (kind, _) in reversed(known.items())}
        best = [name for name in known if name in first.values()]
        others = [name for name in known if name not in best] if task == MAIN else []
        for names in (best, others):
            cells = (
                Cell(task, name, seed, known[name][1].options.real_steps) for seed, name in product(range(SEEDS), names)
            )
            found += [cell for cell in cells if cell.real_steps <= USUAL_STEPS or cell.seed == 0]
    return found


def run_cell(
    cell: Cell,
    folder: Path,
    report: Report = lambda _: None,
    *,
    final: int = FINAL_EPISODES,
    settings: Sequence[str] = (),
) -> dict[str, Any]:
    """All that is worth noting about a cell, which ends with `final` real episodes; `folder` keeps what an interrupted run goes on from.

    `settings` are others than the strategy's defaults, as `name=value`.
    """
    known = trials(cell.task)
    if cell.strategy not in known:
        raise UnknownName("strategy", cell.strategy, list(known))
    kind, trial = known[cell.strategy]
    strategy, options = kind(), replace(trial.options, real_steps=cell.real_steps)
    config = strategy.config(cell.task, trial.algo, cell.seed, settings, options)
    learned = strategy.learn(cell.task, config, options, folder, report)
    card = learned.policy.card
    missing = [name for name in NOTED if name not in card]
    if missing:
        raise ValueError(f"The card of a policy by {cell.strategy} lacks {' and '.join(missing)}.")
    real = real_return(cell.task, learned.policy, episodes=final)
    return {
        "task": cell.task,
        "strategy": cell.strategy,
        "seed": cell.seed,
        "real_steps": card["real_steps"],
        "curve": learned.curve,
        "returns": [round(float(value), 2) for value in real.returns],
        "training_seconds": card["training_seconds"],
        "config": card["config"],
        "provenance": provenance(seeds=[cell.seed]),
    }
