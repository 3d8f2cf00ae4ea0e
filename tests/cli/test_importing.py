"""`mosim-gym import` and `mosim-gym data check`, as typed."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.cli import main
from mosim_gym.data.log_files import open_logs
from mosim_gym.robots import load_robot


@pytest.fixture
def log(tmp_path):
    """200 rows of a pendulum at its control step, with names of somebody else's."""
    step = load_robot("pendulum").control_step
    time = np.arange(200) * step
    rows = np.column_stack((time, np.sin(3 * time), 3 * np.cos(3 * time), np.cos(5 * time)))
    lines = ["seconds,angle,omega,volts", *(",".join(map(repr, row)) for row in rows.tolist())]
    (tmp_path / "log.csv").write_text("\n".join(lines))
    (tmp_path / "map.toml").write_text('qpos = ["angle"]\nqvel = "omega"\naction = "volts"\n')
    return tmp_path


def test_logs_are_imported_and_checked(log, capsys):
    words = f"import {log}/log.csv --robot pendulum --columns {log}/map.toml --out {log}/out"
    main(words.split())
    said = capsys.readouterr().out
    assert "Guessed time from seconds." in said
    assert f"199 control steps (4.0 s) of pendulum in 1 segments; wrote {log}/out" in said
    assert len(open_logs(log / "out").qpos) == 200
    main(["data", "check", str(log / "out")])
    assert "Record more: models of robots need minutes of motion" in capsys.readouterr().out
    main(["data", "check", str(log / "out"), "--out", str(log / "pictures")])
    assert f"wrote {log}/pictures/positions.png" in capsys.readouterr().out
    assert (log / "pictures" / "rate.png").exists()


def test_logs_of_a_robot_from_a_file_have_the_rate_of_the_log_or_the_control_step_that_is_asked_for(log, capsys):
    (log / "arm.xml").write_text(
        '<mujoco model="arm"><worldbody><body><joint name="angle" type="hinge"/><geom size="0.1"/></body></worldbody>'
        '<actuator><motor joint="angle" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>'
    )
    step = load_robot("pendulum").control_step
    words = f"import {log}/log.csv --robot {log}/arm.xml --columns {log}/map.toml --out {log}/out"
    for given in ("", f" --timestep {step}"):
        main(f"{words}{given}".split())
        assert "199 control steps (4.0 s) of arm" in capsys.readouterr().out
        assert open_logs(log / "out").robot.control_step == step
        main(f"data check {log}/out --robot {log}/arm.xml".split())
        assert "(50 Hz)" in capsys.readouterr().out
    main(f"{words} --timestep 0.002".split())
    said = capsys.readouterr()
    assert "note: The logs have a row every 0.02 s, and arm steps every 0.002 s" in said.err
    assert "test_importing.py" not in said.err


FAULTS = {
    "import {log}/log.csv --robot pendulum --timestep 0.01": "timestep is for robots from files",
    "import {log}/log.csv --robot {log}/no.xml": "no.xml",
    "import {log}/log.csv": "Name the robot whose motion it is with --robot",
    "import --robot pendulum": "Name at least one log",
    "import {log}/log.csv --robot pendulum": "log.csv has no positions of pendulum",
    "import {log}/log.csv --robot pendlum": "Unknown robot 'pendlum'",
    "import {log}/log.csv --timestep 0.01": "--timestep is for a robot from a file",
    "import {log}/no.csv --robot pendulum": "There is no log at",
    "import {log}/log.csv --robot pendulum --columns {log}/log.csv": "is not a readable TOML file",
    "data check {log}": "There are no logs in",
}


@pytest.mark.parametrize("typed", FAULTS)
def test_what_is_wrong_is_one_sentence_and_leaves_nothing(typed, log, capsys):
    words = typed.format(log=log).split()
    with pytest.raises(SystemExit) as end:
        main(words if words[0] == "data" else [*words, "--out", str(log / "out")])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert FAULTS[typed] in error
    assert error.count("\n") == 1
    assert not (log / "out").exists()
