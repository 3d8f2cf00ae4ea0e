"""Train a robot's checkpoint from start to finish: model, budget, benchmark, card, file; and keep a packaged one only if it is better."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any, TypedDict

from mosim_gym.data.collection import find_recipe, recipe_for
from mosim_gym.data.dataset import Dataset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import schema
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.schema import anything, checked, each, record, whole
from mosim_gym.mechanics.settings import said_difference
from mosim_gym.mechanics.storage import FileFault, check_own
from mosim_gym.robots import robot_definitions
from mosim_gym.training.box import joined_boxes
from mosim_gym.training.config import Stage, refinement, training_for, with_horizon
from mosim_gym.training.disagreement import held_out_disagreement
from mosim_gym.training.installing import Outcome, benchmarks, is_better, mean_error
from mosim_gym.training.loop import STATE, train
from mosim_gym.training.model_choice import chosen_model
from mosim_gym.training.progress import Progress
from mosim_gym.training.state import read_header
from mosim_gym.zoo.checkpoint import combine_checkpoints, read_card, round_to_half, save_checkpoint
from mosim_gym.zoo.names import CHECKPOINT, checkpoint_name, packaged_path, robot_at
from mosim_gym.zoo.packs import pack, pack_cards

SHORTEST = 1.0
"""Seconds of training that a run has at least."""
ROUNDING = 1.01
"""Weights are stored in float16 if the error then grows by no more than this factor."""
COMBINED = record(
    {
        **dict.fromkeys(("recipe", "date", "start_states", "tuned_on_real_return"), anything),
        "box": record({}),
        "seeds": each(whole(), 1),
        "training_seconds": schema.number(0),
        **dict.fromkeys(("transitions", "training_steps"), whole()),
    }
)
"""What the card of an ensemble takes from those of its members."""


class MemberCard(TypedDict):
    """What is reckoned with of it."""

    box: Box
    seeds: list[int]
    transitions: int
    training_steps: int
    training_seconds: float


def trainable_robots() -> list[str]:
    """Robots that declare where their training data come from."""
    return [name for name, definition in robot_definitions().items() if definition.coverage is not None]


def train_checkpoint(
    robot: str,
    *,
    budget: float,
    folder: Path,
    preset_name: str | None = None,
    members: int = 1,
    seed: int = 0,
    recipe: str | None = None,
    variant: str | None = None,
    device: str = "cpu",
    dataset: Dataset | None = None,
    start: str | Path | None = None,
    rate: float | None = None,
    stages: tuple[Stage, ...] | None = None,
    horizon: int | None = None,
    steps: int | None = None,
    logs: bool = True,
    install: bool = False,
) -> Outcome:
    """Train `robot` for `budget` seconds in `folder` (where an interrupted run goes on), measure it and write its checkpoint.

    With `start`, a packaged name or a path, that checkpoint is refined: it goes on learning through rollouts of several steps, at
    `rate` times the rates of ordinary training. `stages` take the place of the preset's own, or of refining. Rollouts of several steps
    grow to `horizon` control steps, by default 8.

    With `steps` the training has that many, whatever the time; `budget` then only sets its rates.

    With `logs`, TensorBoard's go to `folder/tensorboard`.

    With `install` it replaces the packaged checkpoint of its name if its benchmark is better, or if there is none.
    """
    before, model_config = chosen_model(
        robot, preset_name=preset_name, members=members, recipe=recipe, device=device, start=start, rate=rate
    )
    config = training_for(model_config, seed=seed, recipe=recipe, device=device, budget=budget)
    # neighbouring steps resemble one another if they are short: fresh ones pay less, and come less often
    shorter = recipe_for(robot, config.recipe).steps / find_recipe(config.recipe).steps
    config = replace(config, chunk_steps=max(1, round(config.chunk_steps * max(1.0, shorter / 6))))
    if before is not None:
        config = replace(config, stages=refinement(rate))
    if stages is not None:
        config = replace(config, stages=stages)
    if horizon is not None:
        longest = recipe_for(robot, config.recipe).steps if dataset is None else dataset.steps
        config = replace(config, stages=with_horizon(config.stages, horizon, longest))
    if recipe == "narrow" and variant is None:
        variant = "narrow"
    name = checkpoint_name(robot, variant)
    _keep_inputs(folder, [] if start is None else [start])
    check_own([folder / CHECKPOINT], folder / STATE)
    with Progress(name, folder if logs else None) as progress:
        model, record = train(
            robot,
            model_config,
            config,
            budget=budget,
            folder=folder,
            device=device,
            dataset=dataset,
            start=None if before is None else before.model,
            steps=steps,
            report=progress,
        )
    card = {
        "name": name,
        "recipe": record["config"] | ({} if dataset is None else _origin(dataset)),
        "transitions": record["transitions"],
        "training_steps": record["step"],
        "training_seconds": round(record["seconds"], 1),
        "seeds": [seed],
        "date": time.strftime("%Y-%m-%d"),
        "start_states": "set by a simulator",
        "tuned_on_real_return": False,
        "box": record["box"],
    }
    if before is not None:
        earlier = before.card
        card |= {key: card[key] + earlier[key] for key in ("transitions", "training_steps", "training_seconds")}
        card |= {"seeds": earlier["seeds"], "refined_from": f"{earlier['name']} {before.model.digest()}"}
    return _finish(model.to("cpu"), card, folder, install)


def train_all(
    robots: Sequence[str], *, budget: float, folder: Path, members: int, seed: int, device: str, install: bool
) -> list[Outcome]:
    """Train robot after robot, `budget` seconds in all, into few files: the packs `folder/models-1.safetensors` and so on.

    `folder/<robot>/state.safetensors` is there only while that robot is trained. A robot in a pack is not trained again, and packs of
    other members or seeds are refused. Each robot has its share of the time that is left, less what making the last one's benchmark took.
    """
    outcomes = {name: Outcome(*kept, installed=False) for name, kept in pack_cards(folder).items()}
    for name in robots:
        if name in outcomes:
            _check_packed(folder, outcomes[name].card, members=members, seed=seed)
    waiting = [robot for robot in robots if robot not in outcomes]
    end, beside = time.monotonic() + budget, 0.0
    for number, robot in enumerate(waiting):
        place, started = folder / robot, time.monotonic()
        share = max((end - started) / (len(waiting) - number) - beside, SHORTEST)
        if (place / STATE).exists():
            share = float(read_header(place / STATE)["budget"])
        outcome = train_checkpoint(
            robot,
            budget=share,
            folder=place,
            members=members,
            seed=seed,
            device=device,
            logs=False,
            install=install,
        )
        beside = max(0.0, time.monotonic() - started - share)
        outcomes[robot] = replace(outcome, path=pack(folder, outcome.path))
        (place / STATE).unlink()
        if not any(place.iterdir()):
            place.rmdir()
    return [outcomes[robot] for robot in robots]


def _check_packed(folder: Path, card: Mapping[str, Any], *, members: int, seed: int) -> None:
    """Raise if the packed checkpoint with this card was trained with other options."""
    wanted = {"members": members, "seeds": [seed]}
    found = {"members": card["model"]["members"], "seeds": card["seeds"]}
    if found != wanted:
        raise FileFault(
            f"{folder} holds {card['name']} of another run ({said_difference(found, wanted)}); choose another folder."
        )


def combine(paths: list[Path], *, folder: Path, install: bool = False) -> Outcome:
    """Make one ensemble of the checkpoints at `paths`, measure it and write it to `folder`."""
    names = {read_card(path)["name"] for path in paths}
    if len(paths) < 2 or len(names) != 1:
        raise ValueError(
            f"An ensemble needs at least two checkpoints of one name; these are of {', '.join(sorted(names)) or 'none'}."
        )
    _keep_inputs(folder, paths)
    check_free(folder)
    model, cards = combine_checkpoints(paths, robot_at(names.pop()))
    members = [checked(path, "card", card, COMBINED, MemberCard) for path, card in zip(paths, cards, strict=True)]
    seeds = [seed for card in members for seed in card["seeds"]]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"The checkpoints' seeds are {seeds}; members of an ensemble need seeds of their own.")
    card = {
        **{key: cards[0][key] for key in ("name", "recipe", "date", "start_states", "tuned_on_real_return")},
        "box": reduce(joined_boxes, (card["box"] for card in members)),
        "transitions": sum(card["transitions"] for card in members),
        "training_steps": sum(card["training_steps"] for card in members),
        "training_seconds": sum(card["training_seconds"] for card in members),
        "seeds": seeds,
    }
    return _finish(model, card, folder, install)


def check_free(folder: Path) -> None:
    """Raise if `folder` holds a checkpoint, which an ensemble would replace."""
    if (folder / CHECKPOINT).exists():
        raise ValueError(f"{folder / CHECKPOINT} is there already and would be replaced; choose another folder.")


def _keep_inputs(folder: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse to write the new checkpoint over one that it is made from."""
    for path in inputs:
        if Path(path).exists() and (folder / CHECKPOINT).resolve() == Path(path).resolve():
            raise ValueError(f"{path} would be replaced by what is made from it; choose another folder.")


def _finish(model: MoSim, card: Mapping[str, Any], folder: Path, install: bool) -> Outcome:
    """Measure the model, complete its card and write its checkpoint."""
    robot, name = model.robot.name, card["name"]
    halved = copy.deepcopy(model)
    round_to_half(halved)
    known = {"box": card["box"]}
    found, protocol = benchmarks(robot, {"full": Simulator(model, known), "half": Simulator(halved, known)})
    results = found["full"]
    if mean_error(found["half"]) < ROUNDING * mean_error(found["full"]):
        model, results = halved, found["half"]
    several = model.config.members > 1
    card = {
        **card,
        **({"disagreement": held_out_disagreement(model, card["recipe"]["recipe"])} if several else {}),
        "parameters": sum(p.numel() for p in model.parameters()),
        "provenance": provenance(seeds=card["seeds"]),
        "benchmark": results,
        "benchmark_protocol": protocol,
    }
    path = save_checkpoint(folder / CHECKPOINT, model, card)
    installed = install and is_better(card, model.config.members, packaged_path(name))
    if installed:
        save_checkpoint(packaged_path(name), model, card)
    return Outcome(path, card, installed)


def _origin(dataset: Dataset) -> dict[str, object]:
    """What a card says about the data in the place of a recipe's name."""
    return {
        "recipe": dataset.manifest["recipe"],
        "dataset": {"seed": dataset.manifest["seed"], "segments": dataset.manifest["segments"]},
    }
