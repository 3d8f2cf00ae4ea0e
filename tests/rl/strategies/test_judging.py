"""Evaluations in a model choose the policy and may end a run; another model may make them, but never the truth."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.storage import FileFault
from mosim_gym.rl.strategies.judging import CONFIRMATION_SEED, outside_model_of, returns_in_model
from mosim_gym.rl.strategies.zero_shot import config_for, zero_shot

TASK = "CartpoleSwingup"
QUICK = config_for(
    TASK, "shac", num_envs=16, horizon=8, width=32, episode=50, evaluate_every=1536, evaluation_episodes=4
)


def test_a_run_ends_when_other_episodes_confirm_the_return_it_is_to_stop_at(tmp_path):
    result = zero_shot(TASK, QUICK, budget=600, folder=tmp_path, stop_at=0.01)
    card = result.policy.card
    assert (card["updates"], card["stop_at"], card["ended_by"]) == (12, 0.01, "return in the model")
    fresh = returns_in_model(TASK, result.policy, seed=CONFIRMATION_SEED, episodes=8)
    assert result.curve[-1]["episodes"] == fresh.size == 8
    assert card["return_in_model"] == pytest.approx(fresh.mean(), rel=1e-6)
    assert zero_shot(TASK, QUICK, budget=600, folder=tmp_path, stop_at=0.01).policy.card["updates"] == 12
    onward = zero_shot(TASK, QUICK, budget=600, max_steps=3072, folder=tmp_path, stop_at=1e6).policy.card
    assert onward["updates"] > 12
    assert onward["ended_by"] == "max_steps"


def test_a_return_that_no_run_can_stop_at_is_refused(tmp_path):
    for wrong in (float("nan"), -3, float("inf")):
        with pytest.raises(ValueError, match=rf"stop_at is {wrong}; it is a return in the model, which must be pos"):
            zero_shot(TASK, QUICK, budget=60, folder=tmp_path, stop_at=wrong)


def test_another_model_may_judge_the_policies_of_a_run_but_the_truth_may_not(tmp_path):
    run = {"budget": 600, "max_steps": 1536, "folder": tmp_path, "checkpoint": "acrobot:small", "judge": "acrobot"}
    result = zero_shot("AcrobotSwingup", QUICK, **run)
    card = result.policy.card
    assert card["judge"].startswith("acrobot ")
    assert card["chosen_by"] == f"return in another model, {card['judge']}, the lowest of the ensemble's members"
    judged = returns_in_model("AcrobotSwingup", result.policy, checkpoint="acrobot", episodes=4)
    assert card["curve"][-1]["return_in_model"] == pytest.approx(judged.mean(), rel=1e-6)
    with pytest.raises(FileFault, match=r"holds a run with another judge \(acrobot "):
        zero_shot("AcrobotSwingup", QUICK, **{**run, "judge": None})
    with pytest.raises(ValueError, match="The truth cannot judge"):
        zero_shot("AcrobotSwingup", QUICK, **{**run, "judge": "truth", "folder": tmp_path / "true"})


def test_the_chosen_policy_is_the_one_with_the_highest_return_of_its_lowest_member(tmp_path):
    result = zero_shot("CheetahRun", QUICK, budget=600, max_steps=4608, folder=tmp_path, checkpoint="cheetah:narrow")
    assert len(result.curve) >= 3
    assert result.record.best == max(point["lowest_member"] for point in result.curve)
    returns = returns_in_model("CheetahRun", result.policy, checkpoint="cheetah:narrow", episodes=4)
    assert returns.mean(axis=1).min() == pytest.approx(result.record.best, rel=1e-6)


def test_a_policy_is_played_as_it_was_trained_whatever_its_card_calls_that():
    assert outside_model_of({"config": {"outside_model": "continue"}}) == "continue"
    for before, now in (("box", "truncate"), ("edge", "terminate"), ("finite", "continue")):
        assert outside_model_of({"config": {"ends": before}}) == now
    assert outside_model_of({}) == outside_model_of({"config": {}}) == "truncate"
