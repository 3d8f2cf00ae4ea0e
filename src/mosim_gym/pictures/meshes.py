"""`mesh_of`: a convex shape as triangles, for a viewer in space.

Each direction on an evenly divided octahedron has one support point (`pictures.silhouettes`). The triangles of neighbouring directions are
the surface. They are exact for boxes and for the flat ends of cylinders, and inscribed where the shape is round.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from mosim_gym.mechanics.parts import GeomType
from mosim_gym.pictures.silhouettes import support_points

Array = np.ndarray
DIVISIONS = 12  # of an edge of the octahedron
EDGED = GeomType.BOX, GeomType.CYLINDER, GeomType.PLANE, GeomType.MESH, GeomType.HFIELD
SMALLEST = 1e-12
"""Triangles of a smaller area, relative to the square of the shape's size, are left out."""


class Mesh(NamedTuple):
    """Triangles, seen from outside counter-clockwise."""

    vertices: Array
    """`(V, 3)`, m, in the shape's own frame"""
    faces: Array
    """`(F, 3)`, rows of `vertices`"""
    smooth: bool
    """Whether it is round, so that light may change evenly across edges."""


def mesh_of(kind: GeomType, size: Array) -> Mesh:
    """The surface of a shape of half lengths `size (3,)`, m."""
    directions, faces = _sphere()
    vertices = support_points(kind, size, directions)
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return Mesh(vertices, faces[area > SMALLEST * np.ptp(vertices) ** 2], kind not in EDGED)


@cache
def _sphere() -> tuple[Array, Array]:
    """Unit vectors `(V, 3)` and triangles of them `(F, 3)`. Every triangle lies in one octant."""
    points: dict[tuple[int, int, int], int] = {}
    faces: list[tuple[int, int, int]] = []

    def row(x: int, y: int, z: int) -> int:
        return points.setdefault((x, y, z), len(points))

    n = DIVISIONS
    for signs in np.stack(np.meshgrid(*[[-1, 1]] * 3), -1).reshape(-1, 3).tolist():
        turned = signs[0] * signs[1] * signs[2] < 0
        for i in range(n):
            for j in range(n - i):
                corners = [(i + 1, j, n - i - j - 1), (i, j + 1, n - i - j - 1), (i, j, n - i - j)]
                others = [(i + 1, j, n - i - j - 1), (i + 1, j + 1, n - i - j - 2), (i, j + 1, n - i - j - 1)]
                for triangle in [corners] + [others] * (i + j < n - 1):
                    rows = [row(*(int(s * k) for s, k in zip(signs, corner, strict=True))) for corner in triangle]
                    faces.append((rows[0], rows[2], rows[1]) if turned else (rows[0], rows[1], rows[2]))
    vertices = np.array(list(points), float)
    return vertices / np.linalg.norm(vertices, axis=1, keepdims=True), np.array(faces)
