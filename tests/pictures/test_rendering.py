"""Pictures with and without OpenGL, and the files made of them."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import mujoco
import numpy as np
import pytest

import mosim_gym
from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.pictures.video import film_strip, write_video
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


def test_whatever_paints_agrees_on_the_size(rng):
    env = mosim_gym.make_real("ReacherHard", render_mode="rgb_array", width=200, height=150)
    env.reset(seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a machine without OpenGL says so once
        frame = env.render()
    assert frame is not None
    assert frame.shape == (150, 200, 3)
    assert mosim_gym.make_real("ReacherHard").render() is None
    env.close()


WITHOUT_OPENGL = """
import warnings
import numpy as np
from mosim_gym.pictures.rendering import Renderer

renderers = [Renderer("pendulum", width=64, height=48) for _ in range(2)]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for renderer in renderers:
        assert renderer.frame(np.zeros(1)).shape == (48, 64, 3)
assert ["apt-get install libegl1" in str(w.message) for w in caught] == [True]
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="OpenGL works there without a display")
def test_without_opengl_one_sentence_names_the_remedy():
    screenless = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-c", WITHOUT_OPENGL]
    subprocess.run(command, env={**screenless, "MUJOCO_GL": "glfw"}, check=True, timeout=120)


def test_drawing_can_be_asked_for_silently(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "off")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Renderer("pendulum", width=64, height=48).backend == "drawing"


def test_videos_are_whole_or_absent(tmp_path):
    frames = [np.full((33, 47, 3), i * 20, np.uint8) for i in range(8)]  # odd sizes
    path = write_video(tmp_path / "film.mp4", frames, fps=10)
    before = path.read_bytes()
    assert before[4:8] == b"ftyp"

    def broken():
        yield frames[0]
        raise RuntimeError("the simulation stopped")

    with pytest.raises(RuntimeError, match="the simulation stopped"):
        write_video(path, broken(), fps=10)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="no frames"):
        write_video(tmp_path / "none.mp4", [], fps=10)
    with pytest.raises(ValueError, match=r"does not end in .mp4"):
        write_video(tmp_path / "film.avi", frames, fps=10)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["film.mp4"]


def test_a_strip_has_a_row_for_each_label(tmp_path):
    from PIL import Image

    frame = np.zeros((90, 120, 3), np.uint8)
    one = Image.open(film_strip(tmp_path / "one.png", {"truth": [frame] * 3}, height=90))
    two = Image.open(film_strip(tmp_path / "two.png", {"truth": [frame] * 3, "model": [frame] * 3}, height=90))
    assert two.height > one.height + 80
    assert two.width >= 3 * 120


def test_a_model_is_loaded_without_leaving_files_behind(tmp_path):
    code = "from mosim_gym.truth.dynamics import TrueDynamics; TrueDynamics('cheetah')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert list(tmp_path.iterdir()) == []
    assert done.stderr == ""
    assert mujoco.MjModel.from_xml_path(str(find_robot("cheetah").mjcf_file)).nu == 6
