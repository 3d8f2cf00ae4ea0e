"""`gym.make_vec("MoSim/<Task>-v0")`: one batched environment, as users and their libraries meet it."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251
import warnings
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.wrappers.vector import NormalizeObservation, RecordEpisodeStatistics, TransformReward

import mosim_gym
from mosim_gym.data.dataset import collect_dataset
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.penalties.base import Charge, Penalty
from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.envs.penalties.disagreement import DisagreementPenalty
from mosim_gym.envs.penalties.wrappers import penalise
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import find_task, load_robot
from mosim_gym.zoo import packaged
from mosim_gym.zoo.names import load

TASKS = [task for task in mosim_gym.tasks() if find_task(task)[0].name in packaged()]


def _vec(task, num_envs=4, **options):
    return gym.make_vec(env_id(task), num_envs=num_envs, **options)


class Broken(mosim_gym.Dynamics):
    """Dynamics that say what they are told."""

    differentiable = True

    def __init__(self, card=None, robot="pendulum", readings=None):
        self.robot = load_robot(robot)
        self.card, self.readings = card or {}, readings
        self.rows = []

    def step(self, qpos, qvel, action, features=None):
        q, v = qpos + 0.1, qvel.clone()
        for row in self.rows:
            q[row] = float("nan")
        return Step(q, v, q.new_zeros(len(q), 0) if self.readings is None else torch.tensor(self.readings))


@pytest.mark.parametrize("task", TASKS)
def test_make_vec_gives_the_batched_environment_with_gymnasiums_spaces(task):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = _vec(task)
    single = gym.make(env_id(task))
    assert isinstance(env, VectorEnv)
    assert type(env).__name__ == "MoSimVectorEnv"
    assert env.single_observation_space == single.observation_space
    assert env.single_action_space == single.action_space
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    assert env.observation_space.contains(observation)
    assert (reward.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)
    assert info["qpos"].shape == (4, env.torch.task.robot.nq)
    assert info["_qpos"].all()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("checkpoint", [None, "truth"])
def test_a_row_moves_as_the_single_environment_does(task, checkpoint):
    env = _vec(task, 5, checkpoint=checkpoint)
    _, info = env.reset(seed=3)
    actions = env.action_space.sample()
    observation, reward, *_ = env.step(actions)
    single = gym.make(env_id(task), checkpoint=checkpoint, ensemble=None if checkpoint else [0])
    row = 0
    single.reset(options={name: info[name][row] for name in ("qpos", "qvel", "goal")})
    alone, alone_reward, *_ = single.step(actions[row])
    np.testing.assert_allclose(observation[row], alone, atol=1e-5, rtol=1e-5)
    assert reward[row] == pytest.approx(alone_reward, abs=1e-5)


def test_one_seed_for_each_gives_each_the_episodes_of_a_single_environment():
    env, single = _vec("ReacherHard", 3), gym.make(env_id("ReacherHard"))
    observation, _ = env.reset(seed=[5, 7, 11])
    for row, seed in enumerate((5, 7, 11)):
        np.testing.assert_allclose(observation[row], single.reset(seed=seed)[0], atol=1e-6)
    np.testing.assert_array_equal(env.reset(seed=np.array([5, 7, 11]))[0], observation)
    with pytest.raises(ValueError, match="2 seeds for 3 environments"):
        env.reset(seed=[1, 2])


def test_the_same_seed_gives_the_same_episodes_to_the_last_bit_whatever_the_global_generators():
    def play(noise):
        torch.manual_seed(noise)
        np.random.default_rng(noise)
        env = _vec("CheetahRun", 6, max_episode_steps=4, stagger=True)
        seen = [env.reset(seed=9)[0]]
        for _ in range(9):
            torch.rand(noise)
            seen.append(env.step(np.full((6, 6), 0.3, np.float32))[0])
        return np.array(seen)

    np.testing.assert_array_equal(play(1), play(5))


def _reference(mode, steps):
    """What Gymnasium's own vector of single environments does."""
    envs = [lambda: gym.make(env_id("ReacherEasy"), max_episode_steps=3)] * 2
    env = gym.vector.SyncVectorEnv(envs, autoreset_mode=mode)
    env.reset(seed=[1, 2])
    return [env.step(np.full((2, 2), 0.1, np.float32)) for _ in range(steps)]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_autoreset_is_gymnasiums(mode):
    env = _vec("ReacherEasy", 2, max_episode_steps=3, autoreset_mode=mode)
    assert env.metadata["autoreset_mode"] is mode
    env.reset(seed=[1, 2])
    for wanted in _reference(mode, 8):
        observation, reward, terminated, truncated, info = env.step(np.full((2, 2), 0.1, np.float32))
        np.testing.assert_allclose(observation, wanted[0], atol=1e-5)
        np.testing.assert_allclose(reward, wanted[1], atol=1e-5)
        np.testing.assert_array_equal(terminated, wanted[2])
        np.testing.assert_array_equal(truncated, wanted[3])
        assert ("final_obs" in info) == ("final_obs" in wanted[4])
        if "final_obs" in info:
            np.testing.assert_array_equal(info["_final_obs"], wanted[4]["_final_obs"])
            np.testing.assert_allclose(np.stack(info["final_obs"]), np.stack(wanted[4]["final_obs"]), atol=1e-5)
            np.testing.assert_allclose(info["final_info"]["qpos"], wanted[4]["final_info"]["qpos"], atol=1e-5)
            assert list(info["final_info"]["end"]) == ["time limit"] * 2


def test_without_autoreset_masks_say_who_begins_anew():
    env = _vec("PendulumSwingup", 3, max_episode_steps=2, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    action = np.zeros((3, 1), np.float32)
    env.step(action)
    *_, truncated, info = env.step(action)
    assert truncated.all()
    with pytest.raises(RuntimeError, match="Some episodes are over: reset them with a mask"):
        env.step(action)
    before, options = info["qpos"], {"reset_mask": np.array([True, False, True])}
    _, info = env.reset(options=options)
    assert list(options) == ["reset_mask"]
    assert (info["qpos"][1] == before[1]).all()
    assert (info["qpos"][[0, 2]] != before[[0, 2]]).all()
    env.reset(options={"reset_mask": np.array([False, True, False])})
    env.step(action)
    for wrong in (np.zeros(3, bool), np.ones(2, bool), np.ones(3)):
        with pytest.raises(ValueError, match="reset_mask"):
            env.reset(options={"reset_mask": wrong})


def test_episodes_that_begin_staggered_do_not_end_together():
    env = _vec("PendulumSwingup", 40, max_episode_steps=50, stagger=True)
    env.reset(seed=0)
    ends = [int(env.step(np.zeros((40, 1), np.float32))[3].sum()) for _ in range(50)]
    assert sum(ends) == 40
    assert max(ends) < 10


def test_states_can_be_given_at_reset_and_for_all_resets(tmp_path):
    env = _vec("ReacherEasy", 3, max_episode_steps=2, reset_from=(np.full((1, 2), 0.2), np.full((1, 2), 0.1)))
    _, info = env.reset(seed=0)
    assert (info["qpos"] == np.float32(0.2)).all()
    assert (info["qvel"] == np.float32(0.1)).all()
    _, info = env.reset(options={"qpos": [0.3, 0.4], "goal": [0.1, 0.0]})
    np.testing.assert_allclose(info["qpos"], [[0.3, 0.4]] * 3)
    np.testing.assert_allclose(info["goal"], [[0.1, 0.0]] * 3)
    collect_dataset("reacher", tmp_path, segments=5)
    states = mosim_gym_states(tmp_path)
    for source in (str(tmp_path), tmp_path):
        for made in (_vec("ReacherEasy", 3, reset_from=source), gym.make(env_id("ReacherEasy"), reset_from=source)):
            _, info = made.reset(seed=0)
            for row in np.atleast_2d(info["qpos"]):
                assert np.abs(states - row).max(1).min() < 1e-6
    for wrong, text in (
        ((np.zeros((2, 3)), np.zeros((2, 3))), r"shape \(2, 3\)"),
        ("somewhere", "Unknown reset_from 'somewhere'"),
        (3, "reset_from is a int"),
        ((np.full((1, 2), np.nan), np.zeros((1, 2))), "not finite"),
    ):
        with pytest.raises((ValueError, KeyError, TypeError), match=text):
            _vec("ReacherEasy", 3, reset_from=wrong)
    with pytest.raises(ValueError, match="holds the motion of 'reacher'"):
        _vec("PendulumSwingup", 3, reset_from=tmp_path)


def mosim_gym_states(folder):
    from mosim_gym.data.dataset import open_dataset

    return open_dataset(folder).states()[0]


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_states_that_are_no_numbers_never_reach_the_learner(mode):
    dynamics = Broken()
    env = _vec("PendulumSwingup", 3, checkpoint=dynamics, autoreset_mode=mode)
    env.reset(seed=0)
    dynamics.rows = [1]
    observation, reward, terminated, truncated, info = env.step(np.zeros((3, 1), np.float32))
    assert np.isfinite(observation).all()
    assert np.isfinite(reward).all()
    assert truncated.tolist() == [False, True, False]
    assert not terminated.any()
    end = info["final_info"]["end"] if mode == AutoresetMode.SAME_STEP else info["end"]
    assert list(end) == [None, "diverged", None]
    if mode == AutoresetMode.SAME_STEP:
        assert np.isfinite(info["final_obs"][1]).all()


@pytest.mark.parametrize("gradients", [False, True])
def test_readings_that_are_no_numbers_never_reach_the_learner(gradients):
    dynamics = Broken(robot="hopper", readings=[[1.0, 2.0], [torch.inf, 0.0]])
    env = TorchEnv("HopperHop", 2, checkpoint=dynamics, gradients=gradients)
    env.reset(seed=0)
    step = env.step(torch.zeros(2, 4))
    assert step.truncated.tolist() == [False, True]
    assert step.final is not None
    assert bool(step.final.isfinite().all() & step.observation.isfinite().all())


def test_a_model_never_predicts_an_infinite_reading():
    model = load("hopper").model
    model.output_std[-2:] = 1e6
    env = TorchEnv("HopperHop", 8, checkpoint=Simulator(model, {"name": "hopper"}), gradients=True)
    env.reset(seed=0)
    action = torch.zeros(8, 4, requires_grad=True)
    step = env.step(action)
    assert env.state.sensors.max() > 1e8
    assert bool(step.observation.isfinite().all())
    gradient = torch.autograd.grad(step.observation.sum() + step.reward.sum(), action)[0]
    assert bool(gradient.isfinite().all())


class Toll(Penalty):
    """Takes a quarter off every reward."""

    def bind(self, core, dynamics):
        pass

    def charge(self, state, action):
        return Charge(torch.full((len(action),), 0.25), torch.zeros(len(action), dtype=torch.bool), {})


def test_a_row_that_diverges_leaves_the_penalties_of_the_others():
    seen = []
    for gradients in (False, True):
        dynamics = Broken()
        env = TorchEnv("PendulumSwingup", 3, checkpoint=dynamics, gradients=gradients)
        env.reset(seed=0)
        dynamics.rows = [0]
        with env.penalties.also(Toll()):
            step = env.step(torch.zeros(3, 1))
        seen.append((step.reward.detach(), env.raw_reward, env.penalty))
        torch.testing.assert_close(env.penalty, torch.tensor([0.0, 0.25, 0.25]))
        torch.testing.assert_close(step.reward.detach(), env.raw_reward - env.penalty)
    for without, with_gradients in zip(*seen, strict=True):
        torch.testing.assert_close(without, with_gradients)


def test_leaving_the_training_box_ends_an_episode_and_says_so_unless_bounds_are_open():
    box = {"qpos": [[None], [None]], "qvel": [[-1.0], [1.0]]}
    env = _vec("PendulumSwingup", 2, checkpoint=Broken({"box": box}))
    env.reset(seed=0, options={"qpos": [0.0], "qvel": [[1.1], [1.3]]})
    *_, truncated, info = env.step(np.zeros((2, 1), np.float32))
    assert truncated.tolist() == [False, True]
    assert list(info["end"]) == [None, "outside the training box"]
    unbound = _vec("PendulumSwingup", 2, checkpoint=Broken({"box": box}))
    unbound.torch.bounds.open()
    unbound.reset(seed=0, options={"qpos": [0.0], "qvel": [[1.1], [1.3]]})
    *_, truncated, _ = unbound.step(np.zeros((2, 1), np.float32))
    assert not truncated.any()
    single = gym.make(env_id("PendulumSwingup"), checkpoint=Broken({"box": box}))
    single.reset(options={"qpos": [0.0], "qvel": [1.3]})
    *_, truncated, info = single.step(np.zeros(1, np.float32))
    assert (truncated, info["end"]) == (True, "outside the training box")


@pytest.mark.parametrize("task", ["ReacherEasy", "CartpoleSwingup"])
def test_dict_observations_are_the_single_environments(task):
    env, single = _vec(task, 2, obs="dict"), gym.make(env_id(task), obs="dict")
    observation, info = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    alone, _ = single.reset(options={name: info[name][1] for name in ("qpos", "qvel", "goal")})
    assert list(observation) == list(alone)
    for name, value in alone.items():
        np.testing.assert_allclose(observation[name][1], value, atol=1e-6)


def test_wrong_actions_are_refused_in_one_sentence():
    env = _vec("CheetahRun", 2)
    with pytest.raises(RuntimeError, match=r"call reset\(\) first"):
        env.step(np.zeros((2, 6), np.float32))
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"shape \(6,\); these environments need \(2, 6\)"):
        env.step(np.zeros(6, np.float32))
    bad = np.zeros((2, 6), np.float32)
    bad[1, 2] = np.nan
    with pytest.raises(ValueError, match="The action of environment 1"):
        env.step(bad)
    with pytest.raises(TypeError, match="dtype"):
        env.step(np.full((2, 6), "a"))
    with pytest.raises(ValueError, match="num_envs is 0"):
        _vec("CheetahRun", 0)
    with pytest.raises(ValueError, match="precision: only learned checkpoints"):
        _vec("CheetahRun", 2, checkpoint="truth", precision="fast")


def test_gymnasiums_vector_wrappers_work():
    env = NormalizeObservation(RecordEpisodeStatistics(_vec("PendulumSwingup", 3, max_episode_steps=5)))
    env.reset(seed=0)
    lengths = []
    for _ in range(6):
        *_, info = env.step(np.zeros((3, 1), np.float32))
        lengths += list(info["episode"]["l"][info["_episode"]]) if "episode" in info else []
    assert lengths == [5, 5, 5]


def test_rewards_carry_gradients_back_to_actions_and_stop_where_told():
    env = TorchEnv("CartpoleSwingup", 4, gradients=True)
    env.reset(seed=0)
    action = torch.zeros(4, 1, requires_grad=True)
    total = sum(env.step(action).reward.sum() for _ in range(3))
    (gradient,) = torch.autograd.grad(total, action)
    assert gradient.abs().min() > 0
    numeric = []
    for shift in (-1e-2, 1e-2):
        env.reset(seed=0)
        numeric.append(sum(env.step(action.detach() + shift).reward for _ in range(3)))
    torch.testing.assert_close(gradient[:, 0], (numeric[1] - numeric[0]) / 2e-2, rtol=0.05, atol=1e-4)
    env.detach()
    assert not env.state.qpos.requires_grad
    assert not env.step(torch.zeros(4, 1)).reward.requires_grad


def test_a_row_that_diverges_leaves_the_gradients_of_the_others():
    class Overflowing(mosim_gym.Dynamics):
        """Moves by a shared parameter, and row 0 out of all bounds."""

        robot = load_robot("pendulum")
        differentiable = True
        push = torch.tensor(0.1, requires_grad=True)

        def step(self, qpos, qvel, action, features=None):
            wild = (torch.arange(len(qpos)) == 0)[:, None]
            speed = qvel + self.push * action
            speed = speed * torch.where(wild & (action != 0), torch.inf, 1.0)
            return Step(qpos + self.timestep * speed, speed, qpos.new_zeros(len(qpos), 0))

    dynamics = Overflowing()
    env = TorchEnv("PendulumSwingup", 4, checkpoint=dynamics, gradients=True, autoreset="disabled")
    env.reset(seed=0)
    step = env.step(torch.ones(4, 1))
    assert step.end.tolist() == [1, 0, 0, 0]
    (gradient,) = torch.autograd.grad(step.observation.sum(), dynamics.push)
    assert torch.isfinite(gradient)
    assert gradient != 0


def test_pictures_of_all_environments():
    env = _vec("PendulumSwingup", 2, render_mode="rgb_array", width=64, height=48)
    env.reset(seed=0)
    frames = env.render()
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 2
    env.close()


def _ensemble_file(folder):
    """Three little pendulum models that disagree more the faster it turns."""
    from mosim_gym.dynamics.config import preset
    from mosim_gym.dynamics.mosim import MoSim
    from mosim_gym.robots import load_robot
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


def around(penalty):
    return partial(penalise, penalty=penalty)


def _penalised(*wrappers):
    env = _vec("CheetahRun", 4, checkpoint="cheetah:narrow")
    for wrap in wrappers:
        env = wrap(env)
    return env


def test_penalties_around_one_another_all_count():
    disagreement = around(DisagreementPenalty(2.0))
    density = around(DensityPenalty(threshold=0.0, scale=10.0))
    stacks = {"none": (), "disagreement": (disagreement,), "density": (density,)}
    stacks |= {"inner": (disagreement, density), "outer": (density, disagreement), "twice": (density, density)}
    found = {}
    for name, wrappers in stacks.items():
        env = _penalised(*wrappers)
        env.reset(seed=0, options={"qpos": np.zeros(9), "qvel": np.linspace(0, 20, 36).reshape(4, 9)})
        _, reward, _, truncated, info = env.step(np.full((4, 6), 0.5, np.float32))
        found[name] = reward, truncated, info
    raw = found["none"][0]
    parts = {name: raw - found[name][0] for name in ("disagreement", "density")}
    assert all((part > 1e-3).any() for part in parts.values())
    assert found["disagreement"][1].any()
    for name in ("inner", "outer"):
        reward, truncated, info = found[name]
        np.testing.assert_allclose(raw - reward, parts["disagreement"] + parts["density"], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(truncated, found["disagreement"][1])
        np.testing.assert_allclose(info["raw_reward"], raw, atol=1e-5)
        np.testing.assert_allclose(info["penalty"], raw - reward, atol=1e-5)
        np.testing.assert_array_equal(info["disagreement"], found["disagreement"][2]["disagreement"])
    np.testing.assert_allclose(raw - found["twice"][0], 2 * parts["density"], rtol=1e-5, atol=1e-5)


def test_the_raw_reward_is_the_tasks_own_whatever_is_wrapped_in_between():
    start = {"qpos": np.zeros(9), "qvel": np.linspace(0, 20, 36).reshape(4, 9)}
    seen = []
    for wrappers in ((), (lambda env: TransformReward(env, lambda r: 10 * r), around(DensityPenalty(scale=10.0)))):
        env = _penalised(*wrappers)
        env.reset(seed=0, options=start)
        seen.append(env.step(np.full((4, 6), 0.5, np.float32)))
    np.testing.assert_allclose(seen[1][4]["raw_reward"], seen[0][1], atol=1e-5)
    assert (seen[1][4]["penalty"] > 1e-3).any()


def test_a_penalty_ends_with_its_wrapper():
    bare = _penalised()
    bare.reset(seed=0, options={"qpos": np.zeros(9), "qvel": np.linspace(0, 20, 36).reshape(4, 9)})
    wrapped = penalise(copy.deepcopy(bare), DensityPenalty(threshold=0.0, scale=10.0))
    action = np.full((4, 6), 0.5, np.float32)
    before, inside = copy.deepcopy(wrapped).step(action), copy.deepcopy(wrapped).env.step(action)
    wanted = bare.step(action)
    np.testing.assert_array_equal(inside[1], wanted[1])
    assert (before[1] < wanted[1] - 1e-3).any()


def _copies(env):
    return copy.deepcopy(env), pickle.loads(pickle.dumps(env))


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("checkpoint", [None, "truth", "hopper@0.005"])
def test_a_copy_goes_on_as_the_first_would(checkpoint, mode):
    task = "HopperHop" if checkpoint == "hopper@0.005" else "CheetahRun"
    env = _vec(task, 3, checkpoint=checkpoint, max_episode_steps=9, stagger=True, autoreset_mode=mode)
    env.reset(seed=2)
    env.action_space.seed(2)
    for _ in range(6):
        env.step(env.action_space.sample())
    twins = _copies(env)
    for _ in range(12):
        action = env.action_space.sample()
        wanted = env.step(action)
        for twin in twins:
            for mine, theirs in zip(wanted[:4], twin.step(action)[:4], strict=True):
                np.testing.assert_array_equal(mine, theirs)


def test_copies_of_wrapped_environments_have_penalties_of_their_own():
    env = _penalised(around(DisagreementPenalty(2.0)), around(DensityPenalty()))
    env.reset(seed=0)
    env.step(env.action_space.sample())
    for twin in _copies(env):
        action = env.action_space.sample()
        before = copy.deepcopy(env)
        wanted, found = before.step(action), twin.step(action)
        np.testing.assert_array_equal(found[1], wanted[1])
        np.testing.assert_array_equal(found[4]["penalty"], wanted[4]["penalty"])
        np.testing.assert_array_equal(found[4]["disagreement"], wanted[4]["disagreement"])


def test_a_copy_carries_gradients_back_to_where_it_was_copied():
    env = TorchEnv("CartpoleSwingup", 4, gradients=True)
    env.reset(seed=0)
    action = torch.zeros(4, 1, requires_grad=True)
    env.step(action)
    for twin in _copies(env):
        again = torch.zeros(4, 1, requires_grad=True)
        reward = twin.step(again).reward
        assert torch.autograd.grad(reward.sum(), again)[0].abs().min() > 0
    assert torch.autograd.grad(env.step(torch.zeros(4, 1)).reward.sum(), action)[0].abs().min() > 0


@pytest.mark.parametrize("task", ["ReacherEasy", "FingerSpin"])
def test_rewards_in_steps_have_gradients_that_are_zero(task):
    env = TorchEnv(task, 4, gradients=True)
    env.reset(seed=0)
    action = torch.zeros(4, env.task.robot.nu, requires_grad=True)
    env.step(action).reward.sum().backward()
    assert bool((action.grad == 0).all())
