"""Studies of zero-shot training: runs that are watched from reality, and what they ask."""

from __future__ import annotations

from mosim_gym.mechanics.settings import Setting
from mosim_gym.studies.watched import WatchedRun

MINUTE = 60.0
STUDIES = {
    "penalty": "SAC in a model that has seen random motion only: alone, with episodes that end at the training box (as an edge: with no "
    "reward beyond), with the density penalty (also one that reaches 2.5 times as far from the data), and with the ensemble's "
    "disagreement.",
    "critic": "SAC with layer norms in its critics, and with SB3's own.",
    "targets": "SAC with targets of single steps' rewards, and of five steps'.",
    "horizon-model": "SAC in the packaged model with short episodes from starts spread over all motion, as long as a model may have to "
    "predict.",
    "horizon-truth": "TQC in MuJoCo itself with short episodes from the task's own starts: how far a model would have to see for it to "
    "work.",
}
HOLDS: dict[str, dict[str, Setting]] = {
    "none": {"outside_model": "continue"},
    "box": {},
    "edge": {"outside_model": "terminate"},
    "density": {"outside_model": "continue", "penalty": "density"},
    "density to 2.5": {"outside_model": "continue", "penalty": "density", "threshold_scale": 2.5},
    "disagreement": {"outside_model": "continue", "penalty": "disagreement"},
}
"""What may hold a learner where its model knows: nothing, the end of episodes at the training box, penalties."""
PENALTIES = [
    WatchedRun(
        "penalty",
        f"{hold}, seed {seed}",
        "CheetahRun",
        20 * MINUTE,
        "cheetah:narrow",
        {**settings, "seed": seed, "evaluate_every": 50_000},
    )
    for seed in (0, 1)
    for hold, settings in HOLDS.items()
]
MODEL_HORIZONS = [
    WatchedRun(
        "horizon-model", f"{episode} steps", "CheetahRun", 15 * MINUTE, None, {"episode": episode, "spread_starts": 0.8}
    )
    for episode in (10, 50, 100)
]
TRUE_HORIZONS = [
    WatchedRun("horizon-truth", f"{episode} steps", task, 15 * MINUTE, "truth", {"algo": "tqc", "episode": episode})
    for task, episodes in (("CheetahRun", (60, 200, 500)),)
    for episode in episodes
]
CRITICS = [
    WatchedRun("critic", critic, "WalkerRun", 10 * MINUTE, None, {"critic": critic, "evaluate_every": 50_000})
    for critic in ("normed", "plain")
]
TARGETS = [
    WatchedRun("targets", f"{steps} step{'s' * (steps > 1)}", "FingerSpin", 10 * MINUTE, None, {"n_step": steps})
    for steps in (1, 5)
]
RUNS = [*PENALTIES, *CRITICS, *TARGETS, *MODEL_HORIZONS, *TRUE_HORIZONS]
"""In the order in which they are worth their hours."""
