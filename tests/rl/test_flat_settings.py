"""Settings as people type them: a strategy's and its learner's side by side, each of its kind, old names pointing to new ones."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.renamed import RENAMED
from mosim_gym.rl.flat_settings import as_changes, changed, settings_of, with_options
from mosim_gym.rl.learners.off_policy import OffPolicyConfig
from mosim_gym.rl.learners.shac import ShacConfig
from mosim_gym.rl.strategies.few_shot import FewShotConfig
from mosim_gym.rl.strategies.zero_shot import ZeroShotConfig


def test_what_is_typed_becomes_settings_of_their_kinds():
    typed = ["updates=16", "rate=3e-4", "algo=tqc", "num_envs=8", "entropy=0.05"]
    wanted = {"updates": 16, "rate": 3e-4, "algo": "tqc", "num_envs": 8, "entropy": "0.05"}
    assert as_changes(typed, ZeroShotConfig()) == wanted
    config = changed(ZeroShotConfig(), wanted)
    assert config == ZeroShotConfig(
        num_envs=8, learner=OffPolicyConfig(algo="tqc", updates=16, rate=3e-4, entropy="0.05")
    )


def test_settings_of_the_learner_stand_beside_the_strategys():
    names = settings_of(ZeroShotConfig(learner=ShacConfig()))
    assert {"num_envs", "horizon", "penalty"} <= names.keys()
    assert not {"learner", "updates"} & names.keys()
    assert settings_of(ShacConfig()).keys() == settings_of(ShacConfig).keys()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("updates=many", r"'updates=many': updates needs a whole number, such as 8"),
        ("width", r"'width' is not a training option: write name=value. Valid names: num_envs, .*, width,"),
    ],
)
def test_what_is_typed_wrongly_is_one_sentence(typed, sentence):
    with pytest.raises(ValueError, match=sentence):
        as_changes([typed], ZeroShotConfig())


@pytest.mark.parametrize("name", RENAMED)
def test_a_name_of_before_says_what_it_is_called_now(name):
    new = RENAMED[name].split()[0]
    with pytest.raises(KeyError, match=f"Unknown training option '{name}'. It is now called {new}"):
        as_changes([f"{name}=1"], ZeroShotConfig())
    both = settings_of(ZeroShotConfig()).keys() | settings_of(FewShotConfig()).keys()
    assert new in both


def test_a_setting_of_another_learner_says_whose_it_is():
    with pytest.raises(
        KeyError, match=r"Unknown training option 'lam'. It is a setting of the learners shac and ppo. Valid: "
    ):
        changed(ZeroShotConfig(), {"lam": 0.9})
    with pytest.raises(KeyError, match=r"'updates'. It is a setting of the learners sac and tqc. Valid: "):
        changed(ZeroShotConfig(learner=ShacConfig()), {"updates": 3})


def test_what_is_an_option_is_no_setting():
    assert with_options({"width": 3}, seed=1, algo=None) == {"width": 3, "seed": 1}
    with pytest.raises(ValueError, match="seed is an option and not a setting: give it as --seed"):
        with_options({"seed": 3}, seed=1)
