"""`Renderer`: pictures of a robot's states, by MuJoCo where it can render, else drawn from this package's kinematics."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.compiling import load_model
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.opengl import BACKENDS, Canvas, turned_off, working_backend
from mosim_gym.robots import RobotDefinition, Task, find_robot
from mosim_gym.robots.catalogue import definition_of

DRAWING = "drawing"
NO_OPENGL = (
    "No OpenGL library works here, so robots are drawn from their own kinematics; for MuJoCo's pictures run "
    "`apt-get install libegl1` (or `libosmesa6`) and, if MUJOCO_GL is set, set it to egl (or osmesa)."
)
Array = np.ndarray


class Renderer:
    """Pictures of `width` × `height` pixels of a robot (its name, its definition, or the robot itself) in given states.

    No library is opened before the first picture, so an environment can be made on a machine without OpenGL. `backend` sets a kind of
    OpenGL, or `"drawing"`. By default the first that works is used. With `task` the picture shows the task's goal. `camera` is the name or
    the number of one of the model's cameras. Drawings choose their own view. A robot that the catalogue does not have is drawn, because its
    MJCF is not at hand.
    """

    def __init__(
        self,
        robot: str | RobotDefinition | Robot,
        task: Task | None = None,
        *,
        width: int = 480,
        height: int = 360,
        camera: int | str = 0,
        backend: str | None = None,
    ) -> None:
        """Open nothing yet."""
        if width < 1 or height < 1:
            raise ValueError(f"A picture of {width} × {height} pixels is impossible; both must be at least 1.")
        if backend is not None and backend not in (DRAWING, *BACKENDS):
            raise UnknownName("backend", backend, [DRAWING, *BACKENDS])
        self._robot = robot if isinstance(robot, Robot) else None
        if isinstance(robot, Robot):
            self._definition = definition_of(robot)
        else:
            self._definition = find_robot(robot) if isinstance(robot, str) else robot
        if self._definition is None and backend not in (None, DRAWING):
            raise ValueError(f"backend is {backend!r}; a robot that is not in the catalogue can only be drawn.")
        self._task, self._size, self._camera = task, (width, height), camera
        self._backend = backend if self._definition is not None else DRAWING
        self._drawing: Drawing | None = None
        self._canvas: Canvas | None = None
        self._model: Any = None
        self._data: Any = None

    @property
    def backend(self) -> str:
        """The kind of rendering: `"egl"`, `"osmesa"`, `"glfw"`, `"cgl"` or `"drawing"`."""
        if self._backend is None:
            self._backend = (working_backend() if _has_mujoco() else None) or DRAWING
            if self._backend == DRAWING and not turned_off():
                _warn_once()
        return self._backend

    def frame(self, qpos: Array, qvel: Array | None = None, goal: Array | None = None) -> Array:
        """The picture `(height, width, 3)`, uint8, of `qpos (nq,)`, `qvel (nv,)` with `goal (goal_size,)`."""
        qpos = np.asarray(qpos, np.float64)
        if self.backend == DRAWING or not np.isfinite(qpos).all():
            return self._draw(qpos, goal)
        if self._canvas is None:
            self._open()
        import mujoco

        model, data = self._model, self._data
        if self._task is not None and goal is not None and self._task.goal_size:
            self._task.place_goal(model, np.asarray(goal, np.float64))
        data.qpos[:], data.qvel[:] = qpos, 0.0 if qvel is None else qvel
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_camlight(model, data)
        mujoco.mj_tendon(model, data)
        assert self._canvas is not None
        return self._canvas.paint(data, self._camera_number())

    def _draw(self, qpos: Array, goal: Array | None) -> Array:
        task = self._task
        if self._drawing is None:
            robot = self._described() if task is None else task.robot
            hidden = task.hidden_geoms if task is not None else ()
            self._drawing = Drawing(robot, *self._size, hidden_geoms=hidden)
        marks = [] if task is None else task.goal_marks(np.zeros(task.goal_size) if goal is None else np.asarray(goal))
        return self._drawing.render(qpos, marks)

    def _described(self) -> Robot:
        """The robot that is drawn."""
        if self._robot is not None:
            return self._robot
        assert self._definition is not None
        return Robot.load(self._definition.description_file)

    def _open(self) -> None:
        import mujoco

        assert self._definition is not None
        self._model = load_model(self._definition.mjcf_file.read_text(encoding="utf-8"))
        self._data = mujoco.MjData(self._model)
        self._canvas = Canvas(self._model, *self._size, backend=self.backend)

    def _camera_number(self) -> int:
        """The number of the camera; -1, a view of the whole model, for models without cameras."""
        cameras = [self._model.camera(i).name for i in range(self._model.ncam)]
        if isinstance(self._camera, str):
            if self._camera not in cameras:
                raise UnknownName("camera", self._camera, cameras)
            return cameras.index(self._camera)
        if self._camera >= len(cameras) > 0 or self._camera < -1:
            raise KeyError(f"Camera {self._camera} does not exist; there are {len(cameras)}.")
        return self._camera if cameras else -1

    def close(self) -> None:
        """Free all resources. The next `frame` opens them again."""
        if self._canvas is not None:
            self._canvas.close()
        self._canvas = self._drawing = None


@cache
def _has_mujoco() -> bool:
    try:
        import mujoco  # noqa: F401
    except ImportError:
        return False
    return True


@cache
def _warn_once() -> None:
    warnings.warn(NO_OPENGL, RuntimeWarning, stacklevel=3)
