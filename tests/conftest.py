"""Fixtures shared by all tests, and which tests are skipped where what they need cannot be had."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest
import torch

NO_DM_CONTROL = re.compile(r"(MissingPackage|mosim-gym): ((dm_control|shimmy) is not installed)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On Python 3.13 and later, where dm_control cannot be installed, tests that end for want of it are skipped."""
    report = yield
    if sys.version_info >= (3, 13) and report.failed:
        found = NO_DM_CONTROL.search(report.longreprtext)
        if found:
            report.outcome, report.longrepr = "skipped", (report.nodeid, 0, f"Skipped: {found[2]}")
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of GPUs are skipped where there is none."""
    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="there is no CUDA device here"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def smallest_files() -> Callable[[], AbstractContextManager[int]]:
    """Within the context that it makes no file grows beyond so many bytes, as on a disk that is nearly full."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limited() -> Generator[int]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        try:
            yield 10_000
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Robots are drawn, which takes a fraction of the time that OpenGL in software takes."""
    monkeypatch.setenv("MUJOCO_GL", "off")


@pytest.fixture(scope="session")
def chromium() -> tuple[Any, str]:
    """playwright, and the program Chromium; tests are skipped where either is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    return playwright, program


@pytest.fixture
def browser(chromium: tuple[Any, str]) -> Generator[Any, None, None]:
    """Chromium without a window, through playwright; tests are skipped where either is missing."""
    playwright, program = chromium
    switches = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with playwright.sync_playwright() as opened:
        found = opened.chromium.launch(executable_path=program, args=switches)
        yield found
        found.close()


def _elsewhere(robot, qpos, qvel, shift, yaw):
    """The same states elsewhere: declared coordinates shifted, a floating base with its velocity turned by `yaw` about the vertical."""
    qpos, qvel = qpos.copy(), qvel.copy()
    heading = robot.invariances.yaw
    if heading is not None:
        place = robot.qpos_indices(heading)
        if place.stop - place.start == 1:
            qpos[..., place.start] += yaw
        else:
            first, speed = place.start, robot.qvel_indices(heading).start
            c, s = np.cos(yaw), np.sin(yaw)
            turn = np.array([[c, -s], [s, c]])
            qpos[..., first : first + 2] = qpos[..., first : first + 2] @ turn.T
            qvel[..., speed : speed + 2] = qvel[..., speed : speed + 2] @ turn.T
            w, x, y, z = (qpos[..., first + 3 + i].copy() for i in range(4))
            c, s = np.cos(yaw / 2), np.sin(yaw / 2)
            qpos[..., first + 3 : first + 7] = np.stack(
                (c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w), axis=-1
            )
    return qpos + shift, qvel


@pytest.fixture
def elsewhere():
    """`_elsewhere`: what a robot's declared invariances do to its states."""
    return _elsewhere
