"""How a training is described: stages by name."""

from __future__ import annotations

import pytest

from mosim_gym.dynamics.config import PRESETS, preset
from mosim_gym.training.config import Stage, read_stages, training_for


def test_stages_are_read_as_people_write_them():
    assert read_stages("predictor,corrector") == (Stage("predictor", 1.0), Stage("corrector", 1.0))
    assert read_stages("predictor:0.2, corrector:0.8") == (Stage("predictor", 0.2), Stage("corrector", 0.8))
    first, second = read_stages("predictor:converged,joint", loss="solver")
    assert (first.until, first.loss) == ("convergence", "solver")
    assert (second.until, second.loss) == ("share", "solver")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("predicter", "Unknown stage 'predicter'. Did you mean 'predictor'"),
        ("predictor:soon", "ends by 'soon'; give a share of the time, as in predictor:0.2, or predictor:converged"),
        ("predictor:0", "must be above 0"),
        ("", "Unknown stage ''"),
    ],
)
def test_what_is_no_stage_is_refused_in_one_sentence(text, sentence):
    with pytest.raises((KeyError, ValueError), match=sentence):
        read_stages(text)


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_has_stages(name):
    stages = training_for(preset(name)).stages
    assert stages
    assert all(stage.loss == ("solver" if name.startswith("paper-") else "direct") for stage in stages)
