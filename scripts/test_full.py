"""Run every test, the slow ones too, and write down what ran, what was skipped and why, how long it took, and where.

python scripts/test_full.py                        # all; the report is benchmarks/results/tests.json
python scripts/test_full.py tests/mechanics -n 0   # a part, with pytest's options; the report is runs/tests.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically

ROOT = Path(__file__).resolve().parents[1]
WHOLE, PART = ROOT / "benchmarks" / "results" / "tests.json", Path("runs/tests.json")
ALL_TESTS = ("-m", "slow or not slow", "--continue-on-collection-errors")  # quick runs leave marked tests out
PARALLEL = ("-n", "auto", "--maxprocesses", "8", "--dist", "loadfile")
OPTIONAL = (
    "dm_control", "shimmy", "envpool", "torchrl", "rsl-rl-lib", "skrl", "ray", "jax", "nbclient", "onnxruntime", "minari", "lerobot",
)  # fmt: skip
"""Packages that some tests need and that are not everywhere."""


class Watch:
    """A pytest plugin that keeps the outcome, seconds and reason of every test; with several workers, in the process that directs them."""

    def __init__(self) -> None:
        """Nothing has run yet."""
        self.outcomes: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.reasons: dict[str, str] = {}
        self.slow: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of one phase of a test: it has passed if none of its phases has failed or been skipped."""
        name = report.nodeid
        self.seconds[name] = self.seconds.get(name, 0.0) + report.duration
        if "slow" in report.keywords:
            self.slow.add(name)
        if self.outcomes.get(name, "passed") == "passed" or report.failed:
            self.outcomes[name] = report.outcome
        if not report.passed and name not in self.reasons:
            self.reasons[name] = reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take note of a file that could not be collected, or that is skipped whole."""
        if not report.passed:
            self.outcomes[report.nodeid], self.seconds[report.nodeid] = report.outcome, 0.0
            self.reasons[report.nodeid] = reason(report)


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped, or the last line of why it failed."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    lines = [line for line in report.longreprtext.splitlines() if line.startswith("E ")] or [report.longreprtext]
    return lines[-1].removeprefix("E").strip()[:300]


def content(watch: Watch, seconds: float, arguments: Iterable[str]) -> dict[str, Any]:
    """The report: counts, every file's tests and seconds, slow tests one by one, and what was skipped or failed, with the reasons."""
    files: dict[str, dict[str, Any]] = {}
    for name in sorted(watch.outcomes):
        file = files.setdefault(name.partition("::")[0], {"seconds": 0.0})
        outcome = watch.outcomes[name]
        file[outcome] = file.get(outcome, 0) + 1
        file["seconds"] = round(file["seconds"] + watch.seconds[name], 1)
    found = list(watch.outcomes.values())
    return {
        "arguments": list(arguments),
        "counts": {outcome: found.count(outcome) for outcome in ("passed", "skipped", "failed")},
        "seconds": round(seconds, 1),
        "optional_packages": {name: _version(name) for name in OPTIONAL},
        "slow": {name: round(watch.seconds[name], 1) for name in sorted(watch.slow)},
        "skipped": _why(watch, "skipped"),
        "failed": _why(watch, "failed"),
        "files": files,
        "provenance": provenance(),
    }


def _why(watch: Watch, outcome: str) -> Mapping[str, str]:
    return {name: watch.reasons[name] for name in sorted(watch.outcomes) if watch.outcomes[name] == outcome}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests that `arguments` (the command line's by default) choose; pytest's exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the report; by default benchmarks/results/tests.json")
    options, chosen = parser.parse_known_args(arguments)
    out = options.out or (PART if chosen else WHOLE)
    watch, begun = Watch(), time.monotonic()
    used = [*ALL_TESTS, *(chosen or PARALLEL)]
    status = pytest.main(["-q", *used], plugins=[watch])
    if not watch.outcomes:
        print("No test ran, so that there is nothing to report.", file=sys.stderr)
        return int(status) or 1
    report = content(watch, time.monotonic() - begun, used)
    print(f"wrote {write_atomically(out, json.dumps(report, indent=1) + chr(10))}")
    return int(status)


if __name__ == "__main__":
    raise SystemExit(main())
