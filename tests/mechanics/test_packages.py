"""What a machine without dm_control says when it is wanted."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.packages import MissingPackage, import_package


def test_a_missing_package_is_one_sentence_that_says_why_and_what_to_do():
    with pytest.raises(MissingPackage) as found:
        import_package("no_such_package.part")
    sentence = str(found.value)
    assert sentence.startswith("no_such_package is not installed: ")
    assert "labmaze" in sentence
    assert "use Python 3.11 or 3.12" in sentence
    assert sentence.count(". ") == 0
    assert found.value.name == "no_such_package"
    assert isinstance(found.value, ModuleNotFoundError)


def test_what_is_missing_inside_a_package_that_is_there_is_said_as_it_is():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'json\.no_such_part'") as found:
        import_package("json.no_such_part")
    assert not isinstance(found.value, MissingPackage)
