"""The package sets its threads for itself, and what the user has set is there afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
import torch

from mosim_gym.mechanics.threads import OneThread, OwnArithmetic, Shards


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def _of_a_new_thread() -> int:
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("context", [OneThread, lambda: OwnArithmetic(torch.device("cpu"))])
def test_one_thread_within_and_the_users_number_afterwards_even_after_an_exception(three_threads, context):
    with context():
        assert torch.get_num_threads() == 1
    with pytest.raises(ZeroDivisionError), context():
        torch.tensor(1 // 0)
    assert torch.get_num_threads() == 3
    assert _of_a_new_thread() == 3


def test_one_thread_within_one_thread_leaves_the_users_number_to_the_outer_one(three_threads):
    with OneThread():
        with OneThread():
            pass
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_shards_give_what_the_whole_batch_gives_and_leave_the_users_number(three_threads):
    shards = Shards(1000, 3, unit=7)
    assert all(part.start % 7 == 0 for part in shards.parts)
    x, weight = torch.rand(1000, 50, generator=torch.Generator().manual_seed(0)), torch.full((50, 3), 0.1)
    for _ in range(3):
        doubled, product = shards(lambda x: (2 * x, x @ weight), (x,))
        assert torch.equal(doubled, 2 * x)
        torch.testing.assert_close(product, x @ weight)
    assert torch.get_num_threads() == 3
    assert _of_a_new_thread() == 3


def test_a_fault_in_any_shard_is_raised_and_the_next_batch_is_computed():
    shards = Shards(100, 2)
    x = torch.arange(100.0)

    def fails_at_the_end(x):
        if float(x[-1]) == 99.0:
            raise ValueError("the last row")
        return (x,)

    shards(lambda x: (x,), (x,))
    with pytest.raises(ValueError, match="the last row"):
        shards(fails_at_the_end, (x,))
    assert torch.equal(shards(lambda x: (x + 1,), (x,))[0], x + 1)


def test_settings_of_the_program_do_not_reach_in_and_are_there_afterwards():
    own = OwnArithmetic(torch.device("cpu"))
    torch.set_float32_matmul_precision("medium")
    torch.set_default_dtype(torch.float64)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            with own:
                assert torch.get_float32_matmul_precision() == "highest"
                assert torch.get_default_dtype() == torch.float32
                assert not torch.is_autocast_enabled("cpu")
            assert torch.is_autocast_enabled("cpu")
        assert torch.get_float32_matmul_precision() == "medium"
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.set_default_dtype(torch.float32)


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
