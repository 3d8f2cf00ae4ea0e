"""docs/gallery.md: the pictures in docs/assets, each with a one-line finding from what the benchmarks measured."""

from __future__ import annotations

import json
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mosim_gym.envs.reality import reality_name
from mosim_gym.evaluation.checkpoint_report import STRIP_SECONDS
from mosim_gym.evaluation.published import AFTER_A_MILLION
from mosim_gym.rl.plain_names import learner_names
from mosim_gym.robots import load_robot
from mosim_gym.studies.benchmark import spent
from mosim_gym.studies.efficiency_summary import grouped, summary
from mosim_gym.studies.sample_efficiency import title

HEAD = """# Pictures

<!-- Written by scripts/generate_docs.py. -->

Each picture stands with what was measured; the [results](results/index.md) have the numbers in full.

## Truth over model
"""
CURVES = """## Learning curves

The return in the model while a policy trained there, a curve for each seed with the spread of its episodes, and the return in dm_control
of the policy with the highest return in the model, where that was found, with the 95 % interval of the mean. Grey lines are what others
published.
"""
EFFICIENCY = """## Return against real steps

The mean over seeds of five real episodes on the way; bands reach from the lowest to the highest seed.
"""
MODELS = """## Models

For each packaged model: the squared error over the horizon under random actions, beside baselines, the chaos floor (MuJoCo against itself
from states whose positions are off by 1e-4 and velocities by 1e-3) and the variance of the states; and two seconds under the same Poisson
actions from the same state, the truth above the prediction. A prediction is valid until its root mean square error reaches 40 % of the
states' deviation.
"""
NAMES = {"uniform": "uniform", "poisson": "Poisson"}
Results = Mapping[str, Any]


def gallery_page(assets: Path, results: Path, checkpoints: Iterable[str]) -> str:
    """The page, of the pictures that there are in `assets` and of the files in `results`."""
    reports = _read(results / "prediction.json")
    sections = [
        (HEAD, _first(reports)),
        (CURVES, _curves(_read(results / "zero_shot.json").get("policies", {}))),
        (EFFICIENCY, _efficiency(_read_all(results / "sample_efficiency"))),
        (MODELS, _models({name: reports[name] for name in checkpoints if name in reports})),
    ]
    parts, fill = [], partial(textwrap.fill, width=140, break_long_words=False, break_on_hyphens=False)
    for head, pictures in sections:
        shown = [
            f"{heading}![{about}](assets/{file})\n\n{fill(finding)}"
            for file, (heading, about, finding) in pictures.items()
            if (assets / file).exists()
        ]
        parts += [head.strip(), *shown] if shown or head == HEAD else []
    return "\n\n".join(parts) + "\n"


Pictures = dict[str, tuple[str, str, str]]  # by file: a heading, the text in its place, and the finding


def _first(reports: Mapping[str, Results]) -> Pictures:
    """Pictures of several robots and of the whole idea."""
    found: Pictures = {}
    cheetah = reports.get("cheetah", {}).get("tests", {})
    running = next((test["cheetah"] for name, test in cheetah.items() if "trained policy" in name), None)
    if running is not None:
        finding = f"Under a running policy the packaged cheetah is valid for {running['valid_seconds']:.2f} s of open loop (median)."
        found["truth-over-model.png"] = ("", "The running cheetah: truth above the model's prediction", finding)
    found["robots.png"] = ("", "Four robots under scripted policies", "The true motion under scripted policies.")
    return found


def _curves(policies: Mapping[str, Results]) -> Pictures:
    """Learning curves of the policies that were measured."""
    groups: dict[str, list[Results]] = defaultdict(list)
    for name, result in policies.items():
        groups[name.rsplit("-seed", 1)[0]].append(result)
    found: Pictures = {}
    for stem, seeds in groups.items():
        task, model = seeds[0]["task"], seeds[0]["model"]["name"]
        real = [seed["real"]["mean"] for seed in seeds]
        imagined = _joined([seed["in_model"]["mean"] for seed in seeds])
        minutes = _joined([spent(seed, "training_seconds") / 60 for seed in seeds])
        finding = (
            f"{_joined(real)} in {reality_name(task)}, {imagined} in the model, after {minutes} min"
            f"{_beside(task, sum(real) / len(real))}."
        )
        about = f"{task}, {learner_names(seeds[0])} in {model}"
        found[f"zero-shot-{stem}.png"] = ("", f"Learning curve: {about}", f"**{about}**: {finding}")
    return found


def _joined(values: Sequence[float]) -> str:
    """`870 and 881`; what is the same for all once."""
    shown = list(dict.fromkeys(f"{value:.0f}" for value in values))
    return " and ".join(shown)


def _beside(task: str, mean: float) -> str:
    """Where a return stands among published ones."""
    found = AFTER_A_MILLION.get(task, {})
    words = [f"{_where(mean, found[name])} {name}'s {found[name]:.0f}" for name in ("SAC", "TD-MPC2") if name in found]
    return f"; {' and '.join(words)} after a million real steps" if words else ""


def _where(mean: float, other: float) -> str:
    if round(mean) == round(other):
        return "at"
    return "above" if mean > other else "below"


def _efficiency(cells: Iterable[Results]) -> Pictures:
    """What the strategies reach, the best first."""
    tasks: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (task, strategy), seeds in grouped(cells).items():
        s = summary(seeds)
        count = f"{len(seeds)} seed{'s' * (len(seeds) > 1)}"
        text = f"{title(task, strategy)} {s['interquartile_mean']:.0f} after {s['real_steps']:,} ({count})"
        tasks[task].append((s["interquartile_mean"], text))
    return {
        f"sample-efficiency-{task}.png": (
            "",
            f"Real return of {task} against real steps",
            f"**{task}**, interquartile means after all real steps: {'; '.join(text for _, text in sorted(found, reverse=True))}.",
        )
        for task, found in tasks.items()
    }


def _models(reports: Mapping[str, Results]) -> Pictures:
    """Prediction and film strip of each packaged model."""
    found: Pictures = {}
    for name, report in reports.items():
        stem, step = name.replace(":", "-"), load_robot(report["robot"]).control_step
        tests = {test: report["tests"][test][name] for test in ("uniform", "poisson") if test in report["tests"]}
        about = "; ".join(f"under {NAMES[test]} actions {_error(result, step)}" for test, result in tests.items())
        found[f"prediction-{stem}.png"] = (
            f"### {name}\n\n",
            f"Error of {name} over the horizon",
            f"{about[:1].upper()}{about[1:]}.",
        )
        held = tests.get("poisson")
        if held is not None:
            inside = max(t for t in STRIP_SECONDS if t <= held["valid_seconds"])
            whole = inside == STRIP_SECONDS[-1]
            text = (
                "All frames lie"
                if whole
                else f"Frames up to {inside:g} s lie"
                if inside
                else "Only the first frame lies"
            )
            finding = f"{text} within the time for which a prediction under such actions is valid, {_until(held, report, step)}."
            found[f"strip-{stem}.png"] = ("", f"Truth over prediction of {name}", finding)
    return found


def _until(result: Results, report: Results, step: float) -> str:
    """Valid time in words: a test that ends before the predictions do gives a bound."""
    valid = result["valid_seconds"]
    return f"{valid:.3g} s and more" if valid >= report["steps"] * step - 1e-9 else f"{valid:.3g} s (median)"


def _error(result: Results, step: float) -> str:
    """Error over variance at 16 steps, or as near as there is, and the valid time."""
    horizon = "16" if "16" in result["normalised"] else "10"
    share = 100 * result["normalised"][horizon]
    return (
        f"an error of {_percent(share)} of the variance after {horizon} steps ({int(horizon) * step:.3g} s), valid for "
        f"{result['valid_seconds']:.3g} s"
    )


def _percent(share: float) -> str:
    """Two digits, small ones as below a bound."""
    return "less than 0.01 %" if share < 0.01 else f"{share:.2g} %"


def _read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else {}


def _read_all(folder: Path) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
