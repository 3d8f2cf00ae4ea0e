"""Strips of close-ups: the robot is large and whole, and text keeps its colour."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mosim_gym.pictures.close_up import close_ups
from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.strips import state_strip
from mosim_gym.pictures.video import FAINT, INK, film_strip
from mosim_gym.robots import load_task


@pytest.mark.parametrize("name", ["CheetahRun", "SwimmerSwimmer15", "HumanoidStand"])
def test_every_frame_shows_all_of_the_robot_and_it_fills_the_largest(name):
    task = load_task(name)
    drawing = Drawing(task.robot, 160, 120, hidden_geoms=task.hidden_geoms)
    states = np.stack([np.stack([task.robot.qpos0 + 0.1 * i] * 2) for i in range(3)], axis=1)
    states[1, :, 0] += 0.2
    windows = close_ups(drawing, states)
    low, high = (side.reshape(2, 3, 2) for side in drawing.extent(states.reshape(-1, states.shape[-1])))
    filled = []
    for row in range(2):
        for column, window in enumerate(windows[row]):
            corner = window.corner(np.full(2, np.nan))
            assert (low[row, column] > corner - np.array([0, window.height])).all()
            assert (high[row, column] < corner + np.array([window.width, 0])).all()
            filled.append(((high - low)[row, column] / [window.width, window.height]).max())
    assert len({(window.width, window.height) for row in windows for window in row}) == 1
    assert windows[0] == windows[1], "truth and prediction of a moment are seen through the same window"
    assert 0.45 < max(filled) < 0.9


def test_states_far_apart_are_each_looked_at_and_broken_ones_are_said_to_be(tmp_path):
    task = load_task("CheetahRun")
    drawing = Drawing(task.robot, 160, 120)
    states = np.stack([np.stack([task.robot.qpos0] * 2)] * 2)
    states[1, 0, 0] += 30.0
    states[1, 1] = np.nan
    windows = close_ups(drawing, states)
    assert windows[1][0].centre[0] - windows[0][0].centre[0] == pytest.approx(30.0, abs=0.1)
    assert windows[0][0].height == windows[1][0].height < drawing.framing.height
    strip = state_strip(tmp_path / "strip.png", task, {"truth": states[0], "model": states[1]}, [0.0, 0.5])
    assert Image.open(strip).height > 240


def test_text_keeps_its_colour_beside_colourful_frames(tmp_path):
    frame = np.full((90, 120, 3), (200, 40, 20), np.uint8)
    frame[:, ::2] = (30, 160, 220)
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    picture = Image.open(film_strip(tmp_path / "s.png", {"truth": [frame, noise]}, captions=["0 s", "1 s"], height=90))
    pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for colour in (INK, FAINT, (255, 255, 255)):
        assert (pixels == colour).all(1).any(), colour
