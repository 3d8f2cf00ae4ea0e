"""Plain names for people, in place of identifiers: of learners, and the runs of studies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.rl.learners.base import LEARNERS
from mosim_gym.rl.strategies.accounting import TRUTH
from mosim_gym.robots import find_task

STUDIES = {
    "penalty": "CheetahRun, SAC in a model of random motion: what keeps it where the model knows",
    "critic": "WalkerRun, SAC: layer norms in the critics",
    "targets": "FingerSpin, SAC: steps of reward in the critic's targets",
    "horizon-model": "CheetahRun, SAC in the model: how long episodes are",
    "horizon-truth": "CheetahRun, TQC in MuJoCo: how long episodes are",
}
RUNS = {
    ("penalty", "none"): "nothing holds it",
    ("penalty", "box"): "episodes end at the training box",
    ("penalty", "edge"): "the same, with no reward beyond",
    ("penalty", "density"): "density penalty",
    ("penalty", "density to 2.5"): "density penalty, reaching 2.5 times as far",
    ("penalty", "disagreement"): "penalty on the ensemble's disagreement",
    ("critic", "normed"): "with layer norms",
    ("critic", "plain"): "SB3's own critics",
}


def learner_name(algo: str) -> str:
    """`SAC`, or `gradients (SHAC)`."""
    return LEARNERS.find(algo).title(algo) if algo in LEARNERS.names() else algo


def run_name(study: str, label: str) -> str:
    """The plain name of a kind of runs in a study, or its label if that is plain already."""
    return RUNS.get((study, label), label)


def policy_title(card: Mapping[str, Any]) -> str:
    """The title of a policy's pictures: task, learner, and MuJoCo or the model if that is not the robot's own."""
    task, model = card["task"], card.get("model", {}).get("name", "")
    if card.get("trained_in") == TRUTH:
        model = TRUTH
    elsewhere = f", in {model}" if model and model != find_task(task)[0].name else ""
    return f"{task}, {learner_name(card['algorithm'])}{elsewhere}"
