"""mosim_gym: learn a robot's motion once, then train any policy inside the learned motion through the Gymnasium API.

Importing this package registers the `MoSim/<Task>-v0` ids. No simulator is imported until one is needed.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING, Any

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.opengl_choice import settle_opengl as _settle_opengl
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.version import __version__
from mosim_gym.moved import announce_moves as _announce_moves
from mosim_gym.robots import tasks

if TYPE_CHECKING:
    from mosim_gym.adapters.policy_files import load_policy
    from mosim_gym.data.import_logs import import_logs
    from mosim_gym.data.simulated_logs import simulated_logs
    from mosim_gym.envs.making import make_env
    from mosim_gym.envs.real import make_real
    from mosim_gym.evaluation.logged import evaluate_prediction
    from mosim_gym.rl.assessing import assess
    from mosim_gym.training.from_logs import train
    from mosim_gym.zoo.names import load

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
    "simulated_logs",
    "tasks",
    "train",
]


_announce_moves()
_settle_opengl()
_PLACES = {
    "assess": "rl.assessing",
    "evaluate_prediction": "evaluation.logged",
    "import_logs": "data.import_logs",
    "load": "zoo.names",
    "load_policy": "adapters.policy_files",
    "make_env": "envs.making",
    "make_real": "envs.real",
    "simulated_logs": "data.simulated_logs",
    "train": "training.from_logs",
}
"""The modules of functions that are imported when they are first asked for."""


def __getattr__(name: str) -> Any:
    """The function `name`, imported now: none of them costs anything before it is needed."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}. Public names: {', '.join(__all__)}.")
    found = globals()[name] = getattr(_import_module(f"{__name__}.{_PLACES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if _find_spec("gymnasium"):  # a machine that only trains models needs no environments
    from mosim_gym.envs.registration import register_all as _register_all

    _register_all()
