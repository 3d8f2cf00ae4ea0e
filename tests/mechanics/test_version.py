"""The version is written once, and is right in a source tree, in an installed package and in what is measured."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import mosim_gym
from mosim_gym.mechanics.provenance import provenance

ROOT = Path(__file__).resolve().parents[2]


def test_the_build_reads_the_version_that_the_package_says():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    text = (ROOT / project["tool"]["hatch"]["version"]["path"]).read_text()
    assert re.findall(r'^__version__ = "(.*)"$', text, re.MULTILINE) == [mosim_gym.__version__]
    assert provenance()["mosim_gym"] == mosim_gym.__version__


def test_the_changelog_begins_with_this_version():
    released, dev, _ = mosim_gym.__version__.partition(".dev")
    when = "unreleased" if dev else r"\d{4}-\d\d-\d\d"
    heading = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading
    assert re.fullmatch(rf"{re.escape(released)} \({when}\)", heading[1])
