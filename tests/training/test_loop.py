"""The training loop: it learns, it resumes, and it reports what it did."""

from __future__ import annotations

import dataclasses
import os
import signal
from typing import Any

import numpy as np
import pytest
import torch

from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.dynamics.config import Size, preset
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.training.box import joined_boxes, training_box
from mosim_gym.training.config import Stage, TrainConfig
from mosim_gym.training.loop import train
from mosim_gym.training.state import read_header

SMALL = preset("smooth", correctors=(Size(32, 1),), inertia=Size(16, 0), bias=Size(16, 0), torque=Size(8, 0))


QUICK = TrainConfig(batch=256, pool_chunks=2, chunk_segments=100, chunk_steps=40, ema=0.9)


STAGED = (
    Stage("predictor", 0.2),
    Stage("corrector", 0.2),
    Stage("joint", 0.4),
    Stage("multistep", 0.2, rate=0.3, horizon=4),
)


def _stop(state):
    """Interrupt a training at its first report, as Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def ctrl_c():
    """Ctrl-C interrupts, even where a shell started the tests in the background, with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupted_run_ends_with_the_same_weights(tmp_path):
    staged = dataclasses.replace(QUICK, stages=STAGED)
    run: dict[str, Any] = {"budget": 0.0, "steps": 260, "save_every": 1e9}
    whole, record = train("pendulum", SMALL, staged, **run, folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train("pendulum", SMALL, staged, **run, folder=tmp_path / "broken", report=_stop)
    assert read_header(tmp_path / "broken" / "state.safetensors")["step"] == 10  # saved where it stood
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
    model, record = train("pendulum", SMALL, QUICK, budget=8.0, steps=500, folder=tmp_path, report=reports.append)
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


def test_training_from_a_dataset(tmp_path):
    from mosim_gym.data.dataset import collect_dataset

    data = collect_dataset("pendulum", tmp_path / "data", segments=60)
    reports = []
    _, record = train(
        "pendulum", SMALL, QUICK, budget=0.0, steps=600, folder=tmp_path / "run", dataset=data, report=reports.append
    )
    assert record["transitions"] == 60 * 40
    assert reports[-1]["validation"] < reports[0]["validation"]


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


def test_a_run_of_so_many_steps_has_as_many(tmp_path):
    _, record = train("pendulum", SMALL, QUICK, budget=0.0, steps=30, folder=tmp_path)
    assert record["step"] == 30
