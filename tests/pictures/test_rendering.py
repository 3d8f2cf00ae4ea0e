"""Pictures with and without OpenGL, and the files made of them."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import mujoco
import pytest

import mosim_gym
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.robots import find_robot
from mosim_gym.studies.gait_search import Gait  # noqa: F401  (the search must stay importable)


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


def test_a_model_is_loaded_without_leaving_files_behind(tmp_path):
    code = "from mosim_gym.truth.dynamics import TrueDynamics; TrueDynamics('cheetah')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert list(tmp_path.iterdir()) == []
    assert done.stderr == ""
    assert mujoco.MjModel.from_xml_path(str(find_robot("cheetah").mjcf_file)).nu == 6
