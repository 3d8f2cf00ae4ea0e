"""The page of the API lists whatever the documentation and the examples use, and nothing that is not there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import mosim_gym
from mosim_gym.mechanics.packages import MissingExtra

ROOT = Path(__file__).parents[1]
PYTHON = re.compile(r"^```python.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LISTED = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
READ = [page for page in PAGES if PYTHON.search(page.read_text())] + sorted((ROOT / "examples").glob("*.py"))


def _find(name):
    """The object with this dotted name: the longest part of it that is a module, then attributes.

    Raises `MissingExtra` for an adapter whose library is not installed.
    """
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except MissingExtra:
            raise
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def _installed(name):
    """Whether the object with this dotted name is no adapter whose library is not installed."""
    try:
        _find(name)
    except MissingExtra:
        return False
    return True


def _imported(tree):
    """What each name that was imported from the package stands for, if its library is installed."""
    bound = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "mosim_gym":
            bound.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
        elif isinstance(node, ast.Import):
            bound.update({a.asname or "mosim_gym": a.name for a in node.names if a.name.split(".")[0] == "mosim_gym"})
    return {alias: name for alias, name in bound.items() if _installed(name)}


def _used(code):
    """Dotted names of the package's objects in `code`: what is imported, and of imported modules what is taken from them."""
    tree = ast.parse(code)
    bound = _imported(tree)
    for name in bound.values():
        if not isinstance(_find(name), ModuleType):
            yield name
    for node in ast.walk(tree):
        parts, inner = [], node
        while isinstance(inner, ast.Attribute):
            parts, inner = [inner.attr, *parts], inner.value
        if isinstance(inner, ast.Name) and inner.id in bound:
            name = bound[inner.id]
            while parts and isinstance(_find(name), ModuleType):
                name = f"{name}.{parts.pop(0)}"
            if not isinstance(_find(name), ModuleType):
                yield name


def _documented():
    """All that the page lists: objects by their identity, with the public content of modules, and every name."""
    # The package's own names stand for what they call, which the page lists with its arguments.
    objects, names = [], {*LISTED, *(f"mosim_gym.{name.rpartition('.')[2]}" for name in LISTED)}
    for name in filter(_installed, LISTED):
        found = _find(name)
        if isinstance(found, ModuleType):
            members = {key: value for key, value in vars(found).items() if not key.startswith("_")}
            own = {k: v for k, v in members.items() if getattr(v, "__module__", name) == name}
            objects += own.values()
            names |= {f"{name}.{key}" for key in own}
        else:
            objects.append(found)
    return {id(found) for found in objects}, names


def test_everything_that_is_listed_exists_once():
    assert sorted(set(LISTED)) == sorted(LISTED)
    for name in filter(_installed, LISTED):
        assert _find(name) is not None, name


@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_everything_that_a_page_or_an_example_uses_is_listed(path):
    text = path.read_text()
    objects, names = _documented()
    for code in [text] if path.suffix == ".py" else PYTHON.findall(text):
        unlisted = {name for name in _used(code) if name not in names and id(_find(name)) not in objects}
        assert unlisted == set(), path.name


@pytest.mark.parametrize("name", sorted(set(mosim_gym.__all__) - {"__version__"}))
def test_help_shows_a_docstring_and_every_argument_of_what_the_package_offers(name):
    found = getattr(mosim_gym, name)
    assert name in dir(mosim_gym)
    assert inspect.getdoc(found)
    if inspect.isfunction(found):
        for argument in inspect.signature(found).parameters.values():
            assert argument.kind not in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL), argument
            assert argument.annotation is not argument.empty, argument
