"""Signatures of functions that pass options on."""

from __future__ import annotations

import inspect

from mosim_gym.mechanics.signatures import options_of


class Arm:
    def __init__(self, name, length: float = 1.0, *, mass: float = 2.0, colour: str = "red"):
        self.said = f"{name} {length} {mass} {colour}"


@options_of(Arm, without=("colour",))
def make_arm(name: str, length: float = 0.5, **options) -> str:
    return Arm(name, length, **options).said


def test_options_are_shown_with_their_defaults_and_those_of_the_function_itself_come_first():
    assert str(inspect.signature(make_arm)) == "(name: 'str', length: 'float' = 0.5, *, mass: 'float' = 2.0) -> 'str'"
    assert make_arm("upper", mass=3.0) == "upper 0.5 3.0 red"
