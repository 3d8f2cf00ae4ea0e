"""Seals: any other content, name, kind of number or shape has another digest."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.mechanics.seal import digest

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([True, False])}


def test_a_digest_is_the_same_whatever_the_order_and_the_memory_layout_of_the_arrays() -> None:
    strided = np.asfortranarray(ARRAYS["a"])
    assert digest({"b": ARRAYS["b"], "a": strided}, "header") == digest(ARRAYS, "header")
    assert digest({"a": ARRAYS["a"].astype(">f4"), "b": ARRAYS["b"]}, "header") == digest(ARRAYS, "header")


@pytest.mark.parametrize(
    "other",
    [
        {**ARRAYS, "a": ARRAYS["a"].reshape(3, 2)},
        {**ARRAYS, "a": ARRAYS["a"].view(np.int32)},
        {**ARRAYS, "a": np.nextafter(ARRAYS["a"], np.float32(9))},
        {"a2": ARRAYS["a"], "b": ARRAYS["b"]},
        {"a": ARRAYS["a"]},
        {**ARRAYS, "c": np.zeros(0)},
    ],
    ids=["shape", "kind of numbers", "last bits", "name", "one fewer", "one more"],
)
def test_another_name_shape_kind_or_number_has_another_digest(other: dict[str, np.ndarray]) -> None:
    assert digest(other, "header") != digest(ARRAYS, "header")


def test_another_header_has_another_digest() -> None:
    assert digest(ARRAYS, "header") != digest(ARRAYS, "headers")
    assert digest({}, "x\n1 a") != digest({}, "x")


def test_arrays_without_axes_and_without_numbers_have_digests_of_their_own() -> None:
    found = {digest({"a": np.array(3.0)}), digest({"a": np.array([3.0])}), digest({"a": np.zeros((0, 3))}), digest({})}
    assert len(found) == 4
