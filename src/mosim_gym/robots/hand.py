"""Hand: a forearm that turns, a wrist and five fingers, pulled by 39 motors on tendons. Ten physics steps in a control step.

The model is `myohand_r` of the package myo-sim, which the extra `myo` installs. Motors take the place of its muscles: a command of 1 pulls
with a tenth of a muscle's peak force, and 0 not at all. The fingers pass through one another.
"""

from __future__ import annotations

from mosim_gym.robots.definition import Coverage, RobotDefinition
from mosim_gym.robots.myo import MYO, myo_model
from mosim_gym.robots.pose import Pose

WRIST = ("pro_sup_r", "deviation_r", "flexion_r")
THUMB = ("cmc_flexion_r", "cmc_abduction_r", "mp_flexion_r", "ip_flexion_r")
FINGERS = tuple(
    f"{part}_r" for n in "2345" for part in (f"mcp{n}_flexion", f"mcp{n}_abduction", f"pm{n}_flexion", f"md{n}_flexion")
)


class HandPose(Pose):
    """Bring the 23 joints of wrist and fingers to the angles of a goal.

    Reward: the mean over joints of `near`, which is 1 within 0.05 rad of the goal and falls beyond with a long tail that is 0.1 another
    0.5 rad away.
    Start: each joint uniform in its limits, at rest; goal uniform in the middle 80 % of each joint's range.
    End: only at the time limit.
    """

    domain = "hand"


ROBOT = RobotDefinition(
    name="hand",
    model=myo_model("hand", "myohand_r", strength=0.1),
    control_step=0.02,
    tasks=(HandPose,),
    coverage=Coverage(speeds=dict.fromkeys((*WRIST, *THUMB, *FINGERS), (-15.0, 15.0))),
    extra=MYO,
)
