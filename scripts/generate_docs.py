"""Write the generated parts of the documentation: docs/tasks.md, and what stands between markers in README.md and docs/*.md.

`--check` writes nothing and fails if anything is out of date.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from mosim_gym.evaluation.describe import task_table, tasks_page
from mosim_gym.evaluation.kinematics import kinematics_table
from mosim_gym.evaluation.parity import parity_table
from mosim_gym.evaluation.tables import table
from mosim_gym.rl.benchmark import zero_shot_table
from mosim_gym.training.comparison import comparison_table

ROOT = Path(__file__).resolve().parents[1]
README, DOCS = ROOT / "README.md", ROOT / "docs"
STATUS = re.compile(r"<!-- status -->\n\n(.*?)\n\n<!-- end -->", re.DOTALL)


NORMALISED = ("1", "10", "16", "50", "100", "500")


def result(name: str) -> dict[str, Any]:
    """What benchmarks/`name`.py measured."""
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())


def between_markers(text: str, name: str, content: str) -> str:
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"There is no marker <!-- generated: {name} --> … <!-- end --> to write to.")
    return pattern.sub(lambda m: f"{m[1]}\n{content}\n\n{m[2]}", text)


def measured_on(report: dict[str, Any]) -> str:
    m, threads = report["machine"], report["machine"]["torch_threads"]
    return (
        f"Measured on {m['cores']} cores of {m['processor']}, accelerator {m['accelerator']}, torch {m['torch']} with "
        f"{threads} thread{'s' * (threads > 1)}, MuJoCo {m['mujoco']}, dm_control {m['dm_control']}; seed {report['seed']}."
    )


def gait_table(report: dict[str, Any]) -> str:
    """Real returns of the policies that benchmarks/scripted_gait.py measured."""
    rows = [
        [name, r["episodes"], f"{r['mean']:.1f}", f"{r['std']:.1f}", "{:.1f} to {:.1f}".format(*r["interval_95"])]
        for name, r in report["real_return"].items()
    ]
    episodes = report["real_return"]["gait"]
    note = (
        f"Episodes start from dm_control's resets with the seeds {episodes['seed']} to {episodes['seed'] + episodes['episodes'] - 1}. "
        f"The search took {report['search_steps']:,} control steps of MuJoCo."
    )
    header = ["Policy", "Episodes", "Mean real return", "Standard deviation", "95% interval of the mean"]
    return f"{table(header, rows)}\n\n{note}"


def comparison(results: dict[str, Any], about: str, *, pace: bool) -> str:
    """Systems or ablations that benchmarks/baselines.py trained side by side."""
    m = next(iter(results.values()))["machine"]
    note = (
        f"{about} One seed each. Measured on {m['processor']}, with {m['torch_threads']} thread{'s' * (m['torch_threads'] > 1)} of torch "
        f"{m['torch']}."
    )
    return f"{comparison_table(results, pace=pace)}\n\n{note}"


def collection_summary(report: dict[str, Any]) -> str:
    """How fast training data come, from what benchmarks/collection.py measured."""
    rows = [
        [robot, f"{r['transitions_per_second']:,}", f"{r['ratio']:.2f} times"] for robot, r in report["robots"].items()
    ]
    header = ["Robot", "True control steps a second", "Time beside a bare `mujoco.rollout` of the same segments"]
    return table(header, rows)


def prediction_summary(reports: dict[str, Any]) -> str:
    """Raw errors of every packaged checkpoint, from what benchmarks/prediction.py measured."""
    rows = []
    for name, report in reports.items():
        for test, results in report["tests"].items():
            ours, fast, floor = (results[who] for who in (name, f"{name}, fast", "chaos floor"))
            trained = f"{report['transitions'] / 1e6:.1f} M in {report['training_seconds'] / 60:.0f} min"
            row = [
                f"`{name}`",
                trained,
                test,
                f"{ours['one_step_raw']:.1e}",
                f"{ours['raw']['16']:.2g}",
                f"{ours['raw']['100']:.2g}",
                f"{ours['valid_seconds']:.1f} s",
                f"{fast['raw']['16']:.2g}, {fast['raw']['100']:.2g}",
            ]
            bounds = f"{floor['raw']['16']:.2g}, {floor['raw']['100']:.2g}"
            rows.append(
                [*row, bounds, f"{results['linear model']['raw']['16']:.2g}", f"{results['state_variance']:.2g}"]
            )
    header = [
        "Checkpoint", "Trained on", "Actions", "1 step", "16 steps", "100 steps", "Valid for", "Fast: 16, 100", "Chaos floor: 16, 100",
        "Linear: 16", "State variance",
    ]  # fmt: skip
    return table(header, rows)


def normalised_summary(reports: dict[str, Any]) -> str:
    """Error over variance at single horizons."""
    rows = []
    for name, report in reports.items():
        for test, results in report["tests"].items():
            values = results[name]["normalised"]
            shown = (f"{values[h]:.1e}" if h in values else "" for h in NORMALISED)
            rows.append([f"`{name}`", test, *shown])
    return table(["Checkpoint", "Actions", *(f"at step {h}" for h in NORMALISED)], rows)


def touch_summary(reports: dict[str, Any]) -> str:
    """Error over variance of the touch sensors, up to each horizon."""
    horizons = ("1", "16", "100")
    rows = [
        [f"`{name}`", test, *(f"{results[name]['touch'][h]:.2f}" for h in horizons)]
        for name, report in reports.items()
        for test, results in report["tests"].items()
        if "touch" in results[name]
    ]
    return table(["Checkpoint", "Actions", *(f"{h} step{'s' * (h != '1')}" for h in horizons)], rows)


def endurance_summary(reports: dict[str, Any]) -> str:
    """Long rollouts of every packaged checkpoint."""
    rows = []
    for name, report in reports.items():
        r = report["endurance"][name]
        inside = f"{100 * r['inside']:.1f} % ({100 * r['truth_inside']:.1f} %)"
        rows.append(
            [
                f"`{name}`",
                f"{r['segments']:,}",
                f"{100 * r['finite']:.1f} %",
                inside,
                f"{100 * r['deviation_off']:.1f} %",
                f"{r['mean_off']:.3f}",
            ]
        )
    header = [
        "Checkpoint",
        "Rollouts",
        "Finite",
        "Inside the training box (the truth)",
        "Deviation off by",
        "Mean off by",
    ]
    return table(header, rows)


def speed_summary(reports: dict[str, Any]) -> str:
    """Control steps a second of every packaged checkpoint."""
    rows = []
    for name, report in reports.items():
        plain, fast = (report["control_steps_per_second"][who] for who in (name, f"{name}, fast"))
        batches = [f"{speeds[batch]:,}" for batch in ("batch 1024", "batch 4096") for speeds in (plain, fast)]
        rows.append([f"`{name}`", *batches, f"{1e6 / plain['single state']:.0f} µs"])
    return table(
        ["Checkpoint", "1,024 rows, float32", "1,024, fast", "4,096, float32", "4,096, fast", "One state"], rows
    )


def zero_shot_summary(report: dict[str, Any]) -> str:
    """Policies trained in the models, from what benchmarks/zero_shot.py measured."""
    m = report["machine"]
    note = (
        f"Real return: mean and standard deviation of {report['episodes']} episodes of dm_control; through Shimmy: 5. Trained on the "
        f"number of cores of {m['processor']} that is given. The gap allowed is the largest of 10 %, two standard errors and 20 points."
    )
    return f"{zero_shot_table(report['policies'])}\n\n{note}"


def environment_speed(report: dict[str, Any]) -> str:
    """Environments and their peers, from what benchmarks/speed.py measured."""
    tasks = report["tasks"]
    peers = list(dict.fromkeys(name for task in tasks.values() for name in task if not name.startswith("batch of")))
    batches = ["batch of 1024, float32", "batch of 1024, fast", "batch of 4096, float32", "batch of 4096, fast"]
    rows = []
    for name in [*peers, *batches]:
        cells = [f"{tasks[task][name]['median']:,}" if name in tasks[task] else "" for task in tasks]
        rows.append([name, *cells])
    start = ", ".join(f"{name}: {value}" for name, value in report["start_up"].items())
    m = report["machine"]
    note = (
        f"Median of {report['rounds']} rounds of {report['seconds']:g} s on {m['cores']} cores of {m['processor']}, torch {m['torch']}, "
        f"MuJoCo {m['mujoco']}. Start-up: {start}."
    )
    return f"{table(['Control steps a second', *tasks], rows)}\n\n{note}"


def generated() -> dict[Path, str]:
    """The content that each file should have."""
    readme, index, results = (path.read_text() for path in (README, DOCS / "index.md", DOCS / "results.md"))
    status = STATUS.search(readme)
    if status is None:
        raise SystemExit("README.md has no <!-- status --> … <!-- end --> to copy from.")
    for name, to_table in (("parity", parity_table), ("kinematics", kinematics_table)):
        report = result(name)
        results = between_markers(results, name, f"{to_table(report)}\n\n{measured_on(report)}")
    reports = result("prediction")
    first = next(iter(reports.values()))
    note = f"{first['segments']:,} segments of {first['steps']} steps after a burn-in of {first['burn_in']}. {measured_on(first)}"
    results = between_markers(results, "prediction", f"{prediction_summary(reports)}\n\n{note}")
    for name, summary in (
        ("normalised", normalised_summary),
        ("touch", touch_summary),
        ("endurance", endurance_summary),
        ("rollout speed", speed_summary),
    ):
        results = between_markers(results, name, summary(reports))
    policies = result("zero_shot")
    results = between_markers(results, "zero-shot", zero_shot_summary(policies))
    results = between_markers(results, "speed", environment_speed(result("speed")))
    learned = (DOCS / "learned-motion.md").read_text()
    baselines = result("baselines")
    about = "Samples are control steps, data generation included."
    learned = between_markers(learned, "systems", comparison(baselines["systems"], about, pace=True))
    about = f"{baselines['ablation_steps']:,} training steps each, against i.i.d. uniform actions."
    learned = between_markers(learned, "ablations", comparison(baselines["ablations"], about, pace=False))
    for robot, report in result("substeps").items():
        about = f"{robot}, {report['steps']:,} training steps each, against i.i.d. uniform actions."
        learned = between_markers(learned, f"substeps {robot}", comparison(report["alternatives"], about, pace=False))
    learned = between_markers(learned, "collection", collection_summary(result("collection")))
    return {
        README: between_markers(readme, "tasks", task_table()),
        DOCS / "index.md": between_markers(index, "status", status[1]),
        DOCS / "tasks.md": tasks_page(),
        DOCS / "learned-motion.md": learned,
        DOCS / "results.md": between_markers(results, "gait", gait_table(result("scripted_gait"))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if anything is out of date")
    check = parser.parse_args().check
    stale = {path: text for path, text in generated().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run python scripts/generate_docs.py")
        else:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    sys.exit(bool(stale) and check)


if __name__ == "__main__":
    main()
