"""Support points: few vertices that reach nearly as far as a whole hull."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.mechanics.hulls import directions, shared_points, support_points


def test_the_corners_of_a_box_are_found_among_all_its_points(rng):
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    points, missed = support_points(np.concatenate((rng.uniform(-0.9, 0.9, (200, 3)), corners)), 32)
    assert {tuple(point) for point in points} == {tuple(corner) for corner in corners}
    assert missed == 0


def test_more_points_miss_less_and_what_is_missed_is_said(rng):
    ball = rng.normal(size=(2000, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    missed = [support_points(ball, count)[1] for count in (8, 16, 32)]
    assert missed[0] > missed[1] > missed[2] > 0
    points, said = support_points(ball, 32)
    way = directions(777)
    assert ((ball @ way.T).max(0) - (points @ way.T).max(0)).max() == pytest.approx(said, rel=0.2)


def test_large_hulls_get_more_of_the_points_that_are_shared(rng):
    ball = rng.normal(size=(500, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    points, missed = shared_points([ball, 0.1 * ball], most=32, fewest=8, total=36)
    assert [len(found) for found in points] == [28, 8]
    assert missed == pytest.approx(max(support_points(ball, 28)[1], support_points(0.1 * ball, 8)[1]))
    assert shared_points([], most=32, fewest=8, total=0) == ([], 0.0)
