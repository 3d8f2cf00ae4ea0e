"""Quaternion algebra against MuJoCo's."""

from __future__ import annotations

import mujoco
import numpy as np
import torch

from mosim_gym.mechanics import rotations


def _quaternions(rng, n=200):
    quat = rng.normal(size=(n, 4))
    return quat / np.linalg.norm(quat, axis=1, keepdims=True)


def test_products_rotations_and_matrices_equal_mujoco(rng):
    a, b, v = _quaternions(rng), _quaternions(rng), rng.normal(size=(200, 3))
    product, turned, matrices = np.zeros((200, 4)), np.zeros((200, 3)), np.zeros((200, 9))
    for i in range(200):
        mujoco.mju_mulQuat(product[i], a[i], b[i])
        mujoco.mju_rotVecQuat(turned[i], v[i], a[i])
        mujoco.mju_quat2Mat(matrices[i], a[i])
    ta, tb, tv = map(torch.from_numpy, (a, b, v))
    np.testing.assert_allclose(rotations.multiply(ta, tb), product, atol=1e-14)
    np.testing.assert_allclose(rotations.rotate(ta, tv), turned, atol=1e-14)
    np.testing.assert_allclose(rotations.to_matrix(ta).reshape(-1, 9), matrices, atol=1e-14)
    np.testing.assert_allclose(rotations.rotate(rotations.conjugate(ta), rotations.rotate(ta, tv)), v, atol=1e-14)


def test_logarithm_undoes_exponential_at_every_size(rng):
    direction = rng.normal(size=(300, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    size = np.concatenate((np.zeros(20), 10.0 ** rng.uniform(-12, 0, 180), rng.uniform(1, np.pi - 1e-6, 100)))
    vector = torch.from_numpy(direction * size[:, None])
    quat = rotations.exponential(vector)
    np.testing.assert_allclose(quat.norm(dim=-1), 1, atol=1e-14)
    np.testing.assert_allclose(rotations.logarithm(quat), vector, atol=1e-12)
    np.testing.assert_allclose(rotations.logarithm(-quat), vector, atol=1e-12)
