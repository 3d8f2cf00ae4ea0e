"""Included files are spliced in."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.mjcf import inline_includes


def test_includes_are_spliced_in_and_numbers_kept():
    outer = '<mujoco><include file="./common/a.xml"/><worldbody><geom size="0.1"/></worldbody></mujoco>'
    inner = '<mujoco><default><geom rgba="0.123456789012345 0 0 1"/></default></mujoco>'
    text = inline_includes(outer, {"common/a.xml": inner})
    assert "include" not in text
    assert "0.123456789012345" in text
    with pytest.raises(ValueError, match=r"includes 'common/a.xml', which is not among its assets"):
        inline_includes(outer, {})
    with pytest.raises(ValueError, match=r"reads 'hull.stl' for its mesh"):
        inline_includes('<mujoco><asset><mesh file="hull.stl"/></asset></mujoco>', {})
