"""Laws of environments, for any states, actions, batches and sequences of calls."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import run_with_many

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.registration import env_id
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.vector import MoSimVectorEnv

SMOOTH = "PendulumSwingup", "CartpoleSwingup", "CheetahRun", "ReacherHard"
"""Their observations hold no readings of touch, which turn on and off at a contact."""
TOLERANCE = 1e-5
"""By so much of the numbers' size a row may differ from itself in another batch: rounding of float32."""
MOST = 5
seeds = st.integers(0, 2**32 - 1)
checkpoints = st.sampled_from([None, "truth"])


def _near(found: Any, wanted: Any, *, exact: bool = False) -> None:
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    size = max(1.0, float(np.abs(wanted).max(initial=0)))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0 if exact else TOLERANCE * size)


@cache
def _batch(task: str, rows: int, checkpoint: str | None) -> TorchEnv:
    return TorchEnv(task, rows, checkpoint=checkpoint, ensemble=None if checkpoint else [0], max_episode_steps=-1)


def _starts(task: str, seed: int, rows: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """States in which some episodes are, and actions, some of them beyond the range."""
    env = _batch(task, MOST, None)
    env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        env.step(torch.from_numpy(rng.uniform(-1, 1, (MOST, env.task.robot.nu))))
    states = {name: getattr(env.state, name).double().numpy()[:rows].copy() for name in ("qpos", "qvel", "goal")}
    return states, rng.normal(size=(rows, env.task.robot.nu)).astype(np.float32)


def _stepped(task: str, checkpoint: str | None, states: dict[str, np.ndarray], actions: np.ndarray) -> list[np.ndarray]:
    env = _batch(task, len(actions), checkpoint)
    env.reset(seed=0, options=states)
    found = []
    for _ in range(2):
        step = env.step(torch.from_numpy(actions))
        found += [step.observation.numpy().copy(), step.reward.numpy().copy(), env.state.qpos.numpy().copy()]
    return found


@given(st.sampled_from(SMOOTH), checkpoints, seeds, st.permutations(range(MOST)), st.integers(1, MOST))
def test_a_row_depends_neither_on_the_other_rows_nor_on_their_number_nor_on_its_place(
    task, checkpoint, seed, order, count
):
    states, actions = _starts(task, seed, MOST)
    whole = _stepped(task, checkpoint, states, actions)
    rows = np.array(order[:count])
    some = _stepped(task, checkpoint, {name: part[rows] for name, part in states.items()}, actions[rows])
    for here, there in zip(some, whole, strict=True):
        _near(here, there[rows])


@given(st.sampled_from(SMOOTH), checkpoints, seeds, st.lists(st.booleans(), min_size=MOST, max_size=MOST))
def test_a_reset_with_a_mask_leaves_the_other_rows_to_the_last_bit(task, checkpoint, seed, mask):
    env = _batch(task, MOST, checkpoint)
    env.reset(seed=seed)
    action = torch.zeros(MOST, env.task.robot.nu)
    env.step(action)
    before, other = env.state, copy.deepcopy(env)
    chosen = torch.tensor(mask)
    observation = env.reset(mask=chosen)
    assert env.elapsed.tolist() == [0 if new else 1 for new in mask]
    for name in ("qpos", "qvel", "goal", "sensors"):
        assert torch.equal(getattr(env.state, name)[~chosen], getattr(before, name)[~chosen])
    assert torch.equal(observation[~chosen], other.observation()[~chosen])
    moved, wanted = env.step(action), other.step(action)
    _near(moved.observation[~chosen], wanted.observation[~chosen])


class _Model:
    """What Gymnasium says that a batch in `mode` does, by single environments."""

    def __init__(self, task: str, rows: int, limit: int, mode: AutoresetMode) -> None:
        self.envs = [MoSimEnv(task, ensemble=[0], max_episode_steps=limit) for _ in range(rows)]
        self.mode, self.over = mode, [False] * rows

    def reset(self, seeds: list[int] | None, mask: list[bool]) -> np.ndarray:
        for row, env in enumerate(self.envs):
            if mask[row]:
                self.last[row] = env.reset(seed=None if seeds is None else seeds[row])[0]
                self.over[row] = False
        return np.stack(self.last)

    last: list[Any]

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, ...]:
        rewards, ends, finals = np.zeros(len(self.envs)), np.zeros(len(self.envs), bool), [None] * len(self.envs)
        for row, env in enumerate(self.envs):
            if self.over[row]:  # of NEXT_STEP
                self.last[row], self.over[row] = env.reset()[0], False
                continue
            observation, rewards[row], terminated, truncated, _ = env.step(actions[row])
            ends[row] = terminated or truncated
            self.last[row] = observation
            if ends[row] and self.mode == AutoresetMode.SAME_STEP:
                finals[row], self.last[row] = observation, env.reset()[0]
            elif ends[row]:
                self.over[row] = True
        return np.stack(self.last), rewards, ends, finals


ROWS = 3
calls = st.lists(
    st.one_of(st.just("step"), st.lists(st.booleans(), min_size=ROWS, max_size=ROWS)), min_size=3, max_size=12
)


@given(
    st.sampled_from(["PendulumSwingup", "ReacherHard"]),
    st.sampled_from(list(AutoresetMode)),
    seeds,
    st.integers(1, 4),
    calls,
)
def test_any_sequence_of_calls_does_to_a_row_what_it_does_to_a_single_environment(task, mode, seed, limit, calls):
    batch = MoSimVectorEnv(task, ROWS, ensemble=[0], max_episode_steps=limit, autoreset_mode=mode)
    model = _Model(task, ROWS, limit, mode)
    model.last = [None] * ROWS
    rng = np.random.default_rng(seed)
    first = [int(s) for s in rng.integers(2**32, size=ROWS)]
    _near(batch.reset(seed=first)[0], model.reset(first, [True] * ROWS))
    for call in calls:
        if call != "step" or (mode == AutoresetMode.DISABLED and any(model.over)):
            mask = [True] * ROWS if call == "step" else [m or over for m, over in zip(call, model.over, strict=True)]
            if not any(mask):
                continue
            _near(batch.reset(options={"reset_mask": np.array(mask)})[0], model.reset(None, mask))
            continue
        actions = rng.uniform(-1.5, 1.5, (ROWS, *batch.single_action_space.shape)).astype(np.float32)
        observation, reward, terminated, truncated, info = batch.step(actions)
        wanted, rewards, ends, finals = model.step(actions)
        _near(observation, wanted)
        _near(reward, rewards)
        assert (terminated | truncated).tolist() == ends.tolist()
        for row in range(ROWS):
            if finals[row] is not None:
                _near(info["final_obs"][row], finals[row])


KINDS = (np.float64, np.float16, np.int64, np.int8, np.bool_, list, torch.float32, torch.float64, torch.bfloat16)


@cache
def _single(task: str, checkpoint: str | None) -> MoSimEnv:
    return MoSimEnv(task, checkpoint=checkpoint)


def _after(env: MoSimEnv, seed: int, action: Any) -> tuple[Any, ...]:
    env.reset(seed=seed)
    observation, reward, _, _, info = env.step(action)
    return observation, reward, info["qpos"], info["qvel"]


@given(st.sampled_from(SMOOTH), checkpoints, seeds, st.floats(0.1, 1e4))
def test_the_robot_gets_an_action_clipped_to_its_range(task, checkpoint, seed, size):
    env = _single(task, checkpoint)
    space = env.action_space
    action = (size * np.random.default_rng(seed).normal(size=space.shape)).astype(np.float32)
    given, clipped = (_after(env, seed, part) for part in (action, np.clip(action, space.low, space.high)))
    for here, there in zip(given[2:], clipped[2:], strict=True):
        np.testing.assert_array_equal(here, there)


@given(st.sampled_from(SMOOTH), checkpoints, seeds, st.sampled_from(KINDS))
def test_an_action_of_any_type_of_numbers_is_the_same_action(task, checkpoint, seed, kind):
    env = _single(task, checkpoint)
    action = np.random.default_rng(seed).integers(-1, 2, env.action_space.shape).astype(np.float32)
    if kind is np.bool_:
        action = np.abs(action)
    if kind is list:
        given: Any = action.tolist()
    else:
        given = torch.tensor(action, dtype=kind) if isinstance(kind, torch.dtype) else action.astype(kind)
    if isinstance(given, torch.Tensor):
        given.requires_grad_()
    for here, there in zip(_after(env, seed, given), _after(env, seed, action), strict=True):
        np.testing.assert_array_equal(here, there)
    with np.errstate(over="ignore"):
        wide = _batch(task, 1, checkpoint)
        wide.reset(seed=seed)
        step = wide.step(torch.as_tensor(np.asarray(action, np.float64))[None])
    assert (step.observation.dtype, step.reward.dtype) == (wide.core.dtype, wide.core.dtype)


@given(st.sampled_from([*SMOOTH, "FingerSpin", "HopperHop", "FishSwim"]), checkpoints, seeds, st.floats(1, 3e38))
def test_nothing_that_is_not_a_number_comes_of_finite_actions(task, checkpoint, seed, size):
    env = _single(task, checkpoint)
    rng = np.random.default_rng(seed)
    action = np.clip(size * rng.normal(size=env.action_space.shape), -3e38, 3e38).astype(np.float32)
    env.reset(seed=seed)
    for _ in range(3):
        observation, reward, terminated, truncated, info = env.step(action)
        assert np.isfinite(observation).all()
        assert np.isfinite(reward)
        assert all(np.isfinite(info[name]).all() for name in ("qpos", "qvel", "goal"))
        if terminated or truncated:
            break


def _walk(env: Any, seed: int, steps: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(steps):
        *results, info = env.step(rng.uniform(-1, 1, env.action_space.shape).astype(np.float32))
        found += [np.array(part) for part in (*results, info["qpos"])]
    return found


@given(st.sampled_from(SMOOTH), checkpoints, seeds, st.integers(0, 6), st.booleans())
def test_a_copy_goes_on_as_the_first_would_at_any_step(task, checkpoint, seed, steps, many):
    options: dict[str, Any] = {"checkpoint": checkpoint}
    env = (
        gym.make_vec(env_id(task), num_envs=2, max_episode_steps=4, **options)
        if many
        else gym.make(env_id(task), **options)
    )
    env.reset(seed=seed)
    _walk(env, seed, steps)
    copies = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    wanted = _walk(env, seed + 1, 4)
    for other in copies:
        for here, there in zip(_walk(other, seed + 1, 4), wanted, strict=True):
            np.testing.assert_array_equal(here, there)


@given(st.sampled_from(SMOOTH), seeds, st.integers(0, 6))
def test_a_batch_resumes_from_a_snapshot_at_any_step(task, seed, steps):
    env, other = (TorchEnv(task, 3, max_episode_steps=4) for _ in range(2))
    env.reset(seed=seed)
    generator = torch.Generator().manual_seed(seed)
    actions = 2 * torch.rand(steps + 6, 3, env.task.robot.nu, generator=generator) - 1
    for action in actions[:steps]:
        env.step(action)
    other.resume(env.snapshot())
    for action in actions[steps:]:
        here, there = other.step(action), env.step(action)
        assert torch.equal(here.observation, there.observation)
        assert torch.equal(here.reward, there.reward)
    assert other.steps_taken == env.steps_taken


@pytest.mark.slow
def test_the_laws_hold_for_many_more_examples():
    run_with_many(__file__)
