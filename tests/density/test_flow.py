"""The flow is a density: it integrates to one, its log-determinants are exact, it can be inverted, and it says the same each time."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mosim_gym.density.coordinates import MinimalCoordinates, tilt
from mosim_gym.density.flow import FlowConfig, ResidualFlow
from mosim_gym.density.prepared import PreparedFlow
from mosim_gym.mechanics.rotations import to_matrix
from mosim_gym.robots import load_robot

QUICK = FlowConfig(blocks=3, width=32)


def fitted(data: torch.Tensor, steps: int = 400) -> ResidualFlow:
    torch.manual_seed(0)
    flow = ResidualFlow(data.shape[1], QUICK)
    flow.fit_statistics(data)
    optimiser = torch.optim.Adam(flow.parameters(), lr=5e-3)
    for _ in range(steps):
        for layer in flow.linears():
            layer.refine()
        loss = -flow.log_density(data[torch.randint(len(data), (256,))]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return flow.settle()


def two_moons(count: int) -> torch.Tensor:
    """Two bent clouds, far from normal."""
    generator = torch.Generator().manual_seed(1)
    angle = math.pi * torch.rand(count, generator=generator)
    side = (torch.rand(count, generator=generator) < 0.5).float() * 2 - 1
    x = torch.stack((torch.cos(angle) * side + side * 0.5, torch.sin(angle) * side - side * 0.25), dim=1)
    return x + 0.1 * torch.randn(count, 2, generator=generator)


@pytest.fixture(scope="module")
def moons() -> ResidualFlow:
    return fitted(two_moons(5000))


def test_in_one_dimension_the_density_integrates_to_one_and_finds_two_peaks():
    generator = torch.Generator().manual_seed(0)
    peaks = torch.tensor([-2.0, 2.0])[torch.randint(2, (4000,), generator=generator)]
    flow = fitted((peaks + 0.5 * torch.randn(4000, generator=generator))[:, None])
    grid = torch.linspace(-8, 8, 4001)
    with torch.no_grad():
        density = flow.log_density(grid[:, None]).exp()
    assert float(torch.trapezoid(density, grid)) == pytest.approx(1.0, abs=1e-3)
    assert density[grid.abs() < 0.1].max() < 0.3 * density[(grid - 2).abs() < 0.5].max()


def test_in_two_dimensions_the_density_integrates_to_one(moons):
    line = torch.linspace(-5, 5, 401)
    grid = torch.cartesian_prod(line, line)
    with torch.no_grad():
        total = moons.log_density(grid).exp().sum() * (line[1] - line[0]) ** 2
    assert float(total) == pytest.approx(1.0, abs=5e-3)


def test_it_fits_better_than_a_normal_distribution(moons):
    data, held_out = two_moons(5000), two_moons(9000)[5000:]
    normal = torch.distributions.MultivariateNormal(data.mean(0), torch.cov(data.T))
    with torch.no_grad():
        assert moons.log_density(held_out).mean() > normal.log_prob(held_out).mean() + 0.1


def test_the_log_determinant_is_that_of_the_map():
    torch.manual_seed(0)
    flow = ResidualFlow(6, QUICK).double().settle()
    x = torch.randn(4, 6, dtype=torch.float64)
    _, found = flow(x)
    for row, log_det in zip(x, found, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda y: flow(y[None])[0][0], row)
        assert float(torch.linalg.slogdet(jacobian).logabsdet) == pytest.approx(float(log_det.detach()), abs=1e-10)


def test_a_prepared_flow_says_the_same(moons):
    torch.manual_seed(0)
    wide = ResidualFlow(11, FlowConfig(blocks=3, width=24, layers=3))
    wide.mean.normal_()
    wide.std.uniform_(0.5, 2)
    for flow in (moons, wide.settle()):
        x = torch.randn(300, flow.size)
        with torch.no_grad():
            torch.testing.assert_close(PreparedFlow(flow)(x), flow.log_density(x), rtol=1e-4, atol=1e-4)
    assert PreparedFlow(wide)(torch.zeros(0, 11)).shape == (0,)


def test_samples_come_from_the_density(moons):
    """In more dimensions than can be integrated: the mean log-density of samples is minus the entropy, found from the base as well."""
    generator = torch.Generator().manual_seed(3)
    samples = moons.sample(4000, generator)
    with torch.no_grad():
        z, log_det = moons(samples)
        entropy = 0.5 * 2 * math.log(2 * math.pi * math.e) - log_det.mean()
        assert float(-moons.log_density(samples).mean()) == pytest.approx(float(entropy), abs=0.05)
        assert z.mean(0).abs().max() < 0.06
        assert (z.std(0) - 1).abs().max() < 0.06
    np.testing.assert_allclose(samples.mean(0), two_moons(5000).mean(0), atol=0.12)


def test_inverse_undoes_the_map_and_densities_do_not_vary():
    torch.manual_seed(0)
    flow = ResidualFlow(8, QUICK).settle()
    x = torch.randn(50, 8)
    with torch.no_grad():
        torch.testing.assert_close(flow.inverse(flow(x)[0]), x, atol=1e-4, rtol=0)
        first = flow.log_density(x)
        torch.rand(3)  # the global generator has no say
        assert torch.equal(flow.log_density(x), first)
        torch.testing.assert_close(flow.log_density(x[:1]), first[:1])


def test_trained_blocks_are_contractions(moons):
    for layer in moons.linears():
        assert torch.linalg.matrix_norm(layer.weight.detach(), 2) <= moons.config.contraction ** (1 / 3) + 1e-5


def test_what_a_flow_cannot_be_made_of():
    with pytest.raises(ValueError, match="contraction is 1"):
        FlowConfig(contraction=1)
    with pytest.raises(ValueError, match="at least 1, 1 and 2"):
        FlowConfig(layers=1)


@pytest.mark.parametrize("robot", ["cheetah", "acrobot", "reacher", "humanoid", "fish", "hopper"])
def test_coordinates_are_minimal_and_forget_what_does_not_matter(robot, rng):
    description = load_robot(robot)
    coordinates = MinimalCoordinates(description)
    qpos = torch.tensor(np.tile(description.qpos0, (6, 1))) + 0.1
    for place in description.quaternion_slices:
        part = torch.from_numpy(rng.normal(size=(6, 4)))
        qpos[:, place] = part / part.norm(dim=1, keepdim=True)
    qvel = torch.from_numpy(rng.normal(size=(6, description.nv)))
    action = torch.from_numpy(rng.uniform(-1, 1, size=(6, description.nu)))
    x = coordinates(qpos, qvel, action)
    assert x.shape == (6, coordinates.size)
    ignored = len(description.translation_indices) + (description.invariances.yaw is not None)
    assert coordinates.size == 2 * description.nv + description.nu - ignored
    moved = qpos.clone()
    moved[:, list(description.translation_indices)] += 3.0
    torch.testing.assert_close(coordinates(moved, qvel, action), x)


def test_tilt_is_a_rotation_vector():
    angle = 0.7
    quaternion = torch.tensor([[math.cos(angle / 2), math.sin(angle / 2), 0.0, 0.0]], dtype=torch.float64)
    vector = tilt(to_matrix(quaternion)[:, 2])
    assert float(vector.norm()) == pytest.approx(angle)
    assert torch.equal(tilt(torch.tensor([[0.0, 0.0, 1.0]])), torch.zeros(1, 2))
