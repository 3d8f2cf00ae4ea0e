"""Penalties as text: a name or a file, with τ and α of a density behind it."""

from __future__ import annotations

import pytest
import torch

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.rl.strategies.model_penalty import check_penalty, penalties_of, split_penalty
from mosim_gym.rl.strategies.zero_shot import typed_config


def test_a_density_has_its_threshold_and_scale_behind_its_name():
    assert split_penalty("density:threshold=-20.5,scale=3") == ("density", {"threshold": -20.5, "scale": 3.0})
    (penalty,) = penalties_of("density:threshold=-20.5,scale=3", 1.0)
    assert isinstance(penalty, DensityPenalty)
    TorchEnv("CheetahRun", 2, checkpoint="cheetah:narrow", penalties=[penalty]).reset(seed=0)
    assert (penalty.threshold, penalty.scale) == (-20.5, 3.0)


def test_only_one_of_them_may_be_given_and_the_data_say_the_other():
    (penalty,), (usual,) = penalties_of("density:scale=3", 1.0), penalties_of("density", 1.0)
    for each in (penalty, usual):
        TorchEnv("CheetahRun", 2, checkpoint="cheetah:narrow", penalties=[each]).reset(seed=0)
    assert (penalty.threshold, penalty.scale) == (usual.threshold, 3.0)


def test_a_file_may_have_a_colon_and_settings_too(tmp_path):
    path = tmp_path / "a:b.safetensors"
    path.touch()
    assert split_penalty(str(path)) == (str(path), {})
    assert split_penalty(f"{path}:scale=2") == (str(path), {"scale": 2.0})
    check_penalty(f"{path}:scale=2", 1.0)


def test_the_packaged_density_of_states_alone_is_one_setting():
    assert split_penalty("density:of=states,scale=3") == ("density", {"of": "states", "scale": 3.0})
    (penalty,) = penalties_of("density:of=states", 1.0)
    env = TorchEnv("HopperHop", 2, penalties=[penalty])
    env.reset(seed=0)
    assert penalty.density.card["of"] == "states"
    still, pushed = (penalty.charge(env.state, action).penalty for action in (torch.zeros(2, 4), torch.ones(2, 4)))
    torch.testing.assert_close(still, pushed)


def test_a_file_knows_what_it_is_of(tmp_path):
    path = tmp_path / "density.safetensors"
    path.touch()
    with pytest.raises(ValueError, match="of chooses among packaged densities"):
        check_penalty(f"{path}:of=states", 1.0)
    with pytest.raises(ValueError, match="chooses among packaged densities"):
        penalties_of(f"{path}:of=states", 1.0)


def test_a_typed_penalty_is_in_the_configuration_as_it_was_typed():
    config = typed_config("CheetahRun", None, seed=0, settings=[], penalty="density:scale=3")
    assert config.penalty == "density:scale=3"


@pytest.mark.parametrize(
    ("penalty", "sentence"),
    [
        ("density:edge=3", "Unknown setting of a density 'edge'. Valid: threshold, scale, of"),
        ("density:of=actions", "Unknown kind of density 'actions'. .*Valid: states and actions, states"),
        ("density:scale=wide", "penalty is 'density:scale=wide': scale needs a number of nats, such as scale=3."),
        ("disagreement:scale=3", "disagreement:scale=3, but penalty is disagreement; only a density has a threshold."),
        ("crowd", "Unknown penalty 'crowd'. Valid: none, density, disagreement, a density's file"),
    ],
)
def test_a_wrong_penalty_is_one_sentence(penalty, sentence):
    with pytest.raises((KeyError, ValueError), match=sentence):
        check_penalty(penalty, 1.0)


def test_a_scale_of_no_width_is_refused_before_the_first_step():
    with pytest.raises(ValueError, match="scale positive"):
        TorchEnv("CheetahRun", 2, checkpoint="cheetah:narrow", penalties=penalties_of("density:scale=0", 1.0))
