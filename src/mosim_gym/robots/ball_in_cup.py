"""Ball in cup: a cup on springs in a vertical plane, a ball on a string of 30 cm. Ten physics steps in a control step."""

from __future__ import annotations

from torch import Tensor

from mosim_gym.mechanics import position
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.task import Features, Task


class BallInCupCatch(Task):
    """Swing the ball up and catch it in the cup.

    Reward: 1 while the ball's centre is inside the cup by at least the ball's radius, else 0.
    Start: cup at its rest, ball uniform in a box of 40 cm by 30 cm around and above its rest where it touches nothing, at rest.
    End: only at the time limit.
    """

    domain, name = "ball_in_cup", "catch"
    tags = frozenset({"benchmarking"})
    quantities = {"target": position("site", "target"), "ball": position("body", "ball")}
    observation_names = {
        "position": "cup and ball, horizontal and vertical, from their starts (m)",
        "velocity": "of cup and ball, horizontal and vertical (m/s)",
    }
    deviations = ("Starts are drawn from 1,024 starts of the true task, which rejects those that touch anything.",)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        return {"position": features.qpos, "velocity": features.qvel}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        robot = self.robot
        inside = robot.sites.size[robot.sites.index("target")] - robot.geoms.size[robot.geoms.index("ball"), 0]
        away = (features["target"] - features["ball"]).abs()
        caught = (away[..., 0] < float(inside[0])) & (away[..., 2] < float(inside[2]))
        return caught.to(away.dtype)


ROBOT = RobotDefinition(
    name="ball_in_cup",
    model=dm_control_model("ball_in_cup"),
    control_step=0.02,
    tasks=(BallInCupCatch,),
    pairs=tuple(("ball", f"cup_part_{i}") for i in range(5)),
    strings=(("ball", "cup", 0.3),),
    coverage=Coverage(
        speeds={"cup_x": (-2, 2), "cup_z": (-2, 2), "ball_x": (-4, 4), "ball_z": (-4, 4)},
        positions={"cup_x": (-0.25, 0.25), "cup_z": (-0.25, 0.25), "ball_x": (-0.45, 0.45), "ball_z": (-0.1, 0.8)},
    ),
)
