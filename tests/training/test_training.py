"""Training: it learns, it resumes, and it reports what it did."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.dynamics.config import Size, preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.robots.catalogue import sensor_columns
from mosim_gym.training.box import joined_boxes, training_box
from mosim_gym.training.config import Stage, TrainConfig
from mosim_gym.training.installing import is_better, score
from mosim_gym.training.loop import train
from mosim_gym.training.muon import Muon, orthogonalised
from mosim_gym.training.run import train_all, train_checkpoint
from mosim_gym.zoo import names
from mosim_gym.zoo.checkpoint import read_card

SMALL = preset("smooth", correctors=(Size(32, 1),), inertia=Size(16, 0), bias=Size(16, 0), torque=Size(8, 0))
QUICK = TrainConfig(batch=256, pool_chunks=2, chunk_segments=100, chunk_steps=40, ema=0.9)


STAGED = (
    Stage("predictor", 0.2),
    Stage("corrector", 0.2),
    Stage("joint", 0.4),
    Stage("multistep", 0.2, rate=0.3, horizon=4),
)


def test_orthogonalised_matrices_have_singular_values_near_one(rng):
    for shape in ((3, 20, 20), (1, 30, 10), (1, 10, 30)):
        values = torch.linalg.svdvals(orthogonalised(torch.from_numpy(rng.normal(size=shape)).float()))
        assert values.min() > 0.4
        assert values.max() < 1.4


def test_muon_solves_a_regression(rng):
    truth = torch.from_numpy(rng.normal(size=(8, 8))).float()
    weight = torch.nn.Parameter(torch.zeros(1, 8, 8))
    optimiser = Muon([weight], lr=0.1, weight_decay=0.0)
    x = torch.from_numpy(rng.normal(size=(500, 8))).float()
    for step in range(400):
        optimiser.param_groups[0]["lr"] = 0.1 * (1 - step / 400)
        optimiser.zero_grad()
        loss = ((x @ weight[0].T - x @ truth.T) ** 2).mean()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 1e-2


def _stop(state):
    """Interrupt a training at its first report."""
    raise KeyboardInterrupt


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path):
    staged = dataclasses.replace(QUICK, stages=STAGED)
    run: dict[str, Any] = {"budget": 0.0, "steps": 260, "save_every": 0.0}
    whole, record = train("pendulum", SMALL, staged, **run, folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train("pendulum", SMALL, staged, **run, folder=tmp_path / "broken", report=_stop)
    resumed, again = train("pendulum", SMALL, staged, **run, folder=tmp_path / "broken")
    assert record["total"] == again["total"] == 260
    assert record["transitions"] == again["transitions"]
    assert record["box"] == again["box"]
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=0, atol=0, msg=name)


def test_the_training_box_holds_all_motion_that_was_seen(tmp_path):
    _, record = train(
        "cheetah", SMALL, QUICK, budget=0.0, steps=90, folder=tmp_path
    )  # a chunk each 40 steps, after the first 2
    robot = load_robot("cheetah")
    for number in range(4):
        columns, _ = chunk("cheetah", QUICK.recipe, QUICK.seed, number, QUICK.chunk_segments)
        seen = training_box(robot, Transitions(*(torch.from_numpy(column) for column in columns)))
        assert joined_boxes(record["box"], seen) == record["box"]


def test_training_learns_the_pendulum(tmp_path):
    reports = []
    model, record = train("pendulum", SMALL, QUICK, budget=8.0, steps=1000, folder=tmp_path, report=reports.append)
    assert reports[-1]["validation"] < 0.2 * reports[0]["validation"] or reports[-1]["validation"] < 1e-3
    assert record["transitions"] >= 2 * 100 * 40
    assert np.isfinite([float(p.detach().abs().max()) for p in model.parameters()]).all()


def test_a_folder_that_holds_another_run_is_refused(tmp_path):
    train("pendulum", SMALL, QUICK, budget=60.0, steps=5, folder=tmp_path)
    before = (tmp_path / "state.safetensors").read_bytes()
    for change, named in (
        ({"config": dataclasses.replace(QUICK, seed=1)}, "another config"),
        ({"model_config": dataclasses.replace(SMALL, members=2)}, "another model"),
        ({"robot": "cartpole"}, "another robot"),
        ({"steps": 9}, r"another steps \(5, here 9\)"),
    ):
        options = {"robot": "pendulum", "model_config": SMALL, "config": QUICK, "budget": 60.0, "steps": 5, **change}
        with pytest.raises(FileFault, match=f"{tmp_path.name} holds a run with {named}"):
            train(**options, folder=tmp_path)
    assert (tmp_path / "state.safetensors").read_bytes() == before
    for change, sentence in (({"seed": -1}, "seed is -1"), ({}, "cannot be used on this machine. Valid: cpu")):
        if not change and torch.cuda.is_available():
            continue
        with pytest.raises(ValueError, match=sentence):
            train(
                "pendulum",
                SMALL,
                dataclasses.replace(QUICK, **change),
                budget=1,
                folder=tmp_path / "new",
                device="cpu" if change else "cuda",
            )


def test_durations_are_read_as_people_write_them():
    assert [seconds(text) for text in ("90", "90s", "1.5m", "2h")] == [90, 90, 90, 7200]
    for text in ("soon", "-3m", "0"):
        with pytest.raises(ValueError, match="is not a duration"):
            seconds(text)


def test_unknown_stages_are_refused():
    with pytest.raises(KeyError, match=r"Unknown stage 'joined'. Did you mean 'joint'"):
        Stage("joined", 1.0)


def test_only_a_better_checkpoint_replaces_the_packaged_one(tmp_path):
    packaged = names.packaged_path("cartpole")
    card = read_card(packaged)

    def with_errors(near: float, far: float) -> dict:
        tests = {
            test: {"raw": {"16": near * result["raw"]["16"], "100": far * result["raw"]["100"]}}
            for test, result in card["benchmark"].items()
        }
        return {**card, "benchmark": tests}

    members = card["model"]["members"]
    assert is_better(with_errors(9.0, 9.0), members, tmp_path / "none.safetensors")
    assert is_better(with_errors(1.1, 0.8), members, packaged)
    assert not is_better(with_errors(0.9, 1.3), members, packaged)
    assert not is_better(card, members, packaged)
    assert is_better(with_errors(1.2, 1.2), members + 2, packaged)
    assert not is_better(with_errors(1.3, 1.3), members + 2, packaged)
    ensemble = names.packaged_path("cheetah")
    card = read_card(ensemble)
    assert not is_better(with_errors(0.9, 0.9), 1, ensemble)
    assert is_better(with_errors(0.7, 0.7), 1, ensemble)


def _losses(robot: str = "acrobot"):
    from mosim_gym.data.stream import Transitions, chunk

    torch.manual_seed(0)
    model = MoSim(load_robot(robot), dataclasses.replace(SMALL, sensors=len(sensor_columns(robot))))
    windows = Transitions(*(torch.from_numpy(c) for c in chunk(robot, "coverage", 0, 0, 8)[0]))
    return model, windows, ForwardKinematics(model.robot, model.features.quantities)


def test_each_stage_trains_its_part_alone():
    from mosim_gym.training.losses import one_step_loss
    from mosim_gym.training.stages import freeze

    model, windows, kinematics = _losses()
    flat = type(windows)(*(column.flatten(0, 1) for column in windows))
    for name, parts in (
        ("predictor", {"predictor"}),
        ("corrector", {"corrector"}),
        ("joint", {"predictor", "corrector"}),
    ):
        freeze(model, Stage(name, 1.0))
        model.zero_grad(set_to_none=True)
        one_step_loss(model, flat, kinematics, huber=0.05, correctors=0 if name == "predictor" else None).backward()
        moved = {
            "corrector" if n.startswith("correctors") else "predictor"
            for n, p in model.named_parameters()
            if p.grad is not None
        }
        assert moved == parts


@pytest.mark.parametrize("robot", ["acrobot", "hopper"])
def test_rollouts_of_a_perfect_model_cost_nothing(robot):
    """The multistep loss compares with the very next states: fed the truth's own accelerations it is zero up to rounding."""
    from mosim_gym.dynamics.control_step import Motion
    from mosim_gym.training.losses import multistep_loss

    model, windows, kinematics = _losses(robot)
    window = type(windows)(*(column[:, :6] for column in windows))
    touch = window.sensors if model.config.sensors else None

    def loss_of(readings) -> float:
        told = iter(
            [
                Motion(window.acceleration[:, k], window.drift[:, k], None if readings is None else readings[:, k])
                for k in range(6)
            ]
        )
        model.motion = lambda *_: next(told)
        return float(multistep_loss(model, window, kinematics, huber=0.05))

    wrong = float(multistep_loss(model, window, kinematics, huber=0.05).detach())
    assert loss_of(touch) < 1e-3 * wrong
    if touch is not None:
        assert loss_of(touch + 1.0) > 0.1


def test_reduced_precision_stays_in_the_networks():
    """Under autocast the states of a rollout and where its bodies are keep float32, in three dimensions, too."""
    from mosim_gym.training.losses import multistep_loss

    _, windows, kinematics = _losses("humanoid")
    window = type(windows)(*(column[:, :4] for column in windows))
    model = mosim_gym.load("humanoid").model.subset([0])
    exact, reduced = (
        float(multistep_loss(model, window, kinematics, huber=0.05, autocast=autocast).detach())
        for autocast in (False, True)
    )
    assert reduced == pytest.approx(exact, rel=0.02)


def test_the_papers_loss_reaches_all_of_the_model():
    from mosim_gym.training.losses import solver_loss

    _, windows, _ = _losses()
    batch = type(windows)(*(column[:, 0] for column in windows))
    torch.manual_seed(0)
    model = MoSim(load_robot("acrobot"), preset("paper-small"))
    kinematics = ForwardKinematics(model.robot, model.features.quantities)
    for name, parameter in model.named_parameters():
        if ".down." in name or ".last." in name:
            torch.nn.init.normal_(parameter, std=0.01)  # else the layers before them have no gradient yet
    loss = solver_loss(model, batch, kinematics)
    loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    known = solver_loss(_with_solver(model, "rk4"), batch, kinematics)
    assert float(known.detach()) == pytest.approx(float(loss.detach()), rel=1e-3)


def _with_solver(model, solver):
    model.config = dataclasses.replace(model.config, solver=solver)
    return model


def test_training_from_a_dataset(tmp_path):
    from mosim_gym.data.dataset import collect_dataset

    data = collect_dataset("pendulum", tmp_path / "data", segments=60)
    reports = []
    _, record = train(
        "pendulum", SMALL, QUICK, budget=0.0, steps=600, folder=tmp_path / "run", dataset=data, report=reports.append
    )
    assert record["transitions"] == 60 * 40
    assert reports[-1]["validation"] < reports[0]["validation"]


def test_robot_after_robot_into_few_files_and_finished_ones_are_kept(tmp_path):
    options = {"budget": 3.0, "folder": tmp_path / "run", "members": 1, "seed": 0, "device": "cpu", "install": False}
    first = train_all(["pendulum"], **options)
    again = train_all(["pendulum"], **options)
    assert [path.name for path in (tmp_path / "run").rglob("*")] == ["models-1.safetensors"]
    assert [outcome.card["benchmark"] for outcome in again] == [outcome.card["benchmark"] for outcome in first]
    assert again[0].card["box"]["qpos"] == [[None], [None]]  # it turns freely


BLOCKED = ("gymnasium", "dm_control", "shimmy", "stable_baselines3", "tyro", "tqdm", "tensorboard", "matplotlib", "PIL")


def test_training_needs_no_more_than_torch_and_mujoco(tmp_path):
    """As on a rented GPU."""
    script = f"""
import importlib.util, sys
BLOCKED = {BLOCKED!r}
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(name)
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name.split(".")[0] in BLOCKED else found(name, *rest)
sys.meta_path.insert(0, Missing())
sys.argv = ["training", "pendulum", "--budget", "2s", "--out", {str(tmp_path / "out")!r}]
from mosim_gym.training.__main__ import main
if __name__ == "__main__":
    main()
"""
    file = tmp_path / "script.py"
    file.write_text(script)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "pendulum: raw MSE over 16 steps" in done.stdout


@pytest.mark.slow
def test_compiled_training(tmp_path):
    config = dataclasses.replace(QUICK, compile=True)
    _, record = train("pendulum", SMALL, config, budget=90.0, folder=tmp_path)
    assert record["step"] > 110


def test_members_are_trained_together_on_batches_of_their_own(tmp_path):
    config, told = dataclasses.replace(QUICK, stages=STAGED), []
    three = dataclasses.replace(SMALL, members=3)
    model, _ = train("pendulum", three, config, budget=60.0, steps=200, folder=tmp_path, report=told.append)
    assert np.isfinite(told[-1]["validation"])
    weight = model.correctors[0].first.weight
    assert weight.shape[0] == 3
    assert not torch.allclose(weight[0], weight[1])


def test_a_checkpoint_is_refined_and_says_so(tmp_path):
    before = mosim_gym.load("pendulum")
    refined = train_checkpoint("pendulum", budget=3.0, folder=tmp_path, start="pendulum", logs=False)
    assert refined.card["refined_from"] == f"pendulum {before.model.digest()}"
    assert refined.card["transitions"] > before.card["transitions"]
    assert refined.card["training_seconds"] > before.card["training_seconds"] + 1
    assert [stage["name"] for stage in refined.card["recipe"]["stages"]] == ["multistep"]
    # It began where that one ended: three seconds from random weights do not come so far.
    assert score(refined.card) < 1e-6
    gently = train_checkpoint("pendulum", budget=1.0, folder=tmp_path / "b", start="pendulum", rate=0.01, logs=False)
    assert [stage["rate"] for stage in gently.card["recipe"]["stages"]] == [0.01]
    with pytest.raises(
        ValueError, match=r"The rate is 2.0; it is a share of ordinary training's, above 0 and at most 1"
    ):
        train_checkpoint("pendulum", budget=1.0, folder=tmp_path / "c", start="pendulum", rate=2.0, logs=False)
    with pytest.raises(ValueError, match="A rate is for refining"):
        train_checkpoint("pendulum", budget=1.0, folder=tmp_path / "c", rate=0.1, logs=False)
    again = train_checkpoint("pendulum", budget=3.0, folder=tmp_path, start="pendulum", logs=False)
    assert again.card["training_steps"] == refined.card["training_steps"]  # it had ended
    other = shutil.copy(refined.path, tmp_path / "other.safetensors")
    with pytest.raises(FileFault, match="holds a run with another start"):
        train_checkpoint("pendulum", budget=3.0, folder=tmp_path, start=other, logs=False)
    with pytest.raises(ValueError, match="acrobot is a model of 'acrobot'; 'pendulum' cannot go on from it"):
        train_checkpoint("pendulum", budget=3.0, folder=tmp_path, start="acrobot")
    with pytest.raises(ValueError, match="leave preset and members out"):
        train_checkpoint("pendulum", budget=3.0, folder=tmp_path, start="pendulum", members=2)


def test_a_run_of_so_many_steps_has_as_many(tmp_path):
    _, record = train("pendulum", SMALL, QUICK, budget=0.0, steps=30, folder=tmp_path)
    assert record["step"] == 30
