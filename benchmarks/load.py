"""Writes benchmarks/results/load.json: environments under load. Does every step come back, and do memory and open files grow?

Each case runs in a process of its own. It steps for a quarter of `--seconds`, takes stock, and then ten times in all until the end. Beside
the count of steps it reports the growth of its memory and of its open files, with those of its child processes. Memory is the proportional
set size, in which pages that several processes share count once. No speed is measured.

`python benchmarks/load.py "4,096 rows" --seconds 3600` runs one case for an hour and leaves the others in the file as they are. A case that
is interrupted is written with the seconds that it ran, unless the file has a longer run. Called again, it begins anew. `--list` says what
there is.
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
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

import mosim_gym  # noqa: F401  # registers the ids
from mosim_gym.mechanics.interruption import unwind_at_termination
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically

ROOT = Path(__file__).resolve().parents[1]
TASK = "MoSim/CheetahRun-v0"
PROCESSES, EACH = 8, 8
"""64 environments: so many processes, with so many environments in each."""
THREADS, ROWS = 8, 4096
PARTS, WARM_UP = 12, 3
"""Memory and files are counted at the end of each twelfth of the time but the first ones."""
RESULT = ROOT / "benchmarks" / "results" / "load.json"
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


def _drawn(env: Any) -> Any:
    """A random action, the same in each run."""
    env.action_space.seed(0)
    return env.action_space.sample()


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
    action = _drawn(env)

    def step() -> int:
        observation, reward, *_ = env.step(action)
        return int((np.isfinite(observation).all(-1) & np.isfinite(reward)[:, None]).sum())

    with closing(env):
        yield step, PROCESSES * EACH


@contextmanager
def threads() -> Iterator[tuple[Step, int]]:
    """One environment in each of 8 threads."""
    envs = [gym.make_vec(TASK, num_envs=1) for _ in range(THREADS)]
    action = _drawn(envs[0])
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
    action = _drawn(env)
    with closing(env):
        yield lambda: _finite(*env.step(action)[:2]), ROWS


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


def measure(name: str, seconds: float) -> Iterator[dict[str, Any]]:
    """Step the case `name` for `seconds`. What has been measured comes whenever stock is taken, and at last with what is left behind."""
    with CASES[name]() as (step, count):
        begun = time.monotonic()
        steps, came = 0, 0
        stocks: list[dict[str, float]] = []

        def found() -> dict[str, Any]:
            return {
                "environments": count,
                "steps": steps * count,
                "lost": steps * count - came,
                "seconds": round(time.monotonic() - begun, 1),
                **{f"{part}_at_first": value for part, value in stocks[0].items()},
                **{f"{part}_growth": round(stocks[-1][part] - value, 1) for part, value in stocks[0].items()},
                "memory_mb": [taken["memory_mb"] for taken in stocks],
            }

        while (past := time.monotonic() - begun) < seconds:
            if past > (WARM_UP + len(stocks)) / PARTS * seconds and steps > 8:
                stocks.append(stock())
                yield found()
            came += step()
            steps += 1
        stocks.append(stock())
        whole = found()
    yield {**whole, "left_processes": len(_process_tree()) - 1}


def _in_process(connection: Any, name: str, seconds: float) -> None:
    unwind_at_termination()
    with suppress(KeyboardInterrupt):  # whoever started this process says so
        for found in measure(name, seconds):
            connection.send({**found, "provenance": provenance()})


def in_own_process(name: str, seconds: float) -> Iterator[dict[str, Any]]:
    """`measure` in a fresh process, which ends with this iterator. Raises `RuntimeError` if it ends before its time."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_in_process, args=(theirs, name, seconds))
    process.start()
    theirs.close()
    found: dict[str, Any] = {}
    try:
        while "left_processes" not in found:
            found = ours.recv()
            yield found
        process.join()
    except EOFError:
        process.join()
        raise RuntimeError(f"{name}: the process ended before its time, with exit code {process.exitcode}") from None
    finally:
        process.terminate()
        process.join()


def _kept() -> dict[str, Any]:
    """The cases in the file."""
    if not RESULT.exists():
        return {}
    report = json.loads(RESULT.read_text())
    shared = {
        key: report[key] for key in ("provenance",) if key in report
    }  # of files from before each case had its own
    return {name: {**shared, **case} for name, case in report["cases"].items()}


def _keep(name: str, found: dict[str, Any]) -> None:
    """Write a case into the file; one that has not ended only in the place of a shorter run."""
    kept = _kept()
    if "left_processes" not in found and kept.get(name, {}).get("seconds", 0) > found["seconds"]:
        return
    cases = {**kept, name: found}
    report = {"task": TASK, "cases": {case: cases[case] for case in CASES if case in cases}}
    write_atomically(RESULT, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="names of cases; by default all")
    parser.add_argument("--seconds", type=float, default=600, help="for each case")
    parser.add_argument(
        "--list", action="store_true", help="show the cases, and for how many seconds each has been run"
    )
    options = parser.parse_args()
    if not options.seconds > 0:
        parser.error(f"--seconds is {options.seconds}; it must be above 0")
    for case in options.cases:
        if case not in CASES:
            parser.error(f"unknown case {case!r}; valid ones are {', '.join(map(repr, CASES))}")
    unwind_at_termination()
    for case in CASES if options.list else ():
        print(f"{case}: {_kept().get(case, {}).get('seconds', 0)} s")
    for case in () if options.list else options.cases or CASES:
        found: dict[str, Any] = {}
        try:
            with closing(in_own_process(case, options.seconds)) as parts:
                for found in parts:
                    _keep(case, found)  # what is measured is kept whenever this is interrupted
        except KeyboardInterrupt:
            raise SystemExit(f"{case} was interrupted after {found.get('seconds', 0)} measured seconds") from None
        print(case, found, flush=True)
