"""`mosim-gym train` on logs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mosim_gym.cli.common import notes_as_lines, say_continued

if TYPE_CHECKING:
    from mosim_gym.cli.learning import Train
    from mosim_gym.data.logs import Logs
    from mosim_gym.dynamics.simulator import Simulator
    from mosim_gym.evaluation.logged import LoggedErrors

SIMULATED = ("all", "preset", "recipe", "rate", "horizon", "stages", "variant", "install")
"""Options for simulated motion."""
LOGGED = ("timestep", "columns", "memory", "density", "known")
"""Options for logs."""
DRAWING = ("matplotlib", "PIL", "cycler")
"""Packages that pictures need, and training does not."""


def learns_logs(command: Train) -> bool:
    """Whether `command` is to learn from logs; raises `ValueError` for options that would then mean nothing."""
    from mosim_gym.data.log_files import holds_logs

    logged = command.logged is not None or (command.data is not None and holds_logs(command.data))
    if not logged:
        for name in LOGGED:
            if getattr(command, name) is not None and getattr(command, name) is not False:
                raise ValueError(f"--{name} is for logs; name the robot with --robot, and the logs with --data.")
        return False
    if command.data is None:
        raise ValueError("--robot is for logs; name them with --data.")
    if command.robot is not None and command.logged is not None:
        raise ValueError("Name the robot of logs once, with --robot.")
    for name in SIMULATED:
        if getattr(command, name) not in (None, False):
            raise ValueError(f"--{name} is for simulated motion; leave it out with logs.")
    if command.device != "cpu" or command.loss != "direct":
        raise ValueError("--device and --loss are for simulated motion; leave them out with logs.")
    return True


def train_on_logs(command: Train) -> Mapping[str, Any]:
    """Learn, write `checkpoint.safetensors` and pictures of its predictions into the folder `--out`, and say what the errors on held-out
    motion are; the card.
    """
    from mosim_gym.evaluation.logged import LoggedErrors
    from mosim_gym.training.from_logs import HELD_OUT, train
    from mosim_gym.training.progress import Progress
    from mosim_gym.zoo.names import CHECKPOINT

    logs = _logs(command)
    say_continued(command.out)
    with Progress(logs.robot.name, None) as progress:
        model = train(
            _file(command) or logs.robot,
            logs,
            budget=command.budget,
            seed=command.seed,
            members=command.members or 3,
            folder=command.out,
            start=command.start,
            memory=command.memory,
            density=command.density,
            known=command.known,
            report=progress,
        )
    errors = LoggedErrors.from_dict(logs.robot.name, model.card["held_out"])
    print(errors)
    if model.density is not None:
        found = model.density.card
        print(
            f"density: log-density of held-out motion {found['held_out_log_density']:.2f} nats; "
            f"by a normal distribution {found['gaussian_log_density']:.2f}"
        )
    if (simulation := model.card.get("simulation")) is not None:
        alone, corrected = simulation["error_beside_still"], model.card["held_out"]["error_beside_still"]
        print(
            f"simulation: {simulation['seconds']:g} s of motion; alone it errs by {alone:.3g} where holding still errs by 1, and with what "
            f"was learned from the logs by {corrected:.3g}"
        )
    memory = model.card["memory"]
    print(
        f"{logs.robot.name}: {logs.seconds:.1f} s of motion, memory {memory['memory']} ({memory['chosen_by']}); "
        f"wrote {command.out / CHECKPOINT}"
    )
    draw(model, errors, logs.split(HELD_OUT, command.seed)[1], command.out)
    return model.card


def draw(model: Simulator, errors: LoggedErrors, held_out: Logs, folder: Path) -> None:
    """Draw the errors and a predicted segment of held-out motion; without matplotlib or Pillow say that there are no pictures."""
    try:
        from mosim_gym.evaluation.prediction_pictures import draw_errors, draw_prediction

        drawn = (
            draw_errors(errors, folder / "errors.png"),
            draw_prediction(model, held_out, folder / "prediction.png"),
        )
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in DRAWING:
            raise
        print(f"There are no pictures of the predictions, because {package} is not installed.")
    else:
        for path in drawn:
            print(f"wrote {path}")


def _file(command: Train) -> str | None:
    """The robot's file that `--known simulation` simulates."""
    from mosim_gym.robots.opening import FILES
    from mosim_gym.training.logs_config import SIMULATION

    name = command.logged or command.robot
    if command.known != SIMULATION or command.start is not None:
        return None
    if name is None or Path(name).suffix.lower() not in FILES:
        raise ValueError(
            f"--known {SIMULATION} needs the robot's file with --robot, or with --start a model that learned simulated motion."
        )
    return name


def _logs(command: Train) -> Logs:
    """The logs in `--data`, imported if they are not yet."""
    from mosim_gym.data.import_logs import import_logs
    from mosim_gym.data.log_files import holds_logs, open_logs
    from mosim_gym.robots.opening import as_robot, open_robot

    assert command.data is not None
    name = command.logged or command.robot
    robot = name if name is None or command.timestep is None else open_robot(name, command.timestep)
    if holds_logs(command.data):
        if command.columns is not None:
            raise ValueError(f"{command.data} holds logs that are imported already; leave --columns out.")
        logs = open_logs(command.data)
        return logs if robot is None else open_logs(command.data, robot=as_robot(robot, logs.control_step))
    assert robot is not None
    with notes_as_lines():
        return import_logs(str(command.data), robot, command.columns, report=print)
