"""`MemberOutputs`: what an ensemble's members say of a batch whose rows they deal among one another."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.prepared import PreparedModel
from mosim_gym.mechanics.threads import OneThread


class MemberOutputs:
    """Outputs `(B, outputs)` in their own units from unwhitened inputs `(B, n)` and states. Row i is member i's, modulo their number."""

    def __init__(self, model: MoSim, precision: str) -> None:
        """Prepares the networks as they are now."""
        self.model, self.members = model, model.config.members
        with OneThread(), torch.no_grad():
            self.prepared = [PreparedModel(model, member, precision) for member in range(self.members)]

    def dealt(self, inputs: Tensor, qpos: Tensor, qvel: Tensor) -> Tensor:
        """Each row by its member, with gradients where they are enabled."""
        return (self._with_gradients if torch.is_grad_enabled() else self._without_gradients)(inputs, qpos, qvel)

    def each_by_its(self, owner: Tensor, inputs: Tensor, qpos: Tensor, qvel: Tensor) -> Tensor:
        """Outputs of each row's own member, by asking all members about all rows; only where an adaptive solver failed."""
        rows = [part.expand(self.members, -1, -1) for part in (self._whitened(inputs), qpos, qvel)]
        said = self.model.outputs(*rows) * self.model.output_std
        return said[owner, torch.arange(len(inputs), device=inputs.device)]

    def _without_gradients(self, inputs: Tensor, qpos: Tensor, qvel: Tensor) -> Tensor:
        count = len(self.prepared)
        if count == 1 or len(inputs) == 1:
            return self.by(self.prepared[0], inputs, qpos, qvel)
        raw = inputs.new_empty(len(inputs), len(self.model.output_std))
        foresight = self.model.foresight
        if foresight is None:
            self._deal(inputs, raw, lambda prepared, rows: prepared(rows))
            return raw
        self._deal(inputs, raw, lambda prepared, rows: prepared.flight(rows))
        foreseen = foresight(qpos, qvel, self.model.motion(raw, qpos, qvel))
        everything = torch.cat((inputs, foreseen), dim=-1)
        corrected = torch.empty_like(raw)
        self._deal(everything, corrected, lambda prepared, rows: prepared.corrections(rows))
        raw = raw + self.model.gated(corrected, foreseen)
        if self.model.gateable < len(self.model.correctors):
            self._deal(everything, corrected, lambda prepared, rows: prepared.ungated(rows))
            raw = raw + corrected
        return raw

    def _deal(self, inputs: Tensor, said: Tensor, ask: Callable[[PreparedModel, Tensor], Tensor]) -> None:
        """Write into `said` what each member, asked about its own rows of `inputs`, answers."""
        count = len(self.prepared)
        for number, prepared in enumerate(self.prepared):
            if number < len(inputs):
                said[number::count] = ask(prepared, inputs[number::count])

    def by(self, member: PreparedModel, inputs: Tensor, qpos: Tensor, qvel: Tensor) -> Tensor:
        """One member's outputs for all rows."""
        foresight = self.model.foresight
        if foresight is None:
            return member(inputs)
        flight = member.flight(inputs)
        foreseen = foresight(qpos, qvel, self.model.motion(flight, qpos, qvel))
        everything = torch.cat((inputs, foreseen), dim=-1)
        moved = flight + self.model.gated(member.corrections(everything), foreseen)
        return moved + member.ungated(everything) if self.model.gateable < len(self.model.correctors) else moved

    def _whitened(self, inputs: Tensor) -> Tensor:
        present = inputs.shape[-1]
        return (inputs - self.model.input_mean[:present]) / self.model.input_std[:present]

    def _with_gradients(self, inputs: Tensor, qpos: Tensor, qvel: Tensor) -> Tensor:
        model, members = self.model, self.members
        parts = [self._whitened(inputs), qpos, qvel]
        if members == 1:
            return model.outputs(*parts) * model.output_std
        short = (
            -len(inputs) % members
        )  # rows are dealt to the members in turn; the last ones again where they do not come out even
        parts = [torch.cat((x, x[-1:].expand(short, -1))) if short else x for x in parts]
        x, q, v = (torch.unflatten(part, 0, (-1, members)).transpose(0, 1) for part in parts)
        dealt = model.outputs(x, q, v)
        return dealt.transpose(0, 1).flatten(0, 1)[: len(inputs)] * model.output_std
