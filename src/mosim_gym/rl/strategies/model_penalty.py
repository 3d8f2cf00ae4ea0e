"""The penalty that a strategy takes off the rewards of its model's transitions, by the setting `penalty`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from mosim_gym.envs.penalties.base import PENALTIES, Penalty
from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.rl.strategies.base import option
from mosim_gym.zoo.densities import density_name

NO_PENALTY = "none"
USUAL_SCALE = 1.0
"""The default of `threshold_scale`."""


class DensitySettings(TypedDict, total=False):
    """Settings of a density behind its name: τ, α, and what it is of."""

    threshold: float
    scale: float
    of: str


def penalty_option() -> Any:
    """The option `penalty` of a strategy, which is the setting of that name."""
    return option(
        None,
        f"What keeps the learner where the model knows: {', '.join(PENALTIES.names())}, or a density's file. "
        "density:threshold=-20,scale=3 sets τ and α of a density, in nats; density:of=states takes the packaged P(s).",
    )


def with_penalty(changes: Mapping[str, Any], penalty: str | None) -> dict[str, Any]:
    """The settings `changes` with the option `penalty`, if it is given. Raises if both have a penalty."""
    if penalty is not None and "penalty" in changes:
        raise ValueError("penalty is given twice, by --penalty and by --set; once is enough.")
    return {**changes, **({} if penalty is None else {"penalty": penalty})}


def check_penalty(penalty: str, threshold_scale: float) -> None:
    """Raise, in one sentence, for an unknown penalty, for wrong settings of it, and for a scale of one that has no threshold."""
    name, settings = split_penalty(penalty)
    if name not in (NO_PENALTY, *PENALTIES.names()) and not Path(name).is_file():
        raise UnknownName("penalty", name, [NO_PENALTY, *PENALTIES.names(), "a density's file"])
    if "of" in settings and name not in PENALTIES.names():
        raise ValueError(
            f"penalty is {penalty!r}: of chooses among packaged densities, and a density's file knows what it is of."
        )
    for odd, value in ((threshold_scale != USUAL_SCALE, f"threshold_scale is {threshold_scale}"), (settings, penalty)):
        if odd and not _is_density(name):
            raise ValueError(f"{value}, but penalty is {name}; only a density has a threshold.")


def split_penalty(penalty: str) -> tuple[str, DensitySettings]:
    """A penalty's name, or a density's file, and its settings: `density:threshold=-20,scale=3` sets τ and α, in nats."""
    name, colon, text = penalty.rpartition(":")
    if not colon or "=" not in text:
        return penalty, {}
    settings = DensitySettings()
    for part in text.split(","):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key == "of":
            density_name("", value)  # raises for another kind
            settings["of"] = value
            continue
        if key != "threshold" and key != "scale":
            raise UnknownName("setting of a density", key, list(DensitySettings.__annotations__))
        try:
            settings[key] = float(value)
        except ValueError:
            raise ValueError(f"penalty is {penalty!r}: {key} needs a number of nats, such as {key}=3.") from None
    return name, settings


def penalties_of(penalty: str, threshold_scale: float) -> list[Penalty]:
    """The penalties on rewards in training. Evaluations have none."""
    name, settings = split_penalty(penalty)
    if name == NO_PENALTY:
        return []
    known = name in PENALTIES.names()
    kind = PENALTIES.find(name) if known else DensityPenalty
    if not issubclass(kind, DensityPenalty):
        return [kind()]
    density: Penalty = kind(None if known else name, threshold_scale=threshold_scale, **settings)
    return [density]


def _is_density(name: str) -> bool:
    if name in PENALTIES.names():
        return issubclass(PENALTIES.find(name), DensityPenalty)
    return name != NO_PENALTY
