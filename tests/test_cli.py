"""The command line, as typed."""

from __future__ import annotations

import json

import pytest

from mosim_gym.cli import main


def test_info_describes_tasks_robots_and_everything(capsys):
    main(["info", "CheetahRun"])
    assert "joint angles (rad)" in capsys.readouterr().out
    main(["info", "cheetah"])
    assert "nq 9, nv 9, nu 6; mass 14 kg" in capsys.readouterr().out
    main(["info"])
    assert "`MoSim/ReacherHard-v0`" in capsys.readouterr().out


def test_faults_are_one_sentence_and_exit_code_two(capsys):
    with pytest.raises(SystemExit) as end:
        main(["info", "Cheetah Run"])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("mosim-gym: Unknown task 'Cheetah Run'. Did you mean 'CheetahRun'?")
    assert "Traceback" not in error


def test_build_robot_writes_both_files(tmp_path, capsys):
    main(["build-robot", "pendulum", "--out", str(tmp_path)])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pendulum.safetensors", "pendulum.xml"]


def test_render_leaves_a_result_that_says_how_it_came_about(tmp_path):
    main(["render", "PendulumSwingup", "--steps", "10", "--out", str(tmp_path), "--seed", "3"])
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["command"] == "Render"
    assert result["options"]["seed"] == 3
    assert result["episodes"] == 1
    assert (tmp_path / "episode.mp4").exists()


@pytest.mark.parametrize("command", [[], ["evaluate"], ["evaluate", "parity"], ["build-robot"], ["render"], ["demo"]])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    assert "usage: mosim-gym" in capsys.readouterr().out
