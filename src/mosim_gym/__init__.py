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
    from mosim_gym.envs.real import RealEnv

__all__ = ["Dynamics", "Robot", "__version__", "import_logs", "load", "load_policy", "make_real", "tasks"]


_announce_moves()


def make_real(task: str, **options: Any) -> RealEnv:
    """The real dm_control task, with the learned environment's spaces and episode rules; `options` as for `envs.real.RealEnv`."""
    from mosim_gym.envs.real import make_real

    return make_real(task, **options)


def import_logs(source: Any, robot: Any, columns: Any = None, **options: Any) -> Logs:
    """The logged motion in `source` (files, folders, patterns, `minari:<id>`, `lerobot:<folder>`) of `robot`, as `Logs`.

    `columns` maps our names to the log's, as in `{"action": "command"}`. `options` as for `data.import_logs.import_logs`.
    """
    from mosim_gym.data.import_logs import import_logs

    return import_logs(source, robot, columns, **options)


def load_policy(path: str | PathLike[str], **options: Any) -> Any:
    """A policy with SB3's `predict`, from one of this package's actor files or from the weights of an SB3 zip. Nothing in a file is run.

    `options` as for `adapters.policy_files.load_policy`. With `trusted=True` SB3 itself loads a zip, which runs any code in it.
    """
    from mosim_gym.adapters.policy_files import load_policy

    return load_policy(path, **options)


if _find_spec("gymnasium"):  # a machine that only trains models needs no environments
    from mosim_gym.envs.registration import register_all as _register_all

    _register_all()
