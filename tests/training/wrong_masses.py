"""A two-hinge arm whose file has wrong masses: the motion of the true arm, and the file."""

from __future__ import annotations

from dataclasses import replace

import mosim_gym

ARM = """<mujoco model="arm"><option timestep="0.01"/><worldbody>
<body><joint name="shoulder" axis="0 1 0" damping="{damping}"/>
<geom type="capsule" size=".02" fromto="0 0 0 0 0 -.2" mass="{mass}" contype="0"/>
<body pos="0 0 -.2"><joint name="elbow" axis="0 1 0" damping="{damping}"/>
<geom type="capsule" size=".02" fromto="0 0 0 0 0 -.3" mass="{mass}" contype="0"/></body></body></worldbody>
<actuator><motor name="shoulder" joint="shoulder" ctrlrange="-1 1"/><motor name="elbow" joint="elbow" ctrlrange="-.5 .5"/></actuator>
</mujoco>"""


def arm_file(folder, mass=1.0, damping=0.02, name="arm.xml"):
    """The file of an arm with these masses, kg, and dampings, N m s/rad."""
    (folder / name).write_text(ARM.format(mass=mass, damping=damping))
    return folder / name


def measured_arm(folder, segments=12, seed=0):
    """Motion of an arm that is lighter than its file says, and rubs more, as a machine would log it."""
    path = arm_file(folder, mass=0.6, damping=0.06, name="true.xml")
    logs = mosim_gym.simulated_logs(path, segments=segments, duration=1.5, seed=seed)
    return replace(logs, sources=())
