"""Which model suits a robot's logs, and how it is trained."""

from __future__ import annotations

import dataclasses

import pytest
from tests.data.logged import arm, cube

from mosim_gym.training.logs_config import LogsConfig, check_known, logs_model, logs_training


def test_only_robots_that_touch_something_see_contacts():
    free, touching = logs_model(arm(), 3, 1), logs_model(cube(), 2, 0)
    assert (free.preset, free.members, free.memory) == ("measured", 3, 1)
    assert (touching.preset, touching.members, touching.memory) == ("measured-contacts", 2, 0)
    assert [stage.name for stage in logs_training(cube(), 0).stages][:2] == ["predictor", "corrector"]
    assert logs_training(arm(), 7).seed == 7


def test_wrong_settings_are_one_sentence():
    with pytest.raises(ValueError, match=r"ema is 1\.0; it must be at least 0 and below 1"):
        LogsConfig(ema=1.0)


def test_a_description_without_masses_does_not_know_the_inertia():
    check_known(arm(), "inertia")
    assert logs_model(cube(), 1, 0, "inertia").inertia is None
    bodies = arm().bodies
    light = dataclasses.replace(bodies, mass=0 * bodies.mass, inertia=0 * bodies.inertia)
    massless = dataclasses.replace(arm(), bodies=light)
    with pytest.raises(ValueError, match="has no mass for some of its joints"):
        check_known(massless, "inertia")
