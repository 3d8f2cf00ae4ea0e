"""Zero-shot with SHAC: the same accounting, choice of the best policy and resuming as with SB3's algorithms."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.rl.shac import Shac, ShacConfig
from mosim_gym.rl.zero_shot import BEST, STATE, ZeroShotResult, finished, keep_best, model_identity

KIND = "shac run"


def shac_zero_shot(
    task: str,
    config: ShacConfig,
    *,
    budget: float,
    folder: Path,
    checkpoint: Any = None,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> ZeroShotResult:
    """Train a policy for `task` by gradients through its packaged model (or `checkpoint`) for `budget` seconds; a broken run goes on."""
    if budget <= 0:
        raise ValueError(f"budget is {budget} s; it must be positive.")
    learner = Shac(task, config, checkpoint=checkpoint)
    record: dict[str, Any] = {
        "task": task,
        "config": {"algo": "shac", **asdict(config)},
        "model": model_identity(learner.env.dynamics),
        "seconds": 0.0,
        "curve": [],
        "best": None,
    }
    record = _resumed(folder / STATE, learner, record)
    if not (folder / BEST).exists():
        record["best"] = None
    begun = time.monotonic() - record["seconds"]
    while record["seconds"] < budget:
        learner.update()
        record["seconds"] = time.monotonic() - begun
        over = record["seconds"] >= budget
        if learner.updates % config.evaluate_every == 0 or over:
            progress = {"steps": learner.steps, "updates": learner.updates}
            keep_best(task, learner.policy(), record, progress, folder, checkpoint)
            save_arrays(folder / STATE, KIND, learner.state(), {"record": record})
        if learner.updates % 10 == 0 or over:
            report(_progress(learner, record, budget))
    progress = {"steps": learner.steps, "updates": learner.updates}
    return finished(record, "shac", progress, folder, learner.env.dynamics)


def _resumed(path: Path, learner: Shac, record: dict[str, Any]) -> dict[str, Any]:
    """The record of the run in `path`, put back into `learner`; `record` where there is none. Another run is refused."""
    if not path.exists():
        return record
    arrays, header = load_arrays(path, KIND)
    before = header["record"]
    for name in ("task", "config", "model"):
        if before.get(name) != record[name]:
            raise FileFault(
                f"{path.parent} holds a run with another {name} ({before.get(name)}, here {record[name]}); choose another folder."
            )
    learner.restore(arrays)
    return before


def _progress(learner: Shac, record: dict[str, Any], budget: float) -> dict[str, float]:
    latest = record["curve"][-1]["return_in_model"] if record["curve"] else float("nan")
    return {
        "steps": learner.steps,
        "updates": learner.updates,
        "seconds": record["seconds"],
        "budget": budget,
        "return_in_model": latest,
        "best": record["best"] if record["best"] is not None else float("nan"),
    }
