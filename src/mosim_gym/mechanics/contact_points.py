"""Where a model's shapes touch planes: points of their surfaces, which may be centres of spheres, and the planes below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mosim_gym.mechanics.hulls import directions, shared_points
from mosim_gym.mechanics.parts import Contacts, Geoms, GeomType

if TYPE_CHECKING:
    import mujoco

SHAPE_POINTS, FEWEST_POINTS, ROBOT_POINTS = 32, 8, 160
"""Contact points of a mesh, cylinder or ellipsoid: at most; of each of many; and of all of a robot, unless the fewest of each are more."""


class _Touch(NamedTuple):
    """A row of `Contacts`."""

    name: str
    body: int
    point: np.ndarray
    radius: float
    geom: int
    plane: int
    normal: np.ndarray
    offset: float


def contact_points(model: mujoco.MjModel, geoms: Geoms, enabled: bool, fine: bool) -> Contacts:
    """All pairs of a point and a static plane whose geoms may collide by their contact masks."""
    import mujoco

    static = model.body_weldid[geoms.body] == 0
    planes = [g for g in range(len(geoms)) if enabled and static[g] and geoms.type[g] == GeomType.PLANE]
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    touches: list[_Touch] = []
    meeting = [
        [
            plane
            for plane in planes
            if not static[geom] and geoms.type[geom] != GeomType.PLANE and _meet(geoms, geom, plane)
        ]
        for geom in range(len(geoms))
    ]
    touching = [geom for geom, below in enumerate(meeting) if below]
    surfaces = surface_points(model, touching)[0] if fine else {}
    for geom, below in enumerate(meeting):
        for plane in below:
            normal = data.geom_xmat[plane].reshape(3, 3)[:, 2]
            offset = float(normal @ data.geom_xpos[plane])
            points, radius = (surfaces[geom], 0.0) if geom in surfaces else _touching_points(model, geom)
            body_points = _to_body_frame(geoms.pos[geom], geoms.quat[geom], points)
            name = geoms.names[geom] or f"geom{geom}"
            for k, point in enumerate(body_points):
                label = f"{name}/{k}" if len(planes) == 1 else f"{name}/{k}@{geoms.names[plane] or f'geom{plane}'}"
                touches.append(_Touch(label, geoms.body[geom], point, radius, geom, plane, normal.copy(), offset))
    n = len(touches)
    return Contacts(
        names=tuple(touch.name for touch in touches),
        body=np.array([touch.body for touch in touches], np.int32),
        pos=np.array([touch.point for touch in touches], np.float64).reshape(n, 3),
        quat=np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)),
        radius=np.array([touch.radius for touch in touches], np.float64),
        geom=np.array([touch.geom for touch in touches], np.int32),
        plane=np.array([touch.plane for touch in touches], np.int32),
        normal=np.array([touch.normal for touch in touches], np.float64).reshape(n, 3),
        offset=np.array([touch.offset for touch in touches], np.float64),
    )


def _meet(geoms: Geoms, first: int, second: int) -> bool:
    """Whether two geoms may collide by their contact masks."""
    one = int(geoms.contype[first]) & int(geoms.conaffinity[second])
    return bool(one or int(geoms.contype[second]) & int(geoms.conaffinity[first]))


def surface_points(model: mujoco.MjModel, touching: Sequence[int]) -> tuple[dict[int, np.ndarray], float]:
    """Points `(k, 3)` of the surfaces of meshes, cylinders and ellipsoids among the geoms `touching`, in the geoms' frames.

    Also how far the convex hull of a mesh reaches beyond its points at most (m).
    """
    kinds = {geom: GeomType(model.geom_type[geom]) for geom in touching}
    meshes = [geom for geom, kind in kinds.items() if kind == GeomType.MESH]
    round_ = [geom for geom, kind in kinds.items() if kind in (GeomType.CYLINDER, GeomType.ELLIPSOID)]
    each = min(SHAPE_POINTS, max(FEWEST_POINTS, ROBOT_POINTS // max(len(meshes) + len(round_), 1)))
    hulls = [_hull_vertices(model, int(model.geom_dataid[geom])) for geom in meshes]
    points, missed = shared_points(hulls, SHAPE_POINTS, FEWEST_POINTS, each * len(meshes))
    found = dict(zip(meshes, points, strict=True))
    for geom in round_:
        size = model.geom_size[geom]
        if kinds[geom] == GeomType.ELLIPSOID:
            found[geom] = directions(each) * size
            continue
        turn = 4 * np.pi * np.arange(each // 2) / each
        rim = np.stack((size[0] * np.cos(turn), size[0] * np.sin(turn), 0 * turn), axis=1)
        up = np.array([0.0, 0.0, size[1]])
        found[geom] = np.concatenate((rim + up, rim - up))
    return found, missed


def _hull_vertices(model: mujoco.MjModel, mesh: int) -> np.ndarray:
    """Vertices `(n, 3)` of a mesh's convex hull, which is what MuJoCo lets collide, in the frame of its geoms."""
    start = model.mesh_vertadr[mesh]
    vertices = np.array(model.mesh_vert[start : start + model.mesh_vertnum[mesh]], np.float64)
    graph = int(model.mesh_graphadr[mesh])
    if graph < 0:
        return vertices
    count = int(model.mesh_graph[graph])
    return vertices[model.mesh_graph[graph + 2 + count : graph + 2 + 2 * count]]


def _touching_points(model: mujoco.MjModel, geom: int) -> tuple[np.ndarray, float]:
    """Points in the geom's frame `(n, 3)` and a radius. The spheres around these points touch a plane exactly where the shape does."""
    size = model.geom_size[geom]
    match GeomType(model.geom_type[geom]):
        case GeomType.SPHERE:
            return np.zeros((1, 3)), float(size[0])
        case GeomType.CAPSULE:
            return np.array([[0, 0, size[1]], [0, 0, -size[1]]]), float(size[0])
        case GeomType.BOX:
            signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
            return signs * size, 0.0
        case _:
            return np.zeros((1, 3)), float(model.geom_rbound[geom])


def _to_body_frame(pos: np.ndarray, quat: np.ndarray, points: np.ndarray) -> np.ndarray:
    from mosim_gym.mechanics.linear_form import matrix

    return pos + points @ matrix(quat).T
