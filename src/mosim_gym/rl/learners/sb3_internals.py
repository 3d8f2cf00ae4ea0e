"""Stable-Baselines3's SAC and TQC: the only file that uses SB3's private attributes.

`made` makes an algorithm. `state` and `restore` save and restore all that its further training depends on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sb3_contrib import TQC
from stable_baselines3 import A2C, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger, configure
from stable_baselines3.common.vec_env import VecMonitor

from mosim_gym.adapters.vec_env import MoSimVecEnv
from mosim_gym.mechanics.memory import check_memory
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.critics import policy_class
from mosim_gym.rl.learners.observations import Whitened, folded, observation_statistics
from mosim_gym.training.optimisers import optimiser_arrays, restore_optimisers

Array = np.ndarray
_BUFFER = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
_TWISTER = "MT19937"
ALGORITHMS: dict[str, type[BaseAlgorithm]] = {"sac": SAC, "tqc": TQC, "td3": TD3, "ppo": PPO, "a2c": A2C}


def made(config: Any, venv: MoSimVecEnv, folder: Path, *, seed: int) -> Any:
    """SB3's algorithm with the settings of an `OffPolicyConfig`, and SB3's defaults for the rest, at its first observations. It logs to
    TensorBoard.
    """
    learner: Any = algorithm(config.algo)
    check_memory("buffer", config.buffer, config.buffer * _bytes_of_transition(venv), "transitions")
    inputs: dict[str, Any] = {}
    if config.observations == "whitened":
        mean, std = observation_statistics(venv.torch.task)
        inputs["features_extractor_class"] = Whitened
        inputs["features_extractor_kwargs"] = {"mean": mean, "std": std}
    model = learner(
        policy_class(config.algo, config.critic),
        VecMonitor(venv),
        learning_rate=config.rate,
        buffer_size=config.buffer,
        learning_starts=config.warm_up,
        batch_size=config.batch,
        gamma=config.discount,
        tau=config.tau,
        ent_coef=config.entropy if config.entropy.startswith("auto") else float(config.entropy),
        train_freq=1,
        gradient_steps=config.updates,
        n_steps=config.n_step,
        policy_kwargs={
            "net_arch": [config.width, config.width],
            "optimizer_kwargs": {"fused": True},
            **inputs,
        },
        seed=seed,
        device="cpu",
    )
    model.set_logger(tensorboard(folder))
    model._last_obs = model.env.reset()  # as its first learn() would
    model._last_episode_starts = np.ones(venv.num_envs, bool)
    return model


def _bytes_of_transition(venv: MoSimVecEnv) -> int:
    """What the replay buffer keeps of a transition, all in float32: two observations, an action, a reward and two flags."""
    numbers = 2 * math.prod(venv.observation_space.shape or ()) + math.prod(venv.action_space.shape or ()) + 3
    return 4 * numbers


def tensorboard(folder: Path) -> Logger:
    """A logger to `folder/tensorboard`."""
    return configure(str(folder / "tensorboard"), ["tensorboard"])


def updates(model: Any) -> int:
    """Gradient steps so far."""
    return int(model._n_updates)


def state(model: Any) -> dict[str, Array]:
    """Networks, optimisers, the filled part of the replay buffer, the monitor's sums, counts, and random generators."""
    arrays: dict[str, ArrayLike] = {
        f"policy/{name}": value.numpy() for name, value in model.policy.state_dict().items()
    }
    arrays |= optimiser_arrays(_optimisers(model))
    if model.log_ent_coef is not None:
        arrays["log_ent_coef"] = model.log_ent_coef.detach().numpy()
    buffer = model.replay_buffer
    filled = buffer.buffer_size if buffer.full else buffer.pos
    arrays |= {f"buffer/{name}": getattr(buffer, name)[:filled] for name in _BUFFER}
    arrays["buffer/place"] = [int(buffer.pos), int(buffer.full)]
    monitor = model.env
    arrays["monitor/returns"], arrays["monitor/lengths"] = monitor.episode_returns, monitor.episode_lengths
    arrays["last_observation"] = model._last_obs
    arrays["counts"] = [model.num_timesteps, model._n_updates]
    arrays["random/torch"] = torch.get_rng_state().numpy()
    kind, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002  # SB3 draws batches from it
    assert kind == _TWISTER
    arrays["random/numpy"], arrays["random/numpy_place"] = keys, [position, has_gauss]
    arrays["random/numpy_gauss"] = [gauss]
    actions = json.dumps(model.action_space.np_random.bit_generator.state)
    arrays["random/actions"] = np.frombuffer(actions.encode(), np.uint8)
    return {name: np.array(value) for name, value in arrays.items()}


def restore(model: Any, arrays: Mapping[str, Array]) -> None:
    """Inverse of `state`, for a model made with the same arguments."""
    tensors = {name: from_numpy(np.array(value)) for name, value in arrays.items()}
    model.policy.load_state_dict({k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith("policy/")})
    if model.log_ent_coef is not None:
        model.log_ent_coef.data.copy_(tensors["log_ent_coef"])
    restore_optimisers(_optimisers(model), arrays)
    buffer = model.replay_buffer
    position, full = arrays["buffer/place"].tolist()
    buffer.pos, buffer.full = position, bool(full)
    for name in _BUFFER:
        values = arrays[f"buffer/{name}"]
        getattr(buffer, name)[: len(values)] = values
    monitor = model.env
    monitor.episode_returns = arrays["monitor/returns"].copy()
    monitor.episode_lengths = arrays["monitor/lengths"].copy()
    model._last_obs = arrays["last_observation"].copy()
    model._last_episode_starts = np.zeros(len(model._last_obs), bool)
    model.num_timesteps, model._n_updates = arrays["counts"].tolist()
    torch.set_rng_state(tensors["random/torch"])
    gauss = float(arrays["random/numpy_gauss"][0])
    np.random.set_state((_TWISTER, arrays["random/numpy"], *arrays["random/numpy_place"].tolist(), gauss))  # noqa: NPY002
    model.action_space.np_random.bit_generator.state = json.loads(arrays["random/actions"].tobytes())


def _optimisers(model: Any) -> dict[str, torch.optim.Optimizer]:
    found = {"actor": model.actor.optimizer, "critic": model.critic.optimizer}
    if model.ent_coef_optimizer is not None:
        found["entropy"] = model.ent_coef_optimizer
    return found


def algorithm(name: str) -> type[BaseAlgorithm]:
    """SB3's or sb3-contrib's class of that name. An unknown name raises with the valid ones."""
    if name.lower() not in ALGORITHMS:
        raise UnknownName("algorithm", name, list(ALGORITHMS))
    return ALGORITHMS[name.lower()]


def actor_of(model: Any, card: Mapping[str, Any]) -> ActorPolicy:
    """The actor of a trained SAC or TQC, with `card`."""
    actor = model.policy.actor
    layers = [m for m in actor.latent_pi if isinstance(m, torch.nn.Linear)]
    others = {type(m).__name__ for m in actor.latent_pi} - {"Linear", "ReLU"}
    if others or not isinstance(actor.mu, torch.nn.Linear):
        raise ValueError(
            f"The actor has {', '.join(sorted(others)) or 'state-dependent exploration'}; it must be linear layers with ReLU alone."
        )
    weights = [
        (m.weight.detach().cpu().numpy().copy(), m.bias.detach().cpu().numpy().copy()) for m in (*layers, actor.mu)
    ]
    if isinstance(actor.features_extractor, Whitened):
        weights[0] = folded(*weights[0], actor.features_extractor)
    space = model.action_space
    return ActorPolicy(weights, space.low, space.high, card)
