"""A dataset of three chunks, and copies of it to change."""

from __future__ import annotations

import pytest
from tests.data.sizes import SEGMENTS

from mosim_gym.data.dataset import collect_dataset


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """A dataset of three chunks, that tests copy before they change it."""
    folder = tmp_path_factory.mktemp("collected")
    collect_dataset("pendulum", folder, segments=SEGMENTS, seed=3)
    return folder


@pytest.fixture
def folder(collected, tmp_path):
    for path in collected.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path
