"""`MoSimConfig`: every choice of the model in one frozen record, and its named presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mosim_gym.mechanics.names import UnknownName


@dataclass(frozen=True)
class Size:
    """A residual network: `blocks` blocks of `width` units; no blocks means a single hidden layer."""

    width: int
    blocks: int


@dataclass(frozen=True)
class MoSimConfig:
    """The model q̈ = M(q) [b(q, q̇) + τ(a)] + Σᵢ εᵢ(q, q̇, a), with M = L Lᵀ.

    `inertia`, `bias` and `torque` are the sizes of L, b and τ (together the predictor), `correctors` those of the εᵢ. Where the inertia is
    `known`, they are terms of M(q) q̈ + c(q, q̇) = b(q, q̇) + τ(a) + Σᵢ εᵢ(q, q̇, a), and `inertia` is None. `beyond` is one more ε.
    """

    preset: str
    inertia: Size | None
    bias: Size | None
    torque: Size | None
    correctors: tuple[Size, ...]
    activation: str = "silu"  # or "softplus", "tanh"
    # of L's network, if another one: with tanh M(q) is bounded, as it is by nature, and stays so where nothing was learned
    inertia_activation: str | None = None
    layer_norm: bool = True
    canonical: bool = (
        True  # inputs by the robot's invariances, sines and cosines of unlimited hinges; else the raw state
    )
    whiten: bool = True  # inputs and accelerations in units of their standard deviation over the training data
    quadratic: bool = True  # products of velocities as inputs: Coriolis and centrifugal forces are linear in them
    friction: tuple[
        float, ...
    ] = ()  # speeds v, rad/s or m/s, for which tanh(q̇/v) of joints are inputs: dry friction turns there
    nonsmooth: bool = True  # contact clearances, limit distances, which of them are active, and their rates as inputs
    drift: bool = (
        True  # the mean velocity over a step is learned, where it must be; else positions move by the new velocity
    )
    ahead: int = 0  # instants of the control step at which gaps are foreseen from their rates, as inputs
    # a smooth network of the predictor: what M [b + τ], the law of an instant, misses over a whole control step
    remainder: Size | None = None
    # instants, as shares of the control step, at which correctors see what flight would touch; MuJoCo's last look at contacts is one
    # physics step before the end
    foresight: tuple[float, ...] = ()
    # m or rad: correctors of a model that foresees act only where a gap is smaller, or closed at one of those instants; None: always
    gate: float | None = None
    pairs: tuple[tuple[str, str], ...] = ()  # geoms of moving bodies whose contact is among them
    strings: tuple[
        tuple[str, str, float], ...
    ] = ()  # two sites and the length, m, at which a limited tendon holds them together
    tendons: tuple[str, ...] = ()  # spatial tendons whose length, rate, limits and pull on the joints are inputs
    servos: bool = False  # forces of position control and other servos, and which are below their limits, are inputs
    sensors: int = 0  # readings that the state alone cannot tell, such as forces of touch
    solver: str = "semi_implicit"
    members: int = 1  # of the ensemble, weights stacked
    known: str | None = (
        None  # "inertia": M(q), Coriolis and gravity are the description's, and what is learned are forces
    )
    # a last corrector, which acts everywhere: it learns what all else, which learned a simulation and stays, leaves of measured motion
    beyond: Size | None = None
    memory: int = 0  # commands before the present one that are inputs: what a machine does follows them late

    def to_dict(self) -> dict[str, object]:
        """Plain data for a card."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> MoSimConfig:
        """Inverse of `to_dict`; choices that are younger than the content take their defaults."""
        choices = dict(content)
        for key in ("inertia", "bias", "torque"):
            choices[key] = Size(**content[key]) if content[key] else None
        choices["correctors"] = tuple(Size(**size) for size in content["correctors"])
        for key in ("pairs", "strings"):
            choices[key] = tuple(tuple(item) for item in content.get(key, ()))
        for key in ("remainder", "beyond"):
            choices[key] = Size(**content[key]) if content.get(key) else None
        for key in ("foresight", "friction", "tendons"):
            choices[key] = tuple(content.get(key, ()))
        return cls(**choices)


def _paper(name: str, encoder: Size, torque: Size, correctors: tuple[Size, ...]) -> MoSimConfig:
    return MoSimConfig(
        preset=name,
        inertia=encoder,
        bias=encoder,
        torque=torque,
        correctors=correctors,
        activation="softplus",
        layer_norm=False,
        canonical=False,
        whiten=False,
        quadratic=False,
        nonsmooth=False,
        solver="dopri5",
    )


PRESETS: dict[str, MoSimConfig] = {
    "default": MoSimConfig(
        preset="default",
        inertia=Size(64, 0),
        bias=Size(64, 0),
        torque=Size(32, 0),
        correctors=(Size(192, 2),),
        inertia_activation="tanh",
        layer_norm=False,
    ),
    "substeps": MoSimConfig(
        preset="substeps",
        inertia=Size(64, 0),
        bias=Size(64, 0),
        torque=Size(32, 0),
        correctors=(Size(224, 3),),
        inertia_activation="tanh",
        layer_norm=False,
        remainder=Size(128, 2),
        foresight=(0.25, 0.5, 0.75),
    ),
    "smooth": MoSimConfig(
        preset="smooth",
        inertia=Size(64, 1),
        bias=Size(64, 1),
        torque=Size(32, 0),
        correctors=(Size(192, 3),),
    ),
    "small": MoSimConfig(
        preset="small",
        inertia=Size(32, 0),
        bias=Size(64, 0),
        torque=Size(16, 0),
        correctors=(Size(64, 2),),
    ),
    "measured": MoSimConfig(
        preset="measured",
        inertia=Size(64, 0),
        bias=Size(64, 1),
        torque=Size(32, 0),
        correctors=(Size(96, 2),),
        layer_norm=False,
        friction=(0.1, 1.0),
    ),
    "measured-contacts": MoSimConfig(
        preset="measured-contacts",
        inertia=Size(64, 0),
        bias=Size(64, 0),
        torque=Size(32, 0),
        correctors=(Size(128, 2),),
        layer_norm=False,
        friction=(0.1, 1.0),
        remainder=Size(96, 1),
        foresight=(0.5, 1.0),
        gate=0.01,
    ),
    "residual": MoSimConfig(
        preset="residual",
        inertia=None,
        bias=None,
        torque=None,
        correctors=(Size(256, 3),),
        quadratic=False,
        nonsmooth=False,
    ),
    "paper-small": _paper("paper-small", Size(64, 3), Size(32, 1), (Size(64, 5),)),
    "paper-medium": _paper("paper-medium", Size(64, 3), Size(32, 3), (Size(128, 5),)),
    "paper-large": _paper("paper-large", Size(128, 3), Size(128, 3), (Size(128, 5),) * 3),
}
"""`default`: for robots with contacts; `substeps`: for those whose control step holds several physics steps, so that contacts begin within
it; `smooth`: for robots without contacts, smaller; `small`: for the simplest of them. `measured` and `measured-contacts`: for logs of
machines, which are few and noisy beside simulated motion. `residual`: no structure and no contact features,
as a baseline. `paper-*`: the MoSim paper's appendix (Tables I to III): softplus, no normalisation, raw inputs, dopri5."""


KNOWN = ("inertia",)
"""What a model may take from the robot's description."""


def preset(name: str, **changes: Any) -> MoSimConfig:
    """The preset `name` with fields changed; an unknown name raises with the valid ones."""
    if name not in PRESETS:
        raise UnknownName("preset", name, list(PRESETS))
    return replace(PRESETS[name], **changes)
