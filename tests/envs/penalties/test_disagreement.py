"""The penalty on an ensemble's disagreement."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

from mosim_gym.envs.penalties.disagreement import DisagreementPenalty
from mosim_gym.envs.penalties.wrappers import penalise
from mosim_gym.envs.registration import env_id
from mosim_gym.robots import load_robot


def _vec(task, num_envs=4, **options):
    return gym.make_vec(env_id(task), num_envs=num_envs, **options)


def _ensemble_file(folder):
    """Three little pendulum models that disagree more the faster it turns."""
    from mosim_gym.dynamics.config import preset
    from mosim_gym.dynamics.mosim import MoSim
    from mosim_gym.zoo.checkpoint import save_checkpoint

    torch.manual_seed(0)
    model = MoSim(load_robot("pendulum"), preset("smooth", members=3))
    torch.nn.init.normal_(model.correctors[0].last.weight, std=0.05)
    card = {"name": "pendulum", "disagreement": {"0.5": 0.0, "0.999": 1e-3}}
    return save_checkpoint(folder / "ensemble.safetensors", model, card)


def test_where_members_disagree_learners_pay_and_episodes_end(tmp_path):
    path = _ensemble_file(tmp_path)
    plain = _vec("PendulumSwingup", 4, checkpoint=path)
    options = {"qpos": [0.5], "qvel": [[0.0], [1.0], [20.0], [60.0]]}
    plain.reset(options=options)
    _, reward, _, truncated, _ = plain.step(np.zeros((4, 1), np.float32))
    assert not truncated.any()
    env = penalise(_vec("PendulumSwingup", 4, checkpoint=path), DisagreementPenalty(2.0))
    env.reset(options=options)
    _, paid, _, truncated, info = env.step(np.zeros((4, 1), np.float32))
    d = info["disagreement"]
    assert (d > 1).any()
    np.testing.assert_allclose(reward - paid, 2 * np.maximum(d - 1, 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(truncated, d > 1)
    assert set(info["end"][truncated]) == {"a penalty's limit"}
    with pytest.raises(ValueError, match="at least two ensemble members"):
        penalise(_vec("PendulumSwingup", 4, checkpoint=path, ensemble=1), DisagreementPenalty())
    with pytest.raises(KeyError, match=r"Unknown quantile of the training disagreement '0.9'\..* Valid: 0.5, 0.999"):
        penalise(_vec("PendulumSwingup", 4, checkpoint=path), DisagreementPenalty(quantile="0.9"))
    for wrong in (np.nan, np.inf, "1", -1.0, True):
        with pytest.raises(ValueError, match="it must be a finite number, at least 0"):
            DisagreementPenalty(wrong)
    with pytest.raises(ValueError, match="truncate is 'no'; it must be True or False"):
        DisagreementPenalty(truncate="no")
