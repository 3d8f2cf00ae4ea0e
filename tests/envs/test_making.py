"""`mosim_gym.make_env` as users meet it."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251
import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env as gymnasium_check
from stable_baselines3 import SAC
from stable_baselines3.common.env_checker import check_env as sb3_check

import mosim_gym
from mosim_gym.data.logs import Logs
from mosim_gym.envs.penalties import Charge, Penalty
from mosim_gym.mechanics import integrate
from mosim_gym.mechanics.motion import Step
from mosim_gym.rl.learners.base import learner_config, make_learner
from mosim_gym.robots import load_robot

EXEMPT = ("A Box observation space m", "infinity. This is probably too")
ARM = """<mujoco model="arm"><option timestep="0.002"/><worldbody><body name="upper" pos="0 0 1">
<joint name="shoulder" axis="0 1 0" range="-170 170" damping="0.1"/>
<geom name="upper" type="capsule" fromto="0 0 0 0 0 0.5" size="0.05"/><site name="tip" pos="0 0 0.5"/></body></worldbody>
<actuator><motor name="shoulder" joint="shoulder" ctrlrange="-2 2"/></actuator></mujoco>"""


def upright(features, action):
    return features.up("pole_1")[:, 2] - 0.01 * action.square().sum(-1)


def test_both_checkers_pass():
    env = mosim_gym.make_env("cartpole", upright)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gymnasium_check(env, skip_render_check=True)
        sb3_check(env)
    assert [str(w.message) for w in caught if not any(e in str(w.message) for e in EXEMPT)] == []


def test_one_and_many_give_the_same_episodes_with_the_same_seeds():
    single = mosim_gym.make_env("cartpole", upright, ensemble=1)
    many = mosim_gym.make_env("cartpole", upright, num_envs=2, ensemble=1)
    seen, _ = many.reset(seed=[3, 4])
    first, _ = single.reset(seed=4)
    np.testing.assert_allclose(first, seen[1], atol=1e-5)
    for _ in range(3):
        action = np.full((2, 1), 0.3, np.float32)
        step, batch = single.step(action[1]), many.step(action)
        np.testing.assert_allclose(step[0], batch[0][1], atol=1e-5)
        assert step[1] == pytest.approx(batch[1][1], abs=1e-5)


@pytest.mark.parametrize("num_envs", [None, 2])
def test_episodes_last_as_long_as_was_asked(num_envs):
    env = mosim_gym.make_env("pendulum", lambda f, a: f.joint_velocity("hinge"), num_envs=num_envs, max_episode_steps=4)
    for _ in range(2):
        env.reset(seed=0)
        cuts = [bool(np.all(env.step(np.zeros(env.action_space.shape, np.float32))[3])) for _ in range(4)]
        assert cuts == [False, False, False, True]


def test_every_autoreset_mode_is_there():
    for mode in ("NextStep", "SameStep", "Disabled"):
        env = mosim_gym.make_env(
            "pendulum", lambda f, a: f.qvel[:, 0], num_envs=3, max_episode_steps=2, autoreset_mode=mode
        )
        env.reset(seed=0)
        action = np.zeros((3, 1), np.float32)
        env.step(action)
        *_, truncated, info = env.step(action)
        assert truncated.all()
        assert ("final_obs" in info) == (mode == "SameStep")


def test_an_end_of_ones_own_terminates():
    env = mosim_gym.make_env("cartpole", upright, terminated=lambda f: f.joint("slider").abs() > 0.5)
    env.reset(options={"qpos": [0.6, 0.0]})
    *_, terminated, truncated, _ = env.step(np.zeros(1, np.float32))
    assert (terminated, truncated) == (True, False)


@pytest.mark.parametrize(
    "reset",
    [
        (np.full((3, 2), 0.25), np.zeros((3, 2))),
        lambda generator, n: (torch.full((n, 2), 0.25), np.zeros((n, 2))),
        Logs(load_robot("cartpole"), np.full((3, 2), 0.25), np.zeros((3, 2)), np.zeros((3, 1)), np.array([0, 3])),
    ],
    ids=["states", "function", "logs"],
)
def test_episodes_begin_where_they_are_told(reset):
    env = mosim_gym.make_env("cartpole", upright, reset=reset, num_envs=4)
    _, info = env.reset(seed=0)
    assert bool((info["qpos"] == 0.25).all())


def test_starts_of_a_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"reset\['qpos'\] has shape \(2, 3\); this task needs \(2,\)"):
        mosim_gym.make_env("cartpole", upright, reset=lambda generator, n: (np.zeros((n, 3)), np.zeros((n, 2))))
    with pytest.raises(TypeError, match="reset is a list; it must be"):
        mosim_gym.make_env("cartpole", upright, reset=[1, 2])
    with pytest.raises(TypeError, match=r"reset takes \(n\); it is called as reset\(generator, n\)"):
        mosim_gym.make_env("cartpole", upright, reset=lambda n: (np.zeros((n, 2)), np.zeros((n, 2))))


def test_gradients_flow_through_reward_and_features_and_shac_learns(tmp_path):
    env = mosim_gym.make_env("cartpole", upright, num_envs=4, gradients=True).torch
    env.reset(seed=0)
    action = torch.zeros(4, 1, requires_grad=True)
    total = sum(env.step(action).reward.sum() for _ in range(3))
    assert torch.autograd.grad(total, action)[0].abs().min() > 0
    learner = make_learner(env, learner_config("shac", horizon=4), seed=0, folder=tmp_path)
    learner.learn(8)
    assert learner.updates == 2
    assert learner.policy({}).predict(np.zeros(5, np.float32))[0].shape == (1,)


def test_sb3_trains_on_it():
    SAC("MlpPolicy", mosim_gym.make_env("pendulum", lambda f, a: f.up("pole")[:, 2]), learning_starts=5).learn(8)


def test_the_numbers_of_an_observation_have_names_in_its_order():
    env = mosim_gym.make_env("cartpole", upright)
    names = ("slider", "sin of hinge_1", "cos of hinge_1", "velocity of slider", "velocity of hinge_1")
    assert env.get_wrapper_attr("observation_names") == names
    seen, _ = env.reset(options={"qpos": [0.1, 0.2], "qvel": [0.3, 0.4]})
    np.testing.assert_allclose(seen, [0.1, np.sin(0.2), np.cos(0.2), 0.3, 0.4], rtol=1e-6)
    many = mosim_gym.make_env(
        "cartpole", upright, observation=lambda f: {"x": f.joint("slider"), "v": f.qvel}, num_envs=2
    )
    assert many.observation_names == ("x", "v[0]", "v[1]")
    assert gym.make("MoSim/CartpoleSwingup-v0").unwrapped.observation_names[:2] == ("position[0]", "position[1]")


@pytest.mark.parametrize("num_envs", [None, 2])
def test_gymnasium_makes_such_environments_again_from_their_specification(num_envs):
    env = mosim_gym.make_env("cartpole", upright, num_envs=num_envs, max_episode_steps=3, ensemble=1, obs="dict")
    assert (env.spec.id, env.spec.max_episode_steps) == ("make_env/cartpole", 3)
    single, many = gym.make(env.spec), gym.make_vec(env.spec, num_envs=2)
    assert (many.num_envs, single.unwrapped.dynamics.members) == (2, 1)
    for again in (single, many):
        first, _ = again.reset(seed=0)
        assert list(first) == ["position", "velocity"]
        action = np.zeros(again.action_space.shape, np.float32)
        assert [bool(np.all(again.step(action)[3])) for _ in range(3)] == [False, False, True]


class Toll(Penalty):
    """Takes a quarter off every reward."""

    def bind(self, core, dynamics):
        pass

    def charge(self, state, action):
        return Charge(torch.full((len(action),), 0.25), torch.zeros(len(action), dtype=torch.bool), {})


@pytest.mark.parametrize("num_envs", [None, 2])
def test_penalties_are_taken_off(num_envs):
    env = mosim_gym.make_env("pendulum", lambda f, a: 1 + 0 * f.qvel[:, 0], penalty=[Toll()], num_envs=num_envs)
    env.reset(seed=0)
    _, reward, *_, info = env.step(np.zeros(env.action_space.shape, np.float32))
    assert np.all(reward == 0.75)
    assert np.all(info["raw_reward"] == 1)
    for wrong, said in (
        ("toll", "Unknown penalty 'toll'"),
        (Toll, r"penalty is the class Toll; give an object of it: Toll\(…\)"),
        ([0.5], r"penalty is of float; .* the name of a registered one: density, disagreement"),
    ):
        with pytest.raises((KeyError, TypeError), match=said):
            mosim_gym.make_env("pendulum", lambda f, a: f.qvel[:, 0], penalty=wrong, num_envs=num_envs)


def test_copies_go_on_alike():
    env = mosim_gym.make_env("cartpole", upright)
    env.reset(seed=0)
    env.step(np.ones(1, np.float32))
    for twin in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        np.testing.assert_array_equal(
            twin.step(np.ones(1, np.float32))[0], copy.deepcopy(env).step(np.ones(1, np.float32))[0]
        )


class Swing(mosim_gym.Dynamics):
    """A robot of the user's own, moved by a formula."""

    def __init__(self, robot, card=None):
        self.robot, self.card = robot, card or {}

    def step(self, qpos, qvel, action, features=None):
        qvel = qvel + self.timestep * (action - qpos)
        return Step(integrate(self.robot, qpos, qvel, self.timestep), qvel, qpos.new_zeros(len(qpos), 0))


def test_robots_that_nobody_has_packaged_work_and_are_drawn(tmp_path):
    (tmp_path / "arm.xml").write_text(ARM)
    robot = mosim_gym.Robot.from_file(tmp_path / "arm.xml", timestep=0.02)
    env = mosim_gym.make_env(Swing(robot), lambda f, a: f.position("tip")[:, 2], render_mode="rgb_array")
    observation, _ = env.reset(seed=0)
    assert observation.tolist() == [0.0, 0.0]
    _, reward, *_ = env.step(np.full(1, 2.0, np.float32))
    assert 1.49 < reward < 1.5
    assert env.render().shape == (360, 480, 3)
    box = {"qpos": [[0.5], [1.0]], "qvel": [[-1.0], [1.0]]}
    env = mosim_gym.make_env(Swing(robot, {"box": box}), lambda f, a: f.position("tip")[:, 2])
    assert 0.5 <= env.reset(seed=0)[1]["qpos"][0] <= 1.0


def test_what_is_no_model_and_what_is_no_option_is_refused():
    with pytest.raises(TypeError, match="model is a float; it must be a packaged name"):
        mosim_gym.make_env(1.0, upright)
    with pytest.raises(KeyError, match=r"Unknown checkpoint 'cartpol'\. Did you mean 'cartpole'"):
        mosim_gym.make_env("cartpol", upright)
    for option, said in (
        ("devices", r"make_env has no option 'devices'\. Did you mean 'device'\?"),
        ("stagger", r"It is an option of batches: make_env\(…, num_envs=8, stagger=…\)"),
        ("reset_from", "It is called reset"),
        ("outside_model", "It is an argument of TorchEnv"),
    ):
        with pytest.raises(TypeError, match=said):
            mosim_gym.make_env("cartpole", upright, **{option: 3})


def test_control_range_narrows_what_a_policy_may_command() -> None:
    env = mosim_gym.make_env("hopper", lambda features, action: action.sum(-1), control_range={"waist": (-0.25, 0.25)})
    row = list(mosim_gym.load("hopper").robot.actuators.names).index("waist")
    assert (env.action_space.low[row], env.action_space.high[row]) == (-0.25, 0.25)
    env.reset(seed=0)
    assert env.step(env.action_space.high)[1] == pytest.approx(3.25)
