"""`mosim-gym robot check`, as typed."""

from __future__ import annotations

import pytest

from mosim_gym.cli import main

XML = """<mujoco model="cube"><worldbody><geom type="plane" size="1 1 1"/>
  <body pos="0 0 1"><freejoint/><geom type="box" size=".1 .1 .1"/></body></worldbody>{}</mujoco>"""
FILTER = '<actuator><general name="m" joint="root" dyntype="filter" dynprm="1"/></actuator>'


def test_a_robot_that_can_be_learned_ends_with_code_zero(tmp_path, capsys):
    path = tmp_path / "cube.xml"
    path.write_text(XML.format(""))
    main(["robot", "check", str(path), "--timestep", "0.005"])
    said = capsys.readouterr().out
    assert "robot cube: nq 7, nv 6, nu 0; mass 8 kg" in said
    assert "control step 0.005 s = 1 × 0.005 s, continuous" in said
    assert "contact points (8)" in said
    assert "motion does not depend on: root.x, root.y; heading of root" in said
    assert "The motion can be learned" in said


def test_a_robot_that_cannot_be_learned_ends_with_code_one_and_a_bad_file_with_two(tmp_path, capsys):
    path = tmp_path / "cube.xml"
    path.write_text(XML.format(FILTER).replace("<freejoint/>", '<joint name="root" type="slide"/>'))
    with pytest.raises(SystemExit) as end:
        main(["robot", "check", str(path)])
    assert end.value.code == 1
    assert "obstacle: Actuators have states of their own" in capsys.readouterr().out
    for bad in (["none.xml"], [str(path), "--timestep", "0"]):
        with pytest.raises(SystemExit) as end:
            main(["robot", "check", *bad])
        assert end.value.code == 2
        error = capsys.readouterr().err
        assert error.startswith("mosim-gym: ")
        assert error.count("\n") == 1
