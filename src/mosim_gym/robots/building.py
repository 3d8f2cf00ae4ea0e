"""Builds the two packaged files of a `RobotDefinition`: the `Robot` with its reset banks, and self-contained MJCF."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch

from mosim_gym.mechanics import ResetBank, Robot
from mosim_gym.mechanics.compiling import compile_mjcf
from mosim_gym.mechanics.mjcf import inline_includes
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.robots.definition import RobotDefinition
from mosim_gym.robots.suite import dm_control_suite
from mosim_gym.robots.task import Task

BANK_SEED = 20_260_101


def build_robot(definition: RobotDefinition, folder: Path | None = None) -> tuple[Path, Path]:
    """Compile, sample the reset banks and write `<name>.safetensors` and `<name>.xml` into `folder` (the robot's own by default)."""
    folder = definition.folder if folder is None else folder
    xml = inline_includes(*definition.model())
    robot = compile_mjcf(
        xml, name=definition.name, control_step=definition.control_step, invariances=definition.invariances
    )
    banks = {task.name: reset_bank(task, robot, definition.bank_size) for task in definition.tasks}
    mjcf = write_atomically(folder / definition.mjcf_file.name, xml)  # first, so that a description never lacks it
    return dataclasses.replace(robot, reset_banks=banks).save(folder / definition.description_file.name), mjcf


def reset_bank(task: type[Task], robot: Robot, size: int) -> ResetBank:
    """`size` starts of the true task, or of the task's own sampler if dm_control does not have the task."""
    if not task.in_dm_control:
        start = task(robot).sample_start(torch.Generator().manual_seed(BANK_SEED), size)
        return ResetBank(start.qpos.numpy().astype(np.float32), start.qvel.numpy().astype(np.float32))
    env = dm_control_suite().load(task.domain, task.name, task_kwargs={"random": BANK_SEED})
    qpos, qvel = np.zeros((size, robot.nq), np.float32), np.zeros((size, robot.nv), np.float32)
    for row in range(size):
        env.reset()
        qpos[row], qvel[row] = env.physics.data.qpos, env.physics.data.qvel
    return ResetBank(qpos, qvel)
