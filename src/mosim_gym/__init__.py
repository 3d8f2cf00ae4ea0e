"""mosim_gym: learn a robot's motion once, then train any policy inside the learned motion through the Gymnasium API.

Importing this package registers the `MoSim/<Task>-v0` ids. No simulator is imported until one is needed.
"""

from __future__ import annotations

from importlib.util import find_spec as _find_spec
from os import PathLike
from typing import TYPE_CHECKING, Any

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.version import __version__
from mosim_gym.moved import announce_moves as _announce_moves
from mosim_gym.robots import tasks
from mosim_gym.zoo import load

if TYPE_CHECKING:
    from mosim_gym.data.logs import Logs
    from mosim_gym.dynamics.simulator import Simulator
    from mosim_gym.envs.real import RealEnv
    from mosim_gym.evaluation.logged import LoggedErrors
    from mosim_gym.rl.assessment import Assessment

__all__ = [
    "Dynamics",
    "Robot",
    "__version__",
    "assess",
    "evaluate_prediction",
    "import_logs",
    "load",
    "load_policy",
    "make_env",
    "make_real",
    "tasks",
    "train",
]


_announce_moves()


def make_real(task: str, **options: Any) -> RealEnv:
    """The real dm_control task, with the learned environment's spaces and episode rules; `options` as for `envs.real.RealEnv`."""
    from mosim_gym.envs.real import make_real

    return make_real(task, **options)


def make_env(model: Any, reward: Any, *arguments: Any, **options: Any) -> Any:
    """An environment in which `model` moves and `reward(features, action)` rewards: one Gymnasium `Env`, or with `num_envs` a `VectorEnv`.

    Arguments as for `envs.making.make_env`.
    """
    from mosim_gym.envs.making import make_env

    return make_env(model, reward, *arguments, **options)


def assess(policy: Any, env: Any, reward: Any = None, **options: Any) -> Assessment:
    """May this policy run on my robot? Each member of a model plays it, and every step is held against the model's data and the limits.

    `env` is an environment, or a model with a `reward`. `options` as for `rl.assessing.assess`.
    """
    from mosim_gym.rl.assessing import assess

    return assess(policy, env, reward, **options)


def import_logs(source: Any, robot: Any, columns: Any = None, **options: Any) -> Logs:
    """The logged motion in `source` (files, folders, patterns, `minari:<id>`, `lerobot:<folder>`) of `robot`, as `Logs`.

    `columns` maps our names to the log's, as in `{"action": "command"}`. `options` as for `data.import_logs.import_logs`.
    """
    from mosim_gym.data.import_logs import import_logs

    return import_logs(source, robot, columns, **options)


def train(robot: Any, data: Logs, budget: float | str = "10m", seed: int = 0, **options: Any) -> Simulator:
    """A simulator of `robot` (a `Robot`, a packaged robot's name, or an MJCF or URDF file), learned from the logged motion `data` alone.

    `budget` is in seconds, or text such as `"5m"`. `options` as for `training.from_logs.train`.
    """
    from mosim_gym.training.from_logs import train

    return train(robot, data, budget, seed, **options)


def evaluate_prediction(model: Any, data: Any, horizons: Any = None) -> LoggedErrors:
    """Errors of a simulator, or of any world model, on logged motion by joint and by horizon (s), beside floors; `print` shows a table."""
    from mosim_gym.evaluation.logged import evaluate_prediction

    return evaluate_prediction(model, data, horizons)


def load_policy(path: str | PathLike[str], **options: Any) -> Any:
    """A policy with SB3's `predict`, from one of this package's actor files or from the weights of an SB3 zip. Nothing in a file is run.

    `options` as for `adapters.policy_files.load_policy`. With `trusted=True` SB3 itself loads a zip, which runs any code in it.
    """
    from mosim_gym.adapters.policy_files import load_policy

    return load_policy(path, **options)


if _find_spec("gymnasium"):  # a machine that only trains models needs no environments
    from mosim_gym.envs.registration import register_all as _register_all

    _register_all()
