"""What a model is trained to make small: errors of single steps, of rollouts, and of the paper's solved step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.control_step import Motion
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.prepared import has_bfloat16
from mosim_gym.dynamics.solvers import dopri5_adjoint, find_solver, semi_implicit
from mosim_gym.mechanics import ForwardKinematics, difference


def known_motion(batch: Transitions) -> Motion:
    """What the robot did."""
    return Motion(batch.acceleration, batch.drift, batch.sensors)


def targets(model: MoSim, batch: Transitions) -> Tensor:
    """What the model is to say about a batch, unwhitened: acceleration, the drift where it is learned, and sensors' readings."""
    return model.targets(batch.qpos, batch.qvel, known_motion(batch))


def one_step_loss(
    model: MoSim,
    batch: Transitions,
    kinematics: ForwardKinematics,
    *,
    huber: float,
    correctors: int | None = None,
    autocast: bool = False,
) -> Tensor:
    """Huber loss of the whitened outputs, in units of its square part: robust to collisions, exact for small errors."""
    qpos, qvel = batch.qpos, batch.qvel
    with torch.no_grad():
        x = model.inputs(qpos, qvel, batch.action, kinematics(qpos, qvel))
        y = targets(model, batch) / model.output_std
    members = model.config.members
    if members > 1:
        x, y, qpos, qvel = (part.unflatten(0, (members, -1)) for part in (x, y, qpos, qvel))
    with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=autocast and has_bfloat16(x.device)):
        error = model.outputs(x, qpos, qvel, correctors=correctors, apart=True) - y
    return _huber(error, huber)


def multistep_loss(
    model: MoSim, windows: Transitions, kinematics: ForwardKinematics, *, huber: float, autocast: bool = False
) -> Tensor:
    """Huber loss of the states along rollouts from the windows' first states, with gradients through all of each rollout.

    After k steps the errors of velocity and position are taken in units of `k h σ` and `k h² σ`, σ the accelerations' deviation: what an
    error of one σ in every step's acceleration would come to, at least. Sensors' readings on the way count as they do in single steps.
    """
    robot, h, members = model.robot, model.robot.control_step, model.config.members
    if members > 1:
        windows = Transitions(*(column.unflatten(0, (members, -1)) for column in windows))
    qpos, qvel = windows.qpos[..., 0, :], windows.qvel[..., 0, :]
    unit = h * model.unit
    horizon = windows.qpos.shape[-2]
    path_q: list[Tensor] = []
    path_v: list[Tensor] = []
    readings: list[Tensor] = []
    for k in range(horizon):
        x = model.inputs(qpos, qvel, windows.action[..., k, :], kinematics(qpos, qvel))
        # the networks alone: bfloat16 is too coarse for a state and where its bodies are
        with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=autocast and has_bfloat16(x.device)):
            whitened = model.outputs(x, qpos, qvel)
        motion = model.motion(whitened.float() * model.output_std, qpos, qvel)
        field = lambda q, v, motion=motion: motion  # noqa: E731
        qpos, qvel = semi_implicit(field, robot, qpos, qvel, h)
        path_q.append(qpos)
        path_v.append(qvel)
        if motion.sensors is not None:
            readings.append(motion.sensors)
    known = Motion(windows.acceleration, windows.drift)
    true_q, true_v = semi_implicit(lambda q, v: known, robot, windows.qpos, windows.qvel, h)
    scale = torch.arange(1, horizon + 1, device=unit.device)[:, None] * unit
    total = _huber((torch.stack(path_v, dim=-2) - true_v) / scale, huber)
    total = total + _huber(difference(robot, torch.stack(path_q, dim=-2), true_q, 1.0) / (h * scale), huber)
    if readings:
        wrong = (torch.stack(readings, dim=-2) - windows.sensors) / model.output_std[model.moves :]
        total = total + wrong.shape[-1] / robot.nv * _huber(wrong, huber)
    return total / 2


def solver_loss(
    model: MoSim, batch: Transitions, kinematics: ForwardKinematics, *, correctors: int | None = None
) -> Tensor:
    """Mean squared error of the next state, in its own units, as the model's own solver reaches it; dopri5 goes by the adjoint equation."""
    robot, h = model.robot, model.robot.control_step
    name = model.config.solver
    solve = dopri5_adjoint if name == "dopri5" else find_solver(name)
    qpos, qvel = solve(ControlledField(model, batch.action, kinematics, correctors), robot, batch.qpos, batch.qvel, h)
    known = Motion(batch.acceleration, batch.drift)
    true_q, true_v = semi_implicit(lambda q, v: known, robot, batch.qpos, batch.qvel, h)
    return torch.cat((difference(robot, qpos, true_q, 1.0), qvel - true_v), dim=-1).square().mean()


class ControlledField(nn.Module):
    """The model's motion under fixed controls, as a module whose parameters the adjoint method finds."""

    def __init__(self, model: MoSim, action: Tensor, kinematics: ForwardKinematics, correctors: int | None) -> None:
        """`action (B, nu)`; the first `correctors` correctors alone (None: all)."""
        super().__init__()
        self.model, self._action, self._kinematics, self._correctors = model, action, kinematics, correctors

    def forward(self, qpos: Tensor, qvel: Tensor) -> Motion:
        """The motion at `(B, nq)`, `(B, nv)`."""
        values = self._kinematics(qpos, qvel)
        return self.model(qpos, qvel, self._action, values, correctors=self._correctors)


def _huber(error: Tensor, delta: float) -> Tensor:
    return F.huber_loss(error, torch.zeros_like(error), delta=delta) / delta
