"""Checkpoints with shorter control steps beside the robot's own."""

from __future__ import annotations

import pytest

from mosim_gym.studies.finer_checkpoints import evaluations, finer_checkpoints, finer_table


@pytest.mark.parametrize(("finer", "name", "times"), [("hopper@0.005", "hopper", 4), ("hopper", "hopper", None)])
def test_a_control_step_is_a_whole_number_of_finer_ones(finer, name, times):
    assert evaluations(finer, name) == times


def test_checkpoints_move_their_own_robot_by_its_control_step():
    (moved,) = finer_checkpoints("hopper").values()
    assert moved.robot.name == "hopper"
    assert moved.timestep == pytest.approx(0.02)
    assert finer_checkpoints("cheetah") == finer_checkpoints("cheetah:small") == {}


def test_the_table_shows_both_with_their_targets():
    def errors(value: float) -> dict:
        return {"normalised": {"16": value}}

    both = {"hopper": errors(0.05), "hopper@0.005": errors(0.03), "hold last": errors(1.0)}
    provenance = {"mosim_gym": "0.2", "commit": "0" * 12, "processor": "none", "cores": 1, "torch_threads": 1}
    report = {"tests": {"uniform": both, "poisson": both}, "provenance": provenance | {"torch": "2", "mujoco": "3"}}
    rows = finer_table({"hopper": report, "cheetah": {"tests": {"uniform": {"cheetah": errors(0.1)}}}}).splitlines()
    cells = [[cell.strip() for cell in row.split("|")[3:6]] for row in rows if "uniform" in row]
    assert cells == [["`hopper`", "1", "5.0%"], ["`hopper@0.005`", "4", "3.0%"]]
    assert "missed" in rows[2]
    assert "met" in rows[3]
