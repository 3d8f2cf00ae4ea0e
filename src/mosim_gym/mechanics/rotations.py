"""Unit quaternions `(w, x, y, z)` and rotation matrices, batched in torch: all functions take and return tensors `(..., k)`."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from mosim_gym.mechanics.typed_torch import vector_norm


def normalize(quat: Tensor) -> Tensor:
    """`q / |q|`."""
    return quat / vector_norm(quat, dim=-1, keepdim=True)


@lru_cache(maxsize=32)
def _table(name: str, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Which of the sixteen products `aᵢ bⱼ`, `4 i + j`, make up a result, and with which factors."""
    places, factors = {
        "product": (
            [0, 5, 10, 15, 1, 4, 11, 14, 2, 7, 8, 13, 3, 6, 9, 12],
            [1, -1, -1, -1, 1, 1, 1, -1, 1, -1, 1, 1, 1, 1, -1, 1],
        ),  # four for each component
        "matrix": (
            [10, 6, 7, 6, 5, 11, 7, 11, 5, 15, 3, 2, 3, 15, 1, 2, 1, 10],
            [-2, 2, 2, 2, -2, 2, 2, 2, -2, -2, -2, 2, 2, -2, -2, -2, 2, -2],
        ),  # two for each entry: the nine first ones, then the nine second ones
        "one": ([], [1, 0, 0, 0, 1, 0, 0, 0, 1]),
    }[name]
    with torch.inference_mode(False):
        return torch.tensor(places, dtype=torch.long, device=device), torch.tensor(factors, dtype=dtype, device=device)


def _products(a: Tensor, b: Tensor) -> Tensor:
    """`aᵢ bⱼ` as `(..., 16)`."""
    return (a.unsqueeze(-1) * b.unsqueeze(-2)).flatten(-2)


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """Hamilton product `a ⊗ b`: the rotation `b`, then the rotation `a` about the outer frame's axes."""
    places, factors = _table("product", a.dtype, a.device)
    return torch.unflatten(_products(a, b).index_select(-1, places) * factors, -1, (4, 4)).sum(-1)


def conjugate(quat: Tensor) -> Tensor:
    """The inverse of a unit quaternion."""
    return torch.cat((quat[..., :1], -quat[..., 1:]), dim=-1)


def rotate(quat: Tensor, vector: Tensor) -> Tensor:
    """`R(q) v`."""
    axis = quat[..., 1:]
    twice = 2 * torch.cross(axis, vector, dim=-1)
    return vector + quat[..., :1] * twice + torch.cross(axis, twice, dim=-1)


def to_matrix(quat: Tensor) -> Tensor:
    """Rotation matrix `(..., 3, 3)` whose columns are the rotated frame's axes.

    Every entry is that of the unit matrix and two products of components: `R₀₀ = 1 - 2 y² - 2 z²`, `R₀₁ = 2 x y - 2 w z`, and so on.
    """
    places, factors = _table("matrix", quat.dtype, quat.device)
    _, one = _table("one", quat.dtype, quat.device)
    terms = _products(quat, quat).index_select(-1, places) * factors
    first, second = torch.unflatten(terms, -1, (2, 9)).unbind(-2)
    return torch.unflatten(one + first + second, -1, (3, 3))


def exponential(rotation_vector: Tensor) -> Tensor:
    """Quaternion of the rotation by `|r|` about `r`. It and its gradient are smooth at `r = 0`."""
    half = rotation_vector / 2
    squared = (half * half).sum(-1, keepdim=True)
    angle = squared.clamp_min(1e-20).sqrt()
    small = squared < 1e-8
    sinc = torch.where(small, 1 - squared / 6, torch.sin(angle) / angle)
    cosine = torch.where(small, 1 - squared / 2, torch.cos(angle))
    return torch.cat((cosine, sinc * half), dim=-1)


def logarithm(quat: Tensor) -> Tensor:
    """Rotation vector of a unit quaternion, by the smaller angle (`|r| ≤ π`). Inverse of `exponential`."""
    quat = torch.where(quat[..., :1] < 0, -quat, quat)
    axis = quat[..., 1:]
    squared = (axis * axis).sum(-1, keepdim=True)
    sine = squared.clamp_min(1e-20).sqrt()
    scale = torch.where(squared < 1e-12, 2 / quat[..., :1], 2 * torch.atan2(sine, quat[..., :1]) / sine)
    return scale * axis
