"""Models of measured motion are measured on segments that none of them saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.data.logged import turning

from mosim_gym.data.logs import Logs
from mosim_gym.data.simulated_logs import simulated_logs
from mosim_gym.evaluation.floors import ConstantVelocity, HoldLast
from mosim_gym.mechanics import Robot
from mosim_gym.studies.measured_motion import (
    MACHINES,
    machine_logs,
    mean_errors_along,
    measure_share,
    run_name,
    share_of_logs,
)

ROBOTS = Path(__file__).resolve().parents[2] / "benchmarks" / "robots"


def tosses():
    """Two tosses of different length, along which a cube turns at 4 rad/s."""
    robot = Robot.from_file(ROBOTS / "cube.xml", timestep=0.01)
    qpos, qvel = turning(60, 0.01)
    return Logs(robot, qpos, qvel, np.zeros((60, 0)), np.array([0, 20, 60]))


def test_errors_along_a_toss_are_means_over_all_its_rows():
    found = mean_errors_along(HoldLast(), tosses())
    times = [np.arange(1, length + 1) * 0.01 for length in (19, 39)]
    assert found["rotation"] == pytest.approx(np.degrees(np.mean([4 * t.mean() for t in times])), rel=1e-6)
    assert mean_errors_along(ConstantVelocity(tosses().robot), tosses())["rotation"] < 1e-6


def test_each_machine_has_a_description_and_names_of_columns(tmp_path):
    for machine in MACHINES.values():
        robot = Robot.from_file(ROBOTS / machine.file, timestep=machine.control_step)
        time, rng = np.arange(40) * machine.control_step, np.random.default_rng(0)
        arrays = {"qpos": np.tile(robot.qpos0, (40, 1)), "qvel": rng.normal(size=(40, robot.nv)) * 1e-3, "time": time}
        arrays |= {"command": rng.normal(size=(40, robot.nu)), "segment": np.arange(40) // 20}
        theirs = {column: arrays[column] for column in machine.columns.values()}
        np.savez(tmp_path / "logs.npz", **theirs)
        logs = machine_logs(machine, ROBOTS, tmp_path / "logs.npz")
        assert len(logs) == 2
        assert logs.actions.shape == (40, robot.nu)


def test_a_share_of_the_logs_is_learned_and_the_same_segments_are_held_out():
    robot = Robot.from_file(ROBOTS / "double_pendulum.xml", timestep=0.005)
    rng, rows = np.random.default_rng(0), 10 * 110
    qpos = np.cumsum(rng.normal(size=(rows, 2)), 0) * 0.01
    logs = Logs(robot, qpos, np.gradient(qpos, 0.005, axis=0), rng.normal(size=(rows, 2)), np.arange(11) * 110)
    machine = MACHINES["pendulum"]
    some = measure_share(machine, logs, 0.5, budget="0.1s")
    assert (some["learned"]["segments"], some["held_out"]["segments"]) == (8, 2)
    assert some["learned"]["control_steps"] == 8 * 54
    assert set(some["errors"]["rmse"]) == {"dynamics", "hold last", "constant velocity", "linear model"}
    assert (run_name(some["share"]), run_name(1.0, "inertia")) == ("0.5", "1, known inertia")
    assert run_name(0.1, start="simulation") == "0.1, start simulation"


def test_a_small_share_is_a_part_of_each_segment_and_a_large_one_whole_segments():
    logs = tosses().subset([0, 1] * 20)
    few, many = share_of_logs(logs, 0.1), share_of_logs(logs, 0.5)
    assert few.lengths.tolist() == [2, 4] * 20
    assert 10 <= len(many) < 40
    assert set(many.lengths) <= {19, 39}
    assert share_of_logs(logs, 1.0) is logs
    states = {row.tobytes() for row in logs.qpos}
    assert all(row.tobytes() in states for row in few.qpos)


@pytest.mark.slow
def test_models_may_learn_a_simulation_before_the_logs():
    machine = MACHINES["pendulum"]
    logs = simulated_logs(ROBOTS / machine.file, segments=12, duration=1.0, timestep=machine.control_step)
    found = measure_share(machine, logs, 1.0, budget="0.5s", start="simulation", robots=ROBOTS)
    assert (found["known"], found["start"]) == (None, "simulation")
    assert found["simulated"]["seconds"] > 400
    with pytest.raises(ValueError, match="folder of the machines' descriptions"):
        measure_share(machine, logs, 1.0, budget="0.1s", known="simulation")
