"""The table of world models has what is registered."""

from __future__ import annotations

from mosim_gym.mechanics.world_model import WORLD_MODELS
from mosim_gym.studies.world_model_tables import world_models_table
from mosim_gym.world_models.gru import GRUModel


class Renamed(GRUModel):
    title = "another GRU"


def test_a_registered_model_of_one_network_has_a_row():
    WORLD_MODELS.add("another", Renamed)
    try:
        rows = world_models_table().splitlines()
    finally:
        WORLD_MODELS.remove("another")
    assert any("`another`" in row and "another GRU" in row and "GRUConfig" in row for row in rows)
    assert not any("`linear`" in row for row in rows)
