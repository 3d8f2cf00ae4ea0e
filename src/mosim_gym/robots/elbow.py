"""Elbow: a forearm that turns about one joint, pulled by six motors on tendons. Ten physics steps in a control step.

The model is `myoelbow` of the package myo-sim, which the extra `myo` installs. Motors take the place of its muscles: a command of 1 pulls
with a tenth of a muscle's peak force, and 0 not at all. So nothing but the angle, its velocity and the commands tells how the arm moves.
"""

from __future__ import annotations

from mosim_gym.robots.definition import Coverage, RobotDefinition
from mosim_gym.robots.myo import MYO, myo_model
from mosim_gym.robots.pose import Pose


class ElbowPose(Pose):
    """Bring the elbow to the angle of a goal.

    Reward: 1 within 0.05 rad of the goal, and beyond with a long tail that is 0.1 another 0.5 rad away.
    Start: the joint uniform in its limits, at rest; goal uniform in the middle 80 % of the joint's range.
    End: only at the time limit.
    """

    domain = "elbow"


ROBOT = RobotDefinition(
    name="elbow",
    model=myo_model("elbow", "myoelbow", strength=0.1),
    control_step=0.02,
    tasks=(ElbowPose,),
    coverage=Coverage(speeds={"r_elbow_flex": (-25, 25)}),
    extra=MYO,
)
