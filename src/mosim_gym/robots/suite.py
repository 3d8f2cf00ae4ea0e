"""Imports dm_control's suite without its remarks."""

from __future__ import annotations

import logging
import warnings
from types import ModuleType

from mosim_gym.mechanics.packages import import_package


class _AboutOthersModels(logging.Filter):
    """Drops the compiler's remark on an attribute of dm_control's own cheetah model, which a user cannot change."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is printed."""
        return "settotalmass" not in record.getMessage()


def dm_control_suite(domain: str | None = None) -> ModuleType:
    """`dm_control.suite`, or one of its domain modules, imported at the first call, without GLFW's remark that there is no screen.

    Raises `MissingPackage` where dm_control is not installed, as on Python 3.13 and later.
    """
    logging.getLogger("absl").addFilter(_FILTER)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*DISPLAY.*")
        return import_package(f"dm_control.suite.{domain}" if domain else "dm_control.suite")


def physics_error() -> type[Exception]:
    """The error that dm_control raises when its simulation becomes unstable."""
    return import_package("dm_control.rl.control").PhysicsError


_FILTER = _AboutOthersModels()
