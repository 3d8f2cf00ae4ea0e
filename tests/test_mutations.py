"""Files damaged at random, and files with valid seals that nobody would write: no crash, hang, other file or silent wrong number."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.mutations import CANARY, damage
from tests.saved_files import FOLDERS, KINDS, OBSERVATION

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.density.motion_density import load_density
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.zoo.checkpoint import load_checkpoint

ALL = {**{kind: how for kind, how in KINDS.items() if kind != "zip"}, **FOLDERS}
QUICK, MANY = 1_000, 100_000
SECONDS = 20
"""A file that takes longer to open is a hang: it takes milliseconds."""

_opened: list[str] = []
_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open" and CANARY in str(arguments[0]):
        _opened.append(str(arguments[0]))


sys.addaudithook(_watch)


@contextmanager
def _watched() -> Generator[None]:
    """Names of opened files are noted, and what takes too long is ended."""
    global _watching
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(SECONDS)
    _watching = True
    try:
        yield
    finally:
        _watching = False
        signal.alarm(0)


def _check(kind: str, folder: Path, cases: int, seed: int) -> None:
    """Damage a file so many times. Each time it is refused in one sentence, or it reads as the undamaged file does. One whose seal was made
    anew may be another valid file; then what it holds gives finite numbers.
    """
    make, read = ALL[kind]
    path = make(folder)
    wanted = read(path)
    whole = folder / "whole"
    (shutil.copytree if path.is_dir() else shutil.copy)(path, whole)
    for case in range(cases):
        rng = random.Random(f"{kind} {seed} {case}")
        done, forged = damage(path, rng)
        try:
            with _watched(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = read(path)
                if forged and kind in USES:
                    assert USES[kind](path), "numbers that are not finite"
                assert forged or found == wanted, "other content"
        except (FileFault, UnknownName) as fault:
            said = str(fault)
            assert "\n" not in said, (case, done, said)
            assert len(said) < 1_500, (case, done, said)
        except BaseException as error:
            raise AssertionError(
                f"case {case} of {kind}, {done}: {type(error).__name__}: {str(error)[:300]}"
            ) from error
        assert not _opened, (case, done, _opened)
        _restore(path, whole)


def _moves(path: Path) -> bool:
    env = TorchEnv("PendulumSwingup", 2, checkpoint=load_checkpoint(path, load_robot("pendulum")))
    env.reset(seed=0)
    steps = [env.step(torch.ones(2, 1)) for _ in range(2)]
    return all(bool(step.observation.isfinite().all() and step.reward.isfinite().all()) for step in steps)


def _acts(path: Path) -> bool:
    return bool(np.isfinite(load_policy(path).predict(OBSERVATION)[0]).all())


def _judges(path: Path) -> bool:
    density = load_density(path, load_robot("pendulum"))
    found = density(torch.ones(2, 1), torch.ones(2, 1), torch.ones(2, 1))
    return not bool(found.isnan().any())


USES = {"checkpoint": _moves, "policy": _acts, "density": _judges}
"""Whether what is in a valid file gives numbers."""


def _restore(path: Path, whole: Path) -> None:
    if not path.is_dir():
        shutil.copy(whole, path)
        return
    for part in whole.rglob("*"):
        if part.is_file():
            shutil.copy(part, path / part.relative_to(whole))


@pytest.mark.parametrize("kind", ALL)
def test_damaged_files_are_refused_in_one_sentence(tmp_path: Path, kind: str) -> None:
    _check(kind, tmp_path, QUICK // len(ALL), seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_a_hundred_thousand_damaged_files_are_refused_in_one_sentence(tmp_path: Path, kind: str) -> None:
    seed = int(os.environ.get("MOSIM_SEED", "1"))
    _check(kind, tmp_path, MANY // len(ALL), seed)
