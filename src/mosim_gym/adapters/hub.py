"""Checkpoints and policies for the Hugging Face hub: what a repository holds, and `push`, which puts it there.

A repository of a checkpoint holds the file itself, a model card, and `env.py`, by which LeRobot's EnvHub makes environments of it. One of a
policy holds the file and a card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from mosim_gym.adapters.policy_files import POLICY
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.narrowing import is_mapping
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.storage import FileFault, read_kind
from mosim_gym.mechanics.version import __version__
from mosim_gym.policies.actor import load_actor
from mosim_gym.robots import find_task, tasks
from mosim_gym.zoo.checkpoint import read_card
from mosim_gym.zoo.hub import EXTRA, PREFIX
from mosim_gym.zoo.names import CHECKPOINT

CARD, ENVIRONMENTS = "README.md", "env.py"
SHOWN = ("1", "10", "16", "100")
"""Horizons of the errors in a card, in control steps."""
_ENV = '''"""Environments of the learned motion in this repository, for LeRobot's EnvHub."""

import gymnasium

import mosim_gym  # noqa: F401  # registers the environments


def make_env(n_envs=1, use_async_envs=False, cfg=None):
    """One batch of environments, which needs no processes: `use_async_envs` changes nothing."""
    return gymnasium.make_vec({task!r}, num_envs=n_envs, checkpoint={name!r})
'''


def repository_files(path: str | PathLike[str], repository: str, *, task: str | None = None) -> dict[str, bytes]:
    """What the repository `owner/name` holds for the checkpoint or the policy at `path`, by file name.

    `task` is that of the environments of a checkpoint, by default the first one of its robot.
    """
    path = Path(path)
    if not path.is_file():
        raise FileFault(f"There is no file at {path}.")
    kind, _ = read_kind(path)
    if kind == "policy":
        card = load_actor(path).card
        return {POLICY: path.read_bytes(), CARD: _policy_card(card, repository).encode()}
    if kind != "checkpoint":
        raise FileFault(f"{path} holds a {kind}; a checkpoint or a policy can be pushed.")
    card = read_card(path)
    own = [name for name in tasks() if find_task(name)[0].name == str(card["robot"]).partition("@")[0]]
    if task is not None and task not in own:
        raise ValueError(f"{task} is no task of {card['robot']}; its tasks are {', '.join(own) or 'none'}.")
    files = {
        CHECKPOINT: path.read_bytes(),
        CARD: _model_card(card, repository, task or (own[0] if own else None)).encode(),
    }
    if own:
        files[ENVIRONMENTS] = _ENV.format(task=env_id(task or own[0]), name=f"{PREFIX}{repository}").encode()
    return files


def push(
    path: str | PathLike[str],
    repository: str,
    *,
    task: str | None = None,
    private: bool = False,
    api: Any = None,
) -> str:
    """Put the checkpoint or the policy at `path` into the repository `owner/name` of the hub, in one commit; its address.

    The repository is made if there is none. `api` is an `HfApi`; by default one with the token of `hf auth login`.
    """
    files = repository_files(path, repository, task=task)
    hub: Any = import_extra("huggingface_hub", EXTRA, "push")
    api = hub.HfApi() if api is None else api
    api.create_repo(repository, private=private, exist_ok=True)
    parts = [hub.CommitOperationAdd(path_in_repo=name, path_or_fileobj=content) for name, content in files.items()]
    api.create_commit(repository, operations=parts, commit_message=f"By mosim_gym {__version__}")
    return f"https://huggingface.co/{repository}"


def _model_card(card: Mapping[str, Any], repository: str, task: str | None) -> str:
    """The card of a checkpoint, as Markdown with the hub's front matter."""
    name, robot = f"{PREFIX}{repository}", card["robot"]
    made = f'\nenv = gymnasium.make_vec("{env_id(task)}", num_envs=64, checkpoint="{name}")' if task else ""
    steps, minutes = card.get("transitions", 0), float(card.get("training_seconds", 0)) / 60
    return "\n".join(
        [
            _front_matter(["world-model", "dynamics", str(robot).partition("@")[0]]),
            f"# {card.get('name', robot)}: a learned model of motion\n",
            f"How the robot `{robot}` moves, learned by [mosim_gym](https://pypi.org/project/mosim-gym/) {__version__}: the state after a "
            "control step from the state before it and the command.\n",
            f'```python\nimport gymnasium\nimport mosim_gym\n\nsim = mosim_gym.load("{name}"){made}\n```\n',
            f"It learned from {steps:,} true transitions in {minutes:.0f} min, with the seeds {_listed(card.get('seeds', []))}.\n",
            *_errors(card.get("benchmark")),
            "The file holds weights and JSON, and no code. Where states leave the box of the training data, environments end episodes by "
            "default.\n",
            _details(card, ("recipe", "box", "benchmark_protocol", "provenance")),
        ]
    )


def _policy_card(card: Mapping[str, Any], repository: str) -> str:
    """The card of a policy, as Markdown with the hub's front matter."""
    task = card.get("task", "an environment of one's own")
    model = card.get("model")
    where = model.get("name") if is_mapping(model) else model
    return "\n".join(
        [
            _front_matter(["reinforcement-learning", "robotics"]),
            f"# {task}: a policy\n",
            f"Learned by {str(card.get('algorithm', 'an unknown learner')).upper()} of "
            f"[mosim_gym](https://pypi.org/project/mosim-gym/) in {where or card.get('trained_in', 'an unknown model')}, from "
            f"{card.get('real_steps', 0):,} real control steps.\n",
            f'```python\nimport mosim_gym\n\npolicy = mosim_gym.load_policy("{PREFIX}{repository}")\n'
            "action, _ = policy.predict(observation, deterministic=True)\n```\n",
            "The file holds weights and JSON, and no code.\n",
            _details(card, ("config", "provenance")),
        ]
    )


def _front_matter(tags: Sequence[str]) -> str:
    return "\n".join(
        ["---", "library_name: mosim-gym", "license: mit", "tags:", *(f"- {tag}" for tag in tags), "---\n"]
    )


def _errors(benchmark: object) -> list[str]:
    """A table of squared errors over variance at a step of a rollout, if the card has any."""
    if not is_mapping(benchmark):
        return []
    rows: list[str] = []
    for test, found in benchmark.items():
        known = found.get("normalised") if is_mapping(found) else None
        if is_mapping(known):
            values = [known.get(step) for step in SHOWN]
            cells = [f"{100 * value:.2g} %" if isinstance(value, int | float) else "" for value in values]
            rows.append(f"| {test} | {' | '.join(cells)} |")
    if not rows:
        return []
    head = " | ".join(f"step {step}" for step in SHOWN)
    return [
        "Squared error at a step of an open-loop rollout, each dimension over its variance in the test:\n",
        f"| Actions | {head} |\n|---|{'---|' * len(SHOWN)}",
        *rows,
        "",
    ]


def _details(card: Mapping[str, Any], keys: Sequence[str]) -> str:
    known = {key: card[key] for key in keys if key in card}
    return f"<details><summary>All of the card</summary>\n\n```json\n{json.dumps(known, indent=1)}\n```\n\n</details>\n"


def _listed(seeds: object) -> str:
    return ", ".join(map(str, seeds)) if isinstance(seeds, list) and seeds else "unknown"
