"""A width is chosen for a number of parameters."""

from __future__ import annotations

import pytest

from mosim_gym.robots import load_robot
from mosim_gym.world_models.gru import GRUConfig, GRUModel
from mosim_gym.world_models.pets import PETSModel
from mosim_gym.world_models.sizes import parameters_in, sized


@pytest.mark.parametrize("model", [GRUModel, PETSModel])
def test_the_network_has_about_as_many_parameters_as_asked(model):
    robot = load_robot("cartpole")
    config = sized(model, model.config_type(), robot, 100_000)
    assert parameters_in(model(config).build(robot)) == pytest.approx(100_000, rel=0.1)


def test_other_settings_stay():
    config = sized(GRUModel, GRUConfig(horizon=3, rate=0.01), load_robot("cartpole"), 30_000)
    assert (config.horizon, config.rate) == (3, 0.01)
