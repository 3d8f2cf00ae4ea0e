"""What a number was measured on: the lines that stand beside every figure."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import torch

from mosim_gym.truth.dynamics import usable_cores

_REPORTED = ("torch", "mujoco", "dm_control", "gymnasium", "numpy")


def machine() -> dict[str, str | int]:
    """Processor, cores this process may use, torch threads, Python and the versions of the packages that matter."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "torch_threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        **{name: version(name) for name in _REPORTED},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
