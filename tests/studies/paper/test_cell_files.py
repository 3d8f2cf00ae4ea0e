"""A cell's file is read whole, or refused in a sentence: no table and no picture meets a value that is missing."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from mosim_gym.mechanics.storage import FileFault
from mosim_gym.studies.paper.catalogue import PAPER_STUDIES

PAPER = Path(__file__).parents[3] / "benchmarks" / "results" / "paper"
CELLS = sorted(PAPER.glob("*/*.json"))


def _places(value, way=()):
    """Where in JSON there are values, by their keys; of a list the first."""
    for key in value if isinstance(value, dict) else range(min(1, len(value))) if isinstance(value, list) else ():
        yield (*way, key)
        yield from _places(value[key], (*way, key))


def _inside(content, way):
    for key in way:
        content = content[key]
    return content


@pytest.mark.parametrize("path", CELLS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_committed_cells_are_whole(path):
    study = PAPER_STUDIES[path.parent.name].stored(PAPER)
    assert path.stem in study.results(PAPER)


@pytest.mark.parametrize("name", ["lyapunov/truth-uniform", "uncertainty/cheetah"])
@pytest.mark.parametrize("value", ["gone", None, "text", {}, []], ids=["gone", "null", "text", "object", "list"])
def test_a_cell_with_any_of_its_values_gone_or_replaced_is_refused_or_gives_a_table(name, value, tmp_path):
    kind = PAPER_STUDIES[name.partition("/")[0]]
    path = tmp_path / f"{name}.json"
    path.parent.mkdir()
    whole = json.loads((PAPER / f"{name}.json").read_text())
    study, said = kind.stored(PAPER), {}
    places = list(_places(whole))
    for place in places:
        content = copy.deepcopy(whole)
        if value == "gone":
            del _inside(content, place[:-1])[place[-1]]
        else:
            _inside(content, place[:-1])[place[-1]] = value
        path.write_text(json.dumps(content))
        try:
            study.summary(study.results(tmp_path))
        except FileFault as fault:
            said[place] = str(fault)
    assert len(said) > len(places) / 2
    assert [place for place, text in said.items() if not text.startswith(f"{path} ")] == []
    assert [place for place, text in said.items() if "choose another --out" not in text or "\n" in text] == []
