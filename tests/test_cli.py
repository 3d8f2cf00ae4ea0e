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
    with pytest.raises(SystemExit):
        main(["info", "reachr"])
    assert "Unknown task or robot 'reachr'. Did you mean 'reacher'?" in capsys.readouterr().err
    main(["info"])
    assert "`MoSim/ReacherHard-v0`" in capsys.readouterr().out


def test_faults_are_one_sentence_and_exit_code_two(capsys):
    with pytest.raises(SystemExit) as end:
        main(["info", "Cheetah Run"])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("mosim-gym: Unknown task or robot 'Cheetah Run'. Did you mean 'CheetahRun'?")
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


FAULTS = {
    "collect pendulum --workers slurm": "Unknown kind of workers 'slurm'",
    "train pendulum --members 2 --workers ray --device cuda": "--workers trains each member on one core; leave --device out.",
    "train pendulum --workers ray": "--workers is for the members of one simulated robot: give its name and --members 2 or more.",
    "rl zero-shot PendulumSwingup --out {file}/x": "is a file; it must be a folder",
    "plan PendulumSwingup --out /proc/x": "nothing can be written to /proc",
    "render PendulumSwingup --side-by-side {file}/x.mp4": "is a file; it must be a folder",
    "rl zero-shot PendulumSwingup --episodes 0": "episodes is 0; it must be at least 1",
    "rl zero-shot PendulumSwingup --shimmy -1": "shimmy is -1; it must be at least 0",
    "rl on-policy PendulumSwingup --episodes 0": "episodes is 0; it must be at least 1",
    "plan PendulumSwingup --episodes 0": "episodes is 0; it must be at least 1",
    "render PendulumSwingup --seed -1": "--seed is -1; it must be a whole number, at least 0",
    "collect pendulum --seed -1": "--seed is -1; it must be a whole number, at least 0",
    "plan PendulumSwingup --seed 18446744073709551616": "--seed is 18446744073709551616; it must be a whole number, at least 0 and below",
    "collect pendulum --noise 0.1": "--noise is of a policy's motion; give --policy, or leave it out.",
    "collect pendulum --policy scripted --recipe narrow": "--recipe has actions of its own; leave it out where a policy acts.",
    "collect pendulum --policy scripted --noise -1": "noise is -1.0; it must be at least 0",
    "collect pendulum --policy scripted --task CheetahRun": "CheetahRun is a task of the robot 'cheetah', not of 'pendulum'",
    "collect pendulum --segments 0": "segments is 0; it must be a whole number, at least 1",
    "evaluate kinematics --states 0": "states is 0; it must be at least 1",
    "evaluate parity --states 0": "states is 0; it must be at least 1",
    "evaluate prediction pendulum --segments 0": "segments is 0; it must be at least 1",
    "evaluate prediction acrobot --policies {file}/none": "There is no folder of test policies at",
    "evaluate prediction pendulum --beside residul": "Unknown world model 'residul'. Did you mean 'residual'? Valid: hold-last, linear,",
    "evaluate prediction pendulum --beside linear --budget soon": "'soon' is not a duration",
    "evaluate prediction pendulum --data {file}": "--data is what world models are fitted on; name some by --beside.",
    "train pendulum --device banana": "'banana' is not a device. Valid: cpu",
    "train pendulum --variant v1.5": "'v1.5' cannot be a variant",
    "render PendulumSwingup --checkpoint pendulum": "--checkpoint needs --side-by-side",
    "render PendulumSwingup --side-by-side {file}.gif": "does not end in .mp4",
    "unpack": "Name at least one pack",
    "rl zero-shot PendulumSwingup --algo shac --set updates=3": "'updates'. It is a setting of the learners sac and tqc. Valid: num_envs,",
    "rl zero-shot PendulumSwingup --set seed=3": "seed is an option and not a setting: give it as --seed.",
    "rl few-shot PendulumSwingup --set updates=3": "'updates'. It is a setting of the learners sac and tqc. Valid: forward, real_envs,",
    "rl few-shot PendulumSwingup --schedule paper --set lam=0.9": "'lam'. It is a setting of the learners shac and ppo. Valid: forward,",
    "rl on-policy PendulumSwingup --set wide=0.5": "'wide'. It is now called spread_starts; this configuration does not have it.",
    "rl zero-shot PendulumSwingup --algo shac --set algo=sac": "algo is an option and not a setting: give it as --algo.",
    "rl few-shot PendulumSwingup --set algo=sac": "algo is an option and not a setting: give it as --algo.",
    "rl zero-shot PendulumSwingup --set __doc__=x": "Unknown training option '__doc__'",
    "rl zero-shot PendulumSwingup --algo shac --set saturation=nan": "saturation is nan",
    "rl zero-shot PendulumSwingup --algo shac --set first_log_std=nan": "first_log_std is nan",
    "rl zero-shot PendulumSwingup --algo shac --set clip=nan": "clip is nan",
}


@pytest.mark.parametrize(("typed", "said"), FAULTS.items())
def test_what_cannot_be_done_is_said_before_anything_is(typed, said, tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    arguments = typed.format(file=file).split()
    if "--out" not in arguments:
        arguments += ["--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("train pendulum --budget 1s", "pendulum/checkpoint.safetensors"),
        ("density pendulum --budget 1s", "pendulum.safetensors"),
        ("rl zero-shot PendulumSwingup --budget 1s", "policy.safetensors"),
        ("rl zero-shot PendulumSwingup --budget 1s --algo shac", "best.safetensors"),
        ("rl few-shot PendulumSwingup --real-steps 1200", "policy.safetensors"),
        ("rl few-shot PendulumSwingup --real-steps 1200", "learning.png"),
        ("rl on-policy PendulumSwingup --real-steps 3000", "learning.png"),
        ("rl zero-shot PendulumSwingup --budget 1s", "learning.png"),
        ("render PendulumSwingup --steps 5", "episode.mp4"),
        ("plan PendulumSwingup --steps 5", "return.png"),
    ],
)
def test_files_of_another_run_are_not_replaced(typed, name, tmp_path, capsys):
    theirs = tmp_path / name
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_bytes(b"weights")
    with pytest.raises(SystemExit) as end:
        main([*typed.split(), "--out", str(tmp_path)])
    assert end.value.code == 2
    assert "would be replaced; choose another folder." in capsys.readouterr().err
    assert theirs.read_bytes() == b"weights"


def test_the_result_of_another_command_is_not_replaced(tmp_path, capsys):
    main(["render", "PendulumSwingup", "--steps", "10", "--out", str(tmp_path)])
    before = (tmp_path / "result.json").read_text()
    with pytest.raises(SystemExit):
        main(["plan", "PendulumSwingup", "--out", str(tmp_path)])
    assert "comes from another command and would be replaced; choose another --out." in capsys.readouterr().err
    assert (tmp_path / "result.json").read_text() == before
    main(["render", "PendulumSwingup", "--steps", "12", "--out", str(tmp_path)])  # the same command, again
    assert json.loads((tmp_path / "result.json").read_text())["lengths"] == [12]
