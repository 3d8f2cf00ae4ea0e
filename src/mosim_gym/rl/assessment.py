"""`Assessment`: what is known about a policy before it runs on a robot, as a record that can be printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
FAR_OUTSIDE = 0.05
"""The share of steps outside the data above which the return says little."""
POOR = 0.3
"""The model's error on held-out motion, beside that of holding still, above which its returns say little."""
UNSURE = 0.2
"""The members' interval, as a share of the mean return, above which they disagree about it."""
OFTEN = 0.05
"""The share of steps at a limit of position or speed above which a robot suffers."""


@dataclass(frozen=True)
class Excursion:
    """A coordinate that was outside the range of the model's data."""

    name: str
    """As in `position of elbow` or `velocity of elbow`."""
    share: float
    """Of all steps."""
    data: tuple[float, float]
    """The lowest and the highest number in the data."""
    reached: tuple[float, float]
    """The lowest and the highest number in the episodes."""


@dataclass(frozen=True)
class TouchedLimit:
    """A limit that was reached."""

    kind: str
    """`position`, `speed` or `command`."""
    name: str
    """As in `elbow, upper`."""
    limit: float
    share: float
    """Of all steps."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """Episodes of a policy in a model, each member of the ensemble for itself.

    `print` shows all of it, with advice.
    """

    robot: str
    control_step: float
    """Seconds."""
    returns: Array
    """The return of each episode in each member, `(members, episodes)`."""
    lengths: Array
    """The control steps of each episode, likewise."""
    terminated: int
    """Episodes that the task ended."""
    diverged: int
    """Episodes whose state was no longer finite."""
    has_box: bool
    """Whether the model's card says where its data are."""
    outside: float
    """The share of steps with a state outside the box of the data."""
    first_outside: float | None
    """Median seconds until an episode left the data for the first time, over those that did; None if none did."""
    excursions: tuple[Excursion, ...]
    """Every coordinate that was outside, the most frequent first."""
    limits: tuple[TouchedLimit, ...]
    """Every limit that was touched, the most frequent first."""
    model_error: float | None = None
    """The model's error on motion that was held out in training, where 1 is that of holding still; None where the card has none."""

    @property
    def mean(self) -> float:
        """The mean return over members and episodes."""
        return float(self.returns.mean())

    @property
    def interval(self) -> tuple[float, float] | None:
        """The lowest and the highest mean return of a member; None for a model with one member."""
        if len(self.returns) < 2:
            return None
        means = self.returns.mean(1)
        return float(means.min()), float(means.max())

    @property
    def advice(self) -> tuple[str, ...]:
        """What to make of it, a sentence each."""
        said: list[str] = []
        if self.model_error is not None and self.model_error > POOR:
            said.append(
                "The model predicts held-out motion badly: train it longer or record more motion before you trust a return in it."
            )
        if not self.has_box:
            said.append(
                "The model's card does not say where its data are, so nothing is known about steps outside them."
            )
        elif self.outside > FAR_OUTSIDE:
            worst = self.excursions[0].name
            said.append(
                f"Do not run it yet: the return rests on states without data. Record motion with more of the {worst}, or train with a "
                "penalty."
            )
        interval = self.interval
        if interval is None:
            said.append("One member says nothing about its own error; an ensemble has an interval.")
        elif interval[1] - interval[0] > UNSURE * abs(self.mean):
            said.append("The members disagree about the return: expect less than the mean.")
        if self.diverged:
            said.append(f"In {self.diverged} episodes the model diverged: more data or shorter episodes are needed.")
        hard = [limit for limit in self.limits if limit.kind != "command" and limit.share > OFTEN]
        if hard:
            said.append(
                f"Reward a distance from the limits: {hard[0].name} is touched in {hard[0].share:.0%} of the steps."
            )
        return tuple(said) or ("Nothing speaks against a careful first run, slow and with a hand at the switch.",)

    def __str__(self) -> str:
        members, episodes = self.returns.shape
        interval = self.interval
        between = "" if interval is None else f", between {interval[0]:.4g} and {interval[1]:.4g} by member"
        seconds = float(self.lengths.mean()) * self.control_step
        lines = [
            *(
                []
                if self.model_error is None
                else [f"Model         error on held-out motion {self.model_error:.3g}; 1 is holding still"]
            ),
            f"Return        {self.mean:.4g}{between} ({members} × {episodes} episodes of {seconds:.1f} s on average)",
            f"Early ends    {self.terminated} by the task, {self.diverged} diverged",
        ]
        if self.has_box:
            when = "" if self.first_outside is None else f", first after {self.first_outside:.2f} s"
            lines.append(f"Outside data  {self.outside:.1%} of the steps{when}")
            lines += [
                f"  {e.name}: {e.share:.1%}, up to {e.reached[0]:.3g} … {e.reached[1]:.3g}; the data have {e.data[0]:.3g} … {e.data[1]:.3g}"
                for e in self.excursions
            ]
        lines.append(f"Limits        {'' if self.limits else 'none touched'}".rstrip())
        lines += [f"  {l.kind} of {l.name} ({l.limit:.3g}): {l.share:.1%} of the steps" for l in self.limits]
        return "\n".join([*lines, *(f"→ {sentence}" for sentence in self.advice)])
