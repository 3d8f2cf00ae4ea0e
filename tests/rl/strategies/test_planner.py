"""Planning in the model: it does better than no plan, the same each time, and says what it needs."""

from __future__ import annotations

import json

import gymnasium as gym
import numpy as np
import pytest

from mosim_gym.cli import main
from mosim_gym.envs.real import make_real
from mosim_gym.policies.playing import evaluate
from mosim_gym.rl.strategies.planner import METHODS, Planner, PlannerConfig
from mosim_gym.rl.strategies.planning import Replayed, play_planned

TASK = "CartpoleSwingup"
LEANING = {"qpos": np.array([0.0, 0.25]), "qvel": np.zeros(2)}


def play(planner, steps=60):
    env = gym.make_vec(f"MoSim/{TASK}-v0", num_envs=2, checkpoint="truth")
    observation, info = env.reset(seed=0, options=LEANING)
    rewards = []
    for _ in range(steps):
        action = np.zeros((2, 1), np.float32) if planner is None else planner.predict(observation, state=info)[0]
        observation, reward, _, _, info = env.step(action)
        rewards.append(reward)
    return np.array(rewards)


@pytest.mark.parametrize("method", METHODS)
def test_plans_hold_up_in_reality_what_falls_without(method):
    planner = Planner(TASK, PlannerConfig(method=method, horizon=25, samples=64), rows=2)
    returns = play(planner)
    assert (returns.sum(0) > 55).all()  # of at most 60
    assert (play(None).sum(0) < 50).all()
    planner.reset()
    np.testing.assert_array_equal(play(planner, steps=10), returns[:10])


def test_held_actions_are_searched_for_as_often_as_they_are_held():
    planner = Planner(TASK, PlannerConfig(horizon=26, hold=4, samples=64), rows=2)
    assert planner.config.actions == 7
    env = gym.make_vec(f"MoSim/{TASK}-v0", num_envs=2, checkpoint="truth")
    observation, info = env.reset(seed=0, options=LEANING)
    done, total = [], np.zeros(2)
    for step in range(60):
        assert planner.searches == (step % 4 == 0)
        action, _ = planner.predict(observation, state=info)
        observation, reward, _, _, info = env.step(action)
        done.append(action.copy())
        action += 7  # the caller's own
        total += reward
    pieces = np.reshape(done, (15, 4, 2))
    assert (pieces == pieces[:, :1]).all()
    assert (pieces[:-1, 0] != pieces[1:, 0]).all()
    assert (total > 55).all()
    planner.reset()
    assert planner.searches


def test_what_a_plan_cannot_be_made_with():
    planner = Planner(TASK, PlannerConfig(horizon=2, samples=4))
    with pytest.raises(ValueError, match="needs the state itself: predict"):
        planner.predict(np.zeros(5))
    action, _ = planner.predict(np.zeros(5), state=LEANING)
    assert action.shape == (1,)
    with pytest.raises(ValueError, match="There are 3 states; this planner needs 1"):
        planner.predict(np.zeros((3, 5)), state={name: np.tile(part, (3, 1)) for name, part in LEANING.items()})
    with pytest.raises(ValueError, match="elites is 32; it must be at most the number of samples, 8"):
        PlannerConfig(method="cem", samples=8)
    with pytest.raises(ValueError, match=r"horizon is 2.5; it must be a whole number"):
        PlannerConfig(horizon=2.5)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="hold is 0; it must be a whole number, at least 1"):
        PlannerConfig(hold=0)
    with pytest.raises(ValueError, match="temperature is nan"):
        PlannerConfig(temperature=float("nan"))
    with pytest.raises(ValueError, match="hold is 9; it must be at most the horizon, 8 steps"):
        PlannerConfig(horizon=8, hold=9)
    with pytest.raises(ValueError, match="qpos holds numbers that are not finite; a plan needs a finite state"):
        planner.predict(np.zeros(5), state={"qpos": np.full(2, np.nan), "qvel": np.zeros(2)})
    with pytest.raises(ValueError, match="ReacherEasy has goals"):
        Planner("ReacherEasy", PlannerConfig(horizon=2, samples=4)).predict(np.zeros(6), state=LEANING)
    lost = {"qpos": np.zeros(2), "qvel": np.zeros(2), "goal": np.array([np.nan, 0.0])}
    with pytest.raises(ValueError, match="goal holds numbers that are not finite"):
        Planner("ReacherEasy", PlannerConfig(horizon=2, samples=4)).predict(np.zeros(6), state=lost)
    with pytest.raises(
        ValueError, match=r"qvel is float64 of shape \(3,\); a plan for CartpoleSwingup needs numbers of shape \(2,\)"
    ):
        planner.predict(np.zeros(5), state={**LEANING, "qvel": np.zeros(3)})
    with pytest.raises(ValueError, match="The planner is for CartpoleSwingup, not for CheetahRun"):
        play_planned("CheetahRun", planner, steps=5)
    with pytest.raises(KeyError, match="Unknown planning method 'mpc'"):
        PlannerConfig(method="mpc")


@pytest.mark.parametrize("method", METHODS)
def test_a_single_sample_is_a_plan(method):
    planner = Planner(TASK, PlannerConfig(method=method, horizon=2, samples=1, elites=1 if method == "cem" else None))
    assert np.isfinite(planner.predict(np.zeros(5), state=LEANING)[0]).all()


def test_planned_real_episodes_can_be_played_again():
    planner = Planner(TASK, PlannerConfig(horizon=10, samples=16), rows=2)
    played = play_planned(TASK, planner, steps=20, seed=5, progress=False)
    assert [len(rewards) for rewards in played.result.rewards] == [20, 20]
    assert played.actions.shape == (20, 1)
    assert played.real_time == pytest.approx(0.01 / played.decision_seconds)
    env = make_real(TASK, max_episode_steps=20)
    again = evaluate(env, Replayed(played.actions), episodes=1, seed=5, progress=False)
    np.testing.assert_array_equal(again.rewards[0], played.result.rewards[0])
    env.close()
    with pytest.raises(ValueError, match="steps is 0"):
        play_planned(TASK, planner, steps=0)


def test_plan_from_the_command_line(tmp_path, capsys, drawn):
    main(["plan", TASK, "--horizon", "6", "--hold", "2", "--samples", "8", "--steps", "12", "--out", str(tmp_path)])
    assert "times real time" in capsys.readouterr().out
    content = json.loads((tmp_path / "result.json").read_text())
    assert content["planner"]["temperature"] == 0.1
    assert content["planner"]["hold"] == 2
    assert content["real"]["episodes"] == 1
    assert (tmp_path / "plan.mp4").stat().st_size > 0
    with pytest.raises(SystemExit):
        main(["plan", TASK, "--samples", "0", "--out", str(tmp_path)])
    assert "samples is 0; it must be a whole number, at least 1" in capsys.readouterr().err
