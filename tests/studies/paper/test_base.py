"""A study runs its cells once, says what is left, and refuses to mix settings."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import partial

import pytest

from mosim_gym.mechanics.folder_lock import InUse
from mosim_gym.mechanics.schema import number, record
from mosim_gym.mechanics.settings import setting
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.studies.paper.base import Cell, PaperStudy


@dataclass(frozen=True)
class Counting(PaperStudy):
    name = "counting"
    title = "counts"

    size: int = setting(2, least=1)
    share: float = setting(0.5, above=0)

    def cells(self):
        holds = record({"value": number(0, 10)})
        return [Cell(f"cell-{n}", 10, partial(self.measure, n), holds, first=n < 2) for n in range(3)]

    def measure(self, number, shared):
        with (shared / "measured").open("a") as log:
            log.write(f"{number} ")
        return {"value": number * self.size}

    def table(self, results):
        return "values: " + ", ".join(str(result["value"]) for result in results.values())


def measured(folder):
    return (folder / "measured").read_text().split()


def test_a_cell_whose_file_exists_is_not_run_again(tmp_path):
    study = Counting()
    study.run(tmp_path, tmp_path, names=["cell-1"])
    results = study.run(tmp_path, tmp_path)
    assert measured(tmp_path) == ["1", "0"]
    assert [result["value"] for result in results.values()] == [0, 2]
    kept = json.loads((tmp_path / "counting" / "cell-1.json").read_text())
    assert kept["settings"] == {"size": 2, "share": 0.5}
    assert kept["provenance"]["mosim_gym"]


def test_cells_below_the_cut_line_run_only_when_asked_for(tmp_path):
    study = Counting()
    results = study.run(tmp_path, tmp_path)
    assert "cell-2" not in results
    assert study.summary(results) == "values: 0, 2\n\nNot run yet: 1 cell below the cut line."
    assert study.left(results) == (0, 0)
    assert list(study.run(tmp_path, tmp_path, below=True)) == ["cell-0", "cell-1", "cell-2"]


def test_no_cell_begins_that_would_end_after_the_hours(tmp_path):
    said = []
    assert not Counting().run(tmp_path, tmp_path, hours=0.1, report=said.append)
    assert said[0] == "cell-0 takes about 10 min, longer than what is left of --hours"
    assert len(Counting().run(tmp_path, tmp_path, hours=0.2)) == 2


def test_a_cell_that_another_process_runs_is_left_to_it(tmp_path):
    hold = (
        "import sys, time; from pathlib import Path; from mosim_gym.mechanics.folder_lock import FolderLock\n"
        "held = FolderLock(Path(sys.argv[1]), 'cell-0.json'); print('here', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", hold, str(tmp_path / "counting")]
    other, said = subprocess.Popen(command, stdout=subprocess.PIPE, text=True), []
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "here\n"
        assert list(Counting().run(tmp_path, tmp_path, report=said.append)) == ["cell-1"]
    finally:
        other.kill()
        other.wait()
    assert said[0].startswith("cell-0 is not run now: ")
    assert f"cell-0.json is in use: process {other.pid} runs there" in said[0]
    assert list(Counting().run(tmp_path, tmp_path)) == ["cell-0", "cell-1"]


def test_a_cell_whose_motion_another_process_collects_is_left_out(tmp_path, monkeypatch):
    def collecting(self, number, shared):
        if number == 0:
            raise InUse("motion is in use")
        return {"value": number}

    said = []
    monkeypatch.setattr(Counting, "measure", collecting)
    assert list(Counting().run(tmp_path, tmp_path, report=said.append)) == ["cell-1"]
    assert said == ["cell-0, about 10 min", "cell-0 is not run now: motion is in use", "cell-1, about 10 min"]


def test_the_standing_says_which_cells_are_left_and_the_minutes_of_each(tmp_path):
    study = Counting()
    *rows, _, settings = study.standing(study.run(tmp_path, tmp_path, names=["cell-1"])).splitlines()
    assert [[part.strip() for part in row.split("|")[1:5]] for row in rows[2:]] == [
        ["cell-0", "left", "10", "above"],
        ["cell-1", "run", "10", "above"],
        ["cell-2", "left", "10", "below"],
    ]
    assert settings == "Settings, times in seconds: --set share=0.5 size=2"


def test_cells_of_other_settings_are_not_mixed(tmp_path):
    Counting().run(tmp_path, tmp_path)
    other = Counting().changed(["size=3"])
    assert other.size == 3
    with pytest.raises(FileFault, match=r"cell-0\.json was measured with size=2, not 3; choose another --out"):
        other.run(tmp_path, tmp_path)


def test_a_study_goes_on_with_the_settings_of_its_cells(tmp_path):
    Counting(size=3).run(tmp_path, tmp_path, names=["cell-0"])
    assert Counting.stored(tmp_path) == Counting(size=3)
    assert Counting.stored(tmp_path / "elsewhere") == Counting()


def test_a_setting_of_many_digits_is_the_same_setting_when_it_is_read_again(tmp_path):
    study = Counting(share=0.123456789)
    for _ in range(2):
        assert list(study.run(tmp_path, tmp_path)) == ["cell-0", "cell-1"]
    assert measured(tmp_path) == ["0", "1"]


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[]",
        '{"study": "counting", "cell": "cell-0", "set',
        '{"study": "counting", "cell": "cell-1", "settings": {"size": 2, "share": 1}}',
        "[" * 100_000,
    ],
    ids=["empty", "a list", "cut off", "of another cell", "nested"],
)
def test_a_file_that_is_no_cell_is_one_sentence(content, tmp_path):
    (tmp_path / "counting").mkdir()
    (tmp_path / "counting" / "cell-0.json").write_text(content)
    with pytest.raises(FileFault, match=r"cell-0\.json is not the result of a cell; delete it"):
        Counting().results(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cell: cell.pop("value"), r"its result is an object of 3; it must be an object that has value"),
        (lambda cell: cell.update(value=None), r"its result\.value is None; it must be a number from 0 to 10"),
        (lambda cell: cell.pop("minutes"), r"it must be an object that has minutes"),
        (
            lambda cell: cell["provenance"].pop("commit"),
            r"its result\.provenance is .*; it must be an object that has commit",
        ),
    ],
    ids=["gone", "null", "no minutes", "no commit"],
)
def test_a_cell_without_one_of_its_numbers_is_one_sentence_that_says_what_to_do(change, message, tmp_path):
    Counting().run(tmp_path, tmp_path, names=["cell-0"])
    path = tmp_path / "counting" / "cell-0.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    said = rf"cell-0\.json is damaged: .*{message}; delete the file, and its cell is measured again, or choose another --out\.$"
    with pytest.raises(FileFault, match=said):
        Counting().results(tmp_path)
    path.unlink()
    assert list(Counting().run(tmp_path, tmp_path, names=["cell-0"])) == ["cell-0"]


def test_a_cell_that_is_interrupted_is_said_to_begin_anew(tmp_path, monkeypatch):
    def interrupted(self, number, shared):
        raise KeyboardInterrupt

    said = []
    Counting().run(tmp_path, tmp_path, names=["cell-0"])
    with monkeypatch.context() as patched:
        patched.setattr(Counting, "measure", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Counting().run(tmp_path, tmp_path, names=["cell-1"], report=said.append)
    assert said[1].startswith("cell-1 ended before it was measured. Kept: 1 measured cell in ")
    assert said[1].endswith("The same command goes on and begins this cell anew.")
    assert list(Counting().run(tmp_path, tmp_path, names=["cell-1"])) == ["cell-0", "cell-1"]


def test_a_setting_in_a_file_that_breaks_its_rule_is_one_sentence(tmp_path):
    Counting().run(tmp_path, tmp_path, names=["cell-0"])
    path = tmp_path / "counting" / "cell-0.json"
    path.write_text(path.read_text().replace('"size": 2', '"size": "two"'))
    with pytest.raises(FileFault, match=r"cell-0\.json has a setting that no cell has: size is 'two'"):
        Counting.stored(tmp_path)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("depth=3", r"Unknown setting of the study counting 'depth'\. Valid: size, share"),
        ("size", r"'size' has no value: write size=2"),
        ("size=big", r"'size=big': size needs a whole number, such as 2"),
        ("size=0", r"size is 0; it must be at least 1"),
    ],
)
def test_a_wrong_setting_is_one_sentence(assignment, message):
    with pytest.raises((KeyError, ValueError), match=message):
        Counting().changed([assignment])


def test_an_unknown_cell_raises_with_the_valid_ones(tmp_path):
    with pytest.raises(KeyError, match=r"Unknown cell of the study counting 'cell-9'.* Valid: cell-0, cell-1, cell-2"):
        Counting().run(tmp_path, tmp_path, names=["cell-9"])
