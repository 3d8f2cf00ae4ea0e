"""Keeps MuJoCo from printing a line for each motion that became unstable, where those are counted or marked anyway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_mujoco() -> Iterator[None]:
    """Within, MuJoCo's warnings are dropped; whoever handled them before does so again afterwards."""
    import mujoco

    handler = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda _: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(handler)
