"""Provenance of a number: the code and the machine that made it, the seeds and the configuration."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NotRequired, TypedDict

import torch

from mosim_gym.mechanics.version import __version__

_CODE = ("src", "scripts", "benchmarks/*.py", "pyproject.toml", "constraints.txt")  # results and pictures are no code
_VECTOR_FLAGS = ("sse4_2", "fma", "avx", "amx", "asimd", "sve")  # beginnings of the names of vector instructions


class Source(TypedDict):
    """The commit of a checkout, and whether its code differs from that; None where there is no checkout."""

    commit: str | None
    dirty: bool | None


class Provenance(Source):
    """Where a number comes from, as cards and results hold it; a package's version is None where it is not installed."""

    mosim_gym: str
    processor: str
    vector_flags: list[str]
    cores: int
    torch_threads: int
    accelerator: str
    python: str
    torch: str | None
    mujoco: str | None
    dm_control: str | None
    gymnasium: str | None
    stable_baselines3: str | None
    numpy: str | None
    seeds: NotRequired[list[int]]
    config: NotRequired[dict[str, object]]


def _source() -> Source:
    """The commit of the checkout that this package runs from, and whether its code differs from that; None for an installed package."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return {"commit": None, "dirty": None}
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *_CODE)
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(changed)}


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()


SOURCE = _source()
"""Read when this module is imported, so that a run of hours reports the code that it began with."""


def provenance(*, seeds: Iterable[int] | None = None, config: Mapping[str, object] | None = None) -> Provenance:
    """Package version, commit, packages, processor with its vector instructions, cores and torch threads, for a card or a result.

    Give `seeds` and `config` where the card or result does not hold them elsewhere.
    """
    processor, flags = _processor()
    found: Provenance = {
        "mosim_gym": __version__,
        **SOURCE,
        "processor": processor,
        "vector_flags": flags,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "torch_threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        "torch": _version("torch"),
        "mujoco": _version("mujoco"),
        "dm_control": _version("dm_control"),
        "gymnasium": _version("gymnasium"),
        "stable_baselines3": _version("stable_baselines3"),
        "numpy": _version("numpy"),
    }
    if seeds is not None:
        found["seeds"] = list(seeds)
    if config is not None:
        found["config"] = dict(config)
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> tuple[str, list[str]]:
    """The processor's name, and its vector instructions."""
    info = Path("/proc/cpuinfo")
    found: dict[str, str] = {}
    if info.exists():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            found.setdefault(key.strip(), value.strip())
    flags = (found.get("flags") or found.get("Features") or "").split()
    name = found.get("model name") or platform.processor() or platform.machine()
    return name, sorted(flag for flag in flags if flag.startswith(_VECTOR_FLAGS))
