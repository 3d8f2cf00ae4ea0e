"""Motorfinger: a finger of three links on a fixed base, 27 cm long, pulled by motors on five tendons. Ten physics steps in a control step.

The model is `motorfinger` of the package myo-sim, which the extra `myo` installs. A command of -1 pulls with all of a motor's force, and 0
not at all. Two tendons flex the finger, one extends it, and two turn it sideways.
"""

from __future__ import annotations

from mosim_gym.robots.definition import Coverage, RobotDefinition
from mosim_gym.robots.myo import MYO, myo_file
from mosim_gym.robots.pose import Pose


class FingerPose(Pose):
    """Bring the finger's four joints to the angles of a goal.

    Reward: the mean over joints of `near`, which is 1 within 0.05 rad of the goal and falls beyond with a long tail that is 0.1 another
    0.5 rad away.
    Start: each joint uniform in its limits, at rest; goal uniform in the middle 80 % of each joint's range.
    End: only at the time limit.
    """

    domain = "finger"


ROBOT = RobotDefinition(
    name="motorfinger",
    model=myo_file("motorfinger", "legacy/finger/motorfinger_v0.xml"),
    control_step=0.02,
    tasks=(FingerPose,),
    coverage=Coverage(speeds={"IFadb": (-12, 12), "IFmcp": (-20, 20), "IFpip": (-20, 20), "IFdip": (-20, 20)}),
    extra=MYO,
)
