"""`Registry`: classes of one kind by name, those of this package and those that other packages offer in an entry-point group."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from mosim_gym.mechanics.names import UnknownName

T = TypeVar("T")
FAULTS = (ImportError, AttributeError, TypeError, ValueError, KeyError, RuntimeError, OSError, SyntaxError)
"""What a module of another package may raise when it is loaded. Its entry is then left out, and everything else works."""


def _check_name(kind: str, name: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(
            f"The name of a {kind} is {name!r}; it must be text of letters, digits, '_', '-' and '.', and begin with a letter or a digit."
        )


class Registry(Generic[T]):
    """Classes derived from `base`, by name. A class is imported when it is first needed.

    Another package adds a class through the entry-point group `group`:

        [project.entry-points."mosim_gym.learners"]
        my_learner = "my_package.my_learner:MyLearner"
    """

    def __init__(self, kind: str, group: str, base: type[T], own: Mapping[str, str], needs: Sequence[str] = ()) -> None:
        """`kind` names an entry in messages. `own` maps names to `module:class` of this package. A class must have all `needs`."""
        self.kind, self.group, self._base, self._needs = kind, group, base, tuple(needs)
        self._places = dict(own)
        self._known: dict[str, type[T]] = {}
        self._others_read = False

    def names(self) -> list[str]:
        """All names: those of this package first, then those of other packages in alphabetical order."""
        self._read_others()
        return [*self._places, *(name for name in self._known if name not in self._places)]

    def find(self, name: str) -> type[T]:
        """The class named `name`. An unknown name raises `KeyError` with the valid ones."""
        if name in self._places and name not in self._known:
            module, _, attribute = self._places[name].partition(":")
            self._known[name] = self._checked(getattr(import_module(module), attribute), self._places[name])
        elif name not in self._known:
            self._read_others()
        if name not in self._known:
            raise UnknownName(self.kind, name, self.names())
        return self._known[name]

    def add(self, name: str, entry: type[T]) -> None:
        """Register a class for this process, in a script or a notebook, which has no entry points.

        A name is text without blanks, because it is typed on command lines.
        """
        _check_name(self.kind, name)
        if name in self._places or name in self._known:
            raise ValueError(f"Two entries of the kind {self.kind} are named {name!r}.")
        self._known[name] = self._checked(entry, f"{entry!r}")

    def remove(self, name: str) -> None:
        """Undo `add`. A name of this package's own, and one that nobody added, raises `KeyError` with those that were added."""
        if name in self._places or name not in self._known:
            raise UnknownName(f"added {self.kind}", name, [added for added in self._known if added not in self._places])
        del self._known[name]

    def _checked(self, entry: object, where: str) -> type[T]:
        if not (isinstance(entry, type) and issubclass(entry, self._base)):
            raise TypeError(f"{where} is not a {self.kind}: it must be a class derived from {self._base.__name__}.")
        missing = [name for name in self._needs if not hasattr(entry, name)]
        if missing:
            raise TypeError(f"{where} is not a complete {self.kind}: it lacks {' and '.join(missing)}.")
        return entry

    def _read_others(self) -> None:
        """Load the entry points of other packages, once. A broken one is left out with a warning."""
        if self._others_read:
            return
        self._others_read = True
        for entry in sorted(entry_points(group=self.group), key=lambda e: e.name):
            where = f"entry point {entry.name} = {entry.value}"
            try:
                self.add(entry.name, self._checked(entry.load(), where))
            except FAULTS as error:
                warnings.warn(f"The {self.kind} of {where} is left out: {error}", RuntimeWarning, stacklevel=3)
