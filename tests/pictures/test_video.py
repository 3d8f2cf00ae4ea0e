"""Films and film strips."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.pictures.video import film_strip, write_video
from mosim_gym.studies.gait_search import Gait  # noqa: F401  (the search must stay importable)


def test_videos_are_whole_or_absent(tmp_path):
    frames = [np.full((33, 47, 3), i * 20, np.uint8) for i in range(8)]  # odd sizes
    path = write_video(tmp_path / "film.mp4", frames, fps=10)
    before = path.read_bytes()
    assert before[4:8] == b"ftyp"

    def broken():
        yield frames[0]
        raise RuntimeError("the simulation stopped")

    with pytest.raises(RuntimeError, match="the simulation stopped"):
        write_video(path, broken(), fps=10)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="no frames"):
        write_video(tmp_path / "none.mp4", [], fps=10)
    with pytest.raises(ValueError, match=r"does not end in .mp4"):
        write_video(tmp_path / "film.avi", frames, fps=10)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["film.mp4"]


def test_a_strip_has_a_row_for_each_label(tmp_path):
    from PIL import Image

    frame = np.zeros((90, 120, 3), np.uint8)
    one = Image.open(film_strip(tmp_path / "one.png", {"truth": [frame] * 3}, height=90))
    two = Image.open(film_strip(tmp_path / "two.png", {"truth": [frame] * 3, "model": [frame] * 3}, height=90))
    assert two.height > one.height + 80
    assert two.width >= 3 * 120
