"""Keeps MuJoCo from printing a line for each unstable motion, where the caller counts or marks these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_mujoco() -> Iterator[None]:
    """A context in which MuJoCo's warnings are dropped. Afterwards the earlier handler is set again."""
    import mujoco

    handler = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda _: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(handler)
