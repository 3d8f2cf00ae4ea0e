"""Targets are met or missed, and say where."""

from __future__ import annotations

from mosim_gym.studies.targets import Bound, at_least, verdict


def test_a_target_is_met_or_missed_and_says_where():
    assert verdict({"": Bound(0.1)}, {"": 0.1}) == "≤ 0.1: met"
    assert verdict({"": at_least(900)}, {"": 899.0}) == "≥ 900: **missed**"
    assert verdict({"16": Bound(1), "100": Bound(2)}, {"16": 1, "100": 3}) == "16: ≤ 1, 100: ≤ 2: **missed at 100**"
    assert verdict({"16": Bound(1)}, {}) == "16: ≤ 1: not measured"
    assert verdict({}, {"16": 1.0}) == ""
