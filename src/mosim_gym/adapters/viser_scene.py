"""`ViserScene`: the learned robot and the ghost of the true one in a scene of viser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from mosim_gym.envs.beside_truth import Standing
from mosim_gym.mechanics import ForwardKinematics, position, rotation, subtree_com
from mosim_gym.mechanics.linear_form import quaternion
from mosim_gym.mechanics.parts import GeomType
from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.meshes import mesh_of
from mosim_gym.pictures.viewpoint import choose_view, travels
from mosim_gym.pictures.visible import VisibleGeoms
from mosim_gym.robots import Task

Array = np.ndarray
GHOST = (70, 130, 220)
GHOST_OPACITY = 0.35
SECTION = 1.0
"""m from one thick line of the ground to the next"""
FIELD = 0.75
"""rad, of the camera's view"""
FAINT, THICK = (223, 228, 234), (196, 204, 214)
"""Colours of the ground's lines"""
Dragged = Callable[[str, Array], None]


class ViserScene:
    """The robot of `task`, twice. `dragged(body, pull)` is called when a limb of the learned one was dragged by `pull (3,)`, m."""

    def __init__(self, server: Any, task: Task, dragged: Dragged) -> None:
        """Build the scene on a `viser.ViserServer`."""
        robot = task.robot
        self._scene, self._task, self._robot = server.scene, task, robot
        self._view, self._follows = choose_view(robot), travels(robot)
        self._in_space = bool(self._view.toward[0] and self._view.toward[1])  # the view is oblique
        visible = VisibleGeoms(robot, task.hidden_geoms)
        self._shapes, self._moving = visible.shapes, visible.moving
        self._kinematics = ForwardKinematics(
            robot,
            {
                "position": position("geom", visible.names),
                "rotation": rotation("geom", visible.names),
                "com": subtree_com("#0"),
            },
        )
        self._scene.world_axes.visible = False
        self._scene.add_frame("/world", show_axes=False)
        self.model: list[Any] = self._robots("model", None)
        """A handle of viser's for each visible shape of the learned robot"""
        self.truth: list[Any] = self._robots("truth", GHOST)
        """The same for the ghost; None for shapes that never move"""
        self._marks: list[Any] = []
        self._goal: Array = np.zeros(0)
        self._ground = self._add_ground(visible.grounds)
        for handle, geom in zip(self.model, self._shapes, strict=True):
            self._let_drag(handle, robot.bodies.names[robot.geoms.body[geom]], dragged)
        self._look(server)

    @property
    def directions(self) -> Mapping[str, Array]:
        """Directions of a shove `(3,)` in the world, by a name of one word; those in which nothing can move are left out."""
        view = self._view
        named = {"left": -view.right, "right": view.right, "up": view.up, "down": -view.up}
        if self._in_space:
            named |= {"away": -view.toward, "here": view.toward}
        return named

    def pull(self, start: Any, end: Any) -> Array:
        """The way `(3,)` of a mouse from `start` to `end`, m in the world; of a robot that moves in a plane, in that plane."""
        way, toward = np.subtract(end, start), self._view.toward
        return way if self._in_space else way - (way @ toward) * toward

    def show(self, now: Standing) -> None:
        """Move both robots to where they are `now`."""
        states = torch.tensor(np.stack((np.asarray(now.model, float), np.asarray(now.truth, float))))
        if not bool(states.isfinite().all()):
            return
        pose = {name: value.numpy() for name, value in self._kinematics(states).items()}
        shift = np.array([*pose["com"][0, :2], 0.0]) if self._follows else np.zeros(3)
        points, turns = pose["position"] - shift, quaternion(pose["rotation"])
        for robot, handles in enumerate((self.model, self.truth)):
            for handle, point, turn in zip(handles, points[robot], turns[robot], strict=True):
                if handle is not None:
                    handle.position, handle.wxyz = point, turn
        if self._ground is not None:
            self._ground.position = np.append(-(shift[:2] % SECTION), self._ground.position[2])
        self._show_goal(now.goal, shift)

    def _robots(self, name: str, ghost: tuple[int, int, int] | None) -> list[Any]:
        """A mesh for each shape, in the robot's colours or as a ghost, of which only moving shapes are shown; None for the others."""
        geoms, handles = self._robot.geoms, list[Any]()
        for geom, moving in zip(self._shapes, self._moving, strict=True):
            if ghost is not None and not moving:
                handles.append(None)
                continue
            mesh, rgba = mesh_of(GeomType(geoms.type[geom]), geoms.size[geom]), geoms.rgba[geom]
            colour = ghost or tuple(round(255 * float(part)) for part in rgba[:3])
            opacity = GHOST_OPACITY if ghost else None if rgba[3] >= 1 else float(rgba[3])
            handles.append(
                self._scene.add_mesh_simple(
                    f"/world/{name}/{geom}",
                    mesh.vertices.astype(np.float32),
                    mesh.faces.astype(np.uint32),
                    color=colour,
                    opacity=opacity,
                    flat_shading=not mesh.smooth,
                    cast_shadow=ghost is None,
                )
            )
        return handles

    def _let_drag(self, handle: Any, body: str, dragged: Dragged) -> None:
        if not body or body == self._robot.bodies.names[0]:
            return

        async def end(event: Any) -> None:
            if event.phase == "end":
                dragged(body, self.pull(event.start_position, event.end_position))

        handle.on_drag(end)

    def _add_ground(self, grounds: Array) -> Any:
        if not len(grounds):
            return None
        height = float(self._robot.geoms.pos[grounds, 2].max())
        return self._scene.add_grid(
            "/world/ground",
            width=60.0,
            height=60.0,
            cell_size=SECTION / 4,
            section_size=SECTION,
            cell_color=FAINT,
            section_color=THICK,
            fade_distance=25.0,
            position=(0.0, 0.0, height),
        )

    def _show_goal(self, goal: Array, shift: Array) -> None:
        if self._task.goal_size == 0 or (np.array_equal(goal, self._goal) and not self._follows):
            return
        self._goal = np.array(goal)
        marks = self._task.goal_marks(np.asarray(goal, float))
        while len(self._marks) < len(marks):
            mark = marks[len(self._marks)]
            colour = tuple(round(255 * part) for part in mark.rgb)
            self._marks.append(
                self._scene.add_icosphere(
                    f"/world/goal/{len(self._marks)}", radius=mark.radius, color=colour, opacity=0.6
                )
            )
        for handle, mark in zip(self._marks, marks, strict=False):
            handle.position = np.array([mark.x, mark.y, mark.z]) - shift

    def _look(self, server: Any) -> None:
        """Where a reader's camera begins: in front of the robot, a little above or, for a robot on a table, a little tilted."""
        framing, view = Drawing(self._robot, 480, 360, hidden_geoms=self._task.hidden_geoms).framing, self._view
        x, y = framing.centre
        at = (0.0 if self._follows else x) * view.right + y * view.up
        far = 0.6 * framing.height / np.tan(FIELD / 2)
        tilt = -0.35 * view.up if view.from_above else 0.22 * view.up
        camera = server.initial_camera
        camera.look_at, camera.position, camera.fov = at, at + far * (view.toward + tilt), FIELD
