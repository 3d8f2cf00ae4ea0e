"""The notebooks run from beginning to end, begin by installing the package, and hold no outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
SHORTER = (("budget=60,", "budget=5,"), ('budget="60s"', 'budget="3s"'), ("learn(5_000)", "learn(300)"))


def _code(path):
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_installs_the_package_first_and_holds_no_outputs(path):
    cells = _code(path)
    assert "%pip install -q mosim-gym" in "".join(cells[0]["source"])
    assert [cell["outputs"] for cell in cells if cell["outputs"]] == []
    assert {cell["execution_count"] for cell in cells} == {None}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_documentation_leads_to_a_notebook(path):
    assert f"examples/notebooks/{path.name}" in (ROOT / "docs" / "libraries.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    text = path.read_text()
    for long, short in SHORTER:  # a time of training is anyone's choice
        text = text.replace(json.dumps(long)[1:-1], json.dumps(short)[1:-1])
    book = nbformat.reads(text, as_version=4)
    nbclient.NotebookClient(book, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert all(cell["execution_count"] for cell in book.cells if cell["cell_type"] == "code")
