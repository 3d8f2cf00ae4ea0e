"""docs/policies.md: of every policy trained in a model alone its film, its curve, its returns, and the command that makes it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.narrowing import is_mapping
from mosim_gym.rl.plain_names import policy_title
from mosim_gym.rl.strategies.zero_shot import config_for
from mosim_gym.robots import find_task
from mosim_gym.studies.benchmark import spent
from mosim_gym.studies.measured import measured
from mosim_gym.studies.pages import wrapped
from mosim_gym.studies.policy_tables import policy_groups

HEAD = """# Policies

<!-- Written by scripts/generate_docs.py. -->

On this page you see what each policy does that was trained inside a packaged model alone. Where today's settings trained it, you find the
command that trains another. Films and strips have the real task above, and below it the same policy in the model, from the same start. The
[results](results/zero-shot.md) compare the returns with those of others.
"""
FILM = '<video controls loop muted playsinline preload="metadata" width="360" src="../assets/{name}.mp4"></video>'


def policies_page(report: Mapping[str, Any], assets: Path) -> str:
    """The page, of the policies in benchmarks/results/zero_shot.json and of the films and plots that there are in `assets`."""
    sections = [_section(stem, seeds, assets) for stem, seeds in policy_groups(report["policies"]).items()]
    return "\n".join([HEAD, *sections])


def film_name(stem: str) -> str:
    """What the film and the strip of the policies called `stem` are called in docs/assets, without their endings."""
    return f"policy-{stem}"


def _section(stem: str, seeds: Sequence[Mapping[str, Any]], assets: Path) -> str:
    title, name = policy_title(seeds[0]), film_name(stem)
    shown = [FILM.format(name=name)] if (assets / f"{name}.mp4").exists() else []
    pictures = {
        f"{title}: the real task above, the model below": f"{name}.png",
        f"Learning curve of {title}": f"zero-shot-{stem}.png",
    }
    shown += [f"![{about}](assets/{file})" for about, file in pictures.items() if (assets / file).exists()]
    commands = [command(policy) for policy in seeds]
    again = "\n".join(f"    {line}" for line in commands if line is not None)
    earlier = [str(seed["config"]["seed"]) for seed, line in zip(seeds, commands, strict=True) if line is None]
    unknown = (
        f"An earlier version of this package trained seed{'s' * (len(earlier) > 1)} {' and '.join(earlier)}. The command is not recorded, "
        "and the settings had other names; the policies' cards list them."
    )
    told = "\n\n".join([*([f"Made again by\n\n{again}"] if again else []), *([wrapped(unknown)] if earlier else [])])
    return "\n\n".join([f"## {title}", *shown, _returns(seeds), wrapped(_model(seeds)), told]) + "\n"


def _returns(seeds: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            f"{policy['config']['seed']}",
            f"**{policy['real']['mean']:.0f}** ± {policy['real']['std']:.0f}",
            f"{policy['in_model']['mean']:.0f} ({min(policy['in_model']['members']):.0f})",
            f"{policy['gap']:+.0f} ({policy['allowed_gap']:.0f})",
            f"{spent(policy, 'training_seconds') / 60:.0f} min",
            f"{spent(policy, 'steps_in_model') / 1e6:.2f} M, {spent(policy, 'updates') / 1e3:.0f} k",
        ]
        for policy in seeds
    ]
    header = [
        "Seed", "Real return", "In the model (worst member)", "Model minus real (allowed)", "Training, one core",
        "Steps in the model, updates",
    ]  # fmt: skip
    return table(header, rows)


def _model(seeds: Sequence[Mapping[str, Any]]) -> str:
    """One paragraph on the model that a policy was trained in, and on who measured."""
    model = seeds[0]["model"]
    changed = " It has been trained anew since." if any(policy.get("model_trained_anew") for policy in seeds) else ""
    return (
        f"The model `{model['name']}` had learned from {model['transitions'] / 1e6:.1f} M true transitions in "
        f"{model['training_seconds'] / 60:.0f} min. A simulator set the starts of these transitions, and nothing was tuned on real "
        f"return.{changed} "
        f"{measured(list(seeds))}"
    )


def command(policy: Mapping[str, Any]) -> str | None:
    """The command that trains the policy of a result again; None if its settings are those of an earlier version."""
    config, task = policy["config"], policy["task"]
    if not is_mapping(config.get("learner")):
        return None
    algo, model = config["learner"]["algo"], policy["model"]["name"]
    words = ["mosim-gym rl zero-shot", task]
    words += [f"--algo {algo}"] if algo != config_for(task).learner.algo else []
    words += [f"--checkpoint {model}"] if model != find_task(task)[0].name else []
    words += [f"--budget {max(1, round(policy['training_seconds'] / 60))}m", f"--seed {config['seed']}"]
    start = policy.get("start")
    words += [f"--start {start['file']}"] if start else []
    usual = _flat(asdict(config_for(task, algo))) | (start["settings"] if start else {})
    own = {name: value for name, value in _flat(config).items() if name not in ("seed", "start")}
    others = [f"{name}={value}" for name, value in own.items() if usual.get(name) != value]
    return " ".join([*words, *(["--set", *others] if others else [])])


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """All settings by name, the learner's among them."""
    own = {name: value for name, value in config.items() if name != "learner"}
    return {**own, **config["learner"]}
