"""Where the numbers of a table come from, in a line: version, commit, machine, packages, seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mosim_gym.mechanics.json_values import JSON

NOT_YET = "*Not measured yet.*"


def provenances(report: JSON) -> Iterator[dict[str, Any]]:
    """Every provenance in a result, however deep, with the seed that stands beside it where it names none itself."""
    if isinstance(report, dict):
        if isinstance(found := report.get("provenance"), dict):
            holders = [part for part in (report, report.get("config")) if isinstance(part, dict) and "seed" in part]
            beside = {"seeds": [holders[0]["seed"]]} if holders else {}
            yield {**beside, **found}
        for key, part in report.items():
            if key != "provenance":
                yield from provenances(part)
    elif isinstance(report, list):
        for part in report:
            yield from provenances(part)


def measured(report: Any) -> str:
    """Of all numbers in `report` (a result, or several in a list): what made them, where, and with which seeds."""
    found = list(provenances(report))
    if not found:
        return "Where these numbers come from was not noted."
    all_late = all("noted" in p for p in found)
    commits = _listed(_commit(p, late="noted" in p and not all_late) for p in found)
    machines = _listed(_machine(p) for p in found if "processor" in p)
    packages = [
        f"{label} {versions}"
        for label, key in (("torch", "torch"), ("MuJoCo", "mujoco"))
        if (versions := _listed(p[key] for p in found if p.get(key)))
    ]
    seeds = _listed(str(seed) for seed in sorted({seed for p in found for seed in p.get("seeds", [])}))
    parts = [
        f"mosim_gym {_listed(p['mosim_gym'] for p in found)}, commit {commits}",
        *([f"on {machines}"] if machines else []),
        *packages,
        *([f"seed{'s' * (', ' in seeds)} {seeds}"] if seeds else []),
    ]
    late = " Commits were noted afterwards, from the history of the files." if all_late else ""
    return f"Measured by {', '.join(parts)}.{late}"


def _commit(p: Mapping[str, Any], *, late: bool) -> str:
    if not p["commit"]:
        return "unknown (an installed package)"
    afterwards = " (noted afterwards)" if late else ""
    return f"`{p['commit'][:7]}`{' with changes' if p.get('dirty') else ''}{afterwards}"


def _machine(p: Mapping[str, Any]) -> str:
    threads = f"{p['torch_threads']} thread{'s' * (p['torch_threads'] > 1)} of torch"
    accelerator = "" if p.get("accelerator", "none") == "none" else f", {p['accelerator']}"
    return f"{p['cores']} core{'s' * (p['cores'] > 1)} of {p['processor']} ({threads}{accelerator})"


def _listed(values: Iterable[str]) -> str:
    """Each of `values` once, in order."""
    return ", ".join(dict.fromkeys(values))
