"""How many commands before the present one a model of logs sees, from the lag that the logs show."""

from __future__ import annotations

import math
from typing import TypedDict

from mosim_gym.data.lag import command_lag
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.numbers import whole_number

TOLERATED = 0.1
"""The share of a control step by which motion may follow its command without a memory: less is within the error of the estimate."""
MOST = 6
UNKNOWN = 1
"""Where the lag cannot be told: an input too many costs little, one too few a torque."""


class MemoryChoice(TypedDict):
    """What was chosen, and why, for a card. `lag` is in s; None where it is unknown."""

    memory: int
    chosen_by: str
    lag: float | None
    lag_spread: float | None


def choose_memory(logs: Logs, given: int | None = None) -> MemoryChoice:
    """The memory `given`, or as many commands as the lag of the motion in `logs` reaches back."""
    if given is not None:
        count = whole_number(given)
        if count is None or count < 0:
            raise ValueError(f"memory is {given!r}; it must be a whole number of commands, at least 0.")
        return {"memory": count, "chosen_by": "given", "lag": None, "lag_spread": None}
    if not logs.robot.nu:
        return {"memory": 0, "chosen_by": "no actuators", "lag": None, "lag_spread": None}
    found = command_lag(logs)
    if found is None or not found.known:
        return {"memory": UNKNOWN, "chosen_by": "unknown lag", "lag": None, "lag_spread": None}
    steps = math.ceil(found.seconds / logs.control_step - TOLERATED)
    seconds, spread = (float(f"{value:.3g}") for value in (found.seconds, found.spread))
    return {"memory": min(max(0, steps), MOST), "chosen_by": "lag", "lag": seconds, "lag_spread": spread}
