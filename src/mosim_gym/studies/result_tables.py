"""Tables of kinematics, parity, speed and of models trained side by side, each of what one of the benchmarks wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.studies.comparison import PAPER_RATES, comparison_table
from mosim_gym.studies.measured import measured
from mosim_gym.studies.targets import (
    DENSITY_SPEED,
    KINEMATICS_MS,
    ONNX_TIMES,
    PARITY,
    SAMPLES_BESIDE_THE_PAPERS,
    Bound,
    at_least,
    verdict,
)

LONGER = ", longer"


def parity_targets(report: Mapping[str, Any]) -> str:
    """The largest error of all tasks beside what it may be."""
    tasks = report["tasks"].values()
    worst = {
        kind: max(family[kind] for task in tasks for family in task["float32"].values())
        for kind in ("observation", "reward")
    }
    worst |= {"step": max(task["step"] for task in tasks)}
    worst |= {"episode": max(task["episode"]["difference"] for task in tasks)}
    names = {
        "observation": "Observation, float32",
        "reward": "Reward, float32",
        "step": "One step",
        "episode": "Return of 1,000 steps",
    }
    rows = [[names[k], f"{worst[k]:.1e}", verdict({"": PARITY[k]}, {"": worst[k]})] for k in names]
    return table(["Error", "Largest over all tasks", "Target"], rows)


def kinematics_targets(report: Mapping[str, Any]) -> str:
    """The time of a batch beside what it may take."""
    rows = []
    for domain, bound in KINEMATICS_MS.items():
        milliseconds = report["domains"][domain]["time"]["ours_ms"]
        rows.append([domain, f"{milliseconds:.2f}", verdict({"": bound}, {"": milliseconds})])
    return table(["Robot", f"ms for {report['batch']:,}", "Target"], rows)


def systems_table(report: Mapping[str, Any]) -> str:
    """The default model beside the paper's scheme and a plain network, and what was found of the paper's learning rates."""
    systems = report["systems"]
    shown = {
        name: {**r, "shows": r["shows"].replace("the same for ", "the same, asked for ")} for name, r in systems.items()
    }
    asked = f"Every run was asked to take {report['budget']}, but for the longer one. " if "budget" in report else ""
    about = (
        f"{asked}A run's steps are counted when the first of them have been timed; where later ones are slower, as the paper's solver's "
        f"are, it takes longer. Samples are control steps, data generation included. One seed for each. {measured(systems)}"
    )
    return "\n\n".join([comparison_table(shown, pace=True), _rates(systems), _pace(systems), about])


def _rates(systems: Mapping[str, Mapping[str, Any]]) -> str:
    """Which learning rates of the paper's scheme were tried, which was best, and whether it is the last of them."""
    tried = {r["training"]["adam_rate"]: r for name, r in systems.items() if name.startswith("paper")
             and not name.endswith(LONGER)}  # fmt: skip
    ended = {rate: r["errors"]["uniform"]["one_step"] for rate, r in tried.items() if "errors" in r}
    diverged = [f"{rate:g}" for rate in tried if rate not in ended]
    best = min(ended, key=lambda rate: ended[rate])
    said = f"The paper's scheme was tried with the learning rates {', '.join(f'{rate:g}' for rate in sorted(tried))}."
    said += f" It diverged with {', '.join(diverged)}." if diverged else ""
    said += f" By the error of one step, {best:g} is the best of them."
    if best == max(tried):
        said += " It is the highest that was tried: a higher rate may be better."
    elif best == min(tried):
        said += " It is the lowest that was tried: a lower rate may be better."
    else:
        said += " It is neither the lowest nor the highest of them."
    longer = [r for name, r in systems.items() if name.endswith(LONGER) and r.get("curve")]
    for r in longer:
        losses = [point["validation"] for point in r["curve"]]
        said += f" In the longer run its validation loss went from {losses[0]:.3g} to {losses[-1]:.3g}; the lowest was {min(losses):.3g}."
    left = [f"{rate:g}" for rate in PAPER_RATES if rate not in tried]
    return said + (f" Not tried yet: {', '.join(left)}." if left else "")


def _pace(systems: Mapping[str, Mapping[str, Any]]) -> str:
    """Samples a second in training beside those of the paper's scheme."""
    paces = [r["samples_per_second"] for name, r in systems.items() if name.startswith("paper") and "errors" in r]
    times = systems["default"]["samples_per_second"] / max(paces)
    row = ["default", f"{times:.0f} times", verdict({"": SAMPLES_BESIDE_THE_PAPERS}, {"": times})]
    return table(["Model", "Samples a second, beside the fastest run of the paper's scheme", "Target"], [row])


def alternatives_table(results: Mapping[str, Any], about: str, *, horizon: str) -> str:
    """Models that were trained for as many steps each, and the error of each in times the default's, one step or `horizon` ahead."""
    base = results["default"]["errors"]["uniform"][horizon]
    times = {name: r["errors"]["uniform"][horizon] / base for name, r in results.items() if "errors" in r}
    listed = ", ".join(f"{name} {t:.2g}" for name, t in sorted(times.items(), key=lambda item: -item[1]))
    ahead = "of one step" if horizon == "one_step" else f"up to step {horizon}"
    said = f"Error {ahead}, in times the default's: {listed}. One seed for each, so that small differences say little."
    return f"{comparison_table(results, pace=False)}\n\n{said}\n\n{about} {measured(results)}"


def collection_table(report: Mapping[str, Any]) -> str:
    """How fast training data come, from what benchmarks/collection.py measured."""
    rows = [
        [robot, f"{r['transitions_per_second']:,}", f"{r['ratio']:.2f} times"] for robot, r in report["robots"].items()
    ]
    header = ["Robot", "True control steps a second", "Time beside a bare `mujoco.rollout` of the same segments"]
    return f"{table(header, rows)}\n\n{measured(report)}"


def import_table(report: Mapping[str, Any]) -> str:
    """How fast logs are imported, and how much memory that takes, from what benchmarks/import_logs.py measured."""
    rows, bounds = [], {"": at_least(report["floor"])}
    for kind in ("npz", "parquet"):
        found = report[kind]
        rate = found["rows_per_second"]
        rows.append([f"`.{kind}`", f"{rate:,}", f"{found['memory']:.1f} times", verdict(bounds, {"": rate})])
    header = ["Source", "Rows a second", "Memory at most, beside the arrays", "Target"]
    return f"{table(header, rows)}\n\n{report['rows']:,} rows of {report['robot']}'s motion. {measured(report)}"


def density_table(report: Mapping[str, Any]) -> str:
    """How fast the packaged densities are, from what benchmarks/density.py measured."""
    rows = []
    for name, found in report["densities"].items():
        speeds = found["evaluations_per_second"]
        bounds: dict[str, Bound] = {"": DENSITY_SPEED}
        target = verdict(bounds, {"": min(speeds.values())})
        rows.append([f"`{name}`", found["size"], *(f"{speed:,}" for speed in speeds.values()), target])
    batches = [f"{batch} rows" for batch in next(iter(report["densities"].values()))["evaluations_per_second"]]
    note = f"Log-densities a second: median of {report['rounds']} rounds. {measured(report)}"
    return f"{table(['Density', 'Coordinates', *batches, 'Target'], rows)}\n\n{note}"


def onnx_table(report: Mapping[str, Any]) -> str:
    """Single environments by onnxruntime and by torch, from what benchmarks/onnx_speed.py measured."""
    rows = []
    for name, found in report["models"].items():
        speeds = {who: result["median"] for who, result in found["steps_per_second"].items()}
        times = speeds["Shimmy"] / speeds["onnx"]
        target = verdict({"": ONNX_TIMES[name]}, {"": times}) if name in ONNX_TIMES else ""
        columns = [f"{speeds[who]:,}" for who in ("onnx", "torch", "Shimmy")]
        rows.append([f"`{name}`", found["task"], *columns, f"{times:.1f}", target])
    header = [
        "Checkpoint",
        "Task",
        "onnxruntime",
        "torch",
        "Shimmy",
        "Time of a step by onnxruntime over Shimmy's",
        "Target",
    ]
    note = f"Control steps a second of one environment on one core: median of {report['rounds']} rounds. {measured(report)}"
    return f"{table(header, rows)}\n\n{note}"


def environment_speed(report: dict[str, Any]) -> str:
    """Environments, idle and beside a busy process, and their peers, from what benchmarks/speed.py measured."""
    tasks = report["tasks"]
    speed = lambda ways, way="idle": f"{ways[way]['median']:,}" if way in ways else ""  # noqa: E731
    shown = {"single environment": "1", **{f"batch of {n}, float32": f"{n:,}" for n in (64, 1024, 4096)}}
    header = ["Control steps a second"]
    for rows in shown.values():
        header += [f"{rows}, idle", f"{rows}, busy"]
    ours = []
    for task, found in tasks.items():
        cells = [speed(found.get(name, {}), way) for name in shown for way in ("idle", "busy")]
        ours.append([task, *cells])
    others = [name for task in tasks.values() for name in task if name not in shown]
    others = [
        name for name in dict.fromkeys(others) if "batch of" not in name or name.endswith(("1024, fast", "4096, fast"))
    ]
    rest = [[name, *(speed(found.get(name, {})) for found in tasks.values())] for name in others]
    start = ", ".join(f"{name}: {value}" for name, value in report["start_up"].items())
    note = (
        f"Environments by their number, on the machine as it is and beside one process that keeps a core busy; peers on the machine as "
        f"it is. Median of {report['rounds']} rounds of {report['seconds']:g} s. {measured(report)} Start-up: {start}."
    )
    return f"{table(header, ours)}\n\n{table(['Control steps a second', *tasks], rest)}\n\n{note}"
