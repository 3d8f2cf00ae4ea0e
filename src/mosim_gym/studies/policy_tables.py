"""Tables of policies that were trained in the models alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.robots import find_task, tasks
from mosim_gym.studies.benchmark import learners, spent, zero_shot_table
from mosim_gym.studies.measured import measured
from mosim_gym.studies.targets import BASELINES, PUBLISHED_RETURNS, SEEDS, ZERO_SHOT, verdict

README_LEARNER = "sac"
"""The learner whose policies the README shows: the default of zero-shot training."""
Policies = Mapping[str, Mapping[str, Any]]


def ordered(policies: Policies) -> dict[str, Mapping[str, Any]]:
    """By task, learner, model, name."""
    items = policies.items()
    return dict(sorted(items, key=lambda item: (item[1]["task"], item[1]["algorithm"], item[0])))


def _learner(policy: Mapping[str, Any]) -> str:
    model = policy["model"]["name"]
    elsewhere = "" if model == find_task(policy["task"])[0].name else f" in `{model}`"
    return f"{learners(policy)}{elsewhere}"


def policy_groups(policies: Policies) -> dict[str, list[Mapping[str, Any]]]:
    """Policies that differ by their seeds alone, by the beginning of their files' names."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for name, policy in ordered(policies).items():
        groups.setdefault(name.rsplit("-", 1)[0], []).append(policy)
    return groups


def _means(seeds: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"**{p['real']['mean']:.0f}**" for p in seeds)


def _target(seeds: Sequence[Mapping[str, Any]]) -> str:
    task = seeds[0]["task"]
    if task not in ZERO_SHOT:
        return ""
    mean = sum(p["real"]["mean"] for p in seeds) / len(seeds)
    few = "" if len(seeds) >= SEEDS else " (one seed trained, of two)"
    return verdict({"": ZERO_SHOT[task]}, {"": mean}) + few


def _published(task: str) -> list[str]:
    values = PUBLISHED_RETURNS.get(task, (None,) * len(BASELINES))
    return ["" if value is None else f"{value:g}" for value in values]


def returns_table(report: Mapping[str, Any], *, learner: str | None = None) -> str:
    """A row for each task and way of training, of all learners or of one: real returns, target, published baselines."""
    rows = []
    for seeds in policy_groups(report["policies"]).values():
        if learner is not None and seeds[0]["algorithm"] != learner:
            continue
        rows.append(
            [
                seeds[0]["task"],
                *([_learner(seeds[0])] if learner is None else []),
                ", ".join(f"{spent(p, 'training_seconds') / 60:.0f} min" for p in seeds),
                _means(seeds),
                _target(seeds),
                *_published(seeds[0]["task"]),
            ]
        )
    who = ["Learner"] if learner is None else []
    theirs = [f"{name}, 1 M real steps" for name in BASELINES]
    return table(["Task", *who, "Training of each seed", "Real return of each seed", "Target", *theirs], rows)


def zero_shot_summary(report: Mapping[str, Any]) -> str:
    """Every policy in a row, and which tasks have none."""
    policies = ordered(report["policies"])
    wide = [name for name, p in policies.items() if abs(p["gap"]) > p["allowed_gap"]]
    gaps = f"{len(policies) - len(wide)} of {len(policies)} policies keep to it"
    gaps += f"; not {', '.join(f'{name} ({_gap(policies[name])})' for name in wide)}" if wide else ""
    few = max(p["shimmy"]["episodes"] for p in policies.values() if p["shimmy"])
    all_of_them = report["episodes"]
    earlier = [name for name, policy in policies.items() if policy.get("model_trained_anew")]
    sentences = [
        f"Real return: mean and standard deviation of {all_of_them} episodes of dm_control, or of MuJoCo for tasks that are not in it.",
        f"The first {few} of them were played through Shimmy, too: the two means should be equal.",
        f"They differ from the mean of all {all_of_them} where the return depends much on the start or on the goal, as the standard "
        "deviation says.",
        f"The gap between model and reality may be the largest of 10 %, two standard errors and 20 points: {gaps}.",
        *(
            [f"{', '.join(earlier)} learned in an earlier model of the same name, and were played in today's."]
            if earlier
            else []
        ),
        measured(list(policies.values())),
    ]
    return f"{zero_shot_table(policies)}\n\n{' '.join(sentences)}"


def _gap(policy: Mapping[str, Any]) -> str:
    """By how much the return in the model and the real one differ, and what is allowed."""
    side = "more" if policy["gap"] > 0 else "fewer"
    return f"{abs(policy['gap']):.0f} points {side} in the model than in reality, {policy['allowed_gap']:.0f} allowed"


def not_trained(report: Mapping[str, Any]) -> str:
    """The tasks of the catalogue that have no policy."""
    trained = {policy["task"] for policy in report["policies"].values()}
    missing = [task for task in tasks() if task not in trained]
    return f"Not yet trained: {', '.join(missing)}." if missing else "Every task has a policy."


def _missed_gap(seeds: Sequence[Mapping[str, Any]]) -> str:
    """What the README says of policies whose return in the model is too far from the real one."""
    wide = [p["in_model"]["mean"] for p in seeds if abs(p["gap"]) > p["allowed_gap"]]
    said = ", ".join(f"{mean:.0f}" for mean in wide)
    return f" (in the model {said}: its gap is wider than allowed)" if wide else ""


def readme_table(report: Mapping[str, Any]) -> str:
    """One learner's policies, and where all others are."""
    others = [
        f"{seeds[0]['task']} by {_learner(seeds[0])} returns {_means(seeds)}{_missed_gap(seeds)}"
        for seeds in policy_groups(report["policies"]).values()
        if seeds[0]["algorithm"] != README_LEARNER
    ]
    mine = [policy for policy in report["policies"].values() if policy["algorithm"] == README_LEARNER]
    cores = max(policy["provenance"]["torch_threads"] for policy in mine)
    machine = "one core" if cores == 1 else f"{cores} cores"
    sentences = [
        f"Policies of {README_LEARNER.upper()}, each trained in the packaged model on {machine}, with no real step.",
        f"Each was played for {report['episodes']} episodes in dm_control. Targets hold for the mean of the seeds.",
        "The last columns were published by others.",
        *([f"By gradients through the model: {'; '.join(others)}."] if others else []),
    ]
    return f"{returns_table(report, learner=README_LEARNER)}\n\n{' '.join(sentences)}"
