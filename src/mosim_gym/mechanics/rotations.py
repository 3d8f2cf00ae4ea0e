"""Unit quaternions `(w, x, y, z)` and rotation matrices, batched in torch: every function takes `(..., k)` and returns `(..., k)`."""

from __future__ import annotations

import torch
from torch import Tensor


def normalize(quat: Tensor) -> Tensor:
    """`q / |q|`."""
    return quat / quat.norm(dim=-1, keepdim=True)


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """Hamilton product `a ⊗ b`: the rotation `b` followed, in the outer frame, by `a`."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        (
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ),
        dim=-1,
    )


def conjugate(quat: Tensor) -> Tensor:
    """The inverse of a unit quaternion."""
    return torch.cat((quat[..., :1], -quat[..., 1:]), dim=-1)


def rotate(quat: Tensor, vector: Tensor) -> Tensor:
    """`R(q) v`."""
    axis = quat[..., 1:]
    twice = 2 * torch.linalg.cross(axis, vector)
    return vector + quat[..., :1] * twice + torch.linalg.cross(axis, twice)


def to_matrix(quat: Tensor) -> Tensor:
    """Rotation matrix `(..., 3, 3)` whose columns are the rotated frame's axes."""
    w, x, y, z = quat.unbind(-1)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def exponential(rotation_vector: Tensor) -> Tensor:
    """Quaternion of the rotation by `|r|` about `r`; smooth, gradient included, at `r = 0`."""
    half = rotation_vector / 2
    squared = (half * half).sum(-1, keepdim=True)
    angle = squared.clamp_min(1e-20).sqrt()
    small = squared < 1e-8
    sinc = torch.where(small, 1 - squared / 6, torch.sin(angle) / angle)
    cosine = torch.where(small, 1 - squared / 2, torch.cos(angle))
    return torch.cat((cosine, sinc * half), dim=-1)


def logarithm(quat: Tensor) -> Tensor:
    """Rotation vector of a unit quaternion, the shorter way round (`|r| ≤ π`); inverse of `exponential`."""
    quat = torch.where(quat[..., :1] < 0, -quat, quat)
    axis = quat[..., 1:]
    squared = (axis * axis).sum(-1, keepdim=True)
    sine = squared.clamp_min(1e-20).sqrt()
    scale = torch.where(squared < 1e-12, 2 / quat[..., :1], 2 * torch.atan2(sine, quat[..., :1]) / sine)
    return scale * axis
