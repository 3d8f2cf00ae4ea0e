"""Names of checkpoints."""

from __future__ import annotations

import pytest

from mosim_gym.zoo.names import robot_at


def test_names_carry_the_step():
    assert robot_at("cheetah").control_step == 0.01
    assert robot_at("cheetah@0.02:narrow").substeps == 2
    with pytest.raises(ValueError, match="not a whole number of cheetah's physics steps"):
        robot_at("cheetah@0.015")
