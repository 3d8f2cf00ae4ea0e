"""World models as the paper's tables compare them: fitted on the same motion for the same time, with about as many parameters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

from mosim_gym.data.dataset import Dataset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics.folder_lock import FolderLock
from mosim_gym.mechanics.world_model import WORLD_MODELS, WorldModel
from mosim_gym.robots import load_robot
from mosim_gym.training.config import FLIGHT_FIRST, Stage
from mosim_gym.training.model_choice import model_for
from mosim_gym.training.world_models import MoSimModel
from mosim_gym.world_models.learned import LearnedModel
from mosim_gym.world_models.sizes import parameters_in, sized
from mosim_gym.zoo.checkpoint import load_checkpoint, save_checkpoint


class JointMoSim(MoSimModel):
    """MoSim, everything trained together: the paper's -r and -e."""

    title = "MoSim, together"
    stages: ClassVar[tuple[Stage, ...] | None] = (Stage("joint", 1.0),)


class StagedMoSim(MoSimModel):
    """MoSim in stages, the predictor first: the paper's -rm."""

    title = "MoSim, in stages"
    stages: ClassVar[tuple[Stage, ...] | None] = FLIGHT_FIRST


class Fitted(NamedTuple):
    """A fitted model, with how many trained numbers it has and how many training steps it took; None where it does not say."""

    model: WorldModel
    parameters: int | None
    steps: int | None


def sized_model(name: str, robot: str, staged: bool = False, rate: float | None = None) -> WorldModel:
    """The registered world model `name`, not fitted yet, with about as many parameters as the robot's MoSim if it is one network.

    `rate` is the learning rate of Adam in place of the model's own.
    """
    kind = WORLD_MODELS.find(name)
    if issubclass(kind, MoSimModel):
        joint = StagedMoSim if staged else JointMoSim
        return (joint if name == "mosim" else kind)(rate)
    if not issubclass(kind, LearnedModel):
        return kind()
    description = load_robot(robot)
    wanted = parameters_in(MoSim(description, model_for(robot)))
    config = kind.config_type() if rate is None else kind.config_type(rate=rate)
    return kind(sized(kind, config, description, wanted))


def fit(model: WorldModel, data: Dataset, budget: float, seed: int) -> Fitted:
    """Fit `model` for `budget` seconds."""
    model.fit(data, budget, seed)
    if isinstance(model, MoSimModel):
        return Fitted(model, parameters_in(model.simulator.model), model.training_steps)
    if isinstance(model, LearnedModel):
        return Fitted(model, parameters_in(model.network), model.record.steps)
    return Fitted(model, None, None)


def kept_mosim(
    path: Path, robot: str, data: Callable[[], Dataset], *, budget: float, seed: int, staged: bool = False
) -> Simulator:
    """The robot's MoSim in the checkpoint at `path`; if there is none, it is first fitted on `data()` for `budget` seconds.

    `path` must tell apart whatever differs in data, budget and seed. Another process that fits it raises `InUse`.
    """
    if not path.exists():
        _alone = FolderLock(path.parent, path.name)
        motion = data()
        model = StagedMoSim() if staged else JointMoSim()
        model.fit(motion, budget, seed)
        card = {
            "name": robot,
            "recipe": {"recipe": motion.manifest["recipe"]},
            "transitions": motion.transitions,
            "training_seconds": budget,
            "seeds": [seed],
            "start_states": "set by a simulator",
            "tuned_on_real_return": False,
            "box": model.simulator.card["box"],
        }
        save_checkpoint(path, model.simulator.model, card)
    return load_checkpoint(path, load_robot(robot))
