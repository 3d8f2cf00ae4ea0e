"""Stages: each trains its part alone, and unknown ones are refused."""

from __future__ import annotations

import pytest
from tests.training.small import small_model

from mosim_gym.training.config import Stage


def test_each_stage_trains_its_part_alone():
    from mosim_gym.training.losses import one_step_loss
    from mosim_gym.training.stages import freeze

    model, windows, kinematics = small_model()
    flat = type(windows)(*(column.flatten(0, 1) for column in windows))
    for name, parts in (
        ("predictor", {"predictor"}),
        ("corrector", {"corrector"}),
        ("joint", {"predictor", "corrector"}),
    ):
        freeze(model, Stage(name, 1.0))
        model.zero_grad(set_to_none=True)
        one_step_loss(model, flat, kinematics, huber=0.05, correctors=0 if name == "predictor" else None).backward()
        moved = {
            "corrector" if n.startswith("correctors") else "predictor"
            for n, p in model.named_parameters()
            if p.grad is not None
        }
        assert moved == parts


def test_unknown_stages_are_refused():
    with pytest.raises(KeyError, match=r"Unknown stage 'joined'. Did you mean 'joint'"):
        Stage("joined", 1.0)
