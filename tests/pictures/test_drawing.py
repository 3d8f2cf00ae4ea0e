"""Drawings show the state without OpenGL."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.robots import find_robot, load_robot, load_task, robot_definitions
from mosim_gym.studies.gait_search import Gait  # noqa: F401  (the search must stay importable)


@pytest.mark.parametrize("robot", list(robot_definitions()))
def test_a_drawing_shows_the_state_and_is_repeatable(robot):
    definition = find_robot(robot)
    task = load_task(definition.tasks[0].id())
    bank = task.robot.reset_banks[task.name]
    renderer = Renderer(robot, task, width=160, height=120, backend="drawing")
    first, second = (renderer.frame(bank.qpos[i], bank.qvel[i], np.zeros(task.goal_size)) for i in (0, 1))
    assert first.shape == (120, 160, 3)
    assert first.dtype == np.uint8
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 50
    np.testing.assert_array_equal(first, renderer.frame(bank.qpos[0], bank.qvel[0], np.zeros(task.goal_size)))
    if robot != "cartpole":  # its starts are all alike
        assert (first != second).any()


def test_goals_are_drawn_where_they_are():
    task = load_task("ReacherEasy")
    renderer = Renderer("reacher", task, width=160, height=120, backend="drawing")
    here, there = (renderer.frame(np.zeros(2), goal=np.array([x, 0.0])) for x in (-0.15, 0.15))
    assert (here != there).any()


def test_a_camera_follows_a_robot_that_travels():
    """Ten metres further the cheetah is still in the middle of the picture."""
    drawing = Drawing(load_robot("cheetah"), width=160, height=120)
    qpos = np.zeros(9)
    here = drawing.render(qpos).astype(int)
    qpos[0] = 10.0
    there = drawing.render(qpos).astype(int)
    middle = np.abs(here - there)[30:80, 40:120]
    assert (middle.max(axis=-1) > 60).mean() < 0.2
