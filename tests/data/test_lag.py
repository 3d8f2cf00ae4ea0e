"""The lag between command and motion is what was put in."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from tests.data.logged import ARM_XML, cube, turning

from mosim_gym.data.lag import command_lag, explained_by_shift
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.compiling import compile_robot, load_model

FINE = 0.002
XML = ARM_XML.replace('timestep="0.01"', f'timestep="{FINE}" integrator="RK4"')


def delayed(late, segments=6, steps=150):
    """Motion under random commands that act `late` physics steps of 2 ms after they were given; a control step is 10 ms."""
    model = mujoco.MjModel.from_xml_string(XML)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    qpos, qvel, actions = (np.empty((segments * (steps + 1), 2)) for _ in range(3))
    row = 0
    for _ in range(segments):
        mujoco.mj_resetData(model, data)
        data.qpos[:] = rng.uniform(-1, 1, 2)
        commands = rng.uniform(-1, 1, (steps + 1, 2)) * [1.0, 0.3]
        for step in range(steps + 1):
            qpos[row], qvel[row], actions[row] = data.qpos, data.qvel, commands[step]
            row += 1
            for fine in range(5):
                data.ctrl[:] = commands[max(0, 5 * step + fine - late) // 5]
                mujoco.mj_step(model, data)
    robot = compile_robot(load_model(XML), name="arm", substeps=5)
    return Logs(robot, qpos, qvel, actions, np.arange(segments + 1) * (steps + 1))


@pytest.mark.parametrize("late", [0, 2, 5, 7])
def test_the_lag_is_what_was_put_in_parts_of_a_step_too(late):
    lag = command_lag(delayed(late))
    assert lag.known
    assert lag.seconds == pytest.approx(late * FINE, abs=1e-3)


def test_what_commands_explain_is_largest_at_the_lag():
    logs = delayed(5)
    shifts = explained_by_shift(logs)
    assert shifts.lag == command_lag(logs)
    assert shifts.explained.shape[1] == len(shifts.seconds)
    assert (shifts.seconds[0], shifts.seconds[-1]) == pytest.approx((-0.01, 0.05))
    at = np.abs(shifts.seconds - 5 * FINE).argmin()
    assert np.median(shifts.explained, axis=0)[at] > 2 * np.median(shifts.explained, axis=0)[[0, -1]].max()


def test_without_commands_or_motion_there_is_no_lag():
    qpos, qvel = turning(500)
    assert command_lag(Logs(cube(), qpos, qvel, np.zeros((500, 0)), np.array([0, 500]))) is None
    logs = delayed(0, 2, 100)
    still = Logs(logs.robot, 0 * logs.qpos, 0 * logs.qvel, 0 * logs.actions, logs.starts)
    assert command_lag(still) is None
