"""What the measured numbers are held against: figures that others published, and the targets of this package, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mosim_gym.evaluation.published import AFTER_100_000, AFTER_A_MILLION


class Bound(NamedTuple):
    """What a number must keep to: at most `value`, or at least if so asked."""

    value: float
    at_least: bool = False

    def holds(self, found: float) -> bool:
        """Whether `found` keeps to it."""
        return found >= self.value if self.at_least else found <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.value:,.6g}"


def at_least(value: float) -> Bound:
    """The bound from below."""
    return Bound(value, at_least=True)


def verdict(bounds: Mapping[str, Bound], found: Mapping[str, float | None]) -> str:
    """The bounds, each with its name, and whether what was `found` under that name keeps to them; nothing where there are no bounds."""
    if not bounds:
        return ""
    asked = ", ".join(f"{name}: {bound}" if name else str(bound) for name, bound in bounds.items())
    unknown = [name for name in bounds if found.get(name) is None]
    if unknown:
        return f"{asked}: not measured"
    missed = [name for name, bound in bounds.items() if not bound.holds(float(found[name] or 0))]
    if not missed:
        return f"{asked}: met"
    where = "" if len(bounds) == 1 else f" at {', '.join(missed)}"
    return f"{asked}: **missed{where}**"


# ---- prediction

RAW: dict[tuple[str, str], dict[str, Bound]] = {
    ("acrobot", "uniform"): {"16": Bound(1e-5), "100": Bound(0.02)},
    ("cheetah", "policy"): {"16": Bound(0.03), "100": Bound(3)},
    ("cheetah", "uniform"): {"16": Bound(0.013), "100": Bound(0.1)},
    ("cheetah", "poisson"): {"16": Bound(0.016), "100": Bound(0.14)},
    ("hopper@0.005", "uniform"): {"16": Bound(0.003), "100": Bound(0.022)},
    ("hopper@0.005", "poisson"): {"16": Bound(0.005), "100": Bound(0.055)},
    ("humanoid@0.005", "uniform"): {"5": Bound(0.18), "10": Bound(0.35), "16": Bound(0.52)},
    ("humanoid@0.005", "poisson"): {"5": Bound(0.4), "10": Bound(0.7), "16": Bound(1.0)},
    **{("panda@0.002", kind): {"16": Bound(6e-4), "100": Bound(2.5e-3)} for kind in ("uniform", "poisson")},
    ("reacher", "uniform"): {"16": Bound(1e-4), "100": Bound(2e-4)},
}
"""Raw squared error up to each horizon, by checkpoint and kind of test."""
NORMALISED: dict[tuple[str, str], dict[str, Bound]] = {
    **{(name, "uniform"): {"16": Bound(1e-3), "100": Bound(1e-2)} for name in ("cartpole", "pendulum")},
    ("hopper", "uniform"): {"16": Bound(0.04)},
    ("hopper", "poisson"): {"16": Bound(0.032)},
    ("humanoid", "uniform"): {"16": Bound(0.22)},
    ("humanoid", "poisson"): {"16": Bound(0.24)},
    ("walker", "uniform"): {"16": Bound(0.1)},
    ("walker", "poisson"): {"16": Bound(0.085)},
    ("walker", "policy"): {"16": Bound(0.8)},
}
"""Error over variance at a horizon, by checkpoint and kind of test."""
INSIDE_THE_BOX = at_least(0.99)
"""Share of rollouts of 1,000 steps that stay in the box of the training data."""
MOMENTS: dict[str, Bound] = {name: Bound(0.1) for name in ("acrobot", "cartpole", "cheetah", "pendulum", "reacher")}
"""By how much the standard deviation of long rollouts may be off."""
ROLLOUT_SPEED: dict[str, dict[str, Bound]] = {
    "cheetah": {"1,024 rows, float32": at_least(110_000)},
    "cheetah:small": {"1,024, fast": at_least(300_000)},
}
DENSITY_SPEED = at_least(20_000)  # log-densities a second
SAMPLES_BESIDE_THE_PAPERS = at_least(10)  # times as many samples a second in training as the paper's scheme
MEASURED_ANGLES: dict[str, Bound] = {
    "0.05 s": Bound(0.007),
    "0.1 s": Bound(0.018),
    "0.25 s": Bound(0.07),
    "0.5 s": Bound(0.20),
}
"""Root mean square errors of a real double pendulum's angles by horizon, rad, after 5 minutes of training on all logs."""
MEASURED_TOSS: dict[str, Bound] = {"place": Bound(0.020), "rotation": Bound(22)}
"""Mean error along tosses of a real cube, m and degrees, after 5 minutes of training on all logs."""

Published = tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]
PUBLISHED: dict[str, dict[str, Published]] = {
    "cheetah": {
        "poisson": (("16", "100"), (0.1206, 0.2185), (0.1925, 0.2297)),
        "policy": (("16", "100"), (5.605, 3.843), (11.13, 4.562)),
    },
    "reacher": {
        "poisson": (("16", "100"), (0.0005, 0.0009), (0.0972, 0.0988)),
        "policy": (("16", "100"), (0.0005, 0.0008), (0.0488, 0.0571)),
    },
    "acrobot": {
        "poisson": (("16", "100"), (0.0001, 0.1043), (0.1015, 4.928)),
        "policy": (("16", "100"), (0.0121, 1.286), (1.390, 11.16)),
    },
    "hopper@0.005": {"poisson": (("16", "100"), (0.0375, 0.2507), (0.1114, 0.3199))},
    "humanoid@0.005": {"poisson": (("5", "10", "16"), (0.654, 1.006, 1.274), (1.395, 1.826, 2.129))},
    "panda@0.002": {"poisson": (("16", "100"), (0.0010, 0.0043), (0.0434, 0.0971))},
}
"""Of the MoSim paper, by robot and kind of test: horizons, the errors of its best model that learned from random actions, and those that it
gives for DreamerV3's."""
LIKE_FOR_LIKE: dict[str, str] = {"cheetah:narrow": "cheetah"}
"""Checkpoints that learned from the kind of data that the paper's did, and the robot whose published figures stand beside theirs."""

# ---- parity

PARITY = {"observation": Bound(1e-5), "reward": Bound(1e-5), "step": Bound(1e-8), "episode": Bound(1e-6)}
KINEMATICS_MS: dict[str, Bound] = {"cheetah": Bound(1.0), "humanoid": Bound(4.0)}  # for a batch of 1,024 on 2 cores

# ---- policies

ZERO_SHOT: dict[str, Bound] = {
    "AcrobotSwingup": at_least(250),
    "BallInCupCatch": at_least(900),
    "CartpoleSwingup": at_least(850),
    "CheetahRun": at_least(880),
    "FingerSpin": at_least(940),
    "HopperHop": at_least(230),
    "HopperStand": at_least(910),
    "PandaReach": at_least(900),
    "PendulumSwingup": at_least(780),
    "PointMassEasy": at_least(850),
    "ReacherEasy": at_least(950),
    "ReacherHard": at_least(940),
    "WalkerRun": at_least(720),
    "WalkerStand": at_least(970),
    "WalkerWalk": at_least(955),
}
"""Mean real return of two policies or more, of 50 episodes each, that took no real step."""
SEEDS = 2
REAL_STEPS: dict[tuple[str, str], Bound] = {
    ("CheetahRun", "few-shot-narrow-gradients"): at_least(650),
    ("CheetahRun", "on-policy-gradients"): at_least(600),
}
"""Interquartile mean of the real return, by task and strategy."""

BASELINES = ("SAC", "DreamerV3", "TD-MPC2")
PUBLISHED_RETURNS: dict[str, Sequence[float | None]] = {
    task: [found.get(name) for name in BASELINES] for task, found in AFTER_A_MILLION.items()
}
"""Returns of `BASELINES` after a million real steps, published by authors of other methods."""
PUBLISHED_AT_100K: dict[str, tuple[float | None, float, tuple[str, float]]] = {
    task: (found.get("SAC"), found["TD-MPC2"], list(found.items())[-1]) for task, found in AFTER_100_000.items()
}
"""Returns after 100,000 real steps from nothing: SAC, TD-MPC2, and the best that is published with its name."""

# ---- speed of environments


class Pace(NamedTuple):
    """Steps a second of `ours` over those of `peer` in a task; the other way round where `ours` may be so many times as slow."""

    task: str
    ours: str
    peer: str
    bound: Bound

    def times(self, ours: float, peer: float) -> float:
        """The quotient that `bound` is of, for speeds in steps a second."""
        return ours / peer if self.bound.at_least else peer / ours


_LARGE, _LARGE_FAST, _SINGLE = "batch of 4096, float32", "batch of 4096, fast", "single environment"
PACES = [
    Pace("CheetahRun", _LARGE, "Shimmy", at_least(7)),
    *(
        Pace("CheetahRun", ours, peer, at_least(times))
        for ours in (_LARGE_FAST, f"small model, {_LARGE_FAST}")
        for peer, times in (("Shimmy", 10), ("mujoco.rollout", 1))
    ),
    *(
        Pace(task, _LARGE, "Shimmy", at_least(15))
        for task in ("AcrobotSwingup", "CartpoleSwingup", "PendulumSwingup", "ReacherEasy")
    ),
    Pace("HopperHop", _LARGE, "Shimmy", at_least(6)),
    *(
        Pace(task, _LARGE, peer, at_least(times))
        for task in ("WalkerWalk", "HumanoidWalk")
        for peer, times in (("Shimmy", 10), ("mujoco.rollout", 1))
    ),
    Pace("CheetahRun", _SINGLE, "published scheme", at_least(20)),
    *(
        Pace(task, _SINGLE, "Shimmy", Bound(times))
        for task, times in (("CheetahRun", 6), ("HopperHop", 6), ("WalkerWalk", 3), ("HumanoidWalk", 2))
    ),
]
BUSY_TASK = "CheetahRun"
BESIDE_A_BUSY_CORE = {
    "single environment": at_least(0.75),
    "batch of 64, float32": at_least(0.75),
    "batch of 4096, float32": at_least(0.45),
}
"""Share of their idle speed that environments keep beside one process that keeps a core busy."""
START_UP = {
    "import mosim_gym, s": Bound(2.0),
    "gym.make after that, s": Bound(0.5),
    "4,096 cheetahs, MB in all": Bound(500),
}

ONNX_TIMES: dict[str, Bound] = {"cheetah": Bound(5), "cheetah:small": Bound(3.5), "walker": Bound(1.3)}
"""The most that a step of a single environment by onnxruntime may take, in times of Shimmy's, by checkpoint."""
