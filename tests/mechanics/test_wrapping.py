"""Strings around spheres and cylinders go as MuJoCo's tendons do, on the outside, on a given side, and on the inside."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.mechanics.tendons import SpatialTendons
from mosim_gym.mechanics.wrapping import cross, wrapped

XML = """<mujoco><worldbody><site name="peg" pos="-.3 .05 .1"/><site name="side" pos="{side}"/>
  <geom name="round" {shape} euler="20 -15 30" contype="0"/>
  <body><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 1 0"/><joint type="slide" axis="0 0 1"/><joint axis="1 1 0"/>
    <geom size=".01" contype="0"/><site name="end" pos=".02 0 .01"/></body></worldbody>
  <tendon><spatial name="t" range="0 1"><site site="peg"/><geom geom="round" {sidesite}/><site site="end"/></spatial></tendon>
</mujoco>"""
SIDES = {"none": None, "one": "0 .3 0", "other": "0 -.3 .1", "inside": ".01 .02 .01"}
STATES = 300


def _arm(shape, side):
    sidesite = "" if side is None else 'sidesite="side"'
    return mujoco.MjModel.from_xml_string(XML.format(shape=shape, sidesite=sidesite, side=side or "0 0 0"))


@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize(
    "shape", ['type="sphere" size=".1"', 'type="cylinder" size=".1 .2"'], ids=["sphere", "cylinder"]
)
def test_lengths_rates_and_moment_arms_are_mujocos(shape, side, rng):
    model = _arm(shape, side)
    robot, data = compile_robot(model, name="arm", substeps=1), mujoco.MjData(model)
    tendons = SpatialTendons(robot, ["t"]).double()
    qpos, qvel = rng.uniform(-0.4, 0.4, (STATES, 4)), rng.normal(size=(STATES, 4))
    length, rate = np.zeros((STATES, 1)), np.zeros((STATES, 1))
    for row in range(STATES):
        data.qpos[:], data.qvel[:] = qpos[row], qvel[row]
        mujoco.mj_forward(model, data)
        length[row], rate[row] = data.ten_length, data.ten_velocity
    q = torch.tensor(qpos, requires_grad=True)
    values = ForwardKinematics(robot, tendons.quantities)(q, torch.tensor(qvel))
    found = tendons(values)
    np.testing.assert_allclose(found.length.detach(), length, atol=1e-6)
    np.testing.assert_allclose(found.rate.detach(), rate, atol=1e-5)
    (arms,) = torch.autograd.grad(found.length.sum(), q, retain_graph=True)
    (change,) = torch.autograd.grad(found.rate.sum(), q)
    np.testing.assert_allclose((arms * torch.tensor(qvel)).sum(-1), rate[:, 0], atol=1e-5)
    np.testing.assert_allclose(tendons.moment_arms(values, found.pull)[:, 0].detach(), arms, atol=1e-5)
    assert bool(change.isfinite().all())


def test_a_string_in_line_with_the_centre_goes_half_around_a_sphere():
    start, end = torch.tensor([[-2.0], [0.0], [0.0]]), torch.tensor([[2.0], [0.0], [0.0]])
    no, rows = torch.tensor([False]), torch.tensor([], dtype=torch.long)
    way = wrapped(start, end, torch.zeros(3, 1), torch.ones(1), no, no, rows)
    assert bool(way.wraps)
    assert float(way.length) == pytest.approx(np.pi / 3, abs=1e-5)
    np.testing.assert_allclose(way.first.square().sum(0), 1, atol=1e-6)


def test_the_cross_product_is_torchs():
    a, b = torch.randn(2, 3, 5, 4)
    torch.testing.assert_close(cross(a, b), torch.linalg.cross(a, b, dim=0))
