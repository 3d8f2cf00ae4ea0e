"""Interchangeable integrators of one control step: `(field, robot, qpos, qvel, h) -> (qpos', qvel')`, on the configuration manifold.

`field(qpos, qvel)` is the motion under the step's constant control. Orders of accuracy are for smooth fields.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mosim_gym.dynamics.control_step import Motion
from mosim_gym.mechanics import Robot, difference, integrate
from mosim_gym.mechanics.names import UnknownName

Field = Callable[[Tensor, Tensor], Motion]
State = tuple[Tensor, Tensor]


class SolverDiverged(RuntimeError):
    """An adaptive solver met motion that is not finite, or too violent for any step."""


def semi_implicit(field: Field, robot: Robot, qpos: Tensor, qvel: Tensor, h: float) -> State:
    """`v' = v + h q̈`, `q' = q ⊕ h v'`: MuJoCo's own Euler, one evaluation, order 1.

    A field with a `drift` δ knows its mean velocity over the step: then `q' = q ⊕ h ((v + v')/2 + δ)`.
    """
    motion = field(qpos, qvel)
    end = qvel + h * motion.acceleration
    mean = end if motion.drift is None else (qvel + end) / 2 + motion.drift
    return integrate(robot, qpos, mean, h), end


def euler(field: Field, robot: Robot, qpos: Tensor, qvel: Tensor, h: float) -> State:
    """`q' = q ⊕ h v`, `v' = v + h q̈`: one evaluation, order 1."""
    return integrate(robot, qpos, qvel, h), qvel + h * field(qpos, qvel).acceleration


def midpoint(field: Field, robot: Robot, qpos: Tensor, qvel: Tensor, h: float) -> State:
    """The motion half-way moves the whole step: two evaluations, order 2."""
    half_q = integrate(robot, qpos, qvel, h / 2)
    half_v = qvel + h / 2 * field(qpos, qvel).acceleration
    return integrate(robot, qpos, half_v, h), qvel + h * field(half_q, half_v).acceleration


def rk4(field: Field, robot: Robot, qpos: Tensor, qvel: Tensor, h: float) -> State:
    """The classical four-stage method, as MuJoCo's RK4 has it: four evaluations, order 4."""
    v1, a1 = qvel, field(qpos, qvel).acceleration
    v2 = qvel + h / 2 * a1
    a2 = field(integrate(robot, qpos, v1, h / 2), v2).acceleration
    v3 = qvel + h / 2 * a2
    a3 = field(integrate(robot, qpos, v2, h / 2), v3).acceleration
    v4 = qvel + h * a3
    a4 = field(integrate(robot, qpos, v3, h), v4).acceleration
    mean = (v1 + 2 * v2 + 2 * v3 + v4) / 6
    return integrate(robot, qpos, mean, h), qvel + h * (a1 + 2 * a2 + 2 * a3 + a4) / 6


def dopri5(field: Field, robot: Robot, qpos: Tensor, qvel: Tensor, h: float) -> State:
    """Dormand and Prince's adaptive method of order 5, through torchdiffeq.

    One step size for the whole batch: a row depends, within the tolerance, on its neighbours.
    """
    return _through_torchdiffeq(field, robot, qpos, qvel, h, adjoint=False)


def dopri5_adjoint(field: Field, robot: Robot, qpos: Tensor, qvel: Tensor, h: float) -> State:
    """The same with gradients by the adjoint equation, for training: those of the field's parameters, and of nothing else in the field."""
    return _through_torchdiffeq(field, robot, qpos, qvel, h, adjoint=True)


def _through_torchdiffeq(field: Field, robot: Robot, qpos: Tensor, qvel: Tensor, h: float, *, adjoint: bool) -> State:
    # Its coefficients are made when it is imported, and gradients may want them later.
    with torch.inference_mode(False):
        import torchdiffeq

    class Rates(torch.nn.Module):
        """The field in the tangent space at `qpos`, where torchdiffeq can add."""

        def __init__(self) -> None:
            super().__init__()
            if isinstance(field, torch.nn.Module):
                self.field = field  # so that the adjoint method finds its parameters

        def forward(self, t: Tensor, state: Tensor) -> Tensor:
            moved, velocity = state.chunk(2, dim=-1)
            acceleration = field(integrate(robot, qpos, moved, 1.0), velocity).acceleration
            return torch.cat((velocity, acceleration), dim=-1)

    start = torch.cat((torch.zeros_like(qvel), qvel), dim=-1)
    times = torch.tensor([0.0, h], dtype=qvel.dtype, device=qvel.device)
    integrator = torchdiffeq.odeint_adjoint if adjoint else torchdiffeq.odeint
    try:
        path = integrator(Rates(), start, times, method="dopri5", rtol=1e-5, atol=1e-6)
    except AssertionError as error:  # torchdiffeq's way of saying that no step is small enough
        raise SolverDiverged(f"dopri5 cannot follow the motion: {error}.") from error
    moved, velocity = path[-1].chunk(2, dim=-1)
    return integrate(robot, qpos, moved, 1.0), velocity


SOLVERS: dict[str, Callable[[Field, Robot, Tensor, Tensor, float], State]] = {
    "semi_implicit": semi_implicit,
    "euler": euler,
    "midpoint": midpoint,
    "rk4": rk4,
    "dopri5": dopri5,
}


ADAPTIVE = ("dopri5",)
"""Solvers whose number of evaluations depends on the state."""


def find_solver(name: str) -> Callable[[Field, Robot, Tensor, Tensor, float], State]:
    """The solver called `name`; an unknown name raises with the valid ones."""
    if not isinstance(name, str) or name not in SOLVERS:  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
        raise UnknownName("solver", str(name), list(SOLVERS))
    return SOLVERS[name]


def mean_motion(robot: Robot, qpos: Tensor, qvel: Tensor, next_qpos: Tensor, next_qvel: Tensor) -> Motion:
    """The motion that takes one state to the next under `semi_implicit`: what a model of one control step is to learn."""
    h = robot.control_step
    drift = difference(robot, next_qpos, qpos, h) - (qvel + next_qvel) / 2
    return Motion((next_qvel - qvel) / h, drift)
