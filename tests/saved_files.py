"""Small files of every kind that this package writes, for tests of damage to them: how each is made, and what is read from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.data.dataset import collect_dataset, open_dataset
from mosim_gym.data.log_files import open_logs
from mosim_gym.data.logs import Logs
from mosim_gym.density.flow import FlowConfig, ResidualFlow
from mosim_gym.density.motion_density import MotionDensity, load_density
from mosim_gym.dynamics.config import MoSimConfig, Size
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.seal import digest
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.shac import Shac, ShacConfig
from mosim_gym.rl.run import Run, RunRecord, read_run
from mosim_gym.robots import load_robot
from mosim_gym.training.state import load_state, save_state
from mosim_gym.zoo.checkpoint import load_checkpoint, save_checkpoint
from mosim_gym.zoo.packs import load_pack, pack

OBSERVATION = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def _model() -> MoSim:
    torch.manual_seed(0)
    size = Size(4, 0)
    config = MoSimConfig("tiny", inertia=size, bias=size, torque=size, correctors=(Size(8, 1),))
    return MoSim(load_robot("pendulum"), config)


def _checkpoint(folder: Path) -> Path:
    card = {"name": "pendulum", "box": {"qpos": [[None], [None]], "qvel": [[-9.0], [9.0]]}}
    return save_checkpoint(folder / "model.safetensors", _model(), card)


def _read_checkpoint(path: Path) -> Any:
    simulator = load_checkpoint(path, load_robot("pendulum"))
    return simulator.model.digest(), simulator.card


def _policy(folder: Path) -> Path:
    numbers = np.random.default_rng(0).normal(size=(5, 3))
    layers = [(numbers, numbers[:, 0]), (numbers.T[:1], numbers[0, :1])]
    return ActorPolicy(layers, -np.ones(1), np.ones(1), {"task": "PendulumSwingup", "curve": [{"steps": 1}]}).save(
        folder / "policy.safetensors"
    )


def _read_policy(path: Path) -> Any:
    policy = load_policy(path)
    return policy.predict(OBSERVATION)[0].tolist(), policy.card


def _density(folder: Path) -> Path:
    robot = load_robot("pendulum")
    torch.manual_seed(0)
    flow = ResidualFlow(3, FlowConfig(blocks=1, width=4, layers=2)).settle()
    return MotionDensity(robot, flow, {"quantiles": {"0.5": 1.0}}).save(folder / "density.safetensors")


def _read_density(path: Path) -> Any:
    density = load_density(path, load_robot("pendulum"))
    return [value.tolist() for value in density.flow.state_dict().values()], density.card


def _robot(folder: Path) -> Path:
    return load_robot("pendulum").save(folder / "robot.safetensors")


def _read_robot(path: Path) -> Any:
    robot = Robot.load(path)
    return robot.fingerprint, {name: bank.qpos.tobytes() for name, bank in robot.reset_banks.items()}


def _policy_run(folder: Path) -> Path:
    env = TorchEnv("PendulumSwingup", 2, gradients=True)
    run = Run(folder, RunRecord("zero-shot", "PendulumSwingup", {}, "pendulum", curve=[{"steps": 1}]))
    run.add("learner", Shac(env, ShacConfig(width=4), seed=0, folder=folder))
    run.save()
    return run.path


def _read_policy_run(path: Path) -> Any:
    arrays, header = read_run(path)
    return digest(arrays), header


def _training_state(folder: Path) -> Path:
    model = torch.nn.Linear(2, 1)
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    header = {"step": 3, "total": 9, "seconds": 1.5, "budget": 60.0}
    save_state(folder / "state.safetensors", model, model, {"adam": optimiser}, header)
    return folder / "state.safetensors"


def _read_training_state(path: Path) -> Any:
    model = torch.nn.Linear(2, 1)
    optimiser = torch.optim.Adam(model.parameters())
    header = load_state(path, model, model, {"adam": optimiser}, {})
    moments = [value.tolist() for slots in optimiser.state_dict()["state"].values() for value in slots.values()]
    return [p.tolist() for p in model.parameters()], moments, header


def _pack(folder: Path) -> Path:
    return pack(folder, _checkpoint(folder))


def _read_pack(path: Path) -> Any:
    arrays, headers = load_pack(path)
    return digest(arrays), headers


def _zip(folder: Path) -> Path:
    env = gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth")
    PPO("MlpPolicy", env, device="cpu", seed=0, policy_kwargs={"net_arch": [4]}).save(folder / "policy.zip")
    return folder / "policy.zip"


KINDS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "checkpoint": (_checkpoint, _read_checkpoint),
    "policy": (_policy, _read_policy),
    "density": (_density, _read_density),
    "robot": (_robot, _read_robot),
    "policy run": (_policy_run, _read_policy_run),
    "training state": (_training_state, _read_training_state),
    "pack": (_pack, _read_pack),
    "zip": (_zip, lambda path: load_policy(path).predict(OBSERVATION)[0].tolist()),
}
"""By kind: a function that writes one such file into a folder, and one that reads it."""


def _dataset(folder: Path) -> Path:
    collect_dataset("pendulum", folder / "data", segments=3)
    return folder / "data"


def _read_dataset(path: Path) -> Any:
    found = open_dataset(path)
    return found.manifest, [part.tobytes() for part in found[:]]


def _logs(folder: Path) -> Path:
    rng, robot = np.random.default_rng(0), load_robot("pendulum")
    qpos, qvel = rng.normal(size=(30, 1)), rng.normal(size=(30, 1))
    starts = np.array([0, 12, 30])
    return Logs(robot, qpos, qvel, rng.uniform(-1, 1, (30, 1)), starts, sources=("a", "b"), notes=()).save(
        folder / "logs"
    )


def _read_logs(path: Path) -> Any:
    found = open_logs(path)
    parts = found.qpos, found.qvel, found.actions, found.starts
    return [part.tobytes() for part in parts], found.sources, found.notes, found.robot.fingerprint


FOLDERS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "dataset": (_dataset, _read_dataset),
    "logs": (_logs, _read_logs),
}
"""Likewise, of several files in a folder."""
