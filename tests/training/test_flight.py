"""Flight: motion in which nothing touches, told by geometry or simulated without contacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mosim_gym.data.collection import Collector
from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.dynamics.config import Size, preset
from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.training.config import FLIGHT_FIRST, Stage, TrainConfig, training_for
from mosim_gym.training.flight import Untouched
from mosim_gym.training.loop import train
from mosim_gym.training.model_choice import model_for
from mosim_gym.truth.dynamics import TrueDynamics

SMALL = preset("substeps", remainder=Size(16, 1), correctors=(Size(16, 1),), inertia=Size(8, 0), bias=Size(8, 0))
QUICK = TrainConfig(batch=128, pool_chunks=2, first_chunks=2, chunk_segments=40, chunk_steps=20, ema=0.9)


@pytest.mark.parametrize("robot", ["hopper", "walker", "cheetah"])
def test_untouched_transitions_are_those_that_contacts_and_limits_do_not_change(robot):
    segments = Transitions(*(torch.from_numpy(c) for c in chunk(robot, "coverage", 5, 0, 200)[0]))
    description = load_robot(robot)
    untouched = Untouched(description, ContactFeatures(description, model_for(robot), body_frame=False))
    flat = Transitions(*(column.flatten(0, 1) for column in segments))
    rows = untouched(flat)
    assert 0.01 < float(rows.float().mean()) < 0.9
    free = TrueDynamics(robot, constrained=False).step(*(c[rows] for c in flat[:3]))
    acceleration = (free.qvel - flat.qvel[rows]) / description.control_step
    error = (acceleration - flat.acceleration[rows]).abs().amax(-1)
    assert float((error > 0.05).float().mean()) < 0.01  # m/s² or rad/s²
    kept = untouched.of(segments)
    assert kept.qpos.shape == (int(rows.sum()), 1, description.nq)


def test_the_flight_recipe_steps_from_the_states_of_true_motion_without_contacts():
    flown = Collector("hopper", "flight").collect(np.random.default_rng(1), 100)
    true = Collector("hopper", "coverage").collect(np.random.default_rng(1), 3)
    assert flown.qpos.shape == (100, 2, 7)
    np.testing.assert_array_equal(flown.qpos[:, 0], true.qpos[:, :-1].reshape(-1, 7)[:100])
    np.testing.assert_array_equal(flown.actions[:, 0], true.actions.reshape(-1, 4)[:100])
    free = TrueDynamics("hopper", constrained=False).rollout(flown.qpos[:, 0], flown.qvel[:, 0], flown.actions)
    np.testing.assert_array_equal(flown.qvel[:, 1], free.qvel[:, 0])


def test_models_that_foresee_learn_flight_first():
    assert training_for(SMALL).stages == FLIGHT_FIRST
    assert training_for(preset("smooth")).stages == (Stage("joint", 1.0),)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "broken_at"), [("flight", 100), (None, 200)])
def test_a_run_that_is_broken_in_either_stage_ends_with_the_same_weights(tmp_path, recipe, broken_at):
    staged = replace(QUICK, stages=(Stage("predictor", 0.5), Stage("corrector", 0.5)), flight_recipe=recipe)

    def stop(state):
        if state["step"] == broken_at:
            raise KeyboardInterrupt

    def run(name, **options):
        return train("hopper", SMALL, staged, budget=0.0, steps=220, folder=tmp_path / name, **options)

    whole, record = run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("broken", save_every=0.5, report=stop)
    resumed, again = run("broken")
    assert [stage["step"] for stage in again["stages"]] == [110, 110]
    assert record["transitions"] == again["transitions"]
    assert record["box"] == again["box"]
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=0, atol=0, msg=name)
    if recipe is None:
        with pytest.raises(FileFault, match="holds a run with another config"):
            train("hopper", SMALL, replace(staged, seed=4), budget=0.0, steps=220, folder=tmp_path / "broken")


def test_the_corrector_stage_leaves_flight_as_it_is(tmp_path):
    quick = replace(QUICK, chunk_steps=1000)  # no fresh data
    alone = replace(quick, stages=(Stage("predictor", 1.0),))
    flight, _ = train("hopper", SMALL, alone, budget=0.0, steps=100, folder=tmp_path / "flight")
    corrected, _ = train(
        "hopper",
        SMALL,
        replace(quick, stages=(Stage("corrector", 1.0),), ema=0.0),
        budget=0.0,
        steps=50,
        start=flight,
        folder=tmp_path / "corrected",
    )
    before = flight.state_dict()
    for name, value in corrected.state_dict().items():
        if name.startswith(("inertia", "bias", "torque", "remainder")):
            torch.testing.assert_close(value, before[name], rtol=1e-6, atol=1e-7, msg=name)
    assert not torch.equal(corrected.state_dict()["correctors.0.last.weight"], before["correctors.0.last.weight"])
