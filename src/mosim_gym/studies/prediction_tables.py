"""Tables of what benchmarks/prediction.py measured of the packaged checkpoints, whichever parts of it there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.studies.measured import measured
from mosim_gym.studies.targets import (
    INSIDE_THE_BOX,
    LIKE_FOR_LIKE,
    MOMENTS,
    NORMALISED,
    PUBLISHED,
    RAW,
    ROLLOUT_SPEED,
    Bound,
    verdict,
)
from mosim_gym.zoo.checkpoint import read_card
from mosim_gym.zoo.names import packaged, packaged_path

Reports = Mapping[str, Mapping[str, Any]]
HORIZONS = ("1", "10", "16", "50", "100", "500")
RANDOM = ("uniform", "poisson")


def kind(test: str) -> str:
    """`uniform`, `poisson`, or `policy` for the motion of any."""
    return test if test in RANDOM else "policy"


def _tests(reports: Reports) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Checkpoint, test and its results: random actions first, then policies."""
    for name, report in reports.items():
        for test in sorted(report.get("tests", {}), key=lambda test: [*RANDOM, test].index(test)):
            yield name, test, report["tests"][test]


def _shown(value: float | None, digits: str = ".2g") -> str:
    return "" if value is None else f"{value:{digits}}"


def _at(values: Mapping[str, float], *horizons: str) -> str:
    return ", ".join(_shown(values.get(h)) for h in horizons)


def protocol(reports: Reports) -> str:
    """How the tests were made, and the provenance of their numbers."""
    groups: dict[str, list[str]] = {}
    for name, report in reports.items():
        burn_in = f"{report['burn_in_seconds']:g} s" if "burn_in_seconds" in report else f"{report['burn_in']} steps"
        about = f"{report['segments']:,} segments of {report['steps']} steps after a burn-in of {burn_in}"
        groups.setdefault(about, []).append(name)
    most = max(groups, key=lambda about: len(groups[about]))
    others = [
        f"{about}: {', '.join(f'`{name}`' for name in names)}" for about, names in groups.items() if about != most
    ]
    return f"{'; '.join([most, *others])}. {measured(list(reports.values()))}"


def training_table() -> str:
    """What each packaged checkpoint learned from, by its card."""
    rows = [[f"`{name}`", *_training(read_card(packaged_path(name)))] for name in packaged()]
    return table(["Checkpoint", "Recipe of its data", "True transitions", "Training", "Parameters"], rows)


def _recipe(card: Mapping[str, Any]) -> str:
    return str(card["recipe"]["recipe"])


def _training(card: Mapping[str, Any]) -> list[str]:
    return [
        _recipe(card),
        f"{card['transitions'] / 1e6:.1f} M",
        f"{card['training_seconds'] / 60:.0f} min",
        f"{card['parameters'] / 1e3:,.0f} k",
    ]


def error_table(reports: Reports) -> str:
    """Raw errors in every test, beside the floors; those in bfloat16 where they have been measured."""
    rows = []
    fast = any(f"{name}, fast" in results for name, _, results in _tests(reports))
    for name, test, results in _tests(reports):
        ours, raw = results[name], results[name]["raw"]
        rows.append(
            [
                f"`{name}`",
                test,
                f"{ours['one_step_raw']:.1e}",
                _shown(raw.get("16")),
                _shown(raw.get("100")),
                f"{ours['valid_seconds']:.1f} s",
                *[_at(results.get(f"{name}, fast", {}).get("raw", {}), "16", "100")] * fast,
                _at(results.get("chaos floor", {}).get("raw", {}), "16", "100"),
                _at(results.get("linear model", {}).get("raw", {}), "16"),
                _shown(results.get("state_variance")),
                verdict(RAW.get((name, kind(test)), {}), raw),
            ]
        )
    header = [
        "Checkpoint", "Actions", "1 step", "16 steps", "100 steps", "Valid for", *["Fast: 16, 100"] * fast, "Chaos floor: 16, 100",
        "Linear: 16", "State variance", "Target",
    ]  # fmt: skip
    return f"{table(header, rows)}\n\n{protocol(reports)}"


def policies_of_tests_table(folder: Path) -> str:
    """Which trained policies move the robots in the tests, by their cards."""
    rows = []
    for path in sorted(folder.glob("*.npz")):
        card = json.loads(path.with_suffix(".json").read_text()) if path.with_suffix(".json").exists() else None
        if card is None:
            rows.append([path.stem, "not noted", "", ""])
            continue
        where = card["model"].get("name", "MuJoCo itself")
        rows.append(
            [
                path.stem,
                f"{card['algorithm'].upper()} in {where}",
                f"{card['steps_in_model']:,}",
                f"{card['return_in_model']:.0f}",
            ]
        )
    return table(["Task", "Learned by", "Steps", "Return where it learned"], rows)


def published_table(reports: Reports) -> str:
    """Raw errors beside those that the MoSim paper gives; whether ours are lower is asked of the same kind of data alone."""
    rows = []
    for name in [*PUBLISHED, *LIKE_FOR_LIKE]:
        if name not in reports:
            continue
        recipe = _recipe(read_card(packaged_path(name)))
        for test_kind, (horizons, theirs, dreamer) in PUBLISHED[LIKE_FOR_LIKE.get(name, name)].items():
            for test, results in reports[name]["tests"].items():
                if kind(test) != test_kind:
                    continue
                raw, uniform = (results[name]["raw"], reports[name]["tests"]["uniform"][name]["raw"])
                rows.append(
                    [
                        f"`{name}`",
                        recipe,
                        test,
                        " / ".join(horizons),
                        f"**{' / '.join(_shown(raw.get(h)) for h in horizons)}**",
                        " / ".join(f"{error:g}" for error in theirs),
                        " / ".join(f"{error:g}" for error in dreamer),
                        _better(horizons, raw, theirs),
                        " / ".join(_shown(uniform.get(h)) for h in horizons) if test_kind == "poisson" else "",
                    ]
                )
    header = [
        "Checkpoint", "Recipe of its data", "Test", "Steps", "This package", "MoSim, published", "DreamerV3, published there",
        "Better than MoSim, published?", "This package, uniform",
    ]  # fmt: skip
    beside = {name: report for name, report in reports.items() if name in {*PUBLISHED, *LIKE_FOR_LIKE}}
    return f"{table(header, rows)}\n\n{protocol(beside)}"


def _better(horizons: tuple[str, ...], ours: Mapping[str, float], theirs: tuple[float, ...]) -> str:
    if any(h not in ours for h in horizons):
        return "not measured"
    worse = [h for h, error in zip(horizons, theirs, strict=True) if not ours[h] < error]
    if not worse:
        return "yes"
    return "**no**" if len(worse) == len(horizons) else f"**not at {', '.join(worse)}**"


def normalised_table(reports: Reports) -> str:
    """Error over variance at single horizons."""
    rows = []
    for name, test, results in _tests(reports):
        values = results[name]["normalised"]
        target = verdict(NORMALISED.get((name, kind(test)), {}), values)
        rows.append([f"`{name}`", test, *(_shown(values.get(h), ".1e") for h in HORIZONS), target])
    header = ["Checkpoint", "Actions", *(f"at step {h}" for h in HORIZONS), "Target"]
    return f"{table(header, rows)}\n\n{protocol(reports)}"


def touch_table(reports: Reports) -> str:
    """Error over variance of the touch sensors, up to each horizon."""
    horizons = ("1", "16", "100")
    rows = [
        [f"`{name}`", test, *(f"{results[name]['touch'][h]:.2f}" for h in horizons)]
        for name, test, results in _tests(reports)
        if "touch" in results[name]
    ]
    sensed = {name: reports[name] for name, _, results in _tests(reports) if "touch" in results[name]}
    header = ["Checkpoint", "Actions", *(f"{h} step{'s' * (h != '1')}" for h in horizons)]
    return f"{table(header, rows)}\n\n{protocol(sensed)}"


def endurance_table(reports: Reports) -> str:
    """Long rollouts of every checkpoint."""
    rows = []
    for name, report in reports.items():
        if "endurance" not in report:
            continue
        r = report["endurance"][name]
        asked: dict[str, Bound] = {"inside": INSIDE_THE_BOX}
        asked |= {"deviation": MOMENTS[name]} if name in MOMENTS else {}
        rows.append(
            [
                f"`{name}`",
                f"{r['segments']:,}",
                f"{100 * r['finite']:.1f} %",
                f"{100 * r['inside']:.1f} % ({100 * r['truth_inside']:.1f} %)",
                f"{100 * r['deviation_off']:.1f} %",
                f"{r['mean_off']:.3f}",
                verdict(asked, {"inside": r["inside"], "deviation": r["deviation_off"]}),
            ]
        )
    header = [
        "Checkpoint", "Rollouts", "Finite", "Inside the training box (the truth)", "Deviation off by", "Mean off by", "Target",
    ]  # fmt: skip
    long = [report for report in reports.values() if "endurance" in report]
    note = measured([{"provenance": report.get("endurance_provenance", report["provenance"])} for report in long])
    return f"{table(header, rows)}\n\n{note}"


def rollout_speed_table(reports: Reports) -> str:
    """Control steps a second of every checkpoint; speeds of which nobody noted where they come from are left out."""
    rows: list[list[str]] = []
    timed = {name: r for name, r in reports.items() if "control_steps_per_second" in r and "speed_provenance" in r}
    for name, report in timed.items():
        found = report["control_steps_per_second"]
        plain, fast = found[name], found.get(f"{name}, fast", {})
        speeds = {
            "1,024 rows, float32": plain["batch 1024"],
            "1,024, fast": fast.get("batch 1024"),
            "4,096, float32": plain["batch 4096"],
            "4,096, fast": fast.get("batch 4096"),
        }
        target = verdict(ROLLOUT_SPEED.get(name, {}), speeds)
        shown = ("" if speed is None else f"{speed:,}" for speed in speeds.values())
        rows.append([f"`{name}`", *shown, f"{1e6 / plain['single state']:.0f} µs", target])
    header = [
        "Checkpoint",
        "1,024 rows, float32",
        "1,024, fast",
        "4,096, float32",
        "4,096, fast",
        "One state",
        "Target",
    ]
    note = measured([{"provenance": report["speed_provenance"]} for report in timed.values()])
    return f"{table(header, rows)}\n\n{note}"
