"""Zero-shot: an unmodified SB3 algorithm trains inside the model alone; nothing of it ever sees the real environment.

The policy that is kept is the one with the highest return *in the model*, the lowest over the ensemble's members, at regular
evaluations. Training, evaluation and choice use learned motion only: the truth is asked once, at the very end, by whoever called.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mosim_gym.envs.batch import TorchEnv, Watch
from mosim_gym.envs.density import DensityWatch
from mosim_gym.envs.disagreement import DisagreementWatch
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import check_folder, check_own
from mosim_gym.mechanics.threads import OneThread
from mosim_gym.rl.accounting import accounts, trained_in
from mosim_gym.rl.arithmetic import products
from mosim_gym.rl.judging import BEST, check_stop, judged_by, keep_best, log_evaluation, reached
from mosim_gym.rl.learner import sb3_learner
from mosim_gym.rl.policies import ActorPolicy, actor_of, load_policy
from mosim_gym.rl.settings import ZeroShotConfig, check
from mosim_gym.rl.state import SaveClock, load_run, save_run
from mosim_gym.rl.training_starts import training_starts
from mosim_gym.rl.vec_env import MoSimVecEnv

STATE, POLICY, EVALUATED = "state.safetensors", "policy.safetensors", "evaluated"
SLICE = 50  # steps of all environments between two looks at the clock


@dataclass
class ZeroShotResult:
    """The chosen policy, the curve of returns in the model, and how much was done."""

    policy: ActorPolicy
    curve: list[dict[str, float]] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)


def zero_shot(
    task: str,
    config: ZeroShotConfig,
    *,
    budget: float,
    folder: str | Path,
    checkpoint: Any = None,
    max_steps: int | None = None,
    stop_at: float | None = None,
    judge: Any = None,
    keep_all: bool = False,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> ZeroShotResult:
    """Train a policy for `task` inside its packaged model (or `checkpoint`) for `budget` seconds; an interrupted run goes on.

    `max_steps` ends it after so many control steps in the model, `stop_at` at that return in the model, if that is sooner. Evaluations,
    which choose the policy and stop the run, are made in the model `judge`; by default in the one it is trained in. With `keep_all` every
    policy that is evaluated is kept, as `evaluated/<steps in the model>.safetensors`.
    """
    check(config, budget, max_steps)
    check_stop(stop_at)
    folder = Path(folder)
    check_folder(folder)
    check_own((folder / BEST, folder / POLICY), folder / STATE)
    venv = MoSimVecEnv(
        task,
        config.num_envs,
        checkpoint=checkpoint,
        precision=config.precision,
        stagger=True,
        max_episode_steps=config.episode,
        repeat=config.repeat,
        bootstrap_outside=config.ends != "edge",
        reset_from=training_starts(
            task, wide=config.wide, promising=config.promising, seed=config.seed, checkpoint=checkpoint
        ),
    )
    if config.ends == "finite":
        venv.torch.bounds.open()
    venv.torch.watches += _watches(config, venv.torch)
    model = sb3_learner(config, venv, folder, seed=config.seed, warm_up=config.warm_up)
    record: dict[str, Any] = {
        "task": task,
        "config": asdict(config),
        "model": venv.torch.dynamics.identity,
        **judged_by(task, judge),
        "seconds": 0.0,
        "curve": [],
        "best": None,
        "next_evaluation": config.evaluate_every,
    }
    record = load_run(folder / STATE, model, record) or record
    if not (folder / BEST).exists():
        record["best"] = None  # the next evaluation's policy is the best there is
    begun, clock = time.monotonic() - record["seconds"], SaveClock()
    limit = max_steps or 10**12
    while record["seconds"] < budget and _steps(model) < limit and not reached(record, stop_at):
        with OneThread(), products(config.products):  # networks this small gain nothing from more
            model.learn(config.num_envs * max(1, SLICE // config.repeat), reset_num_timesteps=False, log_interval=10**9)
        record["seconds"] = time.monotonic() - begun
        over = record["seconds"] >= budget or _steps(model) >= limit
        report(progress_of(record, _counts(model), budget, stop_at))
        evaluated = _steps(model) >= record["next_evaluation"] or over
        if evaluated:
            record["next_evaluation"] += config.evaluate_every * (_steps(model) >= record["next_evaluation"])
            policy, counts = actor_of(model, {"task": task}), _counts(model)
            if keep_all:
                policy.save(folder / EVALUATED / f"{counts['steps']}.safetensors")
            judging = checkpoint if judge is None else judge
            keep_best(task, policy, record, counts, folder, judging, ends=config.ends, stop_at=stop_at)
            log_evaluation(model.logger, record)
            report(progress_of(record, _counts(model), budget, stop_at))
        if evaluated or clock.due:
            clock.save(lambda: save_run(folder / STATE, model, record))
    limits = {"budget_seconds": budget, "max_steps": max_steps, "stop_at": stop_at}
    return finished(record, config.algo, _counts(model), folder, venv.torch.dynamics, limits)


def finished(
    record: dict[str, Any],
    algorithm: str,
    counts: dict[str, int],
    folder: Path,
    dynamics: Any,
    limits: dict[str, float | None],
) -> ZeroShotResult:
    """The best policy with its card, as `folder/policy.safetensors` has it; `limits` are what might have ended the run."""
    policy = load_policy(folder / BEST)
    policy.card = {
        "task": record["task"],
        "algorithm": algorithm,
        "config": record["config"],
        "updates": counts["updates"],
        **accounts(dynamics, record, counts["steps"]),
        "return_in_model": record["best"],
        **{name: record[name] for name in ("judge",) if name in record},
        "training_seconds": round(record["seconds"], 1),
        **{name: limit for name, limit in limits.items() if limit is not None},
        "ended_by": f"return in {trained_in(dynamics)}" if reached(record, limits.get("stop_at")) else "budget",
        "curve": record["curve"],
        "provenance": provenance(seeds=[record["config"]["seed"]]),
        "model": honesty(getattr(dynamics, "card", {})),
    }
    policy.save(folder / POLICY)
    return ZeroShotResult(policy, record["curve"], record)


def _watches(config: ZeroShotConfig, env: TorchEnv) -> list[Watch]:
    """What is taken off rewards in training, by its name; evaluations know nothing of it."""
    if config.penalty == "disagreement":
        return [DisagreementWatch(env, penalty=1.0, truncate=True)]
    if config.penalty == "none":
        return []
    return [DensityWatch(env, None if config.penalty == "density" else config.penalty, reach=config.reach)]


def _steps(model: Any) -> int:
    """Control steps taken in the model."""
    return int(model.num_timesteps) * model.env.venv.repeat


def _counts(model: Any) -> dict[str, int]:
    return {"steps": _steps(model), "updates": int(model._n_updates)}


def progress_of(
    record: dict[str, Any], counts: dict[str, int], budget: float, stop_at: float | None = None
) -> dict[str, float]:
    """Where a run stands, for whoever watches it."""
    return {
        **({} if stop_at is None else {"stop_at": stop_at}),
        **counts,
        "seconds": record["seconds"],
        "budget": budget,
        "return_in_model": record["curve"][-1]["return_in_model"] if record["curve"] else float("nan"),
        "best": record["best"] if record["best"] is not None else float("nan"),
    }


def honesty(card: dict[str, Any]) -> dict[str, Any]:
    """What must stand beside a zero-shot number: how much true motion trained the model, from where, and whether anything was tuned."""
    keys = ("name", "transitions", "start_states", "tuned_on_real_return", "training_seconds")
    return {key: card[key] for key in keys if key in card}
