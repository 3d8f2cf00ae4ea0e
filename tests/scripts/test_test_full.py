"""The report of all tests says what passed, what was skipped and why, and what failed."""

from __future__ import annotations

import json

import pytest
from test_full import main

import mosim_gym

TESTS = """
import pytest
def test_that_passes(): pass
@pytest.mark.slow
def test_that_is_slow(): pass
@pytest.mark.skip(reason="no such machine")
def test_that_is_skipped(): pass
def test_that_needs_a_package(): pytest.importorskip("no_such_package")
@pytest.fixture
def broken(): raise ValueError("no fixture")
def test_with_a_broken_fixture(broken): pass
def test_that_fails(): assert 1 == 2
"""
CONFIG = '[pytest]\nmarkers = slow: slow\naddopts = -m "not slow" --import-mode=importlib\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with some tests of its own, to stand in."""
    (tmp_path / "test_a_few.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_report_of_several_workers_names_every_outcome_with_its_reason(project):
    assert main(["--out", "report.json", "-n", "2", "test_a_few.py"]) == pytest.ExitCode.TESTS_FAILED
    report = json.loads((project / "report.json").read_text())
    assert report["counts"] == {"passed": 2, "skipped": 2, "failed": 2}
    assert report["files"]["test_a_few.py"].keys() == {"seconds", "passed", "skipped", "failed"}
    assert list(report["slow"]) == ["test_a_few.py::test_that_is_slow"]
    assert report["skipped"]["test_a_few.py::test_that_is_skipped"] == "no such machine"
    assert "no_such_package" in report["skipped"]["test_a_few.py::test_that_needs_a_package"]
    assert report["failed"] == {
        "test_a_few.py::test_that_fails": "assert 1 == 2",
        "test_a_few.py::test_with_a_broken_fixture": "ValueError: no fixture",
    }
    assert report["provenance"]["mosim_gym"] == mosim_gym.__version__


def test_a_file_that_cannot_be_imported_is_a_failure_with_its_reason(project):
    (project / "test_broken.py").write_text("import no_such_package")
    assert main(["--out", "report.json", "-n", "0", "-k", "broken or passes"]) != 0
    report = json.loads((project / "report.json").read_text())
    assert report["failed"]["test_broken.py"] == "ModuleNotFoundError: No module named 'no_such_package'"
    assert report["counts"]["passed"] == 1


def test_a_run_without_any_test_leaves_no_report(project):
    assert main(["--out", "report.json", "-n", "0", "-k", "nothing"]) != 0
    assert not (project / "report.json").exists()
