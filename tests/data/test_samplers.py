"""Where training data come from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.data.actions import ACTIONS, POISSON_MEAN_HOLD, action_sampler
from mosim_gym.data.collection import RECIPES, Collector, Recipe
from mosim_gym.data.resets import RESETS, reset_sampler, state_resets, task_resets
from mosim_gym.data.stream import Stream, chunk
from mosim_gym.mechanics import ForwardKinematics, contact_clearance, contact_quantities, difference, integrate
from mosim_gym.robots import find_robot, load_robot, robot_definitions
from mosim_gym.truth.dynamics import TrueDynamics

ROBOTS = [name for name, d in robot_definitions().items() if d.coverage is not None]


@pytest.mark.parametrize("name", list(ACTIONS))
def test_actions_are_in_range_repeatable_and_exact_in_float32(name):
    draw = action_sampler(name)
    actions = draw(np.random.default_rng(3), 200, 60, 2, 0.01)
    assert actions.shape == (200, 60, 2)
    assert np.abs(actions).max() <= 1
    np.testing.assert_array_equal(actions, actions.astype(np.float32))
    np.testing.assert_array_equal(actions, draw(np.random.default_rng(3), 200, 60, 2, 0.01))


def test_poisson_actions_hold_for_a_geometric_time_and_are_zero_as_often_as_the_paper_says(rng):
    actions = action_sampler("poisson")(rng, 4000, 100, 1, 0.01)
    changes = np.diff(actions[:, :, 0], axis=1) != 0
    zeros = (actions == 0).mean()
    # a redraw from zero to zero is no change, which happens with probability 0.2² on average
    assert changes.mean() == pytest.approx((1 / POISSON_MEAN_HOLD) * (1 - 0.0433), abs=0.005)
    assert zeros == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("robot", ROBOTS)
def test_wide_resets_cover_joint_limits_speeds_and_the_ground(robot, rng):
    definition, description = find_robot(robot), load_robot(robot)
    assert definition.coverage is not None
    qpos, qvel = reset_sampler("wide", definition)(rng, 4000)
    for column, name in enumerate(description.dofs.names):
        low, high = definition.coverage.speeds[name]
        assert qvel[:, column].min() >= low
        assert qvel[:, column].max() <= high
        assert np.ptp(qvel[:, column]) > 0.6 * (high - low)
    for place in description.quaternion_slices:
        turns = qpos[:, place]
        np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1)
        upright = 1 - 2 * (turns[:, 1] ** 2 + turns[:, 2] ** 2)  # the vertical component of the base's vertical axis
        assert (upright > 0.5).mean() > 0.4
        assert (upright < 0).mean() > 0.15
    for row, name in enumerate(description.joints.names):
        column = description.qpos_indices(name).start
        if description.joints.limited[row]:
            lower, upper = description.joints.range[row]
            assert qpos[:, column].min() < lower
            assert qpos[:, column].max() > upper
    if definition.coverage.height is not None:
        kinematics = ForwardKinematics(description, contact_quantities(description))
        values = kinematics(torch.from_numpy(qpos), torch.from_numpy(qvel))
        lowest = contact_clearance(description, values)[0].amin(-1).numpy()
        assert lowest.min() >= definition.coverage.clearance[0] - 1e-9
        assert lowest.max() <= definition.coverage.clearance[1] + 1e-9
        assert (lowest < 0).mean() > 0.1


def test_state_resets_draw_the_given_rows(rng):
    states = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    qpos, qvel = state_resets(*states)(rng, 50)
    for q, v in zip(qpos, qvel, strict=True):
        row = np.flatnonzero((states[0] == q).all(1))[0]
        np.testing.assert_array_equal(v, states[1][row])
    with pytest.raises(ValueError, match="5 positions and 4 velocities"):
        state_resets(states[0], states[1][:4])


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_segments_are_the_truth(recipe):
    collector = Collector("acrobot", recipe)
    segments = collector.collect(np.random.default_rng(0), 20)
    path = TrueDynamics("acrobot").rollout(segments.qpos[:, 0], segments.qvel[:, 0], segments.actions)
    np.testing.assert_array_equal(path.qpos, segments.qpos[:, 1:])
    assert segments.transitions == 20 * RECIPES[recipe].steps


@pytest.mark.parametrize("variant", ["hopper@0.005", "humanoid@0.005"])
def test_segments_at_a_finer_step_last_as_long(variant, rng):
    robot, own = load_robot(variant), load_robot(variant.partition("@")[0])
    segments = Collector(variant).collect(rng, 2)
    assert segments.actions.shape[1] * robot.control_step == pytest.approx(RECIPES["coverage"].steps * own.control_step)


def test_unstable_segments_are_dropped_and_counted(monkeypatch):
    def wild(definition):
        def sample(rng, n):
            qpos, qvel = task_resets(definition)(rng, n)
            qvel[: n // 2] = 1e11
            return qpos, qvel

        return sample

    monkeypatch.setitem(RESETS, "wild", wild)
    collector = Collector("cheetah", Recipe(resets=(("wild", 1.0),), actions=(("uniform", 1.0),), steps=3))
    segments = collector.collect(np.random.default_rng(0), 10)
    assert collector.dropped == 5
    assert len(segments.qpos) == 5
    assert np.isfinite(segments.qpos).all()


def test_unknown_names_are_refused_with_the_valid_ones():
    with pytest.raises(KeyError, match=r"Unknown recipe 'covrage'. Did you mean 'coverage'"):
        Collector("cheetah", "covrage")
    with pytest.raises(KeyError, match=r"Unknown action sampler 'gauss'"):
        action_sampler("gauss")
    with pytest.raises(KeyError, match=r"Unknown reset sampler 'all'"):
        reset_sampler("all", find_robot("cheetah"))


def test_a_stream_gives_the_same_chunks_wherever_it_begins():
    with Stream("acrobot", "coverage", seed=1, segments=10) as stream:
        first, second = next(stream), next(stream)
    with Stream("acrobot", "coverage", seed=1, segments=10, first=1) as stream:
        again = next(stream)
    for a, b in zip(second, again, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert not torch.equal(first.qpos, second.qpos)


@pytest.mark.parametrize("robot", ["acrobot", "cheetah"])
def test_acceleration_and_drift_lead_to_the_next_state(robot):
    description = load_robot(robot)
    columns, _ = chunk(robot, "coverage", 0, 0, 20)
    qpos, qvel, action, acceleration, drift, _ = (torch.from_numpy(c).double().flatten(0, 1) for c in columns)
    h = description.control_step
    after = TrueDynamics(robot, warm_start=False).step(qpos.numpy(), qvel.numpy(), action.numpy())
    end = qvel + h * acceleration
    moved = integrate(description, qpos, (qvel + end) / 2 + drift, h)
    scale = np.abs(after.qvel).max()
    np.testing.assert_allclose(
        end, after.qvel, atol=3e-4 * scale
    )  # float32 states, and contacts that amplify their rounding
    np.testing.assert_allclose(moved, after.qpos, atol=1e-5 * scale)
    torch.testing.assert_close(difference(description, moved, qpos, h), (qvel + end) / 2 + drift, rtol=1e-6, atol=1e-6)


def test_the_background_process_ends_with_its_owner():
    """Even if the owner is killed, nothing is left running."""
    import os
    import signal
    import subprocess
    import sys
    import time

    code = """
import multiprocessing, time
from mosim_gym.data.stream import Stream
if __name__ == "__main__":
    stream = Stream("pendulum", "coverage", seed=0, segments=5)
    next(stream)
    (worker,) = multiprocessing.active_children()
    print(worker.pid, flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    worker = int(owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("the background process outlived its owner")


def test_segments_follow_a_policy(rng):
    """Any callable can act; its noise is the only other thing in the controls."""
    recipe = Recipe(resets=(("task", 1.0),), actions=(), steps=30)
    seen = []

    def policy(state):
        seen.append(state.qpos)
        return np.tanh(-state.qvel[:, :1])

    data = Collector("pendulum", recipe).follow(policy, rng, 10)
    np.testing.assert_array_equal(data.actions, np.tanh(-data.qvel[:, :-1]))
    np.testing.assert_array_equal(np.stack(seen, 1), data.qpos[:, :-1])
    again = TrueDynamics("pendulum").rollout(data.qpos[:, 0], data.qvel[:, 0], data.actions)
    np.testing.assert_allclose(data.qpos[:, 1:], again.qpos, atol=1e-9)
    noisy = Collector("pendulum", recipe).follow(lambda state: np.zeros_like(state.qpos), rng, 200, noise=0.2)
    assert noisy.actions.std() == pytest.approx(0.2, abs=0.01)
