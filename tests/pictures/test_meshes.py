"""Meshes have the volumes of the shapes that they stand for, and are closed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mosim_gym.mechanics.parts import GeomType
from mosim_gym.pictures.meshes import mesh_of

SIZE = np.array([0.3, 0.5, 0.7])


@pytest.mark.parametrize(
    ("kind", "volume", "within"),
    [
        (GeomType.BOX, 8 * 0.3 * 0.5 * 0.7, 1e-9),
        (GeomType.SPHERE, 4 / 3 * np.pi * 0.3**3, 0.02),
        (GeomType.CAPSULE, 4 / 3 * np.pi * 0.3**3 + np.pi * 0.3**2 * 1.0, 0.02),
        (GeomType.CYLINDER, np.pi * 0.3**2 * 1.0, 0.02),
        (GeomType.ELLIPSOID, 4 / 3 * np.pi * 0.3 * 0.5 * 0.7, 0.02),
    ],
)
def test_a_mesh_encloses_the_volume_of_its_shape_and_faces_outwards(kind, volume, within):
    vertices, faces, _ = mesh_of(kind, SIZE)
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    found = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert found == pytest.approx(volume, rel=within)


def test_every_edge_of_a_round_mesh_joins_two_triangles():
    _, faces, smooth = mesh_of(GeomType.CAPSULE, SIZE)
    edges = Counter(tuple(sorted((face[i], face[i - 1]))) for face in faces.tolist() for i in range(3))
    assert smooth
    assert set(edges.values()) == {2}
