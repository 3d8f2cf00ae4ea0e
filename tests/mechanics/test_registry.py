"""Registries: names of this package and of others, loaded when they are asked for."""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict

import pytest

from mosim_gym.mechanics.registry import Registry

PACKAGE = """
import sys
sys.path.insert(0, {folder!r})
from mosim_gym.mechanics.registry import Registry
import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found = Registry("thing", "mosim_gym.things", dict, {{"own": "collections:OrderedDict"}})
    print(found.names(), found.find("theirs").__name__)
    print([str(w.message) for w in said])
"""


def test_another_package_adds_one_by_an_entry_point_and_a_broken_one_is_left_out(tmp_path):
    (tmp_path / "their_package.py").write_text("class Theirs(dict): ...\nNOTHING = 3\n")
    info = tmp_path / "their_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (tmp_path / "their_broken.py").write_text("raise RuntimeError('out of order')\n")
    entries = [
        "broken = their_broken:Thing",
        "theirs = their_package:Theirs",
        "number = their_package:NOTHING",
        "own = their_package:Theirs",
    ]
    (info / "entry_points.txt").write_text("\n".join(["[mosim_gym.things]", *entries, ""]))
    done = subprocess.run(
        [sys.executable, "-c", PACKAGE.format(folder=str(tmp_path))], capture_output=True, text=True, check=True
    )
    names, warned = done.stdout.splitlines()
    assert names == "['own', 'theirs'] Theirs"
    assert "entry point number = their_package:NOTHING is not a thing: it must be a class derived from dict" in warned
    assert "The thing of entry point broken = their_broken:Thing is left out: out of order" in warned
    assert "Two entries of the kind thing are named 'own'" in warned


def test_nothing_is_imported_before_it_is_asked_for():
    registry = Registry("thing", "mosim_gym.nothing", dict, {"missing": "no_such_module:Thing"})
    assert registry.names() == ["missing"]


@pytest.mark.parametrize("name", [None, "", " ", "my thing", "thing ", 3, "a/b", "x=1"])
def test_a_name_that_nobody_could_type_is_refused(name):
    registry = Registry("thing", "mosim_gym.nothing", dict, {})
    with pytest.raises(ValueError, match=r"The name of a thing is .*; it must be text of letters"):
        registry.add(name, OrderedDict)
    assert registry.names() == []


def test_what_was_added_is_removed_and_nothing_else_is():
    registry = Registry("thing", "mosim_gym.nothing", dict, {"own": "collections:OrderedDict"})
    for name in ("best-of", "my_thing2", "v1.5"):
        registry.add(name, OrderedDict)
    registry.remove("best-of")
    assert registry.names() == ["own", "my_thing2", "v1.5"]
    with pytest.raises(KeyError, match=r"Unknown added thing 'own'\. Valid: my_thing2, v1.5"):
        registry.remove("own")
