"""`DensityPenalty`: keeps learners near the data that their model was trained on.

    R = r + σ((log p(s, a) - τ) / α) - 1

Among the data the reward does not change. Far away, 1 is taken off. By default τ is the log-density below which a thousandth of held-out
data of the same recipe lie, and α is a quarter of the distance from τ to where a hundredth of them do. So the penalty is σ(0) = 0.5 at the
first of the two and σ(-4) = 0.02 at the second. A good policy moves at the edge of the data, and a slope that reached further in would hold
it back. Where the model can be believed beyond its data, `threshold_scale` moves τ that many times as far from the median of the data, and
widens α by the same factor.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import torch
from torch import Tensor

from mosim_gym.density.motion_density import STATES_AND_ACTIONS, MotionDensity
from mosim_gym.envs.backend import TRUTH
from mosim_gym.envs.core import Core, State
from mosim_gym.envs.penalties.base import Charge, Penalty
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.narrowing import is_mapping
from mosim_gym.mechanics.numbers import is_finite
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.zoo.densities import density_name, find_density


def _check_density(density: object) -> None:
    if density is not None and not isinstance(density, MotionDensity | str | PathLike):
        raise TypeError(
            f"density is a {type(density).__name__}; it must be a MotionDensity, a packaged name or a path. To penalise environments, "
            "call mosim_gym.envs.penalties.penalise(env, DensityPenalty(…))."
        )


def _packaged_name(dynamics: Dynamics) -> str:
    """The name of the packaged density of a checkpoint. No density of a model of logs is packaged."""
    recipe = dynamics.card.get("recipe")
    if is_mapping(recipe) and recipe.get("logs") is not None:
        raise ValueError(
            "This model was learned from logs, and their density was not: train it with density=True, or give the density "
            "of training.log_density.train_density."
        )
    return str(dynamics.card.get("name", TRUTH))


class DensityPenalty(ChecksArguments, Penalty):
    """`1 - σ((log p - τ) / α)`. `info` holds `log_density`, in nats. Episodes are never cut."""

    def __init__(
        self,
        density: MotionDensity | str | PathLike[str] | None = None,
        *,
        threshold: float | None = None,
        scale: float | None = None,
        threshold_scale: float = 1.0,
        of: str = STATES_AND_ACTIONS,
    ) -> None:
        """`density` is by default that which came with the environments' model, or the packaged one of their checkpoint, which with
        `of="states"` is p(s). `threshold` is τ and `scale` is α, in nats, by default from the density's data.
        """
        _check_density(density)
        density_name("", of)  # raises for another kind
        if density is not None and of != STATES_AND_ACTIONS:
            raise ValueError(
                f"of is {of!r}, which chooses among packaged densities; the one that is given knows what it is of."
            )
        self._of = of
        if not (is_finite(threshold_scale) and threshold_scale > 0):
            raise ValueError(f"threshold_scale is {threshold_scale!r}; it must be positive and finite.")
        self._given, self._threshold_scale = (density, threshold, scale), threshold_scale

    def bind(self, core: Core, dynamics: Dynamics) -> None:
        """Prepare for `core`. The density must be of the environments' robot."""
        density, threshold, scale = self._given
        if density is None:
            density = dynamics.density
            if density is None or density.card.get("of", STATES_AND_ACTIONS) != self._of:
                density = density_name(_packaged_name(dynamics), self._of)
        self.density = density if isinstance(density, MotionDensity) else find_density(density, core.robot)
        if self.density is not dynamics.density and self.density.robot.fingerprint != core.robot.fingerprint:
            raise ValueError(
                f"The density is of the robot {self.density.robot.name!r}; these environments have {core.robot.name!r}."
            )
        self.density.to(core.device)
        reach, known = self._threshold_scale, self.density.card["quantiles"]
        edge = known["0.5"] - reach * (known["0.5"] - known["0.001"])
        self.threshold: Any = edge if threshold is None else threshold
        self.scale: Any = reach * (known["0.01"] - known["0.001"]) / 4 if scale is None else scale
        if not (is_finite(self.threshold) and is_finite(self.scale) and self.scale > 0):
            raise ValueError(
                f"threshold is {self.threshold!r} and scale {self.scale!r}; they must be finite numbers, and scale positive."
            )

    def charge(self, state: State, action: Tensor) -> Charge:
        """The penalty from the log-density of states and actions."""
        log_density = self.density(state.qpos, state.qvel, action)
        penalty = 1 - torch.sigmoid((log_density - self.threshold) / self.scale)
        return Charge(penalty, torch.zeros_like(penalty, dtype=torch.bool), {"log_density": log_density})
