"""`doctor` says what of the package works on this machine, and how to get what is missing."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PACKAGE = "mosim-gym"
WORKS, LACKS, BROKEN = "ok", "--", "!!"
"""What a finding may be: all is well; something is absent that not everybody needs; something is wrong."""
FOR_DEVELOPERS = ("test", "dev", "docs")
"""Extras for those who change the package."""
FAINTEST_TASK = "CartpoleSwingup"
"""The task in which a step is tried: its model is the smallest."""


@dataclass(frozen=True)
class Finding:
    """One thing about this machine."""

    state: str
    about: str
    said: str

    def __str__(self) -> str:
        """A line."""
        return f"{self.state}  {self.about:<22} {self.said}"


@dataclass(frozen=True)
class Doctor:
    """Say what works on this machine: versions, extras, threads, rendering, films, checkpoints, and a step of model and truth.

    The exit code is 1 if something is wrong.
    """

    def run(self) -> None:
        if told(chain.from_iterable(check() for check in CHECKS)):
            raise SystemExit(1)


def told(findings: Iterable[Finding]) -> int:
    """Print each finding as soon as it is there. Returns how many of them are broken."""
    broken = 0
    for finding in findings:
        print(finding, flush=True)
        broken += finding.state == BROKEN
    return broken


def _python() -> Iterator[Finding]:
    from mosim_gym.mechanics.version import __version__

    yield Finding(WORKS, "mosim_gym", __version__)
    yield Finding(WORKS, "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _packages() -> Iterator[Finding]:
    """Those that the package cannot do without, and the bounds of their versions."""
    for needed in _requirements():
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield judged(needed)


def _extras() -> Iterator[Finding]:
    """What each extra brings."""
    found: dict[str, list[Requirement]] = {}
    for needed in _requirements():
        for extra in _extras_of(needed):
            found.setdefault(extra, []).append(needed)
    for extra, needed in found.items():
        if extra in FOR_DEVELOPERS:
            continue
        missing = [str(one.name) for one in needed if _version(one.name) is None]
        brings = ", ".join(one.name for one in needed)
        yield (
            Finding(
                LACKS,
                f"extra {extra}",
                f"{', '.join(missing)} missing: pip install '.[{extra}]' in the clone of {PACKAGE}",
            )
            if missing
            else Finding(WORKS, f"extra {extra}", brings)
        )


def _processor() -> Iterator[Finding]:
    import torch

    from mosim_gym.dynamics.prepared import has_bfloat16
    from mosim_gym.mechanics.products import FUSED
    from mosim_gym.mechanics.threads import usable_cores

    yield Finding(WORKS, "cores", f"{usable_cores()} usable, {torch.get_num_threads()} threads of torch")
    fast = has_bfloat16(torch.device("cpu"))
    yield (
        Finding(WORKS, "bfloat16", "fast: precision='fast' and training gain from it")
        if fast
        else Finding(LACKS, "bfloat16", "slow on this processor: float32 is used")
    )
    yield (
        Finding(WORKS, "oneDNN", "products with their activation")
        if FUSED
        else Finding(LACKS, "oneDNN", "not in this build of torch: large batches are slower")
    )
    if torch.cuda.is_available():
        yield Finding(WORKS, "GPU", torch.cuda.get_device_name())
    else:
        yield Finding(LACKS, "GPU", "none that torch can use; nothing needs one")


def _pictures() -> Iterator[Finding]:
    from mosim_gym.pictures.opengl import turned_off, working_backend

    kind = working_backend()
    if kind is not None:
        yield Finding(WORKS, "rendering", f"by MuJoCo through {kind}")
    elif turned_off():
        yield Finding(LACKS, "rendering", f"MUJOCO_GL={os.environ['MUJOCO_GL']} turns it off: robots are drawn")
    else:
        yield Finding(
            LACKS, "rendering", "no OpenGL library works: robots are drawn; apt-get install libegl1, or libosmesa6"
        )
    import imageio_ffmpeg

    try:
        yield Finding(WORKS, "films", f"ffmpeg {imageio_ffmpeg.get_ffmpeg_version()}")
    except (OSError, RuntimeError) as error:
        yield Finding(BROKEN, "films", f"ffmpeg does not run ({error}): pip install --force-reinstall imageio-ffmpeg")


def _checkpoints() -> Iterator[Finding]:
    from mosim_gym.mechanics.storage import FileFault
    from mosim_gym.zoo.names import load, packaged

    names, broken = packaged(), list[str]()
    for name in names:
        try:
            load(name)
        except (FileFault, OSError) as error:
            broken.append(f"{name}: {error}")
    yield (
        Finding(BROKEN, "packaged models", "; ".join(broken))
        if broken
        else Finding(WORKS, "packaged models", f"all {len(names)} open")
    )


def _steps() -> Iterator[Finding]:
    """A step in the model, and one in the truth."""
    import numpy as np

    from mosim_gym.envs.reality import reality
    from mosim_gym.envs.single import MoSimEnv
    from mosim_gym.mechanics.packages import MissingPackage

    for about, make in (
        ("a step in the model", lambda: MoSimEnv(FAINTEST_TASK)),
        ("a step in the truth", lambda: reality(FAINTEST_TASK)),
    ):
        try:
            env = make()
        except MissingPackage as error:
            yield Finding(LACKS, about, str(error))
            continue
        env.reset(seed=0)
        observation, *_ = env.step(env.action_space.sample() * 0)
        env.close()
        well = bool(np.isfinite(observation).all())
        yield Finding(WORKS if well else BROKEN, about, FAINTEST_TASK if well else "observations are not finite")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _packages,
    _extras,
    _processor,
    _pictures,
    _checkpoints,
    _steps,
)
"""In the order in which they are made."""


def _requirements() -> list[Requirement]:
    """What the installed package's metadata say that it needs."""
    from packaging.requirements import Requirement

    try:
        return [Requirement(line) for line in requires(PACKAGE) or []]
    except PackageNotFoundError:  # run from a folder that was never installed
        return []


def _extras_of(needed: Requirement) -> list[str]:
    """The extras with which a package comes; none for one that always comes."""
    marker = str(needed.marker or "")
    return [part.strip("\"' ") for part in marker.split("extra == ")[1:]]


def judged(needed: Requirement) -> Finding:
    """Whether a package is there, in a version that will do."""
    found, remedy = _version(needed.name), f"pip install '{needed.name}{needed.specifier}'"
    if found is None:
        return Finding(BROKEN, needed.name, f"missing: {remedy}")
    if not needed.specifier.contains(found, prereleases=True):
        return Finding(BROKEN, needed.name, f"{found} is outside {needed.specifier}: {remedy}")
    return Finding(WORKS, needed.name, found)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
