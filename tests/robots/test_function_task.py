"""A task made of functions, and what is said of functions that cannot be one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.robots import load_robot
from mosim_gym.robots.function_task import FunctionTask, TaskFunctions
from mosim_gym.robots.spaces import observation_shapes

ROBOT = load_robot("cartpole")


def _task(**functions):
    functions = {"reward": lambda f, a: f.joint("slider"), **functions}
    return FunctionTask(ROBOT, TaskFunctions(**functions), (np.zeros((2, 2)), np.ones((2, 2))))


def _try(gradients=False, **functions):
    task = _task(**functions)
    task.try_functions(torch.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), torch.zeros(3, 2), gradients=gradients)
    return task


def test_by_default_all_positions_and_velocities_are_observed_and_turning_hinges_as_sine_and_cosine():
    task = _task()
    assert observation_shapes(task) == {"position": (3,), "velocity": (2,)}
    qpos, qvel = torch.tensor([[0.5, 0.3]]), torch.tensor([[1.0, 2.0]])
    parts = task.observation(task.features(qpos, qvel), torch.zeros(1, 0), torch.zeros(1, 0))
    torch.testing.assert_close(
        parts["position"][0], torch.tensor([0.5, torch.tensor(0.3).sin(), torch.tensor(0.3).cos()])
    )


def test_kinematics_that_the_functions_ask_for_are_planned_together():
    task = _try(
        reward=lambda f, a: f.position("pole_1")[:, 2],
        observation=lambda f: torch.cat((f.up("pole_1"), f.velocity("cart")), dim=-1),
        terminated=lambda f: f.centre_of_mass()[:, 0] > 1,
    )
    assert len(task.quantities) == 4
    features = task.features(torch.zeros(2, 2), torch.zeros(2, 2))
    assert set(features.values) == set(task.quantities)
    assert task.terminated(features, torch.zeros(2, 0)).tolist() == [False, False]


def test_observations_may_have_names_and_rewards_may_be_truth_values():
    task = _try(
        reward=lambda f, a: f.joint("slider") > 0.2, observation=lambda f: {"x": f.joint("slider"), "v": f.qvel}
    )
    assert observation_shapes(task) == {"x": (), "v": (2,)}
    features = task.features(torch.tensor([[0.5, 0.0]]), torch.zeros(1, 2))
    assert task.reward(features, torch.zeros(1, 1), torch.zeros(1, 0), torch.zeros(1, 0)).tolist() == [1.0]


def test_goals_are_drawn_for_each_episode_and_read_by_the_functions():
    task = _try(
        reward=lambda f, a: -(f.joint("slider") - f.goal[:, 0]).abs(),
        goal=lambda generator, n: torch.rand(n, 1, generator=generator),
    )
    assert task.goal_size == 1
    start = task.sample_start(torch.Generator().manual_seed(0), 5)
    assert start.goal.shape == (5, 1)
    assert bool((start.qvel == 1).all())


@pytest.mark.parametrize(
    ("functions", "error", "text"),
    [
        ({"reward": 3}, TypeError, r"reward is of int; it must be a function of \(features, action\)"),
        (
            {"reward": lambda f: f.qpos[:, 0]},
            TypeError,
            r"reward takes \(f\); it is called as reward\(features, action\)",
        ),
        ({"goal": lambda n: torch.zeros(n, 1)}, TypeError, r"goal takes \(n\); it is called as goal\(generator, n\)"),
        (
            {"reward": lambda f, a: f.goal[:, 0]},
            ValueError,
            r"there are no goals; give make_env a function goal\(generator, n\)",
        ),
        ({"terminated": True}, TypeError, r"terminated is of bool; it must be a function of \(features\)"),
        (
            {"reward": lambda f, a: f.qpos},
            ValueError,
            r"reward returned shape \(3, 2\) for 3 states; it must be \(B,\)",
        ),
        ({"reward": lambda f, a: a}, ValueError, r"reward returned shape \(3, 1\)"),
        ({"reward": lambda f, a: 1.0}, TypeError, "reward returned a float; it must return a torch tensor"),
        ({"reward": lambda f, a: f.qpos[:, 0].numpy()}, TypeError, "reward returned a numpy array; it gets torch"),
        ({"reward": lambda f, a: f.qpos[:, 0].sub(0.1).log()}, ValueError, "reward is not finite in a state in which"),
        (
            {"reward": lambda f, a: f.qpos[:, 0] - f.qpos.mean()},
            ValueError,
            "a row must depend on its own state and action only",
        ),
        ({"observation": lambda f: f.qpos[:, 0]}, ValueError, r"observation returned shape \(3,\) for 3 states"),
        ({"observation": lambda f: {}}, ValueError, "observation returned no parts"),
        ({"terminated": lambda f: f.qpos[:, 0]}, TypeError, "terminated returned torch.float32; it must be"),
        ({"goal": lambda generator, n: torch.zeros(3)}, ValueError, r"goal returned shape \(3,\) for 2 episodes"),
    ],
)
def test_functions_that_cannot_be_a_task_are_refused_in_one_sentence(functions, error, text):
    with pytest.raises(error, match=text):
        _try(**functions)


def test_numpy_is_refused_where_gradients_are_wanted_and_only_there():
    def reward(features, action):
        return (
            torch.from_numpy(np.cos(features.qpos.detach().numpy()[:, 0]))
            + 0 * torch.tensor(features.qpos.numpy())[:, 0]
        )

    _try(reward=reward)
    with pytest.raises(TypeError, match="reward calls numpy; with gradients it must use torch alone"):
        _try(reward=reward, gradients=True)


@pytest.mark.parametrize(
    "functions",
    [
        {"reward": lambda f, a: f.qvel[:, 0] - f.qvel[:, 0].mean()},
        {"reward": lambda f, a: f.qpos[0, 0].expand(len(a))},
        {"reward": lambda f, a: a[:, 0] - a.mean()},
        {"reward": lambda f, a: f.joint("slider") * torch.arange(len(a))},
        {"observation": lambda f: f.qpos - f.qpos.amin(0)},
        {"observation": lambda f: {"x": f.joint("slider"), "v": f.qvel.cumsum(0)}},
        {"terminated": lambda f: f.qvel[:, 0] > f.qvel[:, 0].mean()},
    ],
)
def test_rows_that_read_other_rows_are_refused_where_all_starts_are_the_same_state_at_rest(functions):
    task = _task(**functions)
    with pytest.raises(
        ValueError, match=f"^{next(iter(functions))}.* a row must depend on its own state and action only"
    ):
        task.try_functions(
            torch.zeros(3, 2), torch.zeros(3, 2), box={"qpos": [[-1, None], [1, None]], "qvel": [[-9, -9], [9, 9]]}
        )


def test_functions_of_their_own_row_pass_even_where_they_jump_or_are_not_finite_away_from_the_starts():
    _try(
        reward=lambda f, a: (
            (f.joint("slider") > 0.2).float() + (f.qvel[:, 0] + 1e-9).sqrt() + 1e6 * f.position("cart")[:, 0]
        ),
        terminated=lambda f: f.joint("hinge_1").abs() > 0.5,
    )
