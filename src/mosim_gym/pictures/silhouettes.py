"""Silhouettes: the outline of a convex shape seen from infinitely far away, as a polygon.

The outline of a convex body K, seen along an axis, is the curve of its support points: for each direction d in the
picture's plane the point

    s(d) = argmax { d · x : x ∈ K }.

Every shape of MuJoCo has it in closed form. The outline of K, grown by w on all sides, is `s(d) + w d`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mosim_gym.mechanics.parts import GeomType

Array = np.ndarray


def _unit(vectors: Array) -> Array:
    """Rows scaled to length 1. Rows too short to have a direction become 0."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-9)


def _signs(directions: Array) -> Array:
    """±1, or 0 for a direction along a face, which selects the middle of the face."""
    return np.sign(np.where(np.abs(directions) < 1e-9, 0.0, directions))


def _sphere(directions: Array, size: Array) -> Array:
    return size[0] * directions


def _capsule(directions: Array, size: Array) -> Array:
    return size[0] * directions + _signs(directions[:, 2:]) * [0.0, 0.0, size[1]]


def _ellipsoid(directions: Array, size: Array) -> Array:
    return size * _unit(size * directions)


def _cylinder(directions: Array, size: Array) -> Array:
    return size[0] * _unit(directions * [1.0, 1.0, 0.0]) + _signs(directions[:, 2:]) * [0.0, 0.0, size[1]]


def _box(directions: Array, size: Array) -> Array:
    return _signs(directions) * size


def _plane(directions: Array, size: Array) -> Array:
    return _signs(directions) * [size[0], size[1], 0.0]


_SUPPORT: dict[GeomType, Callable[[Array, Array], Array]] = {
    GeomType.PLANE: _plane,
    GeomType.SPHERE: _sphere,
    GeomType.CAPSULE: _capsule,
    GeomType.ELLIPSOID: _ellipsoid,
    GeomType.CYLINDER: _cylinder,
    GeomType.BOX: _box,
    GeomType.MESH: _box,  # the sizes of a mesh and of a height field are those of the box around it
    GeomType.HFIELD: _box,
}


def support_points(kind: GeomType, size: Array, directions: Array) -> Array:
    """Support points `(K, 3)` of a shape of half lengths `size (3,)`, m, for `directions (K, 3)`, in its own frame."""
    return _SUPPORT[kind](directions, size)


def rounding(kind: GeomType, size: Array) -> float:
    """The radius, m, of the largest ball that can roll along the inside of the shape's outline; 0 for shapes with edges."""
    match kind:
        case GeomType.SPHERE | GeomType.CAPSULE:
            return float(size[0])
        case GeomType.ELLIPSOID:
            return float(size.min() ** 2 / size.max())
        case _:
            return 0.0
