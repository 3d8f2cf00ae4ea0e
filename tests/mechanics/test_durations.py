"""Durations as people write them."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.durations import seconds


def test_durations_are_read_as_people_write_them():
    assert [seconds(text) for text in ("90", "90s", "1.5m", "2h")] == [90, 90, 90, 7200]
    for text, said in (("soon", "is not a duration"), ("-3m", "is not a duration"), ("0s", "'0s' must be above 0")):
        with pytest.raises(ValueError, match=said):
            seconds(text)
