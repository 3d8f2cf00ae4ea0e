"""The contract of strategies: in a short run the code at work reads every setting, so that configurations record what ran."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mosim_gym.rl.learners.base import LEARNERS
from mosim_gym.rl.learners.off_policy import OffPolicyConfig
from mosim_gym.rl.learners.ppo import PpoConfig
from mosim_gym.rl.learners.shac import ShacConfig
from mosim_gym.rl.strategies import few_shot, on_policy
from mosim_gym.rl.strategies.planner import Planner, PlannerConfig
from mosim_gym.rl.strategies.zero_shot import ZeroShotConfig, zero_shot

TASK = "PendulumSwingup"
CHECKED_IN = {"dataclasses.py", "copy.py", "settings.py", "flat_settings.py"}
"""Where configurations are copied, recorded and checked: what is read there alone is read by nothing that learns."""
LOOP = {
    "random_steps": 40, "round_steps": 40, "model_updates": 1, "model_batch": 8, "branches": 4, "branch": 10, "virtual_steps": 10,
    "evaluate_every": 40, "episodes": 1, "real_envs": 2,
}  # fmt: skip
SAC = OffPolicyConfig(updates=1, batch=8, width=8, buffer=100, warm_up=8)
SHAC = ShacConfig(width=8, horizon=5)
PPO = PpoConfig(width=8, horizon=5, passes=1, batches=2)


def _checks(name: str) -> bool:
    return name == "__post_init__" or name.lstrip("_").startswith("check")


def noted(config: Any, read: set[str]) -> Any:
    """`config` as it is, but whatever is read of it, elsewhere than where it is only checked or copied, is added to `read`."""
    names = {item.name for item in fields(config)}

    class Noted(type(config)):
        def __getattribute__(self, name: str) -> Any:
            if name in names:
                frame = sys._getframe(1)
                code = frame.f_code
                if Path(code.co_filename).name not in CHECKED_IN and not _checks(code.co_name):
                    read.add(name)
            return super().__getattribute__(name)

    return Noted(**{name: getattr(config, name) for name in names})


@contextmanager
def every_field_is_read(*kinds: type) -> Iterator[dict[type, set[str]]]:
    """What is `noted` of each kind within must be all its fields."""
    read: dict[type, set[str]] = {kind: set() for kind in kinds}
    yield read
    for kind, found in read.items():
        unread = {item.name for item in fields(kind)} - found
        assert not unread, f"{kind.__name__} has {', '.join(sorted(unread))}, which nothing that ran has read"


def test_a_field_that_nothing_reads_is_found_out():
    read: set[str] = set()
    config = noted(SHAC, read)
    replace(config, horizon=config.horizon + 1)
    assert read == {"horizon"}


@pytest.mark.parametrize("learner", [SAC, SHAC, PPO])
def test_few_shot_uses_every_setting(tmp_path, learner):
    kind = type(learner)
    with every_field_is_read(few_shot.FewShotConfig, kind) as read:
        held = noted(learner, read[kind])
        config = noted(few_shot.FewShotConfig(**LOOP, learner=held), read[few_shot.FewShotConfig])
        few_shot.few_shot(TASK, config, real_steps=120, folder=tmp_path)


@pytest.mark.parametrize("learner", [SAC, SHAC, PPO])
def test_on_policy_uses_every_setting(tmp_path, learner):
    kind = type(learner)
    with every_field_is_read(on_policy.OnPolicyConfig, kind) as read:
        held = noted(learner, read[kind])
        config = on_policy.OnPolicyConfig(**LOOP, learner=held, preset="small", members=1, first_model_updates=1)
        on_policy.on_policy(TASK, noted(config, read[on_policy.OnPolicyConfig]), real_steps=120, folder=tmp_path)


@pytest.mark.parametrize("learner", [SAC, SHAC, PPO])
def test_zero_shot_uses_every_setting(tmp_path, learner):
    kind = type(learner)
    with every_field_is_read(ZeroShotConfig, kind) as read:
        config = ZeroShotConfig(
            learner=noted(learner, read[kind]),
            num_envs=4,
            evaluate_every=100,
            evaluation_episodes=2,
            outside_model="continue",
            penalty="density",
        )
        noting = noted(config, read[ZeroShotConfig])
        zero_shot("CheetahRun", noting, budget=60, max_steps=100, folder=tmp_path, checkpoint="cheetah:narrow")


def test_these_are_the_configurations_of_all_learners():
    assert {LEARNERS.find(name).config_type for name in LEARNERS.names()} == {type(SAC), type(SHAC), type(PPO)}


@pytest.mark.parametrize(("method", "unused"), [("mppi", "elites"), ("cem", "temperature")])
def test_planning_uses_every_setting_of_its_method_and_refuses_the_other_ones(method, unused):
    read: set[str] = set()
    config = noted(
        PlannerConfig(method=method, horizon=3, samples=8, **{"cem": {"elites": 2}, "mppi": {}}[method]), read
    )
    state = {"qpos": np.zeros(1), "qvel": np.zeros(1), "goal": np.zeros(0)}
    Planner(TASK, config).predict(np.zeros(3), state=state)
    assert read == {item.name for item in fields(PlannerConfig)} - {unused}
    assert getattr(config, unused) is None
    with pytest.raises(ValueError, match=f"{unused} is 3; only .* and method is {method}"):
        PlannerConfig(method=method, **{unused: 3})
