"""Does a model know where it is wrong? Disagreement and density against the true error: ranks, calibration, detection of shift.

The paper leaves this open. At states along true motion, the error of a single step is compared with two signals that need no truth: the
disagreement of the ensemble's members, and -log p(s, a) of the density of the model's data. Open loop, the spread of the members after h
steps is compared with their error there. Cells of coverage say how often the truth lies among sampled rollouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from mosim_gym.density.motion_density import MotionDensity
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.dynamics.spread import member_spread
from mosim_gym.evaluation.heldout import HeldOut, policy_controller, policy_test, random_test
from mosim_gym.evaluation.prediction import squared_errors, state_variance
from mosim_gym.evaluation.ranking import area_under_roc, rank_correlation
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.schema import Rule, each, nullable, one_of, record, text, whole
from mosim_gym.mechanics.settings import setting
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.coverage import coverage, coverage_table
from mosim_gym.zoo import load
from mosim_gym.zoo.densities import find_density, packaged_densities

Array = np.ndarray
CHECKPOINTS = ("cheetah:narrow", "cheetah", "hopper", "walker", "humanoid")
HORIZONS = (1, 3, 10, 16, 30, 100)
COVERED = (16, 100)
"""Horizons at which coverage is shown."""
STRIDE = 5
"""Control steps between the states of a trajectory at which single steps are looked at."""
BINS = 12
MOTIONS = ("uniform", "poisson", "policy")
SIGNALS = {"disagreement": "disagreement", "density": "-log p"}


def _holds(name: str) -> Rule:
    """What a cell's file must hold."""
    of_signals = record({"disagreement": figure}, {"density": figure})
    by_horizon = record({str(h): record({"rank": figure, "ratio": figure}) for h in HORIZONS})
    test = record({"states": whole(), "error": figure, "rank": of_signals, "horizons": by_horizon})
    bins = record(dict.fromkeys(("signal", "low", "median", "high"), each(figure, BINS, BINS)))
    together = record({"rank": figure, "bins": bins})
    return record(
        {
            "checkpoint": one_of(name),
            "members": whole(1),
            "policy": nullable(text()),
            "tests": record({"uniform": test, "poisson": test}, {"policy": test}, others=False),
            "together": record({"disagreement": together}, {"density": together}, others=False),
            "shift": record({"poisson": of_signals}, {"policy": of_signals}),
        }
    )


def _holds_coverage(name: str) -> Rule:
    """What the cell of sampled rollouts must hold."""
    ways = record(dict.fromkeys(("drawn", "alone"), record({str(h): figure for h in COVERED})))
    return record(
        {
            "checkpoint": one_of(name),
            "members": whole(1),
            "policy": nullable(text()),
            "coverage": record({"uniform": ways, "poisson": ways}, {"policy": ways}, others=False),
        }
    )


class Looked(NamedTuple):
    """Single steps at N states: the true error, and the signals by name, each `(N,)`."""

    errors: Array
    signals: dict[str, Array]


def look(simulator: Simulator, density: MotionDensity | None, test: HeldOut, scale: Array) -> Looked:
    """Single steps from every fifth state of the segments of `test`. Errors are mean squares over the state, each in units of `scale`."""
    qpos = np.concatenate((test.qpos[:, None], test.next_qpos[:, :-1]), axis=1)[:, ::STRIDE]
    qvel = np.concatenate((test.qvel[:, None], test.next_qvel[:, :-1]), axis=1)[:, ::STRIDE]
    q, v, a = (part.reshape(-1, part.shape[-1]) for part in (qpos, qvel, test.actions[:, ::STRIDE]))
    after = simulator.step(q, v, a)
    wanted = HeldOut(
        test.history,
        a[:, None],
        *(part[:, ::STRIDE].reshape(-1, 1, part.shape[-1]) for part in (test.next_qpos, test.next_qvel)),
        quaternions=test.quaternions,
    )
    squared = squared_errors(Trajectory(after.qpos[:, None], after.qvel[:, None], None), wanted)[:, 0]
    qs, vs, acts = (torch.from_numpy(np.asarray(part, np.float32)) for part in (q, v, a))
    signals = {"disagreement": simulator.disagreement(qs, vs, acts).numpy()}
    if density is not None:
        with torch.no_grad():
            signals["density"] = -density(qs, vs, acts).numpy()
    return Looked((squared / scale).mean(-1), signals)


def by_horizon(simulator: Simulator, test: HeldOut) -> Result:
    """At each horizon: the rank correlation of the members' spread with their error, and the root mean square of error over spread."""
    members, scale = simulator.members, np.maximum(state_variance(test), 1e-12)
    repeated = [np.repeat(part, members, axis=0) for part in (test.qpos, test.qvel, test.actions)]
    path = simulator.rollout(*repeated)
    errors = [
        squared_errors(Trajectory(path.qpos[m::members], path.qvel[m::members], None), test) / scale
        for m in range(members)
    ]
    error = np.mean(errors, axis=0).mean(-1)
    apart = member_spread(simulator, test.qpos, test.qvel, test.actions)
    spread = (np.concatenate((apart.qpos, apart.qvel), axis=-1) ** 2 / scale).mean(-1)
    finite = np.isfinite(error).all(1) & np.isfinite(spread).all(1)
    return {
        str(h): {
            "rank": rank_correlation(spread[finite, h - 1], error[finite, h - 1]),
            "ratio": float(np.sqrt(error[finite, h - 1].mean() / spread[finite, h - 1].mean())),
        }
        for h in HORIZONS
        if h <= error.shape[1]
    }


@dataclass(frozen=True)
class Uncertainty(PaperStudy):
    """`segments` in each test; `policies` is a folder of trained test policies, in place of scripted ones."""

    name = "uncertainty"
    title = "Open question: disagreement and density against the true error; detection of shift"

    segments: int = setting(200, least=4, most=1_000_000)
    seed: int = setting(20_011, seed=True)
    policies: str = setting("")

    def cells(self) -> list[Cell]:
        """Each packaged ensemble; that with a density first. Cells named `…-coverage` are of sampled rollouts."""
        share = self.segments / 200
        kinds = (("", 2, self._measure, _holds), ("-coverage", 3, self._coverage, _holds_coverage))
        return [
            Cell(
                f"{name.replace(':', '-')}{kind}",
                minutes * share,
                partial(measure, name),
                holds(name),
                first=name.startswith("cheetah"),
            )
            for kind, minutes, measure, holds in kinds
            for name in CHECKPOINTS
        ]

    def _tests(self, robot: str) -> tuple[str | None, dict[str, HeldOut]]:
        """Whose policy acts in the test of a policy, and the tests by the kind of motion."""
        how: dict[str, Any] = {"segments": self.segments, "steps": max(HORIZONS), "seed": self.seed}
        found = policy_controller(robot, Path(self.policies) if self.policies else None)
        tests = {kind: random_test(robot, kind, **how) for kind in ("uniform", "poisson")}
        if found is not None:
            tests["policy"] = policy_test(found[0], found[2], **how)
        return None if found is None else f"{found[0]}, {found[1]}", tests

    def _coverage(self, name: str, shared: Path) -> Result:
        simulator = load(name)
        policy, tests = self._tests(simulator.robot.name)
        return {
            "checkpoint": name,
            "members": simulator.members,
            "policy": policy,
            "coverage": {kind: coverage(simulator, test, COVERED, self.seed) for kind, test in tests.items()},
        }

    def _measure(self, name: str, shared: Path) -> Result:
        simulator = load(name)
        density = find_density(name) if name in packaged_densities() else None
        policy, tests = self._tests(simulator.robot.name)
        scale = np.maximum(np.mean([state_variance(test) for test in tests.values()], axis=0), 1e-12)
        looked = {kind: look(simulator, density, test, scale) for kind, test in tests.items()}
        return {
            "checkpoint": name,
            "members": simulator.members,
            "policy": policy,
            "tests": {
                kind: {
                    "states": len(seen.errors),
                    "error": float(seen.errors.mean()),
                    "rank": {signal: rank_correlation(values, seen.errors) for signal, values in seen.signals.items()},
                    "horizons": by_horizon(simulator, tests[kind]),
                }
                for kind, seen in looked.items()
            },
            "together": {
                signal: {
                    "rank": rank_correlation(*_joined(looked, signal)),
                    "bins": _bins(*_joined(looked, signal)),
                }
                for signal in looked["uniform"].signals
            },
            "shift": {
                kind: {
                    signal: area_under_roc(looked["uniform"].signals[signal], values)
                    for signal, values in seen.signals.items()
                }
                for kind, seen in looked.items()
                if kind != "uniform"
            },
        }

    def table(self, results: Results) -> str:
        """Single steps, then horizons, then coverage, those that there are."""
        signals, sampled = _split(results)
        parts = [self._signals(signals)] if signals else []
        parts += [coverage_table(sampled, COVERED)] if sampled else []
        policies = dict.fromkeys(result["policy"] for result in results.values() if result["policy"])
        note = (
            f"{self.segments} segments of {max(HORIZONS)} steps of each kind of motion; policies: {'; '.join(sorted(policies))}. Errors "
            f"are squares over the mean variance of the kinds of motion. "
            f"*Shift* is the area under the curve by which the signal tells this motion from that under uniform actions: 0.5 is chance, 1 "
            f"is perfect. {measured(list(results.values()))}"
        )
        return "\n\n".join([*parts, note])

    def _signals(self, results: list[Result]) -> str:
        """Single steps, then horizons."""
        single: list[list[str]] = []
        horizons: list[list[str]] = []
        for result in results:
            for kind, test in ((kind, result["tests"][kind]) for kind in MOTIONS if kind in result["tests"]):
                shift = result["shift"].get(kind, {})
                single.append(
                    [
                        f"`{result['checkpoint']}`",
                        kind,
                        f"{test['error']:.2g}",
                        *(_shown(test["rank"].get(signal)) for signal in SIGNALS),
                        *(_shown(shift.get(signal)) for signal in SIGNALS),
                    ]
                )
                rank, ratio = ([f"{test['horizons'][str(h)][key]:.2f}" for h in HORIZONS] for key in ("rank", "ratio"))
                horizons.append([f"`{result['checkpoint']}`", kind, " / ".join(rank), " / ".join(ratio)])
            single.append(
                [f"`{result['checkpoint']}`", "all together", "",
                 *(_shown(result["together"].get(signal, {}).get("rank")) for signal in SIGNALS), "", ""]
            )  # fmt: skip
        head = [
            "Checkpoint", "Motion", "Error of a step", "Rank: disagreement", "Rank: -log p",
            "Shift: disagreement", "Shift: -log p",
        ]  # fmt: skip
        at = " / ".join(map(str, HORIZONS))
        header = ["Checkpoint", "Motion", f"Rank of spread and error after {at} steps", "Error over spread"]
        return f"{table(head, single)}\n\n{table(header, horizons)}"

    def pictures(self, results: Results, folder: Path) -> list[Path]:
        """For each checkpoint the error against each signal."""
        from mosim_gym.pictures.signal_plot import signal_plot

        return [
            signal_plot(
                folder / f"paper-uncertainty-{result['checkpoint'].replace(':', '-')}.png",
                {SIGNALS[signal]: found["bins"] for signal, found in result["together"].items()},
            )
            for result in _split(results)[0]
        ]


def _split(results: Results) -> tuple[list[Result], list[Result]]:
    """The cells of signals, and those of coverage."""
    found = list(results.values())
    return [one for one in found if "coverage" not in one], [one for one in found if "coverage" in one]


def _joined(looked: dict[str, Looked], signal: str) -> tuple[Array, Array]:
    """The signal and the errors of all kinds of motion, in the same order."""
    return (
        np.concatenate([seen.signals[signal] for seen in looked.values()]),
        np.concatenate([seen.errors for seen in looked.values()]),
    )


def _bins(signal: Array, errors: Array) -> dict[str, list[float]]:
    """Equally many states in each bin of the signal: its mean there, and three quartiles of the root of the error."""
    parts = np.array_split(np.argsort(signal, kind="stable"), BINS)
    roots = [np.sqrt(errors[part]) for part in parts]
    quartiles = np.array([np.quantile(root, (0.25, 0.5, 0.75)) for root in roots])
    return {
        "signal": [float(signal[part].mean()) for part in parts],
        **{name: quartiles[:, column].tolist() for column, name in enumerate(("low", "median", "high"))},
    }


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
