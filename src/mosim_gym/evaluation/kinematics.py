"""The error and the speed of forward kinematics, beside MuJoCo's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypedDict

import numpy as np
import torch

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics import (
    ForwardKinematics,
    Quantity,
    Robot,
    angular_velocity,
    centre_of_mass,
    contact_quantities,
    position,
    rotation,
    subtree_com,
    subtree_velocity,
    velocity,
)
from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.mechanics.parts import Group
from mosim_gym.mechanics.progress import Parts, Show, silent
from mosim_gym.mechanics.provenance import Provenance, provenance
from mosim_gym.mechanics.quantities import Object
from mosim_gym.truth.reference import ReferenceKinematics, suite_robot

DOMAINS = (
    "cheetah", "reacher", "acrobot", "cartpole", "pendulum", "hopper", "walker", "humanoid", "quadruped", "fish",
    "finger", "ball_in_cup", "point_mass", "swimmer",
)  # fmt: skip
BATCH = 1024


def every_quantity(robot: Robot) -> dict[str, Quantity]:
    """Positions, rotations and velocities of all named bodies, geoms and sites, and of the centre of mass of every sub-tree."""
    wanted: dict[str, Quantity] = {}
    groups: dict[Object, Group] = {"body": robot.bodies, "geom": robot.geoms, "site": robot.sites}
    for kind, group in groups.items():
        names = [name for name in group.names if name]
        if names:
            for ask in (position, rotation, velocity, angular_velocity):
                wanted[f"{kind} {ask.__name__}"] = ask(kind, names)
    moving = [name for i, name in enumerate(robot.bodies.names) if name and i and robot.bodies.mass[i] > 0]
    wanted["centre of mass"] = centre_of_mass(moving)
    wanted["subtree com"], wanted["subtree velocity"] = subtree_com(moving), subtree_velocity(moving)
    return wanted


def learning_quantities(robot: Robot) -> dict[str, Quantity]:
    """What a learned model and a task need: contact points with velocities, and the whole robot's centre of mass."""
    root = next(name for i, name in enumerate(robot.bodies.names) if i and robot.bodies.parent[i] == 0)
    return {**contact_quantities(robot), "com": subtree_com(root), "com_velocity": subtree_velocity(root)}


def kinematics_error(robot: Robot, model: Any, *, states: int, seed: int) -> dict[str, dict[str, float]]:
    """Largest absolute difference from MuJoCo over random states, for each quantity, in float32 and float64."""
    reference = ReferenceKinematics(robot, model)
    qpos, qvel = reference.random_states(np.random.default_rng(seed), states)
    quantities = every_quantity(robot)
    truth = reference.compute(quantities, qpos, qvel)
    kinematics = ForwardKinematics(robot, quantities)
    errors: dict[str, dict[str, float]] = {}
    for dtype in (torch.float32, torch.float64):
        ours = kinematics(torch.from_numpy(qpos).to(dtype), torch.from_numpy(qvel).to(dtype))
        errors[str(dtype).removeprefix("torch.")] = {
            name: float(np.abs(value.double().numpy() - truth[name]).max()) for name, value in ours.items()
        }
    return errors


def median_seconds(call: Callable[[], object], *, budget: float = 1.0) -> float:
    """Median duration of `call` over `budget` seconds, after a warm-up."""
    for _ in range(3):
        call()
    durations = []
    end = time.perf_counter() + budget
    while len(durations) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations))


def kinematics_time(robot: Robot, model: Any, *, seed: int, budget: float = 1.0) -> dict[str, float]:
    """Milliseconds for contact points, centre of mass and their velocities, of a batch and of one state, beside MuJoCo's loop."""
    reference = ReferenceKinematics(robot, model)
    qpos, qvel = reference.random_states(np.random.default_rng(seed), BATCH)
    kinematics = ForwardKinematics(robot, learning_quantities(robot))
    q, v = torch.from_numpy(qpos).float(), torch.from_numpy(qvel).float()
    with torch.inference_mode():
        batch = median_seconds(lambda: kinematics(q, v), budget=budget)
        single = median_seconds(lambda: kinematics(q[:1], v[:1]), budget=budget)
    loop = median_seconds(lambda: reference.sweep(qpos, qvel), budget=budget)
    return {"ours_ms": batch * 1e3, "ours_single_ms": single * 1e3, "mujoco_loop_ms": loop * 1e3}


class RobotKinematics(TypedDict):
    """What is found for one robot: `errors` by precision and quantity, m, rad, m/s or rad/s, and `time`, ms."""

    nq: int
    contact_points: int
    max_error_float32: float
    max_error_float64: float
    errors: dict[str, dict[str, float]]
    time: dict[str, float]


class KinematicsReport(TypedDict):
    """What `kinematics_report` finds."""

    provenance: Provenance
    states: int
    seed: int
    batch: int
    domains: dict[str, RobotKinematics]


def kinematics_report(
    *, states: int = 4000, seed: int = 0, budget: float = 1.0, show: Show = silent
) -> KinematicsReport:
    """Errors and speeds for every domain in `DOMAINS`. `show` is told of the progress."""
    check_at_least(1, states=states)
    domains: dict[str, RobotKinematics] = {}
    parts = Parts(len(DOMAINS), show)
    for domain in DOMAINS:
        parts.begin(domain)
        robot, model = suite_robot(domain)
        errors = kinematics_error(robot, model, states=states, seed=seed)
        domains[domain] = {
            "nq": robot.nq,
            "contact_points": len(robot.contacts),
            "max_error_float32": max(errors["float32"].values()),
            "max_error_float64": max(errors["float64"].values()),
            "errors": errors,
            "time": kinematics_time(robot, model, seed=seed, budget=budget),
        }
    return {"provenance": provenance(), "states": states, "seed": seed, "batch": BATCH, "domains": domains}


def kinematics_table(report: KinematicsReport) -> str:
    """The report as a Markdown table."""
    rows = [
        [
            domain,
            result["nq"],
            result["contact_points"],
            f"{result['max_error_float32']:.1e}",
            f"{result['max_error_float64']:.1e}",
            f"{result['time']['ours_ms']:.2f}",
            f"{result['time']['ours_single_ms']:.3f}",
            f"{result['time']['mujoco_loop_ms']:.2f}",
        ]
        for domain, result in report["domains"].items()
    ]
    batch = f"{report['batch']:,}"
    header = [
        "Robot", "nq", "Contact points", "Error, float32", "Error, float64",
        f"ms for {batch}", "ms for 1", f"MuJoCo loop, ms for {batch}",
    ]  # fmt: skip
    return table(header, rows)
