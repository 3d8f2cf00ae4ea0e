"""Small robots and smooth motion to log."""

from __future__ import annotations

import numpy as np

from mosim_gym.mechanics.compiling import compile_robot, load_model

STEP = 0.01
ARM_XML = f"""<mujoco><option timestep="{STEP}"/><worldbody>
<body><joint name="shoulder" axis="0 1 0"/><geom type="capsule" size=".02" fromto="0 0 0 0 0 -.2"/>
<body pos="0 0 -.2"><joint name="elbow" axis="0 1 0" limited="true" range="-150 150"/>
<geom type="capsule" size=".02" fromto="0 0 0 0 0 -.3"/></body></body></worldbody>
<actuator><motor name="shoulder_motor" joint="shoulder"/><motor name="elbow_motor" joint="elbow"/></actuator></mujoco>"""
CUBE_XML = f"""<mujoco><option timestep="{STEP}"/><worldbody><geom type="plane" size="1 1 .1"/>
<body name="cube"><freejoint name="root"/><geom type="box" size=".05 .05 .05" mass=".4"/></body></worldbody></mujoco>"""


def arm():
    """Two hinges with a motor each; the elbow is limited."""
    return compile_robot(load_model(ARM_XML), name="arm", substeps=1)


def cube():
    """A cube on a free joint over a plane, without actuators."""
    return compile_robot(load_model(CUBE_XML), name="cube", substeps=1)


def arm_motion(rows=200, step=STEP, phase=0.0):
    """Smooth positions, their exact velocities, and commands, with their times."""
    time = np.arange(rows) * step
    speed = np.array([3.0, 5.0])
    angle = speed * time[:, None] + np.array([phase, phase + 1])
    return {
        "qpos": np.sin(angle),
        "qvel": speed * np.cos(angle),
        "action": np.round(np.cos(2 * angle), 1),
        "time": time,
    }


def turning(rows=200, step=STEP):
    """A cube that falls and turns about a fixed axis of its own at 4 rad/s: positions and exact velocities."""
    time = np.arange(rows)[:, None] * step
    axis, rate = np.array([0.6, 0.0, 0.8]), 4.0
    turn = np.concatenate((np.cos(rate * time / 2), np.sin(rate * time / 2) * axis), axis=1)
    qpos = np.concatenate((time, 2 * time, 3 - 4 * time**2, turn), axis=1)
    speed = np.concatenate((np.ones_like(time), np.full_like(time, 2), -8 * time), axis=1)
    return qpos, np.concatenate((speed, np.broadcast_to(rate * axis, (rows, 3))), axis=1)
