"""Durations as people write them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mosim_gym
from mosim_gym.mechanics.durations import in_words, seconds


def test_durations_are_read_as_people_write_them():
    assert [seconds(text) for text in ("90", "90s", "1.5m", "2h")] == [90, 90, 90, 7200]
    for text, said in (("soon", "is not a duration"), ("-3m", "is not a duration"), ("0s", "'0s' must be above 0")):
        with pytest.raises(ValueError, match=said):
            seconds(text)


def test_durations_are_said_in_the_unit_that_fits():
    assert [in_words(duration) for duration in (0.25, 4.2, 59, 90, 600, 9000)] == [
        "0.2 s", "4 s", "59 s", "1.5 min", "10 min", "2.5 h",
    ]  # fmt: skip


def test_a_clock_that_is_set_anew_changes_no_duration():
    """Time is measured by the monotonic clock, which nobody sets."""
    read = re.compile(r"\btime\.time(_ns)?\(|datetime\.(now|utcnow|today)|\bst_[mc]time")
    package = Path(mosim_gym.__file__).parent
    assert [str(path) for path in package.rglob("*.py") if read.search(path.read_text())] == []
