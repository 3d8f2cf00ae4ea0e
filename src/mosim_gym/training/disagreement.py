"""By how much an ensemble's members differ where they know the motion: the scale by which penalties judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mosim_gym.data.stream import chunk
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.training.pool import VALIDATION_SEED, VALIDATION_SEGMENTS

QUANTILES = (0.5, 0.9, 0.99, 0.999)


def disagreement_quantiles(spread: Tensor) -> dict[str, float]:
    """Quantiles of disagreements `(N,)`, as cards have them."""
    return {str(q): float(f"{np.quantile(spread.numpy(), q):.5g}") for q in QUANTILES}


def held_out_disagreement(model: MoSim, recipe: Any) -> dict[str, float]:
    """Quantiles of the members' disagreement over held-out motion of the kind that they were trained on."""
    name = recipe if isinstance(recipe, str) else recipe["name"]
    columns = chunk(model.robot.name, name, VALIDATION_SEED, 0, VALIDATION_SEGMENTS)[0]
    qpos, qvel, action = (torch.from_numpy(column).flatten(0, 1) for column in columns[:3])
    return disagreement_quantiles(Simulator(model, {}).disagreement(qpos, qvel, action))
