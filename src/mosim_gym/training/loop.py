"""The training loop: stages of one model on a stream of true motion, read from top to bottom in `train`."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mosim_gym.data.dataset import Dataset, DatasetStream
from mosim_gym.data.stream import Stream, Transitions, chunk
from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.mosim import MoSim, Motion
from mosim_gym.dynamics.networks import MemberLinear
from mosim_gym.dynamics.prepared import has_bfloat16
from mosim_gym.dynamics.solvers import find_solver, semi_implicit
from mosim_gym.mechanics import ForwardKinematics, Robot, difference
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.memory import keep_freed_memory
from mosim_gym.mechanics.parts import JointType
from mosim_gym.robots import load_robot
from mosim_gym.training.compiled import compiled
from mosim_gym.training.config import Stage, TrainConfig
from mosim_gym.training.muon import Muon
from mosim_gym.training.state import load_state, save_state

WARM_UP_STEPS = 100
MEASURED_STEPS = 60  # after which the number of steps that fit the budget is fixed, once and for all
STATISTICS_SEED = 10_003  # the same for every run, so that runs of different seeds can become members of one ensemble
VALIDATION_SEED = 10_007
VALIDATION_SEGMENTS = 500
SAVE_SECONDS = 60.0
STATE = "state.safetensors"

Report = Callable[[dict[str, float]], None]


class Pool:
    """The most recent chunks of a stream as one set of tensors to draw batches from.

    At training step s the pool holds the same chunks whenever and however often the run was interrupted.
    """

    def __init__(
        self, robot: str, config: TrainConfig, *, step: int, device: torch.device, dataset: Dataset | None = None
    ) -> None:
        """Fill the pool as it stood at training step `step`, from `dataset` or from fresh simulations."""
        self._config, self._device, self._dataset = config, device, dataset
        self._turn = step // config.chunk_steps
        oldest = max(0, self._made - config.pool_chunks)
        if dataset is None:
            self._stream = Stream(robot, config.recipe, seed=config.seed, segments=config.chunk_segments, first=oldest)
        else:
            self._stream = DatasetStream(
                dataset, seed=config.seed, segments=max(1, config.chunk_segments // 4), first=oldest
            )
        self._chunks = [self._fresh() for _ in range(oldest, self._made)]
        self._join()

    @property
    def _made(self) -> int:
        """How many chunks there have been so far."""
        return min(self._config.first_chunks, self._config.pool_chunks) + self._turn

    def _fresh(self) -> Transitions:
        return Transitions(*(column.to(self._device) for column in next(self._stream)))

    def _join(self) -> None:
        self.data = Transitions(*(torch.cat(columns) for columns in zip(*self._chunks, strict=True)))

    @property
    def transitions_seen(self) -> int:
        """True control steps simulated so far, about: unstable segments are left out of chunks. Of a dataset, all of its steps."""
        if self._dataset is not None:
            return self._dataset.transitions
        return self._made * self.data.qpos.shape[:2].numel() // len(self._chunks)

    def draw(self, step: int, generator: torch.Generator, horizon: int, members: int = 1) -> Transitions:
        """The batch of training step `step`, a function of seed and step: `(B, …)`, or `(B/H, H, …)` for windows of H > 1 steps.

        Each ensemble member has a batch of its own: rows are `members` times as many, the first member's first.
        """
        while self._turn < step // self._config.chunk_steps:
            self._chunks = [*self._chunks, self._fresh()][-self._config.pool_chunks :]
            self._turn += 1
            self._join()
        generator.manual_seed(self._config.seed * 1_000_003 + step)
        segments, steps = self.data.qpos.shape[:2]
        count = members * (self._config.batch // horizon)
        segment = torch.randint(segments, (count,), generator=generator).to(self._device)
        start = torch.randint(steps - horizon + 1, (count,), generator=generator).to(self._device)
        if horizon == 1:
            return Transitions(*(column[segment, start] for column in self.data))
        window = start[:, None] + torch.arange(horizon, device=self._device)
        return Transitions(*(column[segment[:, None], window] for column in self.data))

    def close(self) -> None:
        """Stop the background process."""
        self._stream.close()


def _fixed_samples(robot: str, config: TrainConfig, dataset: Dataset | None) -> tuple[Transitions, Transitions]:
    """Transitions to validate on, `(S, T, …)`, and those whose statistics whiten the model, `(B, …)`."""
    if dataset is not None:
        held_out = DatasetStream(dataset, seed=STATISTICS_SEED, segments=config.chunk_segments)
        sample, validation = next(held_out), held_out.validation()
    else:
        parts = ((STATISTICS_SEED, config.chunk_segments), (VALIDATION_SEED, VALIDATION_SEGMENTS))
        sample, validation = (
            Transitions(*(torch.from_numpy(c) for c in chunk(robot, config.recipe, seed, 0, segments)[0]))
            for seed, segments in parts
        )
    return validation, Transitions(*(column.flatten(0, 1) for column in sample))


def _dealt(segments: Transitions, members: int) -> Transitions:
    """Single transitions `(B, …)` of segments `(S, T, …)`, B a multiple of `members`."""
    flat = [column.flatten(0, 1) for column in segments]
    return Transitions(*(column[: len(column) // members * members] for column in flat))


def training_box(robot: Robot, sample: Transitions) -> dict[str, list[list[float | None]]]:
    """Lowest and highest `qpos` and `qvel` in a sample of the training data; None where a coordinate does not matter to the motion."""
    free = set(robot.translation_indices)
    columns = {name: int(start) for name, start in zip(robot.joints.names, robot.joints.qpos_start, strict=True)}
    free.update(columns[name] for name in _unbounded(robot))
    box: dict[str, list[list[float | None]]] = {}
    for name, values, open_ends in (("qpos", sample.qpos, free), ("qvel", sample.qvel, set())):
        flat = values.flatten(0, -2)
        sides = (flat.amin(0).tolist(), flat.amax(0).tolist())
        box[name] = [[None if i in open_ends else round(x, 5) for i, x in enumerate(side)] for side in sides]
    return box


def _unbounded(robot: Robot) -> list[str]:
    """Hinges without limits: their angle may turn on and on."""
    unlimited = (robot.joints.type == JointType.HINGE) & ~robot.joints.limited
    return [name for name, u in zip(robot.joints.names, unlimited, strict=True) if u]


def targets(model: MoSim, batch: Transitions) -> Tensor:
    """What the model is to say about a batch, unwhitened: acceleration, the drift where it is learned, and sensors' readings."""
    return model.targets(batch.qpos, Motion(batch.acceleration, batch.drift, batch.sensors))


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
    with torch.no_grad():
        x = model.inputs(batch.qpos, batch.qvel, batch.action, kinematics(batch.qpos, batch.qvel))
        y = targets(model, batch) / model.output_std
    members = model.config.members
    if members > 1:
        x, y = x.unflatten(0, (members, -1)), y.unflatten(0, (members, -1))
    with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=autocast and has_bfloat16(x.device)):
        error = model.outputs(x, correctors=correctors) - y
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
    unit = h * model.output_std[: robot.nv]
    horizon = windows.qpos.shape[-2]
    total = qpos.new_zeros(())
    for k in range(horizon):
        with torch.autocast(qpos.device.type, dtype=torch.bfloat16, enabled=autocast and has_bfloat16(qpos.device)):
            motion = model(qpos, qvel, windows.action[..., k, :], kinematics(qpos, qvel))
        field = lambda q, v, motion=motion: motion  # noqa: E731
        qpos, qvel = semi_implicit(field, robot, qpos, qvel, h)
        known = Motion(windows.acceleration[..., k, :], windows.drift[..., k, :])
        field = lambda q, v, known=known: known  # noqa: E731
        true_q, true_v = semi_implicit(field, robot, windows.qpos[..., k, :], windows.qvel[..., k, :], h)
        scale = (k + 1) * unit
        total = total + _huber((qvel - true_v) / scale, huber)
        total = total + _huber(difference(robot, qpos, true_q, 1.0) / (h * scale), huber)
        if motion.sensors is not None:
            wrong = (motion.sensors - windows.sensors[..., k, :]) / model.output_std[model.moves :]
            total = total + wrong.shape[-1] / robot.nv * _huber(wrong, huber)
    return total / (2 * horizon)


def solver_loss(model: MoSim, batch: Transitions, kinematics: ForwardKinematics) -> Tensor:
    """Mean squared error of the next state, in its own units, as the model's own solver reaches it; dopri5 goes by the adjoint equation."""
    robot, h = model.robot, model.robot.control_step
    name = model.config.solver
    solve = find_solver("dopri5_adjoint" if name == "dopri5" else name)
    qpos, qvel = solve(ControlledField(model, batch.action, kinematics), robot, batch.qpos, batch.qvel, h)
    known = Motion(batch.acceleration, batch.drift)
    true_q, true_v = semi_implicit(lambda q, v: known, robot, batch.qpos, batch.qvel, h)
    return torch.cat((difference(robot, qpos, true_q, 1.0), qvel - true_v), dim=-1).square().mean()


class ControlledField(nn.Module):
    """The model's motion under fixed controls, as a module whose parameters the adjoint method finds."""

    def __init__(self, model: MoSim, action: Tensor, kinematics: ForwardKinematics) -> None:
        """`action (B, nu)`."""
        super().__init__()
        self.model, self._action, self._kinematics = model, action, kinematics

    def forward(self, qpos: Tensor, qvel: Tensor) -> Motion:
        """The motion at `(B, nq)`, `(B, nv)`."""
        return self.model(qpos, qvel, self._action, self._kinematics(qpos, qvel))


def _huber(error: Tensor, delta: float) -> Tensor:
    return F.huber_loss(error, torch.zeros_like(error), delta=delta) / delta


def split_parameters(model: MoSim) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Hidden matrices of the residual blocks, for Muon, and all the rest, for Adam."""
    hidden = [
        p for name, p in model.named_parameters() if name.endswith("weight") and (".up." in name or ".down." in name)
    ]
    chosen = {id(p) for p in hidden}
    return hidden, [p for p in model.parameters() if id(p) not in chosen]


def train(
    robot: str,
    model_config: MoSimConfig,
    config: TrainConfig,
    *,
    budget: float,
    folder: Path,
    device: str = "cpu",
    dataset: Dataset | None = None,
    start: MoSim | None = None,
    steps: int | None = None,
    report: Report = lambda _: None,
) -> tuple[MoSim, dict[str, Any]]:
    """Train a model of `robot` for about `budget` seconds; the averaged weights and a record of how they came about.

    It begins with random weights, or with weights and statistics of `start`, which must be of the same configuration.

    Data are simulated afresh by the configured recipe, or read from `dataset`. With `steps` the run has that many, whatever the time.

    `folder/state.safetensors` is written every minute: a run that was interrupted goes on from there and ends with the same weights.
    """
    keep_freed_memory()
    if config.seed < 0 or model_config.members < 1:
        raise ValueError(
            f"seed is {config.seed} and members {model_config.members}; they must be at least 0 and at least 1."
        )
    place = usable_device(device)
    torch.manual_seed(config.seed)
    description = load_robot(robot)
    model = MoSim(description, model_config).to(place)
    if start is not None:
        model.load_state_dict(start.state_dict())
    for layer in model.modules():
        if isinstance(layer, MemberLinear):
            layer.exact &= config.exact_ends
    kinematics = ForwardKinematics(description, model.features.quantities)
    validation, sample = (
        Transitions(*(column.to(place) for column in part)) for part in _fixed_samples(robot, config, dataset)
    )
    validation = _dealt(validation, model_config.members)
    hidden, rest = split_parameters(model) if config.muon_rate is not None else ([], list(model.parameters()))
    optimisers: dict[str, torch.optim.Optimizer] = {
        "adam": torch.optim.AdamW(rest, lr=config.adam_rate, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    }
    rates = {"adam": config.adam_rate}
    if config.muon_rate is not None:
        precision = torch.bfloat16 if has_bfloat16(place) else torch.float32
        optimisers["muon"] = Muon(hidden, lr=config.muon_rate, dtype=precision)
        rates["muon"] = config.muon_rate
    average = copy.deepcopy(model)
    if config.compile:
        example = sample.qpos.new_zeros(model_config.members * config.batch, model.features.size)
        example = example.unflatten(0, (model_config.members, -1)) if model_config.members > 1 else example
        with torch.autocast(place.type, dtype=torch.bfloat16, enabled=config.autocast and has_bfloat16(place)):
            model.outputs = compiled(model.outputs, example)
        model.zero_grad(set_to_none=True)

    path = folder / STATE
    identity: dict[str, Any] = {
        "robot": robot,
        "model": asdict(model_config),
        "config": asdict(config),
        "data": None if dataset is None else dataset.manifest,
        "start": None if start is None else start.digest(),
        "steps": steps,
        "budget": budget,
    }
    record: dict[str, Any] = {"step": 0, "total": steps or 0, "seconds": 0.0, **identity}
    if path.exists():
        record = {**record, **load_state(path, model, average, optimisers, identity)}
    begun = saved = time.monotonic() - record["seconds"]  # the first data count, too
    pool = Pool(robot, config, step=record["step"], device=place, dataset=dataset)
    if record["step"] == 0:
        if start is None:
            inputs = model.features(sample.qpos, sample.qvel, sample.action, kinematics(sample.qpos, sample.qvel))
            model.fit_statistics(inputs, targets(model, sample))
            average.load_state_dict(model.state_dict())
        record["box"] = training_box(description, sample)

    generator = torch.Generator()
    measured = begun
    try:
        while True:
            step = record["step"]
            if step == WARM_UP_STEPS // 2:
                measured = time.monotonic()
            if not record["total"] and step == WARM_UP_STEPS // 2 + MEASURED_STEPS:
                pace = (time.monotonic() - measured) / MEASURED_STEPS
                record["total"] = step + max(1, int((budget - (time.monotonic() - begun)) / pace))
            total = record["total"] or 10**9
            if step >= total:
                break
            stage, progress, since = _stage(config.stages, step, total)
            warm_up = min(1.0, (since + 1) / WARM_UP_STEPS)
            for name, optimiser in optimisers.items():
                for group in optimiser.param_groups:
                    group["lr"] = rates[name] * stage.rate * warm_up * 0.5 * (1 + math.cos(math.pi * progress))
            _freeze(model, stage)
            horizon = max(2, round(stage.horizon * progress)) if stage.name == "multistep" else 1
            batch = pool.draw(step, generator, horizon, model_config.members)
            model.train()
            if stage.name == "solver":
                loss = solver_loss(model, batch, kinematics)
            elif horizon > 1:
                loss = multistep_loss(model, batch, kinematics, huber=config.huber, autocast=config.autocast)
            else:
                correctors = 0 if stage.name == "predictor" else None
                loss = one_step_loss(
                    model, batch, kinematics, huber=config.huber, correctors=correctors, autocast=config.autocast
                )
            for optimiser in optimisers.values():
                optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(rest, config.clip)
            for optimiser in optimisers.values():
                optimiser.step()
            with torch.no_grad():
                decay = min(config.ema, (step + 1) / (step + 10))
                for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
                    mine.lerp_(theirs, 1 - decay)
            record["step"] = step + 1
            record["seconds"] = time.monotonic() - begun
            record["transitions"] = pool.transitions_seen
            if (step + 1) % 200 == 0:
                model.eval()
                average.eval()
                with torch.no_grad():
                    error = one_step_loss(average, validation, kinematics, huber=config.huber)
                report(
                    {
                        "step": step + 1,
                        "total": record["total"],
                        "loss": float(loss.detach()),
                        "validation": float(error),
                        "seconds": record["seconds"],
                        "samples_per_second": (step + 1) * config.batch * model_config.members / record["seconds"],
                    }
                )
            if time.monotonic() - saved > SAVE_SECONDS:
                save_state(path, model, average, optimisers, record)
                saved = time.monotonic()
        save_state(path, model, average, optimisers, record)
    finally:
        pool.close()
    return average.eval(), record


def _stage(stages: tuple[Stage, ...], step: int, total: int) -> tuple[Stage, float, int]:
    """The stage at a step, how far through it the step is, as a share and in steps."""
    shares = sum(stage.share for stage in stages)
    start = 0
    for stage in stages[:-1]:
        length = max(1, round(total * stage.share / shares))
        if step < start + length:
            return stage, (step - start) / length, step - start
        start += length
    return stages[-1], min(1.0, (step - start) / max(1, total - start)), step - start


def _freeze(model: MoSim, stage: Stage) -> None:
    """Let gradients reach only what the stage trains."""
    for name, parameter in model.named_parameters():
        in_corrector = name.startswith("correctors.")
        parameter.requires_grad_({"predictor": not in_corrector, "corrector": in_corrector}.get(stage.name, True))
