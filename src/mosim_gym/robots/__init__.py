"""Robots and their tasks, one file for each robot."""

from mosim_gym.robots.catalogue import find_robot, find_task, load_robot, load_task, robot_definitions, tasks
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model, mjcf_file
from mosim_gym.robots.task import Features, Mark, Start, Task
from mosim_gym.robots.tolerance import tolerance

__all__ = [
    "Coverage",
    "Features",
    "Mark",
    "RobotDefinition",
    "Start",
    "Task",
    "dm_control_model",
    "find_robot",
    "find_task",
    "load_robot",
    "load_task",
    "mjcf_file",
    "robot_definitions",
    "tasks",
    "tolerance",
]
