"""An environment that onnxruntime steps is the one that torch steps: same episodes, same rules, equal up to rounding."""

from __future__ import annotations

import copy
import gc
import pickle  # noqa: TID251
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

import mosim_gym
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.onnx_replay import OnnxReplay
from mosim_gym.envs.penalties import penalise
from mosim_gym.envs.penalties.disagreement import DisagreementPenalty
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.robots import load_robot

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
TASKS = ["CheetahRun", "WalkerRun", "HopperHop", "ReacherHard", "CartpoleSwingup", "HumanoidRun"]


def _both(task, **options):
    return tuple(gym.make(env_id(task), backend=backend, **options) for backend in ("torch", "onnx"))


def _assert_close(ours, theirs):
    """Equal within 1e-5 of the numbers' size."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.dtype == theirs.dtype
    assert np.abs(ours - theirs).max(initial=0) <= 1e-5 * max(1.0, np.abs(theirs).max(initial=0))


@pytest.mark.parametrize("task", TASKS)
def test_a_step_equals_torchs_from_the_same_state(task):
    torchs, ours = _both(task)
    first, info = torchs.reset(seed=0)
    again, same = ours.reset(seed=0)
    np.testing.assert_array_equal(again, first)
    torchs.action_space.seed(0)
    for _ in range(3):
        state = {name: info[name] for name in ("qpos", "qvel", "goal")}
        torchs.reset(options=state)
        ours.reset(options=state)
        action = torchs.action_space.sample()
        observation, reward, terminated, truncated, info = torchs.step(action)
        found, earned, ended, cut, same = ours.step(action)
        assert (ended, cut, same.keys()) == (terminated, truncated, info.keys())
        assert type(earned) is float
        _assert_close(found, observation)
        _assert_close(earned, reward)
        for name in info:
            _assert_close(same[name], info[name])


def test_spaces_and_the_first_observation_are_those_of_torch():
    torchs, ours = _both("ReacherEasy", obs="dict")
    assert ours.observation_space == torchs.observation_space
    assert ours.action_space == torchs.action_space
    assert ours.observation_space.contains(ours.reset(seed=3)[0])
    check_env(ours.unwrapped, skip_render_check=True)


def test_episodes_end_by_the_same_rules():
    torchs, ours = _both("PendulumSwingup", max_episode_steps=3)
    fast = {"qpos": [0.0], "qvel": [1e4]}
    for options, steps, end in ((None, 3, None), (fast, 1, "outside the training box")):
        for env in (torchs, ours):
            env.reset(seed=0, options=options)
            results = [env.step(np.zeros(1, np.float32)) for _ in range(steps)]
            assert [result[3] for result in results] == [False] * (steps - 1) + [True]
            assert results[-1][4].get("end") == end
            if end is not None:
                with pytest.raises(RuntimeError, match=r"call reset\(\) before step"):
                    env.unwrapped.step(np.zeros(1, np.float32))


def test_a_state_that_is_not_finite_is_not_entered():
    for env in _both("PendulumSwingup"):
        env.reset(seed=0, options={"qpos": [0.0], "qvel": [9e17]})
        observation, reward, terminated, truncated, info = env.step(np.ones(1, np.float32))
        assert (reward, terminated, truncated, info["end"]) == (0.0, False, True, "diverged")
        assert np.isfinite(observation).all()


def test_a_box_that_was_moved_counts_from_the_next_step_on():
    _, env = _both("PendulumSwingup")
    env.reset(seed=0, options={"qpos": [1.0], "qvel": [0.0]})
    assert "end" not in env.step(np.zeros(1, np.float32))[4]
    env.unwrapped.bounds.move({"qpos": [[0.0], [0.1]], "qvel": [[-1.0], [1.0]]})
    assert env.step(np.zeros(1, np.float32))[4]["end"] == "outside the training box"


def test_models_with_a_memory_have_the_commands_before():
    torch.manual_seed(0)
    model = MoSim(load_robot("pendulum"), replace(preset("small"), memory=2))
    torchs, ours = _both("PendulumSwingup", checkpoint=Simulator(model, {"name": "pendulum"}))
    for env in (torchs, ours):
        env.reset(seed=0)
    for push in (0.5, -0.5, 1.0):
        action = np.array([push], np.float32)
        observation, *_, info = torchs.step(action)
        found, *_, same = ours.step(action)
        _assert_close(found, observation)
        np.testing.assert_array_equal(same["previous"], info["previous"])


def test_penalties_are_paid():
    torchs, ours = (penalise(env, DisagreementPenalty(1.0, quantile="0.5")) for env in _both("CheetahRun"))
    paid = []
    for env in (torchs, ours):
        env.reset(seed=0)
        paid.append(env.step(np.ones(6, np.float32))[4]["penalty"])
    _assert_close(*paid)


def test_a_copy_continues_as_the_first_would():
    _, env = _both("PendulumSwingup")
    env.reset(seed=0)
    action = np.ones(1, np.float32)
    env.step(action)
    copies = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    wanted = env.step(action)[0]
    for each in copies:
        np.testing.assert_array_equal(each.step(action)[0], wanted)


def test_an_environment_of_ones_own_functions_works():
    def reward(features, action):
        return features.qvel[:, 0].abs().clamp(0, 1.5)

    torchs, ours = (mosim_gym.make_env("pendulum", reward, backend=backend) for backend in ("torch", "onnx"))
    for env in (torchs, ours):
        env.reset(seed=0)
    _assert_close(ours.step(np.ones(1, np.float32))[1], torchs.step(np.ones(1, np.float32))[1])


def test_what_has_no_such_backend_is_one_sentence():
    with pytest.raises(UnknownName, match=r"^Unknown backend 'tensorflow'\. Valid: torch, onnx\.$"):
        gym.make(env_id("PendulumSwingup"), backend="tensorflow")
    for options in ({"checkpoint": "truth"}, {"solver": "dopri5"}):
        with pytest.raises(ValueError, match='use backend="torch" for other dynamics'):
            gym.make(env_id("PendulumSwingup"), backend="onnx", **options)
    with pytest.raises(TypeError, match=r"It is an argument of gym\.make: torch moves all batches"):
        gym.make_vec(env_id("PendulumSwingup"), num_envs=2, backend="onnx")
    with pytest.raises(TypeError, match="It is an option of single environments: torch moves all batches"):
        mosim_gym.make_env("pendulum", lambda features, action: features.qvel[:, 0], num_envs=2, backend="onnx")


def test_a_reward_that_looks_at_numbers_is_refused():
    env = gym.make(env_id("PendulumSwingup"), backend="onnx").unwrapped
    task = type(env.task)

    class Branching(task):
        """A third party's task may be written with Python's `if`."""

        def reward(self, features, action, goal, sensors):
            return super().reward(features, action, goal, sensors) if float(action[0, 0]) > 0 else torch.zeros(1)

    env.core.task = Branching(env.task.robot)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="Python reads numbers of tensors"):
        env.step(np.ones(1, np.float32))


STATM = Path("/proc/self/statm")


def _megabytes():
    gc.collect()
    return int(STATM.read_text().split()[1]) * 4096 / 2**20


@pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc")
def test_graphs_that_are_gone_leave_little_memory():
    weight = torch.ones(700, 700)  # 2 MB

    def live():
        OnnxReplay(record=True)(lambda x: (x @ weight,), (torch.ones(1, 700),))

    for _ in range(3):
        live()
    before = _megabytes()
    for _ in range(10):
        live()
    assert _megabytes() - before < 6
