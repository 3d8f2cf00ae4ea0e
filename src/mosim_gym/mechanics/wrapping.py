"""`wrapped`: the shortest way of a string between two points around a sphere or a cylinder, as MuJoCo's tendons go.

Seen along the cylinder's axis, or at right angles to the plane of a sphere's centre and the two points, the object is a circle of radius r.
From a point x at distance l from its centre, the string touches the circle at

    t = (r² x ± r √(l² - r²) x⊥) / l²,        x⊥ = (x₂, -x₁)

and follows the arc to where it leaves for the other point. Of the two ways around, a string with a *side* takes the one whose middle lies
nearest to that side; another takes the shorter. A string whose straight line misses the circle, on the right side, is straight. A side
that lies inside the object asks for a string on the inside: it touches the circle in one point, where both parts make equal angles with it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

TINY = 1e-15
"""MuJoCo's smallest length and determinant."""
AWAY = 1e-12
"""m²: keeps square roots apart from zero, where they have no derivative."""
FIRST, STEPS, CLOSE = math.asin(1 - 1e-7), 8, 1e-5
"""Newton's method for strings on the inside: the angle at which it begins, how many steps it takes, and the error that has arrived."""
LEAST, FLAT = 1 + 1e-6, 1e-9
"""Ends are at least so many radii away for strings on the inside, and the error falls at least so steeply: other strings are straight."""


class Wrap(NamedTuple):
    """Whether strings wrap `(…, W)`, where they meet and leave the object `(3, …, W)` in its axes, and the length between these `(…, W)`.

    In the plane in which the object is a circle, points are `(2, …, W)`.
    """

    wraps: Tensor
    first: Tensor
    last: Tensor
    length: Tensor


def wrapped(
    start: Tensor, end: Tensor, side: Tensor, radius: Tensor, cylinder: Tensor, sided: Tensor, hollow: Tensor
) -> Wrap:
    """The ways of W strings from `start (3, …, W)` to `end` around objects of `radius (W,)`, all in m and in the axes of the objects.

    `cylinder (W,)` tells cylinders, which lie along their z axes and have no ends, from spheres. `side (3, …, W)` is a point on the side
    of the string, where `sided (W,)`. `hollow (H,)` are the rows of strings whose side may lie inside the object. Strings that are straight
    have points and a length without meaning.
    """
    first_axis, second_axis = _plane(start, end, cylinder)

    def seen(point: Tensor) -> Tensor:
        return torch.stack((_dot(point, first_axis), _dot(point, second_axis)))

    here, there, towards = seen(start), seen(end), _unit(seen(side))
    touch = _around(here, there, towards, radius, sided)
    if len(hollow):
        touch = _inside(touch, here, there, side, radius, hollow)
    near = (_square(start) < TINY**2) | (_square(end) < TINY**2)
    first, last = (point[0] * first_axis + point[1] * second_axis for point in (touch.first, touch.last))

    # Along a cylinder's axis the string climbs evenly.
    before, after = _distance(start[:2] - first[:2]), _distance(end[:2] - last[:2])
    climb = (end[2] - start[2]) / (before + touch.length + after).clamp(min=TINY)
    heights = start[2] + climb * before, start[2] + climb * (before + touch.length)
    first, last = (
        torch.stack((point[0], point[1], torch.where(cylinder, height, point[2])))
        for point, height in zip((first, last), heights, strict=True)
    )
    length = torch.where(cylinder, touch.length * torch.sqrt(1 + climb.square()), touch.length)
    return Wrap(touch.wraps & ~near, first, last, length)


def _inside(touch: Wrap, here: Tensor, there: Tensor, side: Tensor, radius: Tensor, hollow: Tensor) -> Wrap:
    """`touch`, and the ways on the inside where the side of the strings `hollow` lies inside the object."""
    radii = radius.index_select(-1, hollow)
    within = _square(side.index_select(-1, hollow)) < radii**2
    found = _within(here.index_select(-1, hollow), there.index_select(-1, hollow), radii)
    parts = [
        old.index_copy(-1, hollow, torch.where(within, new, old.index_select(-1, hollow)))
        for old, new in zip(touch, found, strict=True)
    ]
    return Wrap(*parts)


def _plane(start: Tensor, end: Tensor, cylinder: Tensor) -> tuple[Tensor, Tensor]:
    """Two axes `(3, …, W)` of the planes in which objects are circles."""
    along = _unit(start)
    normal = cross(start, end)
    zero = torch.zeros_like(along[0])
    upright = along[0].abs() > along[1].abs()  # of two points in line with the centre any plane will do
    other = torch.stack((torch.where(upright, -along[2], zero), torch.where(upright, zero, along[2]), zero))
    other = other + torch.stack((zero, zero, torch.where(upright, along[0], -along[1])))
    normal = torch.where(_square(normal) < TINY**2, other, normal)
    across = _unit(cross(_unit(normal), along))
    one = torch.ones_like(zero)
    x, y = torch.stack((one, zero, zero)), torch.stack((zero, one, zero))
    return torch.where(cylinder, x, along), torch.where(cylinder, y, across)


def _around(here: Tensor, there: Tensor, side: Tensor, radius: Tensor, sided: Tensor) -> Wrap:
    """The ways around circles on their outside, between points in the plane."""
    square = radius**2
    distances = [_square(point) for point in (here, there)]
    apart = there - here
    gap = _square(apart)
    nearest = here + (-_dot(apart, here) / gap.clamp(min=TINY)).clamp(0, 1) * apart
    free = (_square(nearest) > square) & (~sided | (_dot(side, nearest) >= 0))
    possible = (distances[0] >= square) & (distances[1] >= square) & (radius >= TINY) & (gap >= TINY) & ~free

    ways: list[tuple[Tensor, Tensor]] = []
    scores: list[Tensor] = []
    crossings: list[Tensor] = []
    for sign in (1, -1):
        first = _tangent(here, distances[0], radius, sign)
        last = _tangent(there, distances[1], radius, -sign)
        crossing = _intersect(here, first, there, last)
        score = torch.where(sided, _dot(_unit(first + last), side), -_square(first - last))
        ways.append((first, last))
        crossings.append(crossing)
        scores.append(torch.where(crossing, -1e4, score))
    upper = scores[0] > scores[1]
    first, last = (torch.where(upper, a, b) for a, b in zip(*ways, strict=True))
    turn = _turn(first, last)
    angle = torch.atan2(torch.where(upper, -turn, turn), _dot(first, last))
    angle = torch.where(angle < 0, angle + 2 * math.pi, angle)
    crossed = torch.where(upper, crossings[0], crossings[1])
    return Wrap(possible & ~crossed, first, last, radius * angle)


def _within(here: Tensor, there: Tensor, radius: Tensor) -> Wrap:
    """The ways that touch circles on their inside, in one point each; the lengths are zero."""
    near, far = _distance(here), _distance(there)
    apart = there - here
    gap = _square(apart)
    share = -_dot(apart, here) / gap.clamp(min=TINY)
    nearest = here + share * apart
    between = (share > 0) & (share < 1)
    through = (gap > TINY) & between & (_square(nearest) <= radius**2)
    cosine = (near.square() + far.square() - gap) / (2 * near * far).clamp(min=TINY)
    wraps = (near > radius) & (far > radius) & (radius >= TINY) & ~through & (cosine >= TINY - 1)

    # asin(a sin φ) + asin(b sin φ) - 2 φ + g = 0, with φ the angle at which the string meets the circle's radius.
    a, b = (radius / torch.maximum(distance, radius * LEAST).clamp(min=TINY) for distance in (near, far))
    turn = _turn(here, there)
    g = torch.atan2(turn.abs(), _dot(here, there))

    def error(angle: Tensor, a: Tensor, b: Tensor, g: Tensor) -> Tensor:
        return torch.asin(a * torch.sin(angle)) + torch.asin(b * torch.sin(angle)) - 2 * angle + g

    def slope(angle: Tensor, a: Tensor, b: Tensor) -> Tensor:
        sine, cosine = torch.sin(angle), torch.cos(angle)
        steep = [ratio * cosine / torch.sqrt(1 - (ratio * sine).square()) for ratio in (a, b)]
        return (steep[0] + steep[1] - 2).clamp(max=-FLAT)

    fixed = a.detach(), b.detach(), g.detach()
    angle = torch.full_like(fixed[0], FIRST)
    found = (error(angle, *fixed) <= 0) & (cosine <= 1 - TINY)
    for _ in range(STEPS):
        angle = (angle - error(angle, *fixed) / slope(angle, *fixed[:2])).clamp(0, FIRST)
    arrived = found & (error(angle, *fixed).abs() <= CLOSE)
    angle = angle - torch.where(arrived, error(angle, a, b, g) / slope(angle, *fixed[:2]), 0.0)  # which has gradients
    base = _unit(torch.where(turn > 0, here, there))
    angle = angle - torch.asin(torch.where(turn > 0, a, b) * torch.sin(angle))
    cosine, sine = torch.cos(angle), torch.sin(angle)
    turned = torch.stack((cosine * base[0] - sine * base[1], sine * base[0] + cosine * base[1]))
    missed = _unit(torch.where(between, nearest, here + there))  # where the string all but touches the circle
    point = torch.where(arrived, turned, missed) * radius
    return Wrap(wraps, point, point, torch.zeros_like(near))


def _tangent(point: Tensor, distance: Tensor, radius: Tensor, sign: int) -> Tensor:
    """Where the line from `point (2, …, W)`, whose square distance from the centre is `distance`, touches the circle."""
    root = torch.sqrt((distance - radius**2).clamp(min=AWAY))
    across = torch.stack((point[1], -point[0]))
    return (radius**2 * point + sign * radius * root * across) / distance.clamp(min=AWAY)


def _intersect(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Whether the lines from a to b and from c to d cross, `(…, W)`."""
    first, second, between = b - a, d - c, a - c
    determinant = _turn(first, second)
    safe = torch.where(determinant.abs() < TINY, torch.ones_like(determinant), determinant)
    s, t = _turn(second, between) / safe, _turn(first, between) / safe
    return (determinant.abs() >= TINY) & (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)


def cross(a: Tensor, b: Tensor) -> Tensor:
    """The product a × b of vectors `(3, …)`, several times as fast as torch's for vectors in this order."""
    return torch.stack((a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]))


def _turn(a: Tensor, b: Tensor) -> Tensor:
    """The product a × b of vectors in the plane `(2, …, W)`."""
    return a[0] * b[1] - a[1] * b[0]


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(0)


def _square(vector: Tensor) -> Tensor:
    return vector.square().sum(0)


def _distance(vector: Tensor) -> Tensor:
    return _square(vector).clamp(min=AWAY**2).sqrt()


def _unit(vector: Tensor) -> Tensor:
    return vector / _distance(vector)
