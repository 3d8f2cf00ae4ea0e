"""Returns that others published for tasks of dm_control."""

from __future__ import annotations

from collections.abc import Collection

_NAMES = "SAC", "DreamerV3", "TD-MPC2"
_VALUES: dict[str, tuple[float | None, ...]] = {
    "CheetahRun": (730, 638, 844),
    "ReacherEasy": (914, 915, 983),
    "ReacherHard": (928, 903, 981),
    "AcrobotSwingup": (10, 327, 518),
    "HopperStand": (302, 821, 954),
    "HopperHop": (70, 200, 338),
    "WalkerRun": (635, 581, 842),
    "WalkerWalk": (957, 821, 980),
    "HumanoidStand": (10, None, 664),
    "HumanoidWalk": (2, 1, 628),
    "HumanoidRun": (1, 1, 185),
    "CartpoleSwingup": (835, 780, 876),
    "PendulumSwingup": (354, 810, 819),
}
AFTER_A_MILLION = {
    task: {name: value for name, value in zip(_NAMES, values, strict=True) if value is not None}
    for task, values in _VALUES.items()
}
"""Real returns after 1,000,000 real steps, by task and method."""
AFTER_100_000 = {
    "AcrobotSwingup": {"TD-MPC2": 179.0, "DHMBPO": 234.0},
    "CheetahRun": {"SAC": 310.0, "TD-MPC2": 519.0, "DHMBPO": 822.0},
    "HopperHop": {"TD-MPC2": 14.0, "SimbaV2": 176.0},
    "ReacherHard": {"TD-MPC2": 414.0, "Simba": 939.0},
    "WalkerRun": {"TD-MPC2": 723.0, "BMPC": 751.0},
}
"""Real returns after 100,000 real steps, by task and method. The last one of a task is the best published."""


def levels_after_100_000(task: str) -> dict[str, float]:
    """Published returns after 100,000 real steps, by their names in plots."""
    return {f"{name}, 100,000 steps\n(published)": value for name, value in AFTER_100_000.get(task, {}).items()}


def published_levels(task: str, names: Collection[str] = ("SAC", "TD-MPC2")) -> dict[str, float]:
    """Returns after a million real steps of the methods `names`, by their names in plots."""
    found = AFTER_A_MILLION.get(task, {})
    return {f"{name}, 1 M real steps\n(published)": found[name] for name in names if name in found}
