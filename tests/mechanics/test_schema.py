"""Rules for what a file may hold: whatever does not fit is one sentence that names the place, and nothing else happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

import pytest

from mosim_gym.mechanics.schema import (
    Rule,
    anything,
    check,
    checked,
    each,
    mapping,
    nullable,
    number,
    one_of,
    record,
    row,
    text,
    whole,
)
from mosim_gym.mechanics.storage import FileFault

CARD = record(
    {"name": text(r"[a-z]+", "a lower-case name"), "members": whole(1, 64)},
    {"box": row(each(nullable(number())), each(number())), "kind": one_of("a", True), "errors": mapping(number(0))},
)


@pytest.mark.parametrize(
    "value",
    [
        {"name": "a", "members": 1},
        {"name": "a", "members": 64, "box": [[None, 1], [2.0]], "kind": True, "errors": {"16": 0}, "more": [{}]},
    ],
)
def test_what_fits_passes(value: Any) -> None:
    check(Path("x"), "card", value, CARD)


class Sizes(TypedDict):
    width: int


def test_a_record_that_fits_comes_back_as_it_is_and_another_one_does_not() -> None:
    rule = record({"width": whole(1)})
    sizes = checked(Path("x"), "sizes", {"width": 3}, rule, Sizes)
    assert sizes["width"] == 3
    with pytest.raises(FileFault, match=r"sizes.width is 0"):
        checked(Path("x"), "sizes", {"width": 0}, rule, Sizes)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "its card is None; it must be an object"),
        ([], "its card is an empty list"),
        ({"name": "a"}, "an object that has members"),
        ({"name": "A", "members": 1}, "card.name is 'A'; it must be a lower-case name"),
        ({"name": 5, "members": 1}, "card.name is 5"),
        ({"name": "a", "members": "1"}, "card.members is '1'; it must be a whole number from 1 to 64"),
        ({"name": "a", "members": True}, "card.members is True"),
        ({"name": "a", "members": 2**63}, "card.members is 9223372036854775808"),
        ({"name": "a", "members": 10**4000}, "card.members is an enormous number"),
        ({"name": "a", "members": 1, "kind": 1}, "card.kind is 1; it must be 'a' or True"),
        ({"name": "a", "members": 1, "box": [[1]]}, "card.box is a list of 1; it must be a list of 2"),
        ({"name": "a", "members": 1, "box": [[1], [None]]}, r"card.box\[1\]\[0\] is None"),
        ({"name": "a", "members": 1, "box": [["x"], []]}, r"card.box\[0\]\[0\] is 'x'; it must be a number .* or null"),
        ({"name": "a", "members": 1, "errors": {"16": float("nan")}}, "card.errors.16 is nan"),
        ({"name": "a", "members": 1, "errors": {"16": 1e300}}, r"card.errors.16 is 1e\+300"),
        ({"name": "a", "members": 1, "more": {"deep": [1e300]}}, r"card.more.deep\[0\] is 1e\+300"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(value: Any, sentence: str) -> None:
    with pytest.raises(FileFault, match=sentence) as fault:
        check(Path("x"), "card", value, CARD)
    assert len(str(fault.value)) < 300


def test_other_keys_are_refused_where_there_must_be_none() -> None:
    rule: Rule = record({"width": whole()}, others=False)
    with pytest.raises(FileFault, match="card is 'depth'; it must be an object with no other keys than width"):
        check(Path("x"), "card", {"width": 1, "depth": 2}, rule)


def test_nesting_beyond_all_reason_is_one_sentence() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(FileFault, match="its card is nested too deeply"):
        check(Path("x"), "card", nested, anything)
