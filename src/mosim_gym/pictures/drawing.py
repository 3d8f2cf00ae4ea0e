"""`Drawing`: a picture of a robot from our own kinematics. It needs no simulator and no graphics library."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from mosim_gym.mechanics import ForwardKinematics, Robot, position, rotation, subtree_com
from mosim_gym.mechanics.parts import GeomType
from mosim_gym.pictures.silhouettes import rounding, support_points
from mosim_gym.pictures.viewpoint import Framing, choose_view, fit, travels
from mosim_gym.pictures.visible import VisibleGeoms
from mosim_gym.robots.starts import random_joints

Array = np.ndarray
Colour = tuple[int, ...]
MarkLike = tuple[float, float, float, float, tuple[float, float, float]]

SUPERSAMPLING = 3  # drawn this many times larger, then averaged, for smooth edges
CORNERS = 72  # of the polygon that stands for an outline
OUTLINE = 0.0032  # width of the dark outlines, as a share of the picture's width
REACH_SAMPLES = 256  # random poses from which the reach of a robot with a fixed base is taken

SKY = ((222, 232, 243), (250, 251, 253))  # top, bottom
GROUND = ((116, 128, 143), (84, 95, 110))
TILES = ((172, 182, 193), (205, 212, 220))
PAPER = ((226, 231, 237), (236, 240, 244))  # tiles of a ground seen from above
INK = (58, 66, 78)
LABEL = (222, 228, 235)


class Drawing:
    """Draws states of `robot` as pictures of `width` × `height` pixels, without the geoms named in `hidden_geoms`.

    `pictures.viewpoint` chooses the view. The ground has tiles of a fixed size in the world, numbered in metres, which show how the robot
    travels.
    """

    def __init__(
        self,
        robot: Robot,
        width: int = 480,
        height: int = 360,
        *,
        hidden_geoms: Iterable[str] = (),
        lettering: float = 0.022,
    ) -> None:
        """Find what is visible, the view and the scale. `lettering` is the letters' height as a share of the width."""
        self.robot, self.width, self.height = robot, width, height
        self.view = choose_view(robot)
        visible = VisibleGeoms(robot, hidden_geoms)
        self._grounds, self._shapes, self._moving = visible.grounds, visible.shapes, visible.moving
        names = visible.names
        self._kinematics = ForwardKinematics(
            robot,
            {"position": position("geom", names), "rotation": rotation("geom", names), "com": subtree_com("#0")},
        )
        angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        self._flat_directions = np.stack((np.cos(angle), np.sin(angle)), axis=1)
        self._directions = self._flat_directions @ np.stack((self.view.right, self.view.up))  # (K, 3)
        self._size = (width * SUPERSAMPLING, height * SUPERSAMPLING)
        self._look_through(self._frame())
        self._sky = _gradient(self._size, *SKY)
        self._soil = _gradient(self._size, *GROUND)
        self._font = ImageFont.load_default(size=max(8, round(lettering * self._size[0])))

    @property
    def framing(self) -> Framing:
        """The window of the pictures."""
        return self._framing

    def _look_through(self, framing: Framing) -> None:
        self._framing, self._scale = framing, self._size[0] / framing.width  # pixels per metre

    def through(self, framing: Framing) -> Drawing:
        """The same drawing through another window of the same shape."""
        other = copy.copy(self)
        other._look_through(framing)
        return other

    def extent(self, qpos: Array) -> tuple[Array, Array]:
        """The lowest and the highest points, each `(N, 2)`, m in the picture's plane, of all moving shapes in the states `qpos (N, nq)`."""
        points, turns, _ = self._pose(np.asarray(qpos, np.float64))
        rows = np.flatnonzero(self._moving).tolist()
        outlines = np.stack(
            [np.stack([self._outline(row, p[row], t[row]) for row in rows]) for p, t in zip(points, turns, strict=True)]
        )  # (N, shapes, K, 2)
        return outlines.min((1, 2)), outlines.max((1, 2))

    def render(self, qpos: Array, marks: Sequence[MarkLike] = ()) -> Array:
        """The picture `(H, W, 3)`, uint8, of the state `qpos (nq,)`.

        Each mark is a disc behind the robot: `x, y, z, radius` in m in the world and a colour in [0, 1].
        """
        qpos = np.asarray(qpos, np.float64)
        picture = self._sky.copy()
        ink = ImageDraw.Draw(picture, "RGBA")
        if not np.isfinite(qpos).all():
            ink.text((self._size[0] / 2, self._size[1] / 2), "the state is not finite", INK, self._font, anchor="mm")
            return np.asarray(picture.reduce(SUPERSAMPLING))
        points, turns, com = self._pose(qpos)
        corner = self._framing.corner(self.view.flat(com))
        if self.view.from_above:
            self._draw_map(ink, corner)
        else:
            self._draw_ground(picture, ink, corner)
        for x, y, z, radius, rgb in marks:
            self._draw_mark(ink, corner, np.array([x, y, z]), radius, rgb)
        order = np.round(self._nearness(points, turns), 4)
        shades = self._shades(self.view.depth(points)).tolist()
        for row in np.lexsort((order, self._moving)):  # what never moves lies behind what does
            self._draw_shape(ink, corner, row, points[row], turns[row], shades[row])
        return np.asarray(picture.reduce(SUPERSAMPLING))

    def _pose(self, qpos: Array) -> tuple[Array, Array, Array]:
        """Positions `(..., G, 3)` and rotations `(..., G, 3, 3)` of the shapes, centre of mass `(..., 3)`."""
        values = self._kinematics(torch.tensor(qpos))
        return values["position"].numpy(), values["rotation"].numpy(), values["com"].numpy()

    def _nearness(self, points: Array, turns: Array) -> Array:
        """The depth `(G,)`, m, that sorts the shapes: that of their centres, or of their nearest points if the centres lie in a plane."""
        depth = self.view.depth(points)
        if self._moving.any() and np.ptp(depth[self._moving]) > 1e-6:
            return depth
        toward = self.view.toward @ turns  # (G, 3) in each shape's own frame
        reach = [support_points(*self._shape(row), toward[row, None])[0] @ toward[row] for row in range(len(points))]
        return depth + np.array(reach)

    def _shape(self, row: int) -> tuple[GeomType, Array]:
        """Kind and half lengths `(3,)` in m."""
        geom = self._shapes[row]
        return GeomType(self.robot.geoms.type[geom]), self.robot.geoms.size[geom]

    def _outline(self, row: int, point: Array, turn: Array) -> Array:
        """The outline `(K, 2)`, m in the picture's plane, of a shape at `point (3,)` turned by `turn (3, 3)`."""
        return self.view.flat(point + support_points(*self._shape(row), self._directions @ turn) @ turn.T)

    def _frame(self) -> Framing:
        """The window around the standing robot if it travels, else around all that it can reach and all fixed shapes."""
        robot, follows = self.robot, travels(self.robot)
        floor = None
        if not self.view.from_above and len(self._grounds):
            floor = float(robot.geoms.pos[self._grounds, 2].max())
        poses = robot.qpos0[None] if follows else random_joints(robot, torch.Generator().manual_seed(0), REACH_SAMPLES)
        points, turns, com = self._pose(np.asarray(poses, np.float64))
        kept = [row for row in range(len(self._shapes)) if self._moving[row] or not follows]
        outlines = [self._outline(r, p[r], t[r]) for p, t in zip(points, turns, strict=True) for r in kept]
        every = np.concatenate([*outlines, self.view.flat(com)])
        return fit(every.min(0), every.max(0), aspect=self.width / self.height, follows=follows, floor=floor)

    def _pixels(self, points: Array, corner: Array) -> list[tuple[float, float]]:
        """Points of the picture's plane `(K, 2)` as pixels."""
        return [(float(x), float(y)) for x, y in (points - corner) * [self._scale, -self._scale]]

    def _shades(self, depth: Array) -> Array:
        """Brightness `(G,)` of shapes with centres at `depth (G,)`. From the side, far limbs are darker."""
        shades, moving = np.ones(len(depth)), self._moving
        if moving.any() and not self.view.from_above and np.ptp(depth[moving]) > 0.02:
            shades[moving] -= 0.35 * (depth[moving].max() - depth[moving]) / np.ptp(depth[moving])
        return shades

    def _draw_shape(
        self, ink: ImageDraw.ImageDraw, corner: Array, row: int, point: Array, turn: Array, shade: float
    ) -> None:
        *rgb, alpha = self.robot.geoms.rgba[self._shapes[row]]
        colour, opacity = _colour(rgb, shade), round(255 * float(alpha))
        outline, border = self._outline(row, point, turn), OUTLINE * self._framing.width
        grown = outline + border * self._flat_directions
        ink.polygon(self._pixels(grown, corner), (*_mix(colour, (20, 24, 30), 0.6), opacity))
        ink.polygon(self._pixels(outline, corner), (*colour, opacity))
        round_by = rounding(*self._shape(row))
        if round_by * self._scale > 4 * SUPERSAMPLING:  # a highlight makes limbs look round
            shine = outline - 0.55 * round_by * self._flat_directions + 0.22 * round_by * np.array([-0.6, 0.8])
            ink.polygon(self._pixels(shine, corner), (*_mix(colour, (255, 255, 255), 0.35), opacity // 2))

    def _draw_mark(
        self, ink: ImageDraw.ImageDraw, corner: Array, centre: Array, radius: float, rgb: Sequence[float]
    ) -> None:
        outline = self.view.flat(centre) + radius * self._flat_directions
        border = OUTLINE * self._framing.width * self._flat_directions
        colour = _colour(rgb, 1.0)
        ink.polygon(self._pixels(outline + border / 2, corner), (*_mix(colour, (20, 24, 30), 0.3), 255))
        ink.polygon(self._pixels(outline - border / 2, corner), (*_mix(colour, (255, 255, 255), 0.45), 255))

    def _draw_ground(self, picture: Image.Image, ink: ImageDraw.ImageDraw, corner: Array) -> None:
        """The ground from the side: a band under a row of tiles, with the distance in metres wherever there is room."""
        if self._framing.floor is None:
            return
        wide, high = self._size
        top = round((corner[1] - self._framing.floor) * self._scale)
        if top >= high:
            return
        picture.paste(self._soil.crop((0, 0, wide, high - max(top, 0))), (0, max(top, 0)))
        tile, thick = _round_step(self._framing.width / 5) / 2, 0.014 * wide
        every = 2  # tiles from one number to the next
        widest = self._font.getlength(f"-{abs(corner[0]) + self._framing.width:.1f}")
        while every * tile * self._scale < 1.5 * widest:
            every *= 2
        for k in range(math.floor(corner[0] / tile), math.ceil((corner[0] + self._framing.width) / tile) + 1):
            left = (k * tile - corner[0]) * self._scale
            ink.rectangle((left, top, left + tile * self._scale, top + thick), TILES[k % 2])
            if k % every == 0:
                text = f"{k * tile:.10g} m" if k == 0 else f"{k * tile:.10g}"
                ink.text((left, top + 1.5 * thick), text, LABEL, self._font, anchor="mt")
        ink.line((0, top, wide, top), INK, round(OUTLINE * wide))

    def _draw_map(self, ink: ImageDraw.ImageDraw, corner: Array) -> None:
        """The ground from above: tiles on its whole area."""
        tile = _round_step(self._framing.width / 10)
        for geom in self._grounds:
            middle, half = self.robot.geoms.pos[geom, :2], self.robot.geoms.size[geom, :2]
            half = np.where(half > 0, half, np.inf)
            low = np.maximum(middle - half, corner - [0, self._framing.height])
            high = np.minimum(middle + half, corner + np.array([self._framing.width, 0]))
            for i in range(math.floor(low[0] / tile), math.ceil(high[0] / tile)):
                for j in range(math.floor(low[1] / tile), math.ceil(high[1] / tile)):
                    a = np.clip([i * tile, j * tile], low, high)
                    b = np.clip([(i + 1) * tile, (j + 1) * tile], low, high)
                    (left, bottom), (right, top) = self._pixels(np.stack((a, b)), corner)
                    ink.rectangle((left, top, right, bottom), PAPER[(i + j) % 2])


def _round_step(length: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is at most `length`."""
    power = 10.0 ** math.floor(math.log10(length))
    return power * max(k for k in (1, 2, 5) if k * power <= length * (1 + 1e-9))


def _colour(rgb: Sequence[float], shade: float) -> Colour:
    return tuple(round(255 * shade * min(max(float(c), 0.0), 1.0)) for c in rgb)


def _mix(colour: Colour, other: Colour, share: float) -> Colour:
    return tuple(round((1 - share) * a + share * b) for a, b in zip(colour, other, strict=True))


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    share = np.linspace(0, 1, size[1])[:, None, None]
    column = (1 - share) * np.array(top) + share * np.array(bottom)
    return Image.fromarray(np.broadcast_to(column.round().astype(np.uint8), (size[1], size[0], 3)).copy())
