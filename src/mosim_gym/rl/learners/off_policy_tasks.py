"""Settings of tasks that differ from the defaults, for zero-shot training by SAC or TQC.

Where a reward is rare, episodes begin everywhere and are short, so that training meets the reward. The weight of the entropy is fixed
there, because a learned weight vanishes before the first reward. Longer targets carry values back faster. The study `targets` measures
targets of a single step (`n_step` 1).
"""

from __future__ import annotations

from mosim_gym.mechanics.settings import Setting

_QUICK: dict[str, Setting] = {"width": 128, "warm_up": 5_000, "evaluate_every": 20_000}
_SPARSE: dict[str, Setting] = {
    **_QUICK, "warm_up": 20_000, "episode": 100, "spread_starts": 0.9, "updates": 16, "n_step": 5, "tau": 0.02, "entropy": "0.05",
}  # fmt: skip
_CATCH: dict[str, Setting] = {
    **_QUICK, "warm_up": 10_000, "evaluate_every": 40_000, "episode": 250, "spread_starts": 0.5, "n_step": 5,
}  # fmt: skip
_SWING: dict[str, Setting] = {
    "repeat": 4, "episode": 400, "spread_starts": 0.8, "n_step": 5, "tau": 0.01, "entropy": "0.02", "evaluate_every": 80_000,
}  # fmt: skip
_HOP: dict[str, Setting] = {
    "repeat": 2, "episode": 400, "spread_starts": 0.3, "near_reward_starts": 0.3, "updates": 16, "n_step": 5, "tau": 0.01,
    "evaluate_every": 80_000,
}  # fmt: skip
_RISE: dict[str, Setting] = {**_HOP, "near_reward_starts": 0.4, "n_step": 3}
TASKS: dict[str, dict[str, Setting]] = {
    "ReacherEasy": _QUICK,
    "ReacherHard": _QUICK,
    "CartpoleSwingup": _QUICK,
    "PointMassEasy": {**_QUICK, "evaluate_every": 30_000},
    "FingerSpin": {"evaluate_every": 30_000, "updates": 16, "n_step": 1, "tau": 0.01},
    "BallInCupCatch": _CATCH,
    "PendulumSwingup": _SPARSE,
    "AcrobotSwingup": _SWING,
    "HopperStand": _HOP,
    "HopperHop": {**_HOP, "n_step": 1},
    "HumanoidStand": _RISE,
    "HumanoidWalk": _RISE,
    "HumanoidRun": _RISE,
}
ON_BRANCHES: dict[str, Setting] = {"updates": 12, "buffer": 200_000, "warm_up": 0}
"""Settings that differ where the model changes in training, as in few-shot and on-policy learning."""
AS_SB3_HAS_IT: dict[str, Setting] = {
    "updates": 1, "rate": 3e-4, "n_step": 1, "warm_up": 100, "observations": "plain", "critic": "plain", "matmul_precision": "float32",
}  # fmt: skip
"""What differs where SAC and TQC are to be those of SB3 with its settings, as on the real task."""
