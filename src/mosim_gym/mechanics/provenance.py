"""Provenance of a number: the code and the machine that made it, the seeds and the configuration."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from mosim_gym.mechanics.version import __version__

_PACKAGES = ("torch", "mujoco", "dm_control", "gymnasium", "stable_baselines3", "numpy")
_CODE = ("src", "scripts", "benchmarks/*.py", "pyproject.toml", "constraints.txt")  # results and pictures are no code
_VECTOR_FLAGS = ("sse4_2", "fma", "avx", "amx", "asimd", "sve")  # beginnings of the names of vector instructions


def _source() -> dict[str, Any]:
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


def provenance(*, seeds: Iterable[int] | None = None, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Package version, commit, packages, processor with its vector instructions, cores and torch threads, for a card or a result.

    Give `seeds` and `config` where the card or result does not hold them elsewhere.
    """
    processor, flags = _processor()
    return {
        "mosim_gym": __version__,
        **SOURCE,
        "processor": processor,
        "vector_flags": flags,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "torch_threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        **({} if seeds is None else {"seeds": list(seeds)}),
        **({} if config is None else {"config": dict(config)}),
    }


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
