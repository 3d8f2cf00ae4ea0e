"""Writes benchmarks/results/load.json: environments under load. Does every step come back, and do memory and open files grow?

Each case runs in a process of its own. It steps for a quarter of `--seconds`, takes stock, and steps on. Beside the count of steps it
reports the growth of its memory and of its open files, with those of its child processes. Memory is the proportional set size, in which
pages that several processes share count once. No speed is measured.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

import mosim_gym  # noqa: F401  # registers the ids
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically

ROOT = Path(__file__).resolve().parents[1]
TASK = "MoSim/CheetahRun-v0"
PROCESSES, EACH = 8, 8
"""64 environments: so many processes, with so many environments in each."""
THREADS, ROWS = 8, 4096
WARM_UP = 0.25
"""The share of the time after which memory and files are first counted."""
Step = Callable[[], int]
"""Makes one step of everything. Returns how many environments gave finite observations and rewards."""


def _process_tree() -> list[int]:
    """This process and all below it."""
    found = [os.getpid()]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def stock() -> dict[str, float]:
    """Memory, MB, and open files of this process and all below it."""
    memory, files = 0, 0
    for process in _process_tree():
        try:
            held = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
            files += len(os.listdir(f"/proc/{process}/fd"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        memory += int(held[1]) if held else 0
    return {"memory_mb": round(memory / 1024, 1), "files": files}


def _finite(observation: Any, reward: Any) -> int:
    """How many of the environments gave finite numbers."""
    return int((np.isfinite(observation).all(-1) & np.isfinite(reward)).sum())


class Several(gym.Env[Any, Any]):
    """Eight environments as one, so that a process of `AsyncVectorEnv` has eight."""

    def __init__(self) -> None:
        self.envs = [gym.make(TASK) for _ in range(EACH)]
        self.observation_space = batch_space(self.envs[0].observation_space, EACH)
        self.action_space = batch_space(self.envs[0].action_space, EACH)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        seeds = self.np_random.integers(2**31, size=EACH).tolist()
        return np.stack([env.reset(seed=own)[0] for env, own in zip(self.envs, seeds, strict=True)]), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        steps = [env.step(own) for env, own in zip(self.envs, action, strict=True)]
        rows = [env.reset()[0] if s[2] or s[3] else s[0] for env, s in zip(self.envs, steps, strict=True)]
        return np.stack(rows), float(sum(float(s[1]) for s in steps)), False, False, {}


@contextmanager
def processes(context: str) -> Iterator[tuple[Step, int]]:
    """64 environments, 8 in each of 8 processes of Gymnasium's `AsyncVectorEnv`."""
    env = gym.vector.AsyncVectorEnv([Several] * PROCESSES, context=context)
    env.reset(seed=0)
    action = env.action_space.sample()

    def step() -> int:
        observation, reward, *_ = env.step(action)
        return int((np.isfinite(observation).all(-1) & np.isfinite(reward)[:, None]).sum())

    yield step, PROCESSES * EACH
    env.close()


@contextmanager
def threads() -> Iterator[tuple[Step, int]]:
    """One environment in each of 8 threads."""
    envs = [gym.make_vec(TASK, num_envs=1) for _ in range(THREADS)]
    action = envs[0].action_space.sample()
    for env in envs:
        env.reset(seed=0)

    def step() -> int:
        found: list[int] = []
        running = [threading.Thread(target=lambda e=e: found.append(_finite(*e.step(action)[:2]))) for e in envs]
        for one in running:
            one.start()
        for one in running:
            one.join()
        return sum(found)

    yield step, THREADS


@contextmanager
def rows() -> Iterator[tuple[Step, int]]:
    """4,096 environments in one batch."""
    env = gym.make_vec(TASK, num_envs=ROWS)
    env.reset(seed=0)
    action = env.action_space.sample()
    yield lambda: _finite(*env.step(action)[:2]), ROWS
    env.close()


@contextmanager
def made_anew() -> Iterator[tuple[Step, int]]:
    """An environment that is made, stepped and closed, again and again."""

    def step() -> int:
        env = gym.make(TASK)
        env.reset(seed=0)
        found = sum(_finite(*env.step(env.action_space.sample())[:2]) for _ in range(8))
        env.close()
        return found

    yield step, 8


CASES: dict[str, Callable[[], Any]] = {
    "64 environments in 8 processes by fork": lambda: processes("fork"),
    "64 environments in 8 processes by spawn": lambda: processes("spawn"),
    "8 threads": threads,
    "4,096 rows": rows,
    "made anew": made_anew,
}


def measure(name: str, seconds: float) -> dict[str, Any]:
    """Step the case `name` for `seconds`, and take stock."""
    with CASES[name]() as (step, count):
        begun = time.monotonic()
        steps, came = 0, 0
        first: dict[str, float] | None = None
        while (past := time.monotonic() - begun) < seconds:
            if first is None and past > WARM_UP * seconds and steps > 8:
                first = stock()
            came += step()
            steps += 1
        last = stock()
        first = first or last
    return {
        "environments": count,
        "steps": steps * count,
        "lost": steps * count - came,
        "seconds": round(time.monotonic() - begun, 1),
        **{f"{part}_at_first": value for part, value in first.items()},
        **{f"{part}_growth": round(last[part] - first[part], 1) for part in first},
        "left_processes": len(_process_tree()) - 1,
    }


def _in_process(connection: Any, name: str, seconds: float) -> None:
    connection.send(measure(name, seconds))


def in_own_process(name: str, seconds: float) -> dict[str, Any]:
    """`measure` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_in_process, args=(theirs, name, seconds))
    process.start()
    theirs.close()
    found = ours.recv()
    process.join()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="for each case")
    options = parser.parse_args()
    report: dict[str, Any] = {"task": TASK, "seconds": options.seconds, "cases": {}}
    for case in CASES:
        report["cases"][case] = in_own_process(case, options.seconds)
        print(case, report["cases"][case], flush=True)
    report["provenance"] = provenance()
    write_atomically(ROOT / "benchmarks" / "results" / "load.json", json.dumps(report, indent=1) + "\n")
