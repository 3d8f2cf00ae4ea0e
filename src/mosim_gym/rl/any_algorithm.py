"""Zero-shot training with the algorithm and the settings that people type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mosim_gym.rl.flat_settings import as_changes, with_options
from mosim_gym.rl.learner_settings import SHAC
from mosim_gym.rl.settings import ZeroShotConfig, config_for
from mosim_gym.rl.shac import ShacConfig, shac_config_for
from mosim_gym.rl.shac_training import shac_zero_shot
from mosim_gym.rl.zero_shot import ZeroShotResult, zero_shot


def train_zero_shot(
    task: str, algo: str | None, *, seed: int = 0, settings: Sequence[str] = (), **run: Any
) -> ZeroShotResult:
    """Zero-shot training with the algorithm `algo`, None for the task's own, and with the task's settings but for those given as
    `name=value`; `run` as `zero_shot` takes it.
    """
    if algo == SHAC:
        changes = with_options(as_changes(settings, ShacConfig), algo=algo, seed=seed)
        return shac_zero_shot(task, shac_config_for(task, **changes), **run)
    return zero_shot(
        task, config_for(task, **with_options(as_changes(settings, ZeroShotConfig), algo=algo, seed=seed)), **run
    )
