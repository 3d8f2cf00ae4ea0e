"""A choice of OpenGL that MuJoCo could not be imported with."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mosim_gym.mechanics.opengl_choice import opengl_fault

CODE = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import mosim_gym
said = [str(w.message) for w in caught if "MUJOCO_GL" in str(w.message)]
import mujoco
from mosim_gym.pictures.rendering import Renderer
with warnings.catch_warnings():
    warnings.simplefilter("error")
    assert Renderer("pendulum", width=64, height=48).frame([0.0]).shape == (48, 64, 3)
print(len(said), *said)
"""


def _import_with(kind: str) -> str:
    environment = {**os.environ, "MUJOCO_GL": kind}
    environment.pop("PYOPENGL_PLATFORM", None)
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "darwin", reason="MuJoCo chooses otherwise there")
def test_simulators_import_whatever_is_chosen(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    missing = opengl_fault() is not None
    assert _import_with("osmesa").startswith("1 MUJOCO_GL is osmesa" if missing else "0")


@pytest.mark.parametrize(
    ("kind", "said"), [("", None), ("off", None), ("DISABLE ", None), ("glfw", None), ("bogus", "does not know")]
)
def test_what_mujoco_does_not_know_is_said_with_what_it_knows(monkeypatch, kind, said):
    monkeypatch.setenv("MUJOCO_GL", kind)
    fault = opengl_fault()
    assert fault is None if said is None else said in str(fault)
