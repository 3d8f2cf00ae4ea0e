"""Writes benchmarks/results/speed.json and docs/assets/speed.png: control steps a second of environments, observation and reward included.

Everyone gets random actions, prepared beforehand, and takes turns in rounds on one machine with the same cores: this package's
environments, single and batched, float32 and (on a processor with bfloat16) fast, with the packaged model and its small variant where
there is one, each of them on the machine as it is and again beside one process that keeps a core busy, which is started and ended here;
dm_control through Shimmy; bare dm_control; EnvPool's dm_control tasks where it is installed (`pip install envpool`); a bare
`mujoco.rollout`, which computes neither observation nor reward; and the published MoSim scheme rebuilt from its description: one
environment, dopri5 at torchdiffeq's default tolerances, MuJoCo's forward for observation and reward.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.prepared import has_bfloat16
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics import ForwardKinematics, Robot
from mosim_gym.mechanics.frames import floating_bases
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.rotations import multiply
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.mechanics.threads import usable_cores
from mosim_gym.pictures.plots import speed_plot
from mosim_gym.robots import find_task, load_task
from mosim_gym.truth.dynamics import TrueDynamics
from mosim_gym.zoo.names import packaged

ROOT = Path(__file__).resolve().parents[1]
TASKS = (
    "CheetahRun", "ReacherEasy", "AcrobotSwingup", "PendulumSwingup", "CartpoleSwingup", "HopperHop", "WalkerWalk", "HumanoidWalk",
)  # fmt: skip
BATCHES = (1, 4, 16, 64, 256, 1024, 4096)
SHOWN = (64, 1024, 4096)
FEW_BATCHES = (1024, 4096)
QUICK = ("CheetahRun", "PendulumSwingup")
SECONDS, ROUNDS = 0.3, 5
Peer = Callable[[float], float]


def loop(step: Callable[[int], object], steps_each: int) -> Peer:
    """Steps a second of `step(k)`, called for some time."""

    def measure(seconds: float) -> float:
        for k in range(3):
            step(k)
        begun, k = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            step(k)
            k += 1
        return k * steps_each / (time.perf_counter() - begun)

    return measure


def ours(task: str, num_envs: int, precision: str, checkpoint: str | None = None) -> Peer:
    env = gym.make_vec(f"MoSim/{task}-v0", num_envs=num_envs, precision=precision, stagger=True, checkpoint=checkpoint)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(16)]
    return loop(lambda k: env.step(actions[k % 16]), num_envs)


def single(task: str, make: Callable[[], gym.Env]) -> Peer:
    env = make()
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(64)]

    def step(k: int) -> None:
        _, _, terminated, truncated, _ = env.step(actions[k % 64])
        if terminated or truncated:
            env.reset()

    return loop(step, 1)


def shimmy(task: str) -> gym.Env:
    import shimmy  # noqa: F401  # registers the ids

    definition = find_task(task)[1]
    return gym.make(f"dm_control/{definition.domain}-{definition.name.replace('_', '-')}-v0")


def dm_control(task: str) -> Peer:
    from mosim_gym.robots.suite import dm_control_suite

    definition = find_task(task)[1]
    env = dm_control_suite().load(definition.domain, definition.name, task_kwargs={"random": 0})
    spec = env.action_spec()
    actions = np.random.default_rng(0).uniform(spec.minimum, spec.maximum, (64, *spec.shape))
    env.reset()
    return loop(lambda k: env.step(actions[k % 64]), 1)


def envpool(task: str, num_envs: int) -> Peer:
    import envpool

    env = envpool.make(f"{task}-v1", env_type="gymnasium", num_envs=num_envs, num_threads=usable_cores())
    env.reset()
    low, high = load_task(task).robot.control_range
    actions = np.random.default_rng(0).uniform(low, high, (16, num_envs, len(low)))
    return loop(lambda k: env.step(actions[k % 16]), num_envs)


def rollout(task: str, batch: int = 1024, steps: int = 20) -> Peer:
    robot = load_task(task).robot
    dynamics = TrueDynamics(robot.name)
    qpos, qvel = np.tile(robot.qpos0, (batch, 1)), np.zeros((batch, robot.nv))
    actions = np.random.default_rng(0).uniform(*robot.control_range, (batch, steps, robot.nu))
    return loop(lambda k: dynamics.rollout(qpos, qvel, actions), batch * steps)


def published(task: str) -> Peer:
    import torchdiffeq

    from mosim_gym.robots.suite import dm_control_suite

    definition = find_task(task)[1]
    env = dm_control_suite().load(definition.domain, definition.name, task_kwargs={"random": 0})
    env.reset()
    robot, physics = load_task(task).robot, env.physics
    actions = torch.rand(64, robot.nu, generator=torch.Generator().manual_seed(0)) * 2 - 1
    states = []
    for action in actions:  # an untrained network would soon leave every sensible state: each step begins in a true one
        states.append(np.concatenate((physics.data.qpos, physics.data.qvel)))
        env.step(action.numpy())
    torch.manual_seed(0)
    model = Simulator(MoSim(robot, preset("paper-medium")), {}).model
    kinematics = ForwardKinematics(robot, model.features.quantities)
    times = torch.tensor([0.0, robot.control_step])
    nq = robot.nq

    def step(k: int) -> None:
        action = actions[k % 64][None]

        def rates(t: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            q, v = state[:, :nq], state[:, nq:]
            return torch.cat((_tangent(robot, q, v), model(q, v, action, kinematics(q, v)).acceleration), dim=-1)

        start = torch.from_numpy(states[k % 64])[None].float()
        with torch.no_grad():
            end = torchdiffeq.odeint(rates, start, times, method="dopri5")[-1, 0].double().numpy()
        with physics.reset_context():
            physics.data.qpos[:], physics.data.qvel[:] = end[:nq], end[nq:]
        env.task.get_observation(physics), env.task.get_reward(physics)

    return loop(step, 1)


def _tangent(robot: Robot, qpos: torch.Tensor, qvel: torch.Tensor) -> torch.Tensor:
    """`dq/dt (B, nq)`: velocities as they are, and q̇ = q ⊗ (0, ω) / 2 for the quaternion of a floating base."""
    parts, done = [], 0
    for quat, linear in floating_bases(robot):
        spin = torch.nn.functional.pad(qvel[:, linear.stop : linear.stop + 3], (1, 0))
        parts += [qvel[:, done : linear.stop], multiply(qpos[:, quat], spin) / 2]
        done = linear.stop + 3
    return torch.cat((*parts, qvel[:, done:]), dim=-1)


def peers(task: str) -> dict[str, Callable[[], Peer]]:
    found: dict[str, Callable[[], Peer]] = {
        "Shimmy": lambda: single(task, lambda: shimmy(task)),
        "dm_control": lambda: dm_control(task),
        "mujoco.rollout": lambda: rollout(task),
        "published scheme": lambda: published(task),
        "single environment": lambda: single(task, lambda: gym.make(f"MoSim/{task}-v0")),
    }
    fast = has_bfloat16(torch.device("cpu"))  # elsewhere fast is float32
    for precision, few in (("float32", SHOWN), *[("fast", FEW_BATCHES)] * fast):
        for n in BATCHES if task == "CheetahRun" else few:
            found[f"batch of {n}, {precision}"] = lambda n=n, precision=precision: ours(task, n, precision)
    small = f"{find_task(task)[0].name}:small"
    if small in packaged():
        found["small model, single environment"] = lambda: single(
            task, lambda: gym.make(f"MoSim/{task}-v0", checkpoint=small)
        )
        for precision in ("float32", *["fast"] * fast):
            for n in FEW_BATCHES:
                found[f"small model, batch of {n}, {precision}"] = lambda n=n, precision=precision: ours(
                    task, n, precision, small
                )
    if importlib.util.find_spec("envpool"):
        for n in (usable_cores(), 64):
            found[f"EnvPool, {n}"] = lambda n=n: envpool(task, n)
    return found


@contextmanager
def busy_process() -> Iterator[None]:
    """One process that does nothing but keep a core busy, pinned nowhere."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.3)
        yield
    finally:
        process.kill()
        process.wait()


def is_ours(name: str) -> bool:
    return "environment" in name or "batch of" in name


def measured(task: str, seconds: float, rounds: int) -> dict[str, Any]:
    """For each peer its speeds on the machine as it is and, if it is ours, beside a busy process, and the ratio of the medians."""
    opened = {name: make() for name, make in peers(task).items()}
    speeds: dict[str, dict[str, list[float]]] = {name: {} for name in opened}
    for _ in range(rounds):
        for name, peer in opened.items():
            speeds[name].setdefault("idle", []).append(peer(seconds))
        with busy_process():
            for name, peer in opened.items():
                if is_ours(name):
                    speeds[name].setdefault("busy", []).append(peer(seconds))
    report: dict[str, Any] = {}
    for name, ways in speeds.items():
        report[name] = {
            way: {"median": round(float(np.median(rates))), "rounds": [round(rate) for rate in rates]}
            for way, rates in ways.items()
        }
        if "busy" in ways:
            report[name]["ratio"] = round(report[name]["busy"]["median"] / report[name]["idle"]["median"], 3)
    return report


def start_up() -> dict[str, float]:
    """Seconds to import and to make an environment, and megabytes of 4,096 cheetahs, each in a fresh process; the best of three."""
    scripts = {
        "import mosim_gym, s": "",
        "gym.make after that, s": "import gymnasium as gym; made = time.perf_counter(); gym.make('MoSim/CheetahRun-v0')",
    }
    results = {}
    for name, code in scripts.items():
        text = f"import time; made = time.perf_counter(); import mosim_gym; {code}\nprint(time.perf_counter() - made)"
        runs = [
            subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True) for _ in range(3)
        ]
        results[name] = round(min(float(run.stdout) for run in runs), 3)
    text = (
        "import gymnasium as gym, mosim_gym\n"
        "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024\n"
        "gym.make_vec('MoSim/CheetahRun-v0', num_envs=1).reset(); before = peak()\n"
        "env = gym.make_vec('MoSim/CheetahRun-v0', num_envs=4096); env.reset(seed=0)\n"
        "for _ in range(20): env.step(env.action_space.sample())\n"
        "print(peak(), before)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    results["4,096 cheetahs, MB in all"], results["of which one cheetah, MB"] = map(
        round, map(float, done.stdout.split())
    )
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", help=f"by default {', '.join(TASKS)}")
    parser.add_argument("--quick", action="store_true", help=f"only {' and '.join(QUICK)}, three rounds")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each peer in each round")
    options = parser.parse_args()
    path = ROOT / "benchmarks" / "results" / "speed.json"
    report = json.loads(path.read_text()) if path.exists() else {"tasks": {}}
    rounds = 3 if options.quick else ROUNDS
    load = os.getloadavg()[0]  # of others, before anything is measured
    for task in options.tasks or (QUICK if options.quick else TASKS):
        if find_task(task)[0].name not in packaged():
            print(f"{task}: no model of its robot is packaged")
            continue
        found = report["tasks"][task] = measured(task, options.seconds, rounds)
        report.setdefault("measured", {})[task] = {"provenance": provenance()}
        base = found["Shimmy"]["idle"]["median"]
        rows = [
            [
                name,
                f"{ways['idle']['median']:,}",
                f"{ways['busy']['median']:,}" if "busy" in ways else "",
                f"{ways['ratio']:.0%}" if "ratio" in ways else "",
                f"{ways['idle']['median'] / base:.1f}",
            ]
            for name, ways in found.items()
        ]
        header = ["Peer", "Control steps/s", "beside a busy process", "of it", "times Shimmy"]
        print(task, table(header, rows), sep="\n", end="\n\n")
    report |= {"provenance": provenance(), "start_up": start_up(), "rounds": rounds, "seconds": options.seconds}
    report["load_before"] = round(load, 2)
    print(report["start_up"])
    write_atomically(path, json.dumps(report, indent=1) + "\n")
    if "CheetahRun" in report["tasks"]:
        speed_plot(ROOT / "docs" / "assets" / "speed.png", report["tasks"]["CheetahRun"], BATCHES)
