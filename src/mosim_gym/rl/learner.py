"""The off-policy learner of a policy: SB3's own algorithm, made from a `LearnerConfig`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import Logger, configure
from stable_baselines3.common.vec_env import VecMonitor

from mosim_gym.rl.critics import policy_class
from mosim_gym.rl.learner_settings import LearnerConfig
from mosim_gym.rl.observations import Whitened, observation_statistics
from mosim_gym.rl.policies import algorithm
from mosim_gym.rl.vec_env import MoSimVecEnv


def sb3_learner(config: LearnerConfig, venv: MoSimVecEnv, folder: Path, *, seed: int, warm_up: int = 0) -> Any:
    """SB3's algorithm with its own defaults but for what `config` says and whitened observations, `warm_up` random steps first.

    It logs to TensorBoard.
    """
    learner: Any = algorithm(config.algo)
    mean, std = observation_statistics(venv.torch.task.id())
    model = learner(
        policy_class(config.algo, config.critic),
        VecMonitor(venv),
        learning_rate=config.rate,
        buffer_size=config.buffer,
        learning_starts=warm_up,
        batch_size=config.batch,
        gamma=config.discount,
        tau=config.following,
        ent_coef=config.entropy if config.entropy.startswith("auto") else float(config.entropy),
        train_freq=1,
        gradient_steps=config.updates,
        n_steps=config.horizon,
        policy_kwargs={
            "net_arch": [config.width, config.width],
            "optimizer_kwargs": {"fused": True},
            "features_extractor_class": Whitened,
            "features_extractor_kwargs": {"mean": mean, "std": std},
        },
        seed=seed,
        device="cpu",
    )
    model.set_logger(tensorboard(folder))
    return model


def tensorboard(folder: Path) -> Logger:
    """A logger to `folder/tensorboard`."""
    return configure(str(folder / "tensorboard"), ["tensorboard"])
