"""The command `study`: lists, runs nothing twice, and says what is wrong in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mosim_gym.cli import main


def test_the_list_says_what_is_left_and_the_minutes(tmp_path, capsys):
    main(["study", "list", "--out", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    names = [
        "lyapunov",
        "rates",
        "prediction",
        "noise",
        "uncertainty",
        "data",
        "ode",
        "latent",
        "horizon",
        "penalty",
        "choices",
    ]
    assert [line.split("|")[1].strip() for line in lines[2:]] == names
    assert lines[2].split("|")[3].strip() == "0 of 6"
    main(["study", "list", "lyapunov", "--out", str(tmp_path)])
    assert "| truth-uniform " in capsys.readouterr().out


def test_a_study_runs_its_cells_and_shows_them_again(tmp_path, capsys):
    few = ["--cells", "acrobot-small-uniform", "--set", "pairs=4", "steps=20"]
    main(["study", "paper", "lyapunov", *few, "--out", str(tmp_path), "--pictures", str(tmp_path / "pictures")])
    first = capsys.readouterr().out
    assert "acrobot-small-uniform, about" in first
    assert (tmp_path / "pictures" / "paper-lyapunov-uniform.png").exists()
    main(["study", "paper", "lyapunov", "--show", "--out", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "4 pairs" in shown
    assert shown.strip() in first
    assert "Not run yet: `truth-uniform`" in shown


PAPER = Path(__file__).parents[2] / "benchmarks" / "results" / "paper"


@pytest.mark.parametrize("command", [["list", "uncertainty"], ["paper", "uncertainty", "--show"]])
def test_a_damaged_cell_is_one_sentence_in_lists_and_tables(command, tmp_path, capsys):
    path = tmp_path / "uncertainty" / "cheetah.json"
    path.parent.mkdir()
    whole = json.loads((PAPER / "uncertainty" / "cheetah.json").read_text())
    texts = {"is not the result of a cell; delete it": json.dumps(whole)[:-200]}
    del whole["tests"]["uniform"]["error"]
    texts[
        "is damaged: its result.tests.uniform is an object of 3; it must be an object that has error; delete the file"
    ] = json.dumps(whole)
    for message, text in texts.items():
        path.write_text(text)
        with pytest.raises(SystemExit):
            main(["study", *command, "--out", str(tmp_path)])
        said = capsys.readouterr().err.strip()
        assert f"{path} {message}" in said
        assert "\n" not in said
        main(["study", "list", "--out", str(tmp_path)])  # where the other studies are listed beside it
        rows = {line.split("|")[1].strip(): line for line in capsys.readouterr().out.splitlines()}
        assert f"{path} {message}" in rows["uncertainty"]
        assert "0 of 6" in rows["lyapunov"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["study", "paper", "table9"], "Unknown study 'table9'. Valid: lyapunov"),
        (["study", "paper", "lyapunov", "--hours", "-1"], "--hours is -1.0; it must be at least 0"),
        (["study", "paper", "lyapunov", "--cells", "moon"], "Unknown cell of the study lyapunov 'moon'"),
        (["study", "list", "--set", "seed=1"], "--set has settings of one study; name it"),
        (["study", "enter", "oracle"], "Unknown world model 'oracle'"),
        (["study", "enter", "linear", "--robots", "spider"], "Unknown robot 'spider'"),
        (["study", "enter", "linear", "--robots", ""], "--robots has no name; leave it out"),
        (["study", "paper", "lyapunov", "--cells", ","], "--cells has no name; leave it out"),
        (["study", "paper", "lyapunov", "--data", __file__], f"--data {__file__}: {__file__} is a file"),
        (["study", "enter", "linear", "--data", __file__], f"--data {__file__}: {__file__} is a file"),
        (["study", "paper", "lyapunov", "--pictures", __file__], f"--pictures {__file__}: {__file__} is a file"),
    ],
)
def test_wrong_input_is_one_sentence(command, message, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([*command, "--out", str(tmp_path)])
    assert message in capsys.readouterr().err
