"""Which OpenGL MuJoCo is told to use. A choice that it could not even be imported with is taken back, before anything else happens."""

from __future__ import annotations

import ctypes
import os
import sys
import warnings

VARIABLE, OFF = "MUJOCO_GL", "disable"
LIBRARIES = {"osmesa": ("OSMesa", "libosmesa6"), "egl": ("EGL", "libegl1")}
"""By the kind of OpenGL: its library, and the Debian package that brings it."""
KNOWN = (*LIBRARIES, "glfw", "cgl", "enable", "enabled", "on", "true", "1", "")
TURNED_OFF = (OFF, "disabled", "off", "false", "0")
"""What MuJoCo reads the variable as."""
VERSIONS = ("", *(f".{number}" for number in range(9, -1, -1)))


def chosen_opengl() -> str:
    """What `MUJOCO_GL` says, in small letters."""
    return os.environ.get(VARIABLE, "").strip().lower()


def settle_opengl() -> None:
    """Turn MuJoCo's OpenGL off, with a warning, where `MUJOCO_GL` names a library that is not there, or nothing that MuJoCo knows.

    MuJoCo and dm_control read the variable when they are imported, and the import then fails. Without OpenGL they work, and robots are
    drawn.
    """
    if "mujoco" in sys.modules or (fault := opengl_fault()) is None:
        return
    os.environ[VARIABLE] = OFF
    warnings.warn(f"{fault} Until then robots are drawn from their own kinematics.", RuntimeWarning, stacklevel=3)


def opengl_fault() -> str | None:
    """Why MuJoCo cannot be imported with the present `MUJOCO_GL`, and what helps, in one sentence; None if it can."""
    kind = chosen_opengl()
    if kind in LIBRARIES and not _is_there(LIBRARIES[kind][0]):
        library, package = LIBRARIES[kind]
        return f"{VARIABLE} is {kind}, and its library, lib{library}, is not there: run `apt-get install {package}`, or unset {VARIABLE}."
    if kind not in (*KNOWN, *TURNED_OFF):
        return f"{VARIABLE} is {kind!r}, which MuJoCo does not know: unset it, or choose one of {', '.join(LIBRARIES)}, glfw and off."
    return None


def _is_there(library: str) -> bool:
    """Whether the library can be opened, under one of the names by which PyOpenGL looks for it."""
    if not sys.platform.startswith("linux"):
        return True
    for version in VERSIONS:
        try:
            ctypes.CDLL(f"lib{library}.so{version}")
        except OSError:
            continue
        return True
    return False
