"""SHAC: its gradient is that of the return, it learns, an interrupted run ends the same, and its policy is one of ours."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mosim_gym.cli import main
from mosim_gym.mechanics.storage import FileFault, load_arrays
from mosim_gym.rl import shac_training, state
from mosim_gym.rl.judging import CONFIRMATION_EPISODES, CONFIRMATION_SEED, returns_in_model
from mosim_gym.rl.policies import load_policy
from mosim_gym.rl.shac import Normaliser, Shac, ShacConfig
from mosim_gym.rl.shac_training import shac_learner, shac_zero_shot

TASK = "PointMassEasy"
TYPED = ["rl", "zero-shot", TASK, "--algo", "shac"]
QUICK = ShacConfig(num_envs=16, horizon=8, width=32, episode=50, evaluate_every=10)


def test_the_normaliser_knows_mean_and_deviation():
    normaliser, data = Normaliser(3), torch.randn(500, 3) * torch.tensor([1.0, 5.0, 0.1]) + 2.0
    for part in data.split(50):
        normaliser.update(part)
    torch.testing.assert_close(normaliser.mean, data.mean(0), atol=1e-3, rtol=0)
    torch.testing.assert_close(normaliser.var, data.var(0, unbiased=False), rtol=1e-3, atol=1e-5)


def test_targets_are_those_of_td_lambda():
    learner = shac_learner(TASK, dataclasses.replace(QUICK, discount=0.9, lam=0.5))
    rewards, values = [torch.tensor([1.0]), torch.tensor([2.0])], torch.tensor([[10.0], [20.0]])
    second = 2 + 0.9 * 20
    first = 1 + 0.9 * (0.5 * 10 + 0.5 * second)
    found = learner._targets(rewards, values, [torch.tensor([False])] * 2)
    torch.testing.assert_close(found, torch.tensor([[first], [second]]))
    cut = learner._targets(rewards, values, [torch.tensor([True]), torch.tensor([False])])
    assert float(cut[0, 0]) == pytest.approx(1 + 0.9 * 10)


@pytest.mark.parametrize(("saturation", "returns"), [(0.01, True), (0.0, False)])
def test_a_policy_that_wants_more_than_all_comes_back_to_where_it_can_learn(saturation, returns):
    learner = shac_learner(TASK, dataclasses.replace(QUICK, saturation=saturation))
    bias = learner.actor[-1].bias
    with torch.no_grad():
        learner.actor[-1].weight.zero_()
        bias.fill_(12.0)  # tanh is 1 and its slope 0 in float32
    for _ in range(3):
        learner.update()
    assert bool((bias < 12).all()) == returns


@pytest.mark.parametrize(("ends", "beyond"), [("box", True), ("edge", False), ("finite", True)])
def test_what_is_promised_where_episodes_end(ends, beyond):
    """A box that every state has left: the critic's estimate stands for the rest, or nothing does, or there is no box."""
    learner, told = shac_learner("PendulumSwingup", dataclasses.replace(QUICK, ends=ends)), {}
    bounds = learner.env.bounds
    if ends != "finite":
        bounds.move({"qpos": [[None], [None]], "qvel": [[50.0], [60.0]]})
    with torch.no_grad():
        learner.target[-1].bias.fill_(100.0)
    learner._targets = lambda _, values, over: told.update(values=values[0], over=over[0]) or torch.zeros(8, 16)
    learner.update()
    assert bool(told["over"].all()) == (ends != "finite")
    assert bool((told["values"].abs() > 50).all()) == beyond


def test_it_learns_and_its_policy_acts_as_its_actor():
    learner = shac_learner(
        "CheetahRun", dataclasses.replace(QUICK, num_envs=32, width=64, horizon=16), checkpoint="cheetah:small"
    )
    first = np.mean([learner.update() for _ in range(3)])
    for _ in range(50):
        learner.update()
    assert np.mean([learner.update() for _ in range(10)]) > first + 0.05
    observation = learner.env.observation().detach()
    action, _ = learner.policy().predict(observation.numpy())
    with torch.no_grad():
        wanted = learner._middle + learner._half * torch.tanh(learner.actor(learner.normaliser(observation)))
    np.testing.assert_allclose(action, wanted.numpy(), atol=1e-4)


def test_an_interrupted_run_ends_with_the_same_policy(tmp_path, monkeypatch):
    """It goes on from where it was last saved, which need not be at an evaluation."""
    monkeypatch.setattr(state, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(state, "SAVING", np.inf)

    class Stop(Exception):
        pass

    def run(folder, stop_at=None):
        clock = iter(range(10**6))
        monkeypatch.setattr(shac_training, "time", SimpleNamespace(monotonic=lambda: next(clock) * 1.0))
        update = Shac.update

        def stopping(learner, **how):
            if learner.updates == stop_at:
                raise Stop
            return update(learner, **how)

        with monkeypatch.context() as patch:
            patch.setattr(Shac, "update", stopping)
            return shac_zero_shot(TASK, QUICK, budget=40.0, folder=folder)

    whole = run(tmp_path / "whole")
    with pytest.raises(Stop):
        run(tmp_path / "broken", stop_at=17)
    assert load_arrays(tmp_path / "broken" / "state.safetensors", state.KIND)[0]["updates"].item() == 17
    resumed = run(tmp_path / "broken")
    observation = np.zeros(4, np.float32)
    assert resumed.policy.card["updates"] == whole.policy.card["updates"] >= 30
    np.testing.assert_array_equal(resumed.policy.predict(observation)[0], whole.policy.predict(observation)[0])
    with pytest.raises(FileFault, match="holds a run with another config"):
        shac_zero_shot(TASK, dataclasses.replace(QUICK, width=16), budget=40.0, folder=tmp_path / "broken")


def test_a_run_ends_when_other_episodes_confirm_the_return_it_is_to_stop_at(tmp_path):
    result = shac_zero_shot(TASK, QUICK, budget=60, folder=tmp_path, stop_at=0.01)
    card = result.policy.card
    assert (card["updates"], card["stop_at"], card["ended_by"]) == (10, 0.01, "return in the model")
    fresh = returns_in_model(TASK, result.policy, seed=CONFIRMATION_SEED, episodes=CONFIRMATION_EPISODES)
    assert result.curve[-1]["episodes"] == fresh.size
    assert card["return_in_model"] == pytest.approx(fresh.mean(), rel=1e-6)
    assert shac_zero_shot(TASK, QUICK, budget=60, folder=tmp_path, stop_at=0.01).policy.card["updates"] == 10
    seconds = card["training_seconds"] + 2
    onward = shac_zero_shot(TASK, QUICK, budget=seconds, folder=tmp_path, stop_at=1e6).policy.card
    assert onward["updates"] > 10
    assert onward["ended_by"] == "budget"
    with pytest.raises(ValueError, match=r"stop_at is nan; it is a return in the model, which must be positive"):
        shac_zero_shot(TASK, QUICK, budget=60, folder=tmp_path, stop_at=float("nan"))


def test_another_model_may_judge_the_policies_of_a_run_but_the_truth_may_not(tmp_path):
    quick = dataclasses.replace(QUICK, evaluate_every=5)
    run = {"budget": 4, "folder": tmp_path, "checkpoint": "acrobot:small", "judge": "acrobot"}
    result = shac_zero_shot("AcrobotSwingup", quick, **run)
    card = result.policy.card
    assert card["judge"].startswith("acrobot ")
    assert card["chosen_by"] == f"return in another model, {card['judge']}, the lowest of the ensemble's members"
    judged = returns_in_model("AcrobotSwingup", result.policy, checkpoint="acrobot")
    assert card["return_in_model"] == pytest.approx(judged.mean(), rel=1e-6)
    with pytest.raises(FileFault, match=r"holds a run with another judge \(acrobot "):
        shac_zero_shot("AcrobotSwingup", quick, **{**run, "judge": None})
    with pytest.raises(ValueError, match="The truth cannot judge"):
        shac_zero_shot("AcrobotSwingup", quick, **{**run, "judge": "truth", "folder": tmp_path / "true"})


def test_shac_from_the_command_line(tmp_path, capsys, drawn):
    settings = ["num_envs=8", "horizon=4", "evaluate_every=5"]
    main([*TYPED, "--budget", "2s", "--episodes", "1", "--out", str(tmp_path), "--set", *settings])
    assert "real return" in capsys.readouterr().out
    assert json.loads((tmp_path / "result.json").read_text())["policy"]["config"]["algo"] == "shac"
    assert load_policy(tmp_path / "policy.safetensors").card["algorithm"] == "shac"
    assert list((tmp_path / "tensorboard").glob("events.*"))
    with pytest.raises(SystemExit):
        main([*TYPED, "--set", "penalty=density", "--out", str(tmp_path)])
    assert "Unknown training option 'penalty'" in capsys.readouterr().err
    with pytest.raises(KeyError, match=r"Unknown ends 'boxes'. Did you mean 'box'"):
        shac_zero_shot(TASK, dataclasses.replace(QUICK, ends="boxes"), budget=1, folder=tmp_path)


def test_shac_on_the_truth_is_refused_in_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main([*TYPED, "--checkpoint", "truth", "--budget", "2s", "--out", str(tmp_path)])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert "mosim-gym: The truth has no gradients" in error
    assert "Traceback" not in error
