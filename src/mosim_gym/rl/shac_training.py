"""Zero-shot with SHAC: the same accounting, choice of the best policy and resuming as with SB3's algorithms."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import check_seed
from mosim_gym.mechanics.storage import check_folder, check_own, save_arrays
from mosim_gym.rl.flat_settings import check_kinds, check_positive
from mosim_gym.rl.judging import BEST, check_stop, judged_by, keep_best, log_evaluation, reached
from mosim_gym.rl.learner import tensorboard
from mosim_gym.rl.learner_settings import check_shac
from mosim_gym.rl.settings import ENDS
from mosim_gym.rl.shac import Shac, ShacConfig
from mosim_gym.rl.state import KIND, SaveClock, check_same_run, load_policy_run
from mosim_gym.rl.training_starts import training_starts
from mosim_gym.rl.zero_shot import POLICY, STATE, ZeroShotResult, finished, progress_of
from mosim_gym.training.state import restoring

REPORT_EVERY = 5  # steps of the actor


def shac_zero_shot(
    task: str,
    config: ShacConfig,
    *,
    budget: float,
    folder: str | Path,
    checkpoint: Any = None,
    stop_at: float | None = None,
    judge: Any = None,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> ZeroShotResult:
    """Train a policy for `task` by gradients through its packaged model (or `checkpoint`) for `budget` seconds; a broken run goes on.

    At the return `stop_at` in the model it ends before. Evaluations, which choose the policy and stop the run, are made in the model
    `judge`; by default in the one it is trained in.
    """
    _check(config, budget)
    check_stop(stop_at)
    folder = Path(folder)
    check_folder(folder)
    check_own((folder / BEST, folder / POLICY), folder / STATE)
    learner = shac_learner(task, config, checkpoint=checkpoint)
    record: dict[str, Any] = {
        "task": task,
        "config": asdict(config),
        "model": learner.env.dynamics.identity,
        **judged_by(task, judge),
        "seconds": 0.0,
        "curve": [],
        "best": None,
    }
    record = _resumed(folder / STATE, learner, record)
    if not (folder / BEST).exists():
        record["best"] = None
    logger = tensorboard(folder)
    begun, clock = time.monotonic() - record["seconds"], SaveClock()
    while record["seconds"] < budget and not reached(record, stop_at):
        logger.record_mean("train/reward", learner.update(progress=record["seconds"] / budget))
        record["seconds"] = time.monotonic() - begun
        over = record["seconds"] >= budget
        evaluated = learner.updates % config.evaluate_every == 0 or over
        if evaluated:
            keep_best(
                task,
                learner.policy(),
                record,
                _counts(learner),
                folder,
                checkpoint if judge is None else judge,
                ends=config.ends,
                stop_at=stop_at,
            )
            log_evaluation(logger, record)
        if evaluated or clock.due:
            clock.save(lambda: save_arrays(folder / STATE, KIND, learner.state(), {"record": record}))
        if learner.updates % REPORT_EVERY == 0 or evaluated:
            report(progress_of(record, _counts(learner), budget, stop_at))
    limits = {"budget_seconds": budget, "stop_at": stop_at}
    return finished(record, config.algo, _counts(learner), folder, learner.env.dynamics, limits)


def shac_learner(task: str, config: ShacConfig, *, checkpoint: Any = None) -> Shac:
    """The learner of `config`, which has learned nothing yet."""
    starts = training_starts(
        task, wide=config.wide, promising=config.promising, seed=config.seed, checkpoint=checkpoint
    )
    return Shac(
        task,
        config,
        num_envs=config.num_envs,
        episode=config.episode,
        seed=config.seed,
        starts=starts,
        ends=config.ends,
        checkpoint=checkpoint,
    )


def _check(config: ShacConfig, budget: float) -> None:
    """Refuse, in one sentence, what no run can be made of."""
    check_kinds(config)
    if not budget > 0:
        raise ValueError(f"budget is {budget} s; it must be positive.")
    check_positive(config, ("num_envs", "episode", "evaluate_every"))
    check_shac(config)
    if config.ends not in ENDS:
        raise UnknownName("ends", config.ends, list(ENDS))
    check_seed(config.seed)


def _resumed(path: Path, learner: Shac, record: dict[str, Any]) -> dict[str, Any]:
    """The record of the run in `path`, put back into `learner`; `record` where there is none. Another run is refused."""
    if not path.exists():
        return record
    arrays, header = load_policy_run(path)
    check_same_run(path, header["record"], record)
    with restoring(path):
        learner.restore(arrays)
    return header["record"]


def _counts(learner: Shac) -> dict[str, int]:
    return {"steps": learner.steps, "updates": learner.updates}
