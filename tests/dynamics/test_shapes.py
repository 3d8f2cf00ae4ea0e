"""Shapes by arithmetic are those of the networks themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mosim_gym.density.flow import FlowConfig, ResidualFlow, flow_shapes
from mosim_gym.dynamics.config import PRESETS, Size
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.shapes import model_shapes
from mosim_gym.robots import load_robot


@pytest.mark.parametrize("robot", ["pendulum", "cheetah", "fish"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_model_has_the_shapes_that_its_configuration_implies(robot: str, preset: str) -> None:
    config = replace(PRESETS[preset], members=2, sensors=1, ahead=2, beyond=Size(8, 1))
    state = MoSim(load_robot(robot), config).state_dict()
    assert model_shapes(load_robot(robot), config) == {name: tuple(value.shape) for name, value in state.items()}


def test_a_flow_has_the_shapes_that_its_configuration_implies() -> None:
    config = FlowConfig(blocks=2, width=5, layers=4)
    state = ResidualFlow(3, config).state_dict()
    kept = {name: tuple(value.shape) for name, value in state.items() if not name.endswith((".left", ".right"))}
    assert flow_shapes(3, config) == kept
