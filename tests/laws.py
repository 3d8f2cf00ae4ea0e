"""Property tests: how many examples are tried. Quick tests try few, always the same; slow ones run the same laws on many."""

from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import HealthCheck, Phase, settings

PROFILE = "MOSIM_LAWS"
FEW, MANY = 6, 120

_COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("few", max_examples=FEW, derandomize=True, phases=(Phase.explicit, Phase.generate), **_COMMON)
settings.register_profile("many", max_examples=MANY, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get(PROFILE, "few"))


def run_with_many(file: str) -> None:
    """Run the quick tests of `file` again, with many random examples."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not slow", file]
    done = subprocess.run(command, env={**os.environ, PROFILE: "many"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
