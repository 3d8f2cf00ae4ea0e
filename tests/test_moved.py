"""Old names of modules say the new ones."""

from __future__ import annotations

import importlib

import pytest

from mosim_gym.moved import MOVED


@pytest.mark.parametrize("old", list(MOVED))
def test_a_module_that_has_moved_says_where_it_is(old):
    with pytest.raises(ModuleNotFoundError, match=f"{old} has moved: it is now {MOVED[old]}"):
        importlib.import_module(old)
    assert importlib.import_module(MOVED[old])
