"""Penalties around environments: all count, and each ends with its wrapper."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251
from functools import partial

import gymnasium as gym
import numpy as np
from gymnasium.wrappers.vector import TransformReward

from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.envs.penalties.disagreement import DisagreementPenalty
from mosim_gym.envs.penalties.wrappers import penalise
from mosim_gym.envs.registration import env_id


def _vec(task, num_envs=4, **options):
    return gym.make_vec(env_id(task), num_envs=num_envs, **options)


def around(penalty):
    return partial(penalise, penalty=penalty)


def _penalised(*wrappers):
    env = _vec("CheetahRun", 4, checkpoint="cheetah:narrow")
    for wrap in wrappers:
        env = wrap(env)
    return env


def test_penalties_around_one_another_all_count():
    disagreement = around(DisagreementPenalty(2.0))
    density = around(DensityPenalty(threshold=0.0, scale=10.0))
    stacks = {"none": (), "disagreement": (disagreement,), "density": (density,)}
    stacks |= {"inner": (disagreement, density), "outer": (density, disagreement), "twice": (density, density)}
    found = {}
    for name, wrappers in stacks.items():
        env = _penalised(*wrappers)
        env.reset(seed=0, options={"qpos": np.zeros(9), "qvel": np.linspace(0, 20, 36).reshape(4, 9)})
        _, reward, _, truncated, info = env.step(np.full((4, 6), 0.5, np.float32))
        found[name] = reward, truncated, info
    raw = found["none"][0]
    parts = {name: raw - found[name][0] for name in ("disagreement", "density")}
    assert all((part > 1e-3).any() for part in parts.values())
    assert found["disagreement"][1].any()
    for name in ("inner", "outer"):
        reward, truncated, info = found[name]
        np.testing.assert_allclose(raw - reward, parts["disagreement"] + parts["density"], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(truncated, found["disagreement"][1])
        np.testing.assert_allclose(info["raw_reward"], raw, atol=1e-5)
        np.testing.assert_allclose(info["penalty"], raw - reward, atol=1e-5)
        np.testing.assert_array_equal(info["disagreement"], found["disagreement"][2]["disagreement"])
    np.testing.assert_allclose(raw - found["twice"][0], 2 * parts["density"], rtol=1e-5, atol=1e-5)


def test_the_raw_reward_is_the_tasks_own_whatever_is_wrapped_in_between():
    start = {"qpos": np.zeros(9), "qvel": np.linspace(0, 20, 36).reshape(4, 9)}
    seen = []
    for wrappers in ((), (lambda env: TransformReward(env, lambda r: 10 * r), around(DensityPenalty(scale=10.0)))):
        env = _penalised(*wrappers)
        env.reset(seed=0, options=start)
        seen.append(env.step(np.full((4, 6), 0.5, np.float32)))
    np.testing.assert_allclose(seen[1][4]["raw_reward"], seen[0][1], atol=1e-5)
    assert (seen[1][4]["penalty"] > 1e-3).any()


def test_a_penalty_ends_with_its_wrapper():
    bare = _penalised()
    bare.reset(seed=0, options={"qpos": np.zeros(9), "qvel": np.linspace(0, 20, 36).reshape(4, 9)})
    wrapped = penalise(copy.deepcopy(bare), DensityPenalty(threshold=0.0, scale=10.0))
    action = np.full((4, 6), 0.5, np.float32)
    before, inside = copy.deepcopy(wrapped).step(action), copy.deepcopy(wrapped).env.step(action)
    wanted = bare.step(action)
    np.testing.assert_array_equal(inside[1], wanted[1])
    assert (before[1] < wanted[1] - 1e-3).any()


def _copies(env):
    return copy.deepcopy(env), pickle.loads(pickle.dumps(env))


def test_copies_of_wrapped_environments_have_penalties_of_their_own():
    env = _penalised(around(DisagreementPenalty(2.0)), around(DensityPenalty()))
    env.reset(seed=0)
    env.step(env.action_space.sample())
    for twin in _copies(env):
        action = env.action_space.sample()
        before = copy.deepcopy(env)
        wanted, found = before.step(action), twin.step(action)
        np.testing.assert_array_equal(found[1], wanted[1])
        np.testing.assert_array_equal(found[4]["penalty"], wanted[4]["penalty"])
        np.testing.assert_array_equal(found[4]["disagreement"], wanted[4]["disagreement"])
