"""Support points of a convex hull: few vertices that reach nearly as far as the whole hull, in every direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray
DIRECTIONS = 2000
"""In which the reach of a hull is compared."""
EXACT = 1e-6  # m: what is missed by less counts as reached


def directions(count: int = DIRECTIONS) -> Array:
    """`count` unit vectors `(count, 3)` that cover the sphere evenly (a Fibonacci lattice)."""
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    height = 1 - (2 * np.arange(count) + 1) / count
    across = np.sqrt(1 - height**2)
    return np.stack((across * np.cos(turn), across * np.sin(turn), height), axis=1)


def support_points(vertices: Array, most: int) -> tuple[Array, float]:
    """At most `most` of `vertices (n, 3)`, and the farthest that the hull of all reaches beyond the hull of these (m).

    Each point is the vertex that reaches farthest in the direction in which the points before it fall short the most. Of the
    hulls of 70 meshes of robots, 32 points miss 1.1 mm (median), 1.3 % of their size; 32 points far from one another miss 3.4 mm.
    """
    chosen, missed = _chosen(vertices, most)
    return vertices[chosen], missed[-1]


def shared_points(hulls: Sequence[Array], most: int, fewest: int, total: int) -> tuple[list[Array], float]:
    """Support points `(k, 3)` of each of `hulls`, `fewest` to `most` of each, and the farthest that any hull reaches beyond its own (m).

    Hulls of which much is missed get more points, until there are `total` of them together.
    """
    found = [_chosen(vertices, most) for vertices in hulls]
    counts = [min(fewest, len(chosen)) for chosen, _ in found]
    while sum(counts) < total:
        missed = [
            0.0 if count == len(chosen) else far[count - 1] for (chosen, far), count in zip(found, counts, strict=True)
        ]
        if max(missed, default=0.0) <= EXACT:
            break
        counts[int(np.argmax(missed))] += 1
    points = [vertices[chosen[:count]] for vertices, (chosen, _), count in zip(hulls, found, counts, strict=True)]
    return points, max((far[count - 1] for (_, far), count in zip(found, counts, strict=True)), default=0.0)


def _chosen(vertices: Array, most: int) -> tuple[list[int], list[float]]:
    """Rows of the support points in order, and what is missed with so many of them (m)."""
    ways = directions()
    reach = vertices @ ways.T
    whole = reach.max(axis=0)
    chosen = [int(reach[:, 0].argmax())]
    reached = reach[chosen[0]].copy()
    missed = [float((whole - reached).max())]
    while len(chosen) < most and missed[-1] > EXACT:
        chosen.append(int(reach[:, (whole - reached).argmax()].argmax()))
        reached = np.maximum(reached, reach[chosen[-1]])
        missed.append(float((whole - reached).max()))
    return chosen, missed
