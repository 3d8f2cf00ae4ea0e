"""Packages that may be absent: dm_control and shimmy, which need some versions of Python, and those of the extras."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


class MissingPackage(ModuleNotFoundError):
    """dm_control or shimmy is needed and not installed. The message says why, and what to do."""

    def __init__(self, package: str) -> None:
        """`package` is the one that is missing."""
        super().__init__(
            f"{package} is not installed: dm_control and shimmy come with mosim_gym on Python 3.11 and 3.12 only, because labmaze, which "
            "dm_control needs, has no wheels for later versions; use Python 3.11 or 3.12 for parity with dm_control, make_real and "
            "rebuilding its robots.",
            name=package,
        )


def import_package(name: str) -> ModuleType:
    """The module `name` of dm_control or shimmy; raises `MissingPackage` where the package is not installed."""
    package = name.partition(".")[0]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != package:  # it is installed, and something in it is missing
            raise
        raise MissingPackage(package) from error


def has_dm_control() -> bool:
    """Whether dm_control is installed. It is not imported."""
    return find_spec("dm_control") is not None


class MissingExtra(MissingPackage):
    """A package of one of mosim_gym's extras is needed and not installed. The message names the extra."""

    def __init__(self, package: str, extra: str, use: str) -> None:
        """`use` says what needs the package, as in `reading Parquet`."""
        ModuleNotFoundError.__init__(
            self,
            f"{package} is not installed: {use} needs it; `pip install '.[{extra}]'` in the clone of mosim_gym brings it.",
            name=package,
        )


def import_extra(name: str, extra: str, use: str) -> ModuleType:
    """The module `name`, whose package comes with `extra`; raises `MissingExtra` where the package is not installed."""
    package = name.partition(".")[0]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise MissingExtra(package, extra, use) from error
