"""Tables of the documentation, each of what one of the benchmarks wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.rl.benchmark import zero_shot_table
from mosim_gym.rl.efficiency_summary import efficiency_table
from mosim_gym.rl.sample_efficiency import Cell
from mosim_gym.rl.watched import watched_table, world_of
from mosim_gym.training.comparison import comparison_table

NORMALISED = ("1", "10", "16", "50", "100", "500")
PUBLISHED: dict[str, tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]] = {
    "cheetah": (("16", "100"), (0.1206, 0.2185), (0.1925, 0.2297)),
    "reacher": (("16", "100"), (0.0005, 0.0009), (0.0972, 0.0988)),
    "acrobot": (("16", "100"), (0.0001, 0.1043), (0.1015, 4.928)),
    "hopper@0.005": (("16", "100"), (0.0375, 0.2507), (0.1114, 0.3199)),
    "humanoid@0.005": (("5", "10", "16"), (0.654, 1.006, 1.274), (1.395, 1.826, 2.129)),
}
"""Of the MoSim paper: horizons, the errors of its best model of random actions, and those that it gives for DreamerV3's."""
PUBLISHED_RETURNS: dict[str, tuple[float | None, ...]] = {
    "CheetahRun": (730, 638, 844),
    "ReacherEasy": (914, 915, 983),
    "ReacherHard": (928, 903, 981),
    "AcrobotSwingup": (10, 327, 518),
    "HopperStand": (302, 821, 954),
    "HopperHop": (70, 200, 338),
    "WalkerRun": (635, 581, 842),
    "WalkerWalk": (957, 821, 980),
    "HumanoidStand": (10, None, 664),
    "HumanoidWalk": (2, 1, 628),
    "CartpoleSwingup": (835, 780, 876),
    "PendulumSwingup": (354, 810, 819),
}
"""Returns of SAC, DreamerV3 and TD-MPC2 after a million real steps."""
NOT_YET = "*Not measured yet.*"


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
    m = next(iter(results.values()))["provenance"]
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


def published_summary(reports: dict[str, Any]) -> str:
    """Raw errors under uniform actions beside those that the MoSim paper gives."""
    rows = []
    for name, (horizons, mosim, rssm) in PUBLISHED.items():
        if name in reports:
            found = reports[name]["tests"]["uniform"][name]["raw"]
            ours = " / ".join(f"{found[h]:.2g}" for h in horizons)
            theirs = (" / ".join(f"{error:g}" for error in errors) for errors in (mosim, rssm))
            rows.append([f"`{name}`", " / ".join(horizons), f"**{ours}**", *theirs])
    header = ["Checkpoint", "Steps", "This package", "MoSim, published", "DreamerV3's model, as published there"]
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
        if "endurance" not in report:
            continue
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
        if "control_steps_per_second" not in report:
            continue
        plain, fast = (report["control_steps_per_second"][who] for who in (name, f"{name}, fast"))
        batches = [f"{speeds[batch]:,}" for batch in ("batch 1024", "batch 4096") for speeds in (plain, fast)]
        rows.append([f"`{name}`", *batches, f"{1e6 / plain['single state']:.0f} µs"])
    return table(
        ["Checkpoint", "1,024 rows, float32", "1,024, fast", "4,096, float32", "4,096, fast", "One state"], rows
    )


HEADLINE = {
    "CheetahRun-shac": "CheetahRun, by gradients through `cheetah:small`",
    "CheetahRun-90m": "CheetahRun",
    "FingerSpin": "FingerSpin",
    "HopperHop": "HopperHop",
    "HopperStand": "HopperStand",
    "WalkerRun": "WalkerRun",
    "WalkerWalk": "WalkerWalk",
    "WalkerStand": "WalkerStand",
    "SwimmerSwimmer6-shac": "SwimmerSwimmer6, by gradients",
    "FishUpright-shac": "FishUpright, by gradients",
}
"""Policies of the README, by the beginning of their files' names."""


def headline(report: dict[str, Any]) -> str:
    """Real return of some policies, a row for each task and way of training."""
    rows = []
    for stem, label in HEADLINE.items():
        seeds = [p for name, p in report["policies"].items() if name.rsplit("-", 1)[0] == stem]
        minutes = ", ".join(f"{p['training_seconds'] / 60:.0f} min" for p in seeds)
        returns = ", ".join(f"**{p['real']['mean']:.0f}**" for p in seeds)
        rows.append([label, seeds[0]["config"]["algo"].upper(), minutes, returns])
    return table(
        ["Task", "Algorithm", "Training of each seed", f"Return in dm_control, {report['episodes']} episodes"], rows
    )


def zero_shot_summary(report: dict[str, Any]) -> str:
    """Policies trained in the models, from what benchmarks/zero_shot.py measured."""
    m = report["provenance"]
    note = (
        f"Real return: mean and standard deviation of {report['episodes']} episodes of dm_control; through Shimmy: 5. Trained on the "
        f"number of cores of {m['processor']} that is given. The gap allowed is the largest of 10 %, two standard errors and 20 points."
    )
    return f"{zero_shot_table(report['policies'])}\n\n{note}"


def returns_summary(report: dict[str, Any]) -> str:
    """Real return of policies that took no real step, beside learners that took a million."""
    rows = []
    for task, published in PUBLISHED_RETURNS.items():
        found = [policy["real"]["mean"] for policy in report["policies"].values() if policy["task"] == task]
        if found:
            theirs = ("" if value is None else f"{value:g}" for value in published)
            rows.append([task, f"**{sum(found) / len(found):.0f}** ({len(found)})", *theirs])
    header = ["Task", "This package, no real step (policies)", "SAC", "DreamerV3", "TD-MPC2"]
    return table(header, rows)


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
    m = report["provenance"]
    note = (
        f"Median of {report['rounds']} rounds of {report['seconds']:g} s on {m['cores']} cores of {m['processor']}, torch {m['torch']}, "
        f"MuJoCo {m['mujoco']}. Start-up: {start}."
    )
    return f"{table(['Control steps a second', *tasks], rows)}\n\n{note}"


def efficiency_summary(cells: Sequence[dict[str, Any]], matrix: Sequence[Cell]) -> str:
    """Cells of benchmarks/sample_efficiency.py that there are, in the order of the matrix, and what has not been run."""
    if not cells:
        return NOT_YET
    done = {Cell.of(cell).name for cell in cells}
    waiting: dict[str, dict[str, list[str]]] = {}
    for cell in matrix:
        if cell.name not in done:
            waiting.setdefault(cell.task, {}).setdefault(cell.strategy, []).append(str(cell.seed))
    missing = [
        f"{task}: " + ", ".join(f"{strategy} ({' '.join(seeds)})" for strategy, seeds in strategies.items())
        for task, strategies in waiting.items()
    ]
    m = cells[0]["provenance"]
    note = (
        f"Final returns are of {len(cells[0]['returns'])} real episodes for each seed; intervals by bootstrap over seeds and episodes. "
        f"Trained on {m['torch_threads']} core of {m['processor']} each. {len(done)} of the matrix's {len(matrix)} cells have been run"
    )
    rest = f"; not yet, with their seeds: {'; '.join(missing)}." if waiting else "."
    return f"{efficiency_table(cells)}\n\n{note}{rest}"


def study_summary(runs: Sequence[dict[str, Any]], labels: Sequence[str], question: str) -> str:
    """One of the studies of benchmarks/studies.py: what it asks, and the runs that there are."""
    if not runs:
        return f"{question} {NOT_YET}"
    runs = sorted(runs, key=lambda run: labels.index(run["label"]))
    found = [run["label"] for run in runs]
    missing = [label for label in labels if label not in found]
    note = f"Each run on {runs[0]['provenance']['torch_threads']} core."
    rest = f" Not run yet: {'; '.join(missing)}." if missing else ""
    picture = f"![Returns in {world_of(runs)} and in reality](assets/study-{runs[0]['study']}.png)"
    return f"{question}\n\n{watched_table(runs)}\n\n{note}{rest}\n\n{picture}"


def density_summary(report: dict[str, Any]) -> str:
    """How fast the packaged densities are, from what benchmarks/density.py measured."""
    rows = [
        [f"`{name}`", found["size"], *(f"{speed:,}" for speed in found["evaluations_per_second"].values())]
        for name, found in report["densities"].items()
    ]
    batches = [f"{batch} rows" for batch in next(iter(report["densities"].values()))["evaluations_per_second"]]
    m = report["provenance"]
    note = (
        f"Log-densities a second on {m['torch_threads']} threads of {m['processor']}, torch {m['torch']}: median of "
        f"{report['rounds']} rounds."
    )
    return f"{table(['Density', 'Coordinates', *batches], rows)}\n\n{note}"
