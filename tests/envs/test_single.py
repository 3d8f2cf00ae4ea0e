"""`gym.make("MoSim/<Task>-v0")` as users meet it."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251
import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env as gymnasium_check
from gymnasium.wrappers import FrameStackObservation, RecordEpisodeStatistics, RecordVideo
from stable_baselines3 import SAC
from stable_baselines3.common.env_checker import check_env as sb3_check
from stable_baselines3.common.env_util import make_vec_env

import mosim_gym
from mosim_gym.envs.registration import env_id
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.robots import find_task
from mosim_gym.zoo.names import packaged_for, packaged_path

TASKS = mosim_gym.tasks()
EXEMPT = (
    "A Box observation space m", "infinity. This is probably too",  # infinite bounds, which dm_control has too
    "a symmetric and normalized",  # tendons only pull
)  # fmt: skip


def _make(task, **options):
    return gym.make(env_id(task), checkpoint="truth", **options)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["learned", "truth", "real"])
def test_both_checkers_pass(task, kind):
    if kind == "learned" and packaged_for(find_task(task)[0].name) is None:
        pytest.skip("no model of this robot is packaged")
    makers = {"learned": lambda: gym.make(env_id(task)).unwrapped, "truth": lambda: _make(task).unwrapped}
    env = makers[kind]() if kind in makers else mosim_gym.make_real(task)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gymnasium_check(env, skip_render_check=True)
        sb3_check(env)
    texts = [str(w.message) for w in caught]
    assert [t for t in texts if not any(e in t for e in EXEMPT) and "spec" not in t] == []


@pytest.mark.parametrize("task", TASKS)
def test_spaces_equal_the_real_ones(task):
    for obs in ("flat", "dict"):
        model, real = _make(task, obs=obs), mosim_gym.make_real(task, obs=obs)
        assert model.observation_space == real.observation_space
        assert model.action_space == real.action_space
        observation, _ = model.reset(seed=0)
        assert model.observation_space.contains(observation)


@pytest.mark.parametrize("task", ["CheetahRun", "ReacherEasy", "AcrobotSwingup"])
@pytest.mark.parametrize("controls", ["random", "sinusoid"])
def test_an_episode_on_the_truth_is_the_real_episode(task, controls):
    real, model = mosim_gym.make_real(task), _make(task)
    observation, info = real.reset(seed=4)
    ours, _ = model.reset(options=info)
    real.action_space.seed(4)
    returns = [0.0, 0.0]
    for step in range(1000):
        np.testing.assert_allclose(ours, observation, rtol=1e-5, atol=1e-5)
        # Saturating sines drive the cheetah hard, where the smallest difference would grow.
        action = 1.5 * np.sin(np.arange(len(real.action_space.low)) + step * 0.2).astype(np.float32)
        if controls == "random":
            action = real.action_space.sample()
        observation, reward, _, truncated, _ = real.step(action)
        ours, our_reward, _, our_truncated, _ = model.step(action)
        returns[0] += reward
        returns[1] += our_reward
        assert truncated == our_truncated == (step == 999)
    assert returns[0] == pytest.approx(returns[1], abs=1e-6)


def test_the_same_seed_gives_the_same_episode_whatever_the_global_generators():
    def episode(noise):
        torch.manual_seed(noise)
        env = _make("ReacherHard")
        observations = [env.reset(seed=9)[0]]
        for _ in range(5):
            torch.rand(noise)
            observations.append(env.step(np.full(2, 0.3, np.float32))[0])
        observations.append(env.reset()[0])
        return np.array(observations)

    np.testing.assert_array_equal(episode(1), episode(2))


def test_a_specification_survives_json():
    spec = gym.spec("MoSim/CheetahRun-v0")
    assert gym.envs.registration.EnvSpec.from_json(spec.to_json()) == spec
    assert spec.max_episode_steps == 1000
    assert _make("CheetahRun", max_episode_steps=7).spec.max_episode_steps == 7


@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
def test_a_specification_survives_json_however_its_arguments_were_given(make):
    given = {"checkpoint": packaged_path("pendulum"), "device": torch.device("cpu")}
    if make is gym.make_vec:
        given |= {"num_envs": np.int64(3), "autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}
    env = make("MoSim/PendulumSwingup-v0", **given)
    again = make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    np.testing.assert_array_equal(again.reset(seed=1)[0], env.reset(seed=1)[0])
    assert again.metadata == env.metadata


def test_unknown_checkpoints_are_refused_by_name():
    with pytest.raises(KeyError, match="Unknown checkpoint 'cheetah:unheard-of'"):
        gym.make("MoSim/CheetahRun-v0", checkpoint="cheetah:unheard-of")
    with pytest.raises(ValueError, match=r"There is no checkpoint file at nowhere/model.safetensors"):
        gym.make("MoSim/CheetahRun-v0", checkpoint="nowhere/model.safetensors")


def test_unknown_ids_are_refused_by_name():
    with pytest.raises(gym.error.NameNotFound, match="CheetahRun"):
        gym.make("MoSim/CheetahRunn-v0")


def test_a_state_that_blows_up_ends_the_episode_without_nan():
    env = _make("CheetahRun")
    env.reset(seed=0, options={"qpos": np.zeros(9), "qvel": np.full(9, 1e11)})
    observation, reward, terminated, truncated, info = env.step(np.zeros(6, np.float32))
    assert np.isfinite(observation).all()
    assert (reward, terminated, truncated, info["end"]) == (0.0, False, True, "diverged")


def test_actions_and_order_of_calls_are_checked():
    env = _make("CheetahRun", disable_env_checker=True).unwrapped
    with pytest.raises(RuntimeError, match=r"call reset\(\) before step"):
        env.step(np.zeros(6, np.float32))
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"shape \(6, 1\)"):
        env.step(np.zeros((6, 1), np.float32))
    with pytest.raises(ValueError, match="not finite"):
        env.step(np.full(6, np.inf, np.float32))


def test_a_step_after_the_end_raises_and_gymnasiums_own_limit_lets_the_motion_go_on():
    action = np.zeros(1, np.float32)
    for env in (
        MoSimEnv("PendulumSwingup", max_episode_steps=1),
        mosim_gym.make_real("PendulumSwingup", max_episode_steps=1),
    ):
        env.reset(seed=0)
        assert env.step(action)[3]
        with pytest.raises(RuntimeError, match=r"call reset\(\)"):
            env.step(action)
    limited = gym.make("MoSim/PendulumSwingup-v0", max_episode_steps=1)
    limited.reset(seed=0)
    assert [limited.step(action)[3] for _ in range(2)] == [True, True]


def test_returned_arrays_are_the_callers_own():
    env = _make("CheetahRun")
    first, info = env.reset(seed=0)
    kept = first.copy(), info["qpos"].copy()
    env.step(np.ones(6, np.float32))
    np.testing.assert_array_equal(first, kept[0])
    np.testing.assert_array_equal(info["qpos"], kept[1])


def test_make_vec_and_make_vec_env_work():
    venv = gym.make_vec("MoSim/PendulumSwingup-v0", num_envs=3, checkpoint="truth")
    observation, _ = venv.reset(seed=0)
    assert observation.shape == (3, 3)
    sb3 = make_vec_env("MoSim/PendulumSwingup-v0", n_envs=2, env_kwargs={"checkpoint": "truth"})
    assert sb3.reset().shape == (2, 3)


def test_sac_trains_on_the_real_task_and_its_policy_loads_on_the_truth(tmp_path):
    model = SAC("MlpPolicy", mosim_gym.make_real("PendulumSwingup"), learning_starts=50, seed=0, device="cpu")
    model.learn(120)
    model.save(tmp_path / "policy")
    env = _make("PendulumSwingup")
    loaded = SAC.load(tmp_path / "policy", env=env, device="cpu")
    observation, _ = env.reset(seed=0)
    action, _ = loaded.predict(observation, deterministic=True)
    np.testing.assert_array_equal(action, model.predict(observation, deterministic=True)[0])
    env.step(action)


@pytest.mark.parametrize(
    "make",
    [
        lambda: _make("CheetahRun"),
        lambda: mosim_gym.make_real("ReacherEasy"),
        lambda: gym.make("MoSim/HopperHop-v0", checkpoint="hopper@0.005"),
        lambda: gym.make("MoSim/CartpoleSwingup-v0", solver="dopri5"),
    ],
)
def test_copied_and_pickled_environments_go_on_as_this_one_would(make):
    env = make()
    env.reset(seed=0)
    actions = np.random.default_rng(0).uniform(-1, 1, (8, *env.action_space.shape)).astype(np.float32)
    for action in actions:
        env.step(action)
    twins = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    for action in actions:
        wanted = env.step(action)
        for twin in twins:
            found = twin.step(action)
            np.testing.assert_array_equal(found[0], wanted[0])
            assert found[1:4] == wanted[1:4]
    assert all(np.array_equal(twin.reset(seed=2)[0], env.reset(seed=2)[0]) for twin in twins)


def test_odd_arguments_are_one_sentence():
    for wrong in (3, [1], np.zeros(2), object()):
        with pytest.raises(TypeError, match="it must be 'truth', a packaged name, a path"):
            gym.make("MoSim/PendulumSwingup-v0", checkpoint=wrong)
    with pytest.raises(ValueError, match="width is 0; a picture needs"):
        _make("PendulumSwingup", width=0)
    env = _make("PendulumSwingup")
    for options, error, text in (
        ([1], TypeError, "options is a list"),
        ({"qpos": "abc"}, TypeError, "it needs numbers"),
        ({"qpos": [1e300]}, ValueError, "not finite"),
        ({"qpos": [0.0, 0.0]}, ValueError, r"shape \(2,\); PendulumSwingup needs \(1,\)"),
    ):
        for each in (env, mosim_gym.make_real("PendulumSwingup")):
            with pytest.raises(error, match=text):
                each.reset(options=options)


MAKERS = {
    "real": lambda task, **_: mosim_gym.make_real(task),
    "truth": lambda task, **options: _make(task, **options),
    "learned": lambda task, **options: gym.make(env_id(task), **options),
    "batch": lambda task, **options: gym.make_vec(env_id(task), num_envs=2, **options),
    "true batch": lambda task, **options: gym.make_vec(env_id(task), num_envs=2, checkpoint="truth", **options),
}


@pytest.mark.parametrize("kind", list(MAKERS))
def test_what_the_real_task_says_can_be_given_to_any_reset(kind):
    real = mosim_gym.make_real("HumanoidStand")
    real.reset(seed=0)
    *_, info = real.step(real.action_space.sample())
    env = MAKERS[kind]("HumanoidStand")
    for options in (info, {**info, "end": "diverged"}):
        _, after = env.reset(options=options)
        for name in ("qpos", "qvel"):
            np.testing.assert_allclose(np.atleast_2d(after[name])[-1], info[name], rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match=r"options\['warm_start'\] has shape \(1,\)"):
        env.reset(options={**info, "warm_start": [0.0]})
    if kind != "real":
        MAKERS[kind]("HumanoidStand", reset_from=info).reset(seed=0)


@pytest.mark.parametrize("kind", ["real", "truth", "true batch"])
@pytest.mark.parametrize("task", ["CheetahRun", "HumanoidStand", "AcrobotSwingup"])
def test_a_true_trajectory_goes_on_to_the_last_bit(task, kind):
    real, env = mosim_gym.make_real(task), MAKERS[kind](task)
    _, info = real.reset(seed=0)
    real.action_space.seed(0)
    for _ in range(40):
        *_, info = real.step(real.action_space.sample())
    env.reset(seed=3, options=info)
    for _ in range(10):
        action = real.action_space.sample()
        *_, info = real.step(action)
        *_, ours = env.step(np.stack([action, action]) if kind == "true batch" else action)
        for name in ("qpos", "qvel"):
            np.testing.assert_array_equal(np.atleast_2d(ours[name])[-1], info[name])


def test_an_episode_is_filmed_and_counted(tmp_path):
    env = gym.make(env_id("PendulumSwingup"), render_mode="rgb_array", max_episode_steps=6, width=64, height=48)
    env = RecordEpisodeStatistics(RecordVideo(env, str(tmp_path), episode_trigger=lambda _: True))
    env.reset(seed=0)
    for _ in range(6):
        *_, truncated, info = env.step(env.action_space.sample())
    env.close()
    assert truncated
    assert info["episode"]["l"] == 6
    (video,) = tmp_path.glob("*.mp4")
    assert video.stat().st_size > 500


def test_frames_can_be_stacked():
    env = FrameStackObservation(gym.make(env_id("CheetahRun")), 4)
    observation, _ = env.reset(seed=0)
    assert observation.shape == (4, 17)
    after, *_ = env.step(env.action_space.sample())
    np.testing.assert_array_equal(after[:3], observation[1:])
