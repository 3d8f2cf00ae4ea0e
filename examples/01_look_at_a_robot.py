"""A robot is a frozen description: names, sizes, masses, and forward kinematics that are batched and differentiable.

No simulator is imported here. Writes runs/01/cheetah.png.
"""

from pathlib import Path

import torch
from PIL import Image

from mosim_gym.mechanics import ForwardKinematics, contact_clearance, contact_quantities, position, subtree_velocity
from mosim_gym.pictures.drawing import Drawing
from mosim_gym.robots import load_robot

OUT = Path("runs/01")

robot = load_robot("cheetah")
print(f"{robot.name}: nq {robot.nq}, nv {robot.nv}, nu {robot.nu}, {robot.control_step} s a control step")
print("joints:", ", ".join(robot.joints.names))
print("motors:", ", ".join(robot.actuators.names))

# Ask for quantities by name, once; all of them are then computed together, for any batch of states.
kinematics = ForwardKinematics(
    robot,
    {"head": position("geom", "head"), "velocity": subtree_velocity("torso"), **contact_quantities(robot)},
)
bank = robot.reset_banks["run"]  # states in which the true task starts its episodes
qpos, qvel = torch.from_numpy(bank.qpos[:256]), torch.from_numpy(bank.qvel[:256])
values = kinematics(qpos, qvel)
print("head", tuple(values["head"].shape), "centre of mass velocity", tuple(values["velocity"].shape))

clearance, rate = contact_clearance(robot, values)  # m and m/s, for each state and contact point
lowest = clearance.min(dim=1)
print(f"lowest contact point of the first start: {robot.contacts.names[int(lowest.indices[0])]}")
print(f"its clearance: {lowest.values[0] * 1000:.2f} mm; over all starts: {lowest.values.min() * 1000:.2f} mm at least")

# The kinematics are differentiable: how does the lowest point's clearance change with the joints?
qpos = qpos[:1].requires_grad_()
contact_clearance(robot, kinematics(qpos, qvel[:1]))[0].min().backward()
print("its gradient:", {n: round(g, 3) for n, g in zip(robot.joints.names, qpos.grad[0].tolist(), strict=True)})

OUT.mkdir(parents=True, exist_ok=True)
Image.fromarray(Drawing(robot).render(bank.qpos[0])).save(OUT / "cheetah.png")
print(f"wrote {OUT / 'cheetah.png'}")
