"""The contract of learners, which every registered one keeps; one that is defined here is as good as the package's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.cli import main
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.penalties.base import Charge, Penalty
from mosim_gym.envs.spaces import action_space
from mosim_gym.mechanics.settings import setting
from mosim_gym.mechanics.storage import load_arrays, save_arrays
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.base import LEARNERS, Learner, LearnerConfig, check_held, learner_config, make_learner
from mosim_gym.rl.learners.off_policy import OffPolicyConfig
from mosim_gym.rl.learners.shac import ShacConfig
from mosim_gym.rl.strategies.zero_shot import ZeroShotConfig, config_for, zero_shot

TASK, ENVS = "PendulumSwingup", 4
SMALL: dict[str, dict[str, Any]] = {
    "sac": {"updates": 1, "batch": 8, "width": 8, "buffer": 1000, "warm_up": 40},
    "tqc": {"updates": 1, "batch": 8, "width": 8, "buffer": 1000, "warm_up": 40},
    "shac": {"width": 8, "horizon": 5},
    "ppo": {"width": 8, "horizon": 5, "passes": 1, "batches": 2},
    "toy": {},
}
"""Settings with which a few hundred steps take a moment."""


@dataclass(frozen=True)
class ToyConfig(LearnerConfig):
    """Steps of random search are `size` wide."""

    algo: str = setting("toy", choices=("toy",))
    size: float = setting(0.1, above=0)


class Toy(Learner):
    """A linear policy that is changed at random; a change is kept where it brings more reward in a step."""

    config_type = ToyConfig

    def __init__(self, env: TorchEnv, config: ToyConfig, *, seed: int, folder: Path) -> None:
        self.env, self.config = env, config
        self._generator = torch.Generator().manual_seed(seed)
        self.weights = torch.zeros(env.task.robot.nu, env.reset(seed=seed).shape[1])
        self.best, self._updates = torch.tensor(-torch.inf), 0

    @property
    def updates(self) -> int:
        return self._updates

    def learn(self, steps: int, progress: float = 0.0) -> None:
        for _ in range(steps // self.env.repeat):
            size = self.config.size * (1 - progress)
            tried = self.weights + size * torch.randn(self.weights.shape, generator=self._generator)
            reward = self.env.step((self.env.observation() @ tried.T).tanh()).reward.mean()
            if reward > self.best:
                self.weights, self.best = tried, reward
            self._updates += 1

    def act(self, observation: np.ndarray) -> np.ndarray:
        wanted = torch.from_numpy(observation) @ self.weights.T
        return (wanted + self.config.size * torch.randn(wanted.shape, generator=self._generator)).tanh().numpy()

    def policy(self, card: dict[str, Any]) -> ActorPolicy:
        space = action_space(self.env.task.id())
        return ActorPolicy([(self.weights.numpy(), np.zeros(len(self.weights)))], space.low, space.high, card)

    def state(self) -> dict[str, np.ndarray]:
        counts = {"best": self.best.numpy(), "updates": np.array(self._updates)}
        mine = {"weights": self.weights.numpy(), "generator": self._generator.get_state().numpy(), **counts}
        return mine | {f"env/{name}": part for name, part in self.env.snapshot().items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.weights, self.best = (torch.from_numpy(np.array(arrays[name])) for name in ("weights", "best"))
        self._updates = int(arrays["updates"])
        self._generator.set_state(torch.from_numpy(np.array(arrays["generator"])))
        self.env.resume({name.removeprefix("env/"): part for name, part in arrays.items() if name.startswith("env/")})


class Fine(Penalty):
    """Takes 100 off every reward."""

    def bind(self, core, dynamics):
        self.robot = core.robot.name

    def charge(self, state, action):
        return Charge(torch.full((len(action),), 100.0), torch.zeros(len(action), dtype=torch.bool), {})


@pytest.fixture(autouse=True)
def toy():
    LEARNERS.add("toy", Toy)
    yield
    LEARNERS.remove("toy")


def made(algo: str, folder: Path, *, seed: int = 3, **options: Any) -> Learner:
    """A small learner in environments of its own."""
    gradients = LEARNERS.find(algo).needs_gradients
    env = TorchEnv(TASK, ENVS, max_episode_steps=30, stagger=True, gradients=gradients, **options)
    return make_learner(env, learner_config(algo, **SMALL[algo]), seed=seed, folder=folder)


def observations() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)


def test_the_contract_is_tested_of_every_learner():
    assert set(SMALL) == set(LEARNERS.names())


@pytest.mark.parametrize("algo", SMALL)
@pytest.mark.parametrize("repeat", [1, 4])
def test_it_takes_the_steps_that_it_is_asked_for_however_they_are_sliced(tmp_path, algo, repeat):
    """What is less than a longer step, or than a horizon, is left to a later call."""
    learner = made(algo, tmp_path, repeat=repeat)
    before = learner.env.steps_taken
    for steps in (40, 3, 17, 20):
        learner.learn(steps, progress=0.5)
    assert learner.env.steps_taken - before == pytest.approx(80 * ENVS, abs=20 * ENVS if algo == "toy" else 0)
    assert learner.updates > 0


@pytest.mark.parametrize("algo", SMALL)
def test_controls_while_learning_are_in_range_and_the_policys_are_always_the_same(tmp_path, algo):
    learner, seen = made(algo, tmp_path), observations()
    space = action_space(TASK)
    for _ in range(2):
        controls = learner.act(seen)
        assert controls.shape == (20, 1)
        assert all(space.contains(row.astype(np.float32)) for row in controls)
        assert not np.array_equal(controls, learner.act(seen))
        policy = learner.policy({"task": TASK})
        wanted, _ = policy.predict(seen)
        assert np.isfinite(wanted).all()
        np.testing.assert_array_equal(wanted, policy.predict(seen)[0])
        np.testing.assert_array_equal(wanted, learner.policy({}).predict(seen)[0])
        assert policy.card["task"] == TASK
        learner.learn(60)


@pytest.mark.parametrize("algo", SMALL)
@pytest.mark.parametrize("steps", [0, 63])
def test_a_learner_with_the_state_of_another_goes_on_as_that_one_would(tmp_path, algo, steps):
    """Also before its first step, and wherever in an episode, a horizon or a slice it is."""
    first = made(algo, tmp_path / "first")
    first.learn(steps)
    path = save_arrays(tmp_path / "state.safetensors", "try", first.state(), {})
    kept, _ = load_arrays(path, "try")
    first.learn(47)
    after, controls = first.state(), first.act(observations())
    second = made(algo, tmp_path / "second", seed=8)
    second.learn(5)
    second.restore(kept)
    second.learn(47)
    assert second.updates == first.updates > 0
    again = second.state()
    for name, array in after.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)
    np.testing.assert_array_equal(controls, second.act(observations()))


@pytest.mark.parametrize("algo", SMALL)
def test_penalties_are_paid_in_its_environments(tmp_path, algo):
    """What it has learned differs from what it learns without one, from the same seed."""
    free, fined = made(algo, tmp_path / "free"), made(algo, tmp_path / "fined", penalties=[Fine()])
    for learner in (free, fined):
        learner.learn(60)
    assert bool((fined.env.penalty == 100).all())
    assert bool((free.env.penalty == 0).all())
    mine, theirs = free.state(), fined.state()
    assert any(not np.array_equal(mine[name], theirs[name]) for name in mine if not name.startswith("env/"))


@pytest.mark.parametrize("algo", SMALL)
def test_its_settings_have_defaults_and_nonsense_is_refused_in_one_sentence(algo):
    kind = LEARNERS.find(algo).config_type
    config = kind(algo=algo)
    config.check(ENVS)
    check_held(config, ENVS)
    for item in fields(kind):
        default = getattr(config, item.name)
        wrong = 3 if isinstance(default, str) else "many"
        with pytest.raises((TypeError, KeyError), match=rf"{item.name}\b.*(it needs|Valid:)"):
            replace(config, **{item.name: wrong}).check(ENVS)
        if isinstance(default, float):
            with pytest.raises(ValueError, match=f"{item.name} is nan; it must be"):
                replace(config, **{item.name: float("nan")}).check(ENVS)


@pytest.mark.parametrize("algo", SMALL)
def test_it_trains_zero_shot_by_its_name(tmp_path, algo):
    settings = {**SMALL[algo], "num_envs": ENVS, "evaluate_every": 400, "evaluation_episodes": 2, "episode": 50}
    config = config_for(TASK, algo=algo, **settings)
    assert isinstance(config.learner, LEARNERS.find(algo).config_type)
    result = zero_shot(TASK, config, budget=600, max_steps=600, folder=tmp_path)
    assert [point["steps"] for point in result.curve] == [400, 600]
    card = load_policy(tmp_path / "policy.safetensors").card
    assert (card["algorithm"], card["config"]["learner"]["algo"]) == (algo, algo)
    assert card["updates"] == result.curve[-1]["updates"]


def test_a_learner_of_ones_own_and_its_settings_are_options_of_the_command_line(tmp_path, capsys):
    for typed, said in (
        ("size=nan", "size is nan; it must be positive"),
        ("width=8", "Valid: num_envs, .*, algo, size"),
    ):
        with pytest.raises(SystemExit):
            main(["rl", "zero-shot", TASK, "--algo", "toy", "--set", typed, "--out", str(tmp_path / "out")])
        assert re.search(said, capsys.readouterr().err)


def test_what_is_no_learner_is_one_sentence():
    with pytest.raises(KeyError, match=r"Unknown learner 'sack'. Did you mean 'sac'\? Valid: sac, tqc, shac, ppo, toy"):
        config_for(TASK, algo="sack")
    with pytest.raises(KeyError, match=r"Unknown learner 'dreamer'. Valid: sac, tqc, shac, ppo, toy"):
        check_held(LearnerConfig(algo="dreamer"), ENVS)
    with pytest.raises(KeyError, match="Unknown algo 'shac'"):
        OffPolicyConfig(algo="shac")
    with pytest.raises(TypeError, match="learner is of LearnerConfig; shac needs a ShacConfig"):
        check_held(LearnerConfig(algo="shac"), ENVS)
    for wrong in (ZeroShotConfig(), None, "sac"):
        with pytest.raises(TypeError, match=r"learner is of \w+; it must be a LearnerConfig"):
            check_held(wrong, ENVS)
    with pytest.raises(TypeError, match="is not a learner: it must be a class derived from Learner"):
        LEARNERS.add("config", ShacConfig)  # pyright: ignore[reportArgumentType]
