"""Environments on their own threads: beside the user's settings, in forked processes, in shards, shared by several threads."""

from __future__ import annotations

import copy
import os
import pickle  # noqa: TID251
import subprocess
import sys
import threading

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.registration import env_id

ROWS = 600


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _walk(env: TorchEnv, steps: int = 8) -> list[torch.Tensor]:
    observations = [env.reset(seed=5)]
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        step = env.step(torch.rand(env.num_envs, env.task.robot.nu, generator=generator, dtype=torch.float32) * 2 - 1)
        observations += [step.observation, step.reward]
    return observations


def _single_and_batch() -> list:
    return [gym.make(env_id("PendulumSwingup")), gym.make_vec(env_id("PendulumSwingup"), num_envs=ROWS)]


def test_making_and_stepping_leave_the_users_number_of_threads(two_threads):
    for env in _single_and_batch():
        env.reset(seed=0)
        for _ in range(6):
            env.step(env.action_space.sample())
        with pytest.raises(ValueError, match="action"):
            env.step(np.zeros((3, 3, 3), np.float32))
        assert torch.get_num_threads() == 2


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core has no shards")
@pytest.mark.parametrize("task", ["PendulumSwingup", "HopperHop"])
def test_a_batch_in_shards_goes_as_one_without_and_every_time_to_the_last_bit(two_threads, task):
    sharded = [_walk(TorchEnv(task, ROWS)) for _ in range(2)]
    assert TorchEnv(task, ROWS).advance.shards is not None
    torch.set_num_threads(1)
    whole = _walk(TorchEnv(task, ROWS))
    assert TorchEnv(task, ROWS).advance.shards is None
    for a, b, c in zip(*sharded, whole, strict=True):
        assert torch.equal(a, b)
        torch.testing.assert_close(a, c, rtol=1e-5, atol=1e-5 * float(c.abs().max()))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core has no shards")
def test_one_step_in_shards_differs_by_rounding_alone(two_threads):
    env = TorchEnv("HopperHop", ROWS)
    env.reset(seed=0)
    state, action = env.state, torch.zeros(ROWS, env.task.robot.nu)
    with torch.no_grad():
        sharded = env.advance(state, action).state
    moved = env.dynamics.step(state.qpos, state.qvel, action, state.features)
    for ours, theirs in ((sharded.qpos, moved.qpos), (sharded.qvel, moved.qvel)):
        assert float((ours - theirs).abs().max()) <= 1e-6 * float(theirs.abs().max())


def test_copies_of_a_batch_in_shards_go_on_alike(two_threads):
    env = TorchEnv("PendulumSwingup", ROWS)
    _walk(env)
    action = torch.zeros(ROWS, 1)
    copies = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    wanted = env.step(action).observation
    for other in copies:
        assert torch.equal(other.step(action).observation, wanted)


def test_bounds_that_are_opened_after_the_first_steps_are_open():
    env = TorchEnv("PendulumSwingup", 64)
    _walk(env)
    env.bounds.move({"qpos": [[9.0], [10.0]], "qvel": [[9.0], [10.0]]})
    assert bool(env.step(torch.zeros(64, 1)).truncated.all())
    env.bounds.open()
    assert not bool(env.step(torch.zeros(64, 1)).truncated.any())


@pytest.mark.parametrize("checkpoint", [None, "truth"])
def test_threads_that_share_an_environment_take_turns(checkpoint):
    env = TorchEnv("PendulumSwingup", 4, checkpoint=checkpoint)
    env.reset(seed=0)
    faults = []

    def steps():
        try:
            for _ in range(30):
                env.step(torch.zeros(4, 1))
        except RuntimeError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=steps) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert env.elapsed.tolist() == [180] * 4


@pytest.mark.parametrize("rows", [1, 64])
def test_what_the_program_sets_does_not_change_the_motion(rows):
    wanted = _walk(TorchEnv("HopperHop", rows))
    torch.set_float32_matmul_precision("medium")
    torch.set_default_dtype(torch.float64)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = _walk(TorchEnv("HopperHop", rows))
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.set_default_dtype(torch.float32)
    assert all(torch.equal(a, b) for a, b in zip(wanted, found, strict=True))


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_the_autoreset_mode_is_an_attribute_of_the_batch(mode):
    assert gym.make_vec(env_id("PendulumSwingup"), num_envs=2, autoreset_mode=mode).autoreset_mode is mode


SCRIPT = """
import sys
import gymnasium as gym, mosim_gym, torch

def make():
    import mosim_gym
    return gym.make("MoSim/PendulumSwingup-v0")

if __name__ == "__main__":
    torch.set_num_threads(2)
    method, before = sys.argv[1:]
    if before == "made":
        for env in (make(), gym.make_vec("MoSim/PendulumSwingup-v0", num_envs=600)):
            env.reset(seed=0)
            for _ in range(6):
                env.step(env.action_space.sample())
    if before == "pool":
        (torch.ones(1000, 1000) @ torch.ones(1000, 1000)).sin()
    venv = gym.vector.AsyncVectorEnv([make] * 2, context=method)
    venv.reset(seed=0)
    for _ in range(5):
        venv.step(venv.action_space.sample())
    venv.close()
    print("done", torch.get_num_threads())
"""


@pytest.mark.parametrize(
    ("method", "before"),
    [("fork", "nothing"), ("fork", "made"), ("fork", "pool"), ("forkserver", "made"), ("spawn", "made")],
)
def test_gymnasiums_processes_step_environments_whatever_the_parent_did_before(tmp_path, method, before):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    plain = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, script, method, before], capture_output=True, text=True, timeout=120, check=False, env=plain
    )
    assert done.stdout.split() == ["done", "2"], done.stderr
