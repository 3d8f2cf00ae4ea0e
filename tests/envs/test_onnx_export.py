"""Exported files run with onnxruntime alone, and hold what one needs to know of them."""

from __future__ import annotations

import json
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.registration import env_id
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.robots import load_robot

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from mosim_gym.envs.onnx_export import STARTS, export_environment, export_policy  # noqa: E402


def _opened(path):
    session = onnxruntime.InferenceSession(path)
    return session, json.loads(session.get_modelmeta().custom_metadata_map["card"])


def _names(parts):
    return [part.name for part in parts]


@pytest.mark.parametrize("task", ["CheetahRun", "ReacherHard", "HopperHop"])
def test_an_episode_in_the_file_is_the_environments(task, tmp_path):
    session, card = _opened(export_environment(task, tmp_path / "step.onnx"))
    env = gym.make(env_id(task), ensemble=[0])
    start = card["starts"][3]
    inputs = {name: np.array([start[name]], np.float32) for name in ("qpos", "qvel", "goal") if start[name]}
    observation, _ = env.reset(options={name: start[name] for name in ("qpos", "qvel", "goal")})
    np.testing.assert_allclose(start["observation"], observation, rtol=1e-6, atol=1e-6)
    env.action_space.seed(0)
    for _ in range(3):
        action = env.action_space.sample()
        found = dict(
            zip(_names(session.get_outputs()), session.run(None, {**inputs, "action": action[None]}), strict=True)
        )
        observation, reward, terminated, _, info = env.step(action)
        scale = max(1.0, np.abs(observation).max())
        assert np.abs(found["observation"][0] - observation).max() < 1e-4 * scale
        assert found["reward"][0] == pytest.approx(reward, abs=1e-4)
        assert bool(found["terminated"][0]) == terminated
        np.testing.assert_allclose(found["next_qpos"][0], info["qpos"], atol=1e-5)
        inputs |= {"qpos": found["next_qpos"], "qvel": found["next_qvel"]}


def test_a_batch_may_have_any_size(tmp_path):
    session, card = _opened(export_environment("CartpoleSwingup", tmp_path / "step.onnx"))
    for rows in (1, 7, 300):
        starts = [card["starts"][row % STARTS] for row in range(rows)]
        inputs = {name: np.array([start[name] for start in starts], np.float32) for name in ("qpos", "qvel")}
        outputs = session.run(None, {**inputs, "action": np.zeros((rows, 1), np.float32)})
        assert [len(part) for part in outputs] == [rows] * 5


def test_a_model_with_a_memory_has_the_commands_before_as_an_input(tmp_path):
    torch.manual_seed(0)
    model = MoSim(load_robot("pendulum"), replace(preset("small"), memory=2))
    simulator = Simulator(model, {"name": "pendulum"})
    session, card = _opened(export_environment("PendulumSwingup", tmp_path / "step.onnx", checkpoint=simulator))
    assert card["memory"] == 2
    before = np.array([[[np.nan], [0.5]]], np.float32)
    state = {"qpos": np.ones((1, 1), np.float32), "qvel": np.ones((1, 1), np.float32)}
    found = session.run(
        ["next_qvel", "next_previous"], {**state, "previous": before, "action": np.full((1, 1), -1, np.float32)}
    )
    wanted = simulator.step(
        *state.values(), np.full((1, 1), -1, np.float32), previous=np.array([[[-1], [0.5]]], np.float32)
    )
    np.testing.assert_allclose(found[0], wanted.qvel, atol=1e-5)
    np.testing.assert_array_equal(found[1], [[[0.5], [-1.0]]])


def test_the_card_says_what_the_file_is(tmp_path):
    session, card = _opened(export_environment("ReacherHard", tmp_path / "step.onnx", member=0))
    assert _names(session.get_inputs()) == ["qpos", "qvel", "goal", "action"]
    assert _names(session.get_outputs()) == ["next_qpos", "next_qvel", "observation", "reward", "terminated"]
    env = gym.make(env_id("ReacherHard")).unwrapped
    assert card["task"] == "ReacherHard"
    assert card["name"] == card["robot"] == "reacher"
    assert card["control_step"] == env.task.robot.control_step
    assert tuple(card["observation_names"]) == env.observation_names
    np.testing.assert_array_equal(card["action_low"], env.action_space.low)
    assert card["exported_by"]["mosim_gym"] == mosim_gym.__version__
    assert len(card["starts"]) == STARTS


def test_a_member_of_an_ensemble_is_exported(tmp_path):
    paths = [export_environment("CheetahRun", tmp_path / f"{member}.onnx", member=member) for member in (0, 1)]
    steps = []
    for path in paths:
        session, card = _opened(path)
        inputs = {name: np.array([card["starts"][0][name]], np.float32) for name in ("qpos", "qvel")}
        steps.append(session.run(["next_qvel"], {**inputs, "action": np.ones((1, 6), np.float32)})[0])
    assert np.abs(steps[0] - steps[1]).max() > 1e-5
    with pytest.raises(ValueError, match="this checkpoint has 3 members"):
        export_environment("CheetahRun", tmp_path / "none.onnx", member=3)
    with pytest.raises(
        ValueError, match=r"an ensemble of 3 members, and a file holds one: load it by .*ensemble=\[0\]"
    ):
        export_environment("CheetahRun", tmp_path / "none.onnx", checkpoint=mosim_gym.load("cheetah"))


def test_a_model_that_knows_the_inertia_is_exported(tmp_path):
    torch.manual_seed(0)
    config = replace(preset("small"), known="inertia", inertia=None)
    simulator = Simulator(MoSim(load_robot("cartpole"), config), {"name": "cartpole"})
    session, card = _opened(export_environment("CartpoleSwingup", tmp_path / "step.onnx", checkpoint=simulator))
    inputs = [np.array([card["starts"][0][name]], np.float32) for name in ("qpos", "qvel")] + [
        np.ones((1, 1), np.float32)
    ]
    found = session.run(["next_qvel"], dict(zip(("qpos", "qvel", "action"), inputs, strict=True)))[0]
    np.testing.assert_allclose(found, simulator.step(*inputs).qvel, rtol=1e-4, atol=1e-4)


def test_an_environment_of_ones_own_functions_is_exported(tmp_path):
    env = mosim_gym.make_env("pendulum", lambda features, action: features.qvel[:, 0].clamp(0, 1.5))
    session, card = _opened(export_environment(env.task, tmp_path / "own.onnx", checkpoint=env.dynamics))
    start = card["starts"][0]
    env.reset(options={"qpos": start["qpos"], "qvel": [1.0]})
    _, reward, *_ = env.step(np.ones(1, np.float32))
    found = session.run(
        ["reward"],
        {
            name: np.array([[value]], np.float32)
            for name, value in (("qpos", start["qpos"][0]), ("qvel", 1.0), ("action", 1.0))
        },
    )
    assert found[0][0] == pytest.approx(reward, abs=1e-5)


@pytest.mark.parametrize("options", [{"checkpoint": "truth"}, {"solver": "dopri5"}])
def test_motion_that_is_no_fixed_sequence_is_refused(options, tmp_path):
    with pytest.raises(ValueError, match="Export needs a step that is always the same sequence of torch operations"):
        export_environment("PendulumSwingup", tmp_path / "none.onnx", **options)


def test_a_policy_acts_in_the_file_as_it_does_here(tmp_path, rng):
    layers = [(rng.normal(size=shape), rng.normal(size=shape[0])) for shape in ((32, 17), (32, 32), (6, 32))]
    policy = ActorPolicy(layers, -np.ones(6), np.full(6, 2.0), {"task": "CheetahRun", "curve": [{"steps": 1}]})
    session, card = _opened(export_policy(policy, tmp_path / "policy.onnx"))
    observation = rng.normal(size=(5, 17)).astype(np.float32)
    action = session.run(["action"], {"observation": observation})[0]
    np.testing.assert_allclose(action, policy.predict(observation)[0], atol=1e-5)
    assert card["kind"] == "policy"
    assert card["task"] == "CheetahRun"
    assert "curve" not in card
