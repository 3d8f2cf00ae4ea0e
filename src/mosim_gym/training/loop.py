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

from mosim_gym.data.stream import Stream, Transitions, chunk
from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.mosim import MoSim, Motion
from mosim_gym.dynamics.solvers import semi_implicit
from mosim_gym.mechanics import ForwardKinematics, difference
from mosim_gym.robots import load_robot
from mosim_gym.training.config import Stage, TrainConfig
from mosim_gym.training.muon import Muon
from mosim_gym.training.state import load_state, save_state

WARM_UP_STEPS = 100
MEASURED_STEPS = 60  # after which the number of steps that fit the budget is fixed, once and for all
VALIDATION_SEED = 10_007
VALIDATION_SEGMENTS = 500
SAVE_SECONDS = 60.0

Report = Callable[[dict[str, float]], None]


class Pool:
    """The most recent chunks of a stream as one set of tensors to draw batches from.

    At training step s the pool holds the same chunks whenever and however often the run was interrupted.
    """

    def __init__(self, robot: str, config: TrainConfig, *, step: int, device: torch.device) -> None:
        """Fill the pool as it stood at training step `step`."""
        self._config, self._device = config, device
        self._turn = step // config.chunk_steps
        self._stream = Stream(robot, config.recipe, seed=config.seed, segments=config.chunk_segments, first=self._turn)
        self._chunks = [self._fresh() for _ in range(config.pool_chunks)]
        self._join()

    def _fresh(self) -> Transitions:
        return Transitions(*(column.to(self._device) for column in next(self._stream)))

    def _join(self) -> None:
        self.data = Transitions(*(torch.cat(columns) for columns in zip(*self._chunks, strict=True)))

    @property
    def transitions_seen(self) -> int:
        """True control steps simulated so far, about: unstable segments are left out of chunks."""
        return (self._turn + self._config.pool_chunks) * self.data.qpos.shape[:2].numel() // self._config.pool_chunks

    def draw(self, step: int, generator: torch.Generator, horizon: int) -> Transitions:
        """The batch of training step `step`, a function of seed and step: `(B, …)`, or `(B/H, H, …)` for windows of H > 1 steps."""
        while self._turn < step // self._config.chunk_steps:
            self._chunks = [*self._chunks[1:], self._fresh()]
            self._turn += 1
            self._join()
        generator.manual_seed(self._config.seed * 1_000_003 + step)
        segments, steps = self.data.qpos.shape[:2]
        count = self._config.batch // horizon
        segment = torch.randint(segments, (count,), generator=generator).to(self._device)
        start = torch.randint(steps - horizon + 1, (count,), generator=generator).to(self._device)
        if horizon == 1:
            return Transitions(*(column[segment, start] for column in self.data))
        window = start[:, None] + torch.arange(horizon, device=self._device)
        return Transitions(*(column[segment[:, None], window] for column in self.data))

    def close(self) -> None:
        """Stop the background process."""
        self._stream.close()


def targets(model: MoSim, batch: Transitions) -> Tensor:
    """What the model is to say about a batch, unwhitened: acceleration, and the drift where it is learned."""
    return torch.cat((batch.acceleration, batch.drift), dim=-1) if model.drifts else batch.acceleration


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
    with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=autocast and _bf16(x.device)):
        error = model.outputs(x, correctors=correctors) - y
    return _huber(error, huber)


def multistep_loss(
    model: MoSim, windows: Transitions, kinematics: ForwardKinematics, *, huber: float, autocast: bool = False
) -> Tensor:
    """Huber loss of the states along rollouts from the windows' first states, with gradients through all of each rollout.

    After k steps the errors of velocity and position are taken in units of `k h σ` and `k h² σ`, σ the accelerations' deviation: what an
    error of one σ in every step's acceleration would come to, at least.
    """
    robot, h, members = model.robot, model.robot.control_step, model.config.members
    if members > 1:
        windows = Transitions(*(column.unflatten(0, (members, -1)) for column in windows))
    qpos, qvel = windows.qpos[..., 0, :], windows.qvel[..., 0, :]
    unit = h * model.output_std[: robot.nv]
    horizon = windows.qpos.shape[-2]
    total = qpos.new_zeros(())
    for k in range(horizon):
        with torch.autocast(qpos.device.type, dtype=torch.bfloat16, enabled=autocast and _bf16(qpos.device)):
            motion = model(qpos, qvel, windows.action[..., k, :], kinematics(qpos, qvel))
        field = lambda q, v, motion=motion: motion  # noqa: E731
        qpos, qvel = semi_implicit(field, robot, qpos, qvel, h)
        known = Motion(windows.acceleration[..., k, :], windows.drift[..., k, :])
        field = lambda q, v, known=known: known  # noqa: E731
        true_q, true_v = semi_implicit(field, robot, windows.qpos[..., k, :], windows.qvel[..., k, :], h)
        scale = (k + 1) * unit
        total = total + _huber((qvel - true_v) / scale, huber)
        total = total + _huber(difference(robot, qpos, true_q, 1.0) / (h * scale), huber)
    return total / (2 * horizon)


def _huber(error: Tensor, delta: float) -> Tensor:
    return F.huber_loss(error, torch.zeros_like(error), delta=delta) / delta


def _bf16(device: torch.device) -> bool:
    """Whether bfloat16 is worth it: on GPUs, and on processors with instructions for it."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


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
    report: Report = lambda _: None,
) -> tuple[MoSim, dict[str, Any]]:
    """Train a model of `robot` for about `budget` seconds; the averaged weights and a record of how they came about.

    `folder/state.safetensors` is written every minute: a run that was interrupted goes on from there and ends with the same weights.
    """
    torch.manual_seed(config.seed)
    place = torch.device(device)
    description = load_robot(robot)
    model = MoSim(description, model_config).to(place)
    kinematics = ForwardKinematics(description, model.features.quantities)
    validation = Transitions(
        *(
            torch.from_numpy(c).to(place)
            for c in chunk(robot, config.recipe, VALIDATION_SEED, 0, VALIDATION_SEGMENTS)[0]
        )
    )
    hidden, rest = split_parameters(model)
    optimisers: dict[str, torch.optim.Optimizer] = {
        "adam": torch.optim.AdamW(rest, lr=config.adam_rate, betas=(0.9, 0.99), weight_decay=1e-4),
        "muon": Muon(hidden, lr=config.muon_rate),
    }
    rates = {"adam": config.adam_rate, "muon": config.muon_rate}
    average = copy.deepcopy(model)

    path = folder / "state.safetensors"
    record: dict[str, Any] = {"step": 0, "total": 0, "seconds": 0.0, "config": asdict(config)}
    if path.exists():
        record = {**record, **load_state(path, model, average, optimisers)}
    pool = Pool(robot, config, step=record["step"], device=place)
    if record["step"] == 0:
        sample = Transitions(*(column.flatten(0, 1)[:200_000] for column in pool.data))
        inputs = model.features(sample.qpos, sample.qvel, sample.action, kinematics(sample.qpos, sample.qvel))
        model.fit_statistics(inputs, targets(model, sample))
        average.load_state_dict(model.state_dict())

    generator = torch.Generator()
    begun = saved = time.monotonic() - record["seconds"]
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
            batch = pool.draw(step, generator, horizon)
            model.train()
            if horizon > 1:
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
