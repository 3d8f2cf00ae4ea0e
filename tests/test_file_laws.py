"""Laws of files: what is saved and loaded is the same to the last bit, and saving it again gives the same bytes."""

from __future__ import annotations

import random
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import run_with_many

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.data.dataset import collect_dataset, open_dataset
from mosim_gym.data.log_files import open_logs
from mosim_gym.data.logs import Logs
from mosim_gym.density.flow import FlowConfig, ResidualFlow
from mosim_gym.density.motion_density import (
    STATES,
    STATES_AND_ACTIONS,
    MotionDensity,
    density_coordinates,
    load_density,
)
from mosim_gym.dynamics.config import MoSimConfig, Size
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.robots import load_robot
from mosim_gym.zoo.checkpoint import load_checkpoint, round_to_half, save_checkpoint

ROBOTS = "pendulum", "cheetah", "fish"
seeds = st.integers(0, 2**32 - 1)
robots = st.sampled_from(ROBOTS)
words = st.text(st.characters(codec="utf-8"), max_size=20)
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e12, 1e12) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
sizes = st.builds(Size, st.integers(1, 9), st.integers(0, 2))


@st.composite
def configs(draw: st.DrawFn) -> MoSimConfig:
    """Models of few units."""
    flags = ("layer_norm", "canonical", "whiten", "quadratic", "nonsmooth", "drift")
    return MoSimConfig(
        "drawn",
        inertia=draw(sizes),
        bias=draw(sizes),
        torque=draw(sizes),
        correctors=tuple(draw(st.lists(sizes, min_size=1, max_size=2))),
        activation=draw(st.sampled_from(["silu", "softplus", "tanh"])),
        inertia_activation=draw(st.sampled_from([None, "silu", "tanh"])),
        members=draw(st.integers(1, 3)),
        memory=draw(st.integers(0, 2)),
        friction=draw(st.sampled_from([(), (0.1, 1.0)])),
        **{flag: draw(st.booleans()) for flag in flags},
    )


def _model(robot: str, config: MoSimConfig, seed: int) -> MoSim:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MoSim(load_robot(robot), config).eval()


def _states(robot: str, seed: int) -> list[torch.Tensor]:
    described = load_robot(robot)
    generator = torch.Generator().manual_seed(seed)
    qpos = torch.from_numpy(np.array(described.qpos0))[None].repeat(3, 1).float()
    qvel, action = (torch.rand(3, size, generator=generator) for size in (described.nv, described.nu))
    return [qpos, qvel, action]


@given(robots, configs(), seeds, st.booleans(), st.dictionaries(words, plain, max_size=3))
def test_a_checkpoint_is_what_was_saved(robot, config, seed, half, extra):
    model = _model(robot, config, seed)
    if half:
        round_to_half(model)
    robot_file = load_robot(robot)
    limits = {"qpos": [[None] * robot_file.nq] * 2, "qvel": [[-1.5] * robot_file.nv, [2.5] * robot_file.nv]}
    known = ("name", "robot", "fingerprint", "model", "recipe", "seeds", "benchmark", "benchmark_protocol", "disagreement",
             "transitions", "training_steps", "training_seconds", "box")  # fmt: skip
    card = {**{f"own {key}": value for key, value in extra.items() if key not in known}, "name": robot, "box": limits}
    with tempfile.TemporaryDirectory() as folder:
        path = save_checkpoint(Path(folder) / "a.safetensors", model, card)
        found = load_checkpoint(path, robot_file)
        again = save_checkpoint(Path(folder) / "b.safetensors", found.model, found.card)
        assert path.read_bytes() == again.read_bytes()
    assert found.model.config == config
    assert {key: found.card[key] for key in card} == card
    for name, value in model.state_dict().items():
        assert torch.equal(found.model.state_dict()[name], value)
    states = _states(robot, seed)
    with torch.no_grad():
        pairs = zip(Simulator(model, card).step(*states), found.step(*states), strict=True)
        assert all(torch.equal(here, there) for here, there in pairs)


@given(st.lists(st.integers(1, 12), min_size=2, max_size=5), seeds, st.dictionaries(words, plain, max_size=3))
def test_a_policy_acts_as_before_it_was_saved(widths, seed, extra):
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=(after, before)), rng.normal(size=after)) for before, after in pairwise(widths)]
    low = -rng.uniform(0.1, 3, widths[-1])
    policy = ActorPolicy(layers, low, low + rng.uniform(0.1, 3, widths[-1]), {f"own {k}": v for k, v in extra.items()})
    with tempfile.TemporaryDirectory() as folder:
        path = policy.save(Path(folder) / "a.safetensors")
        found = load_policy(path)
        assert path.read_bytes() == found.save(Path(folder) / "b.safetensors").read_bytes()
    assert found.card == policy.card
    observations = rng.normal(size=(4, widths[0]))
    np.testing.assert_array_equal(found.predict(observations)[0], policy.predict(observations)[0])
    for row in observations:
        assert (policy.predict(row)[0] >= policy.low).all()
        assert (policy.predict(row)[0] <= policy.high).all()


@given(robots, st.builds(FlowConfig, st.integers(1, 2), st.integers(1, 8), st.integers(2, 3)), seeds, st.booleans())
def test_a_density_is_what_was_saved(robot, config, seed, states_alone):
    of = STATES if states_alone else STATES_AND_ACTIONS
    described, states = load_robot(robot), _states(robot, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        size = density_coordinates(described, of)(*states).shape[1]
        flow = ResidualFlow(size, config).settle()
    density = MotionDensity(described, flow, {"of": of, "quantiles": {"0.5": 1.25}})
    with tempfile.TemporaryDirectory() as folder:
        path = density.save(Path(folder) / "a.safetensors")
        found = load_density(path, described)
        assert path.read_bytes() == found.save(Path(folder) / "b.safetensors").read_bytes()
    assert torch.equal(found(*states), density(*states))


@given(st.integers(1, 6), st.sampled_from(["coverage", "narrow"]), st.integers(0, 100))
def test_a_dataset_is_what_was_collected(segments, recipe, seed):
    with tempfile.TemporaryDirectory() as folder:
        made = collect_dataset("pendulum", folder, segments=segments, recipe=recipe, seed=seed)
        found = open_dataset(folder)
        assert found.manifest == made.manifest
        for here, there in zip(found[:], made[:], strict=True):
            np.testing.assert_array_equal(here, there)


@given(st.lists(st.integers(2, 9), min_size=1, max_size=4), seeds, words)
def test_logs_are_what_was_saved(rows, seed, note):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(sum(rows), 1)) for _ in range(3)]
    starts = np.cumsum([0, *rows])
    names = tuple(f"{i}" for i in range(len(rows)))
    logs = Logs(load_robot("pendulum"), *parts, starts=starts, sources=names, notes=(note,))
    with tempfile.TemporaryDirectory() as folder:
        found = open_logs(logs.save(Path(folder) / "logs"))
        for name in ("qpos", "qvel", "actions", "starts"):
            np.testing.assert_array_equal(getattr(found, name), getattr(logs, name))
        assert (found.sources, found.notes) == (logs.sources, logs.notes)


def test_opening_a_file_does_not_move_the_programs_random_numbers(tmp_path):
    described = load_robot("pendulum")
    config = MoSimConfig("tiny", Size(4, 0), Size(4, 0), Size(4, 0), (Size(4, 0),))
    checkpoint = save_checkpoint(tmp_path / "model.safetensors", _model("pendulum", config, 0), {"name": "pendulum"})
    flow = ResidualFlow(density_coordinates(described, STATES).size, FlowConfig(1, 4, 2))
    density = MotionDensity(described, flow.settle(), {"of": STATES}).save(tmp_path / "density.safetensors")
    policy = ActorPolicy([(np.ones((1, 3)), np.ones(1))], -np.ones(1), np.ones(1), {}).save(tmp_path / "p.safetensors")
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    load_checkpoint(checkpoint, described)
    load_density(density, described)
    load_policy(policy)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert random.getstate() == before[2]


@pytest.mark.slow
def test_the_laws_hold_for_many_more_examples():
    run_with_many(__file__)
