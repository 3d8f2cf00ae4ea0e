"""OpenGL for MuJoCo's pictures: which kind works on this machine, and an off-screen canvas that uses it.

MuJoCo's own `Renderer` uses the kind that `MUJOCO_GL` named when `mujoco` was first imported. A kind that fails leaves Python's OpenGL
bindings unusable until the process ends. So the kinds are tried in another process, once, when the first picture is needed.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import weakref
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.opengl_choice import TURNED_OFF, chosen_opengl

if TYPE_CHECKING:
    import mujoco

# Modules that make an OpenGL context of each kind.
BACKENDS = {"egl": "mujoco.egl", "osmesa": "mujoco.osmesa", "glfw": "mujoco.glfw", "cgl": "mujoco.cgl"}
_PROBE = """
import importlib, os, sys
import mujoco
context = importlib.import_module(sys.argv[1]).GLContext(64, 64)
context.make_current()
painter = mujoco.MjrContext(mujoco.MjModel.from_xml_string("<mujoco/>"), mujoco.mjtFontScale.mjFONTSCALE_100)
os._exit(0 if painter.offWidth else 1)
"""
_PROBE_SECONDS = 60


def turned_off() -> bool:
    """Whether `MUJOCO_GL` turns OpenGL off."""
    return chosen_opengl() in TURNED_OFF


def working_backend() -> str | None:
    """The kind of OpenGL to use: the one that `MUJOCO_GL` names, else the first that works; None if none works."""
    if turned_off():
        return None
    wanted = chosen_opengl()
    if wanted in BACKENDS:
        candidates = (wanted,)
    elif sys.platform == "darwin":
        candidates = ("cgl", "glfw")
    elif os.environ.get("DISPLAY"):
        candidates = ("glfw", "egl", "osmesa")
    else:
        candidates = ("egl", "osmesa")
    return next((kind for kind in candidates if _works(kind)), None)


@cache
def _works(kind: str) -> bool:
    """Whether this kind can render a picture."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE, BACKENDS[kind]],
            env={**os.environ, "MUJOCO_GL": kind},
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


class Canvas:
    """An off-screen picture of `width` × `height` pixels of one model. Use it only from the thread that made it."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int, *, backend: str) -> None:
        """Open an OpenGL context of the kind `backend`."""
        import mujoco

        self._context = self._painter = None  # first, because `close` also runs for a canvas that failed to open
        self._mujoco, self._model = mujoco, model
        model.vis.global_.offwidth = max(width, model.vis.global_.offwidth)
        model.vis.global_.offheight = max(height, model.vis.global_.offheight)
        self._scene = mujoco.MjvScene(model, maxgeom=1000 + 10 * model.ngeom)
        self._option = mujoco.MjvOption()
        self._area = mujoco.MjrRect(0, 0, width, height)
        self._context = import_module(BACKENDS[backend]).GLContext(width, height)
        self._context.make_current()
        self._painter = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_150)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._painter)
        # Contexts must be freed before the bindings' own exit handlers close the display. They run in reverse order,
        # so ours is registered after theirs.
        _close_at_exit()
        _OPEN.add(self)

    def paint(self, data: mujoco.MjData, camera: int) -> np.ndarray:
        """The picture `(height, width, 3)`, uint8, of `data` through camera number `camera`; -1 shows the whole model."""
        mujoco = self._mujoco
        if self._context is None or self._painter is None:
            raise RuntimeError("The renderer has been closed.")
        eye = mujoco.MjvCamera()
        if camera < 0:
            mujoco.mjv_defaultFreeCamera(self._model, eye)
        else:
            eye.type, eye.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, camera
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self._model, data, self._option, None, eye, everything, self._scene)
        self._context.make_current()
        mujoco.mjr_render(self._area, self._scene, self._painter)
        pixels = np.empty((self._area.height, self._area.width, 3), np.uint8)
        mujoco.mjr_readPixels(pixels, None, self._area, self._painter)
        return pixels[::-1].copy()  # OpenGL counts rows from the bottom

    def close(self) -> None:
        """Free the context. A second call does nothing."""
        if self._context is not None:
            self._context.make_current()
            if self._painter is not None:
                self._painter.free()
            self._context.free()
        self._context = self._painter = None

    def __del__(self) -> None:
        self.close()


_OPEN: weakref.WeakSet[Canvas] = weakref.WeakSet()


@cache
def _close_at_exit() -> None:
    atexit.register(lambda: [canvas.close() for canvas in list(_OPEN)])
