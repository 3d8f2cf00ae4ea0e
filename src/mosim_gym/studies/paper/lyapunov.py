"""How chaotic the acrobot is in MuJoCo and in learned models: the largest Lyapunov exponent, Table 6 of the MoSim paper.

Two states begin δ apart and move under the same actions. Every `renew` control steps the second is set back to the distance δ from the
first, along the line between them. With d_k the distance at the end of the k-th such time, K of them in all and h the control step,

    λ = 1 / (K renew h) Σ_k ln(d_k / δ)        in 1/s

is the largest Lyapunov exponent over that time. A further copy is never set back; its distance shows how far the growth goes until
it ends. Distances are Euclidean in `(qpos, qvel)`, in rad and rad/s. All arithmetic is in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mosim_gym.data.actions import ACTIONS, action_sampler
from mosim_gym.data.resets import task_resets
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.schema import Rule, each, number, one_of, record
from mosim_gym.mechanics.settings import setting
from mosim_gym.robots import find_robot
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.published import LYAPUNOV
from mosim_gym.truth.dynamics import TrueDynamics
from mosim_gym.zoo import load

Array = np.ndarray
TRUTH = "truth"
SYSTEMS = (TRUTH, "acrobot", "acrobot:small")
ROBOT = "acrobot"
NORMAL_95 = 1.96
"""Standard errors on either side of a mean that hold 95 % of a normal distribution."""


class Pairs(NamedTuple):
    """What N pairs did over K times of `renew` control steps."""

    exponents: Array
    """λ of each pair, `(N,)`, 1/s."""
    distances: Array
    """The distance of each pair that is never set back, at the end of each time, `(N, K)`."""


def grown(
    dynamics: Dynamics, qpos: Array, qvel: Array, actions: Array, *, delta: float, renew: int, seed: int
) -> Pairs:
    """Follow pairs from `qpos (N, nq)`, `qvel (N, nv)` under `actions (N, T, nu)`; `renew` divides T. The directions come from `seed`.

    Row i of all three copies is moved by the same member of an ensemble.
    """
    rng = np.random.default_rng([seed, 2])
    nq = qpos.shape[1]
    here = np.concatenate((qpos, qvel), axis=1)
    offset = rng.normal(size=here.shape)
    offset *= delta / np.linalg.norm(offset, axis=1, keepdims=True)
    near, free = here + offset, here + offset
    logs, distances = np.zeros(len(here)), []
    for first in range(0, actions.shape[1], renew):
        part = actions[:, first : first + renew]
        here, near, free = (_moved(dynamics, state, part, nq) for state in (here, near, free))
        apart = np.linalg.norm(near - here, axis=1)
        logs += np.log(apart / delta)
        near = here + (near - here) * (delta / apart)[:, None]
        distances.append(np.linalg.norm(free - here, axis=1))
    return Pairs(logs / (actions.shape[1] * dynamics.timestep), np.stack(distances, axis=1))


def _moved(dynamics: Dynamics, state: Array, actions: Array, nq: int) -> Array:
    path = dynamics.rollout(state[:, :nq], state[:, nq:], actions)
    return np.concatenate((path.qpos[:, -1], path.qvel[:, -1]), axis=1)


@dataclass(frozen=True)
class Lyapunov(PaperStudy):
    """`pairs` pairs of trajectories of `steps` control steps from the task's starts, `delta` apart."""

    name = "lyapunov"
    title = "Table 6: the largest Lyapunov exponent of the acrobot, in MuJoCo and in learned models"

    pairs: int = setting(2000, least=2, most=1_000_000)
    steps: int = setting(1000, least=1, most=1_000_000)
    delta: float = setting(1e-5, least=1e-10, below=1)
    renew: int = setting(10, least=1, most=1_000_000)
    seed: int = setting(0, seed=True)

    def __post_init__(self) -> None:
        """Raise for settings that break a rule, alone or together."""
        super().__post_init__()
        if self.steps % self.renew:
            raise ValueError(f"renew is {self.renew}; it must divide steps, which is {self.steps}.")

    def cells(self) -> list[Cell]:
        """Each system under each kind of random action."""
        share = self.pairs * self.steps / 2e6
        minutes = {TRUTH: 4, "acrobot": 6, "acrobot:small": 2}
        return [
            Cell(
                f"{system.replace(':', '-')}-{actions}",
                minutes[system] * share,
                partial(self._measure, system, actions),
                self._holds(system, actions),
                first=actions == "uniform",
            )
            for actions in ("uniform", "poisson")
            for system in SYSTEMS
        ]

    def _holds(self, system: str, actions: str) -> Rule:
        interval = record({"mean": figure, "half_width_95": figure, "std": figure})
        times = each(figure, self.steps // self.renew, self.steps // self.renew)
        return record(
            {
                "system": one_of(system),
                "actions": one_of(actions),
                "control_step": number(0),
                "exponents": each(figure, self.pairs, self.pairs),
                "exponent": interval,
                "free": interval,
                "mean_distance": figure,
                "curve": record({"seconds": times, "mean_log_growth": times, "log_mean_growth": times}),
            }
        )

    def _measure(self, system: str, actions: str, shared: Path) -> Result:
        dynamics = TrueDynamics(ROBOT) if system == TRUTH else load(system, precision="float64")
        robot, rng = dynamics.robot, np.random.default_rng([self.seed, list(ACTIONS).index(actions)])
        qpos, qvel = task_resets(find_robot(ROBOT))(rng, self.pairs)
        drawn = action_sampler(actions)(rng, self.pairs, self.steps, robot.nu, robot.control_step)
        found = grown(dynamics, qpos, qvel, robot.controls(drawn), delta=self.delta, renew=self.renew, seed=self.seed)
        times = robot.control_step * self.renew * np.arange(1, found.distances.shape[1] + 1)
        free = np.log(found.distances / self.delta)
        return {
            "system": system,
            "actions": actions,
            "control_step": robot.control_step,
            "exponents": [float(f"{value:.5g}") for value in found.exponents],
            "exponent": mean_interval(found.exponents),
            "free": mean_interval(free[:, -1] / times[-1]),
            "mean_distance": float(np.log(found.distances[:, -1].mean() / self.delta) / times[-1]),
            "curve": {
                "seconds": times.tolist(),
                "mean_log_growth": free.mean(0).tolist(),
                "log_mean_growth": np.log(found.distances.mean(0) / self.delta).tolist(),
            },
        }

    def table(self, results: Results) -> str:
        """A row for each system and kind of action."""
        rows: list[list[str]] = []
        for result in results.values():
            mean, half = result["exponent"]["mean"], result["exponent"]["half_width_95"]
            truth = results.get(f"{TRUTH}-{result['actions']}")
            rows.append(
                [
                    result["actions"],
                    "MuJoCo" if result["system"] == TRUTH else f"`{result['system']}`",
                    f"{mean:.4f} ± {half:.4f}",
                    *_beside(result, truth),
                    f"{result['free']['mean']:.4f} ± {result['free']['half_width_95']:.4f}",
                    f"{result['mean_distance']:.4f}",
                ]
            )
        header = [
            "Actions", "System", "λ, 1/s", "Model less MuJoCo, pair by pair", "In MuJoCo's interval",
            "Never set back: mean of ln(d/δ)/t", "ln(mean d/δ)/t",
        ]  # fmt: skip
        seconds = self.steps * next(iter(results.values()))["control_step"]
        note = (
            f"{self.pairs:,} pairs, δ = {self.delta:g}, T = {self.steps:,} control steps = {seconds:g} s, set back to δ every "
            f"{self.renew} steps; ± is the 95 % interval of the mean. The paper has {LYAPUNOV['MuJoCo']} for MuJoCo and "
            f"{LYAPUNOV['MoSim']} for its model, without a unit. {measured(list(results.values()))}"
        )
        return f"{table(header, rows)}\n\n{note}"

    def pictures(self, results: Results, folder: Path) -> list[Path]:
        """How the distance of pairs grows that are never set back."""
        from mosim_gym.pictures.chaos_plot import growth_plot

        drawn: list[Path] = []
        for actions in dict.fromkeys(result["actions"] for result in results.values()):
            curves = {
                "MuJoCo" if result["system"] == TRUTH else result["system"]: (
                    result["curve"]["seconds"],
                    result["curve"]["mean_log_growth"],
                )
                for result in results.values()
                if result["actions"] == actions
            }
            drawn.append(growth_plot(folder / f"paper-lyapunov-{actions}.png", curves, actions=actions))
        return drawn


def mean_interval(values: Array) -> dict[str, float]:
    """The mean of independent `values (N,)`, half the width of its 95 % interval, and their standard deviation."""
    spread = float(values.std(ddof=1))
    return {"mean": float(values.mean()), "half_width_95": NORMAL_95 * spread / len(values) ** 0.5, "std": spread}


def _beside(result: Mapping[str, Any], truth: Mapping[str, Any] | None) -> list[str]:
    """The paired difference to the truth, and whether the mean is in the truth's interval."""
    if truth is None or result["system"] == TRUTH:
        return ["", ""]
    apart = mean_interval(np.subtract(result["exponents"], truth["exponents"]))
    inside = abs(result["exponent"]["mean"] - truth["exponent"]["mean"]) <= truth["exponent"]["half_width_95"]
    return [f"{apart['mean']:+.4f} ± {apart['half_width_95']:.4f}", "yes" if inside else "no"]
