"""Turns of a free body's own frame after which it moves as before."""

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.mechanics.symmetry import body_turns
from mosim_gym.truth.dynamics import TrueDynamics


def _file(folder, body: str):
    path = folder / "body.xml"
    path.write_text(
        f'<mujoco><worldbody><geom type="plane" size="1 1 1"/><body><freejoint/>{body}</body></worldbody></mujoco>'
    )
    return path


def test_a_cube_moves_alike_in_all_its_turns(tmp_path) -> None:
    path = _file(tmp_path, '<geom type="box" size="0.05 0.05 0.05"/>')
    turns = body_turns(mosim_gym.Robot.from_file(path))
    assert turns is not None
    turn, rng = torch.arange(len(turns)), np.random.default_rng(0)
    quat = rng.normal(size=4)
    qpos = np.tile(np.concatenate(((0, 0, 0.08), quat / np.linalg.norm(quat))), (len(turns), 1))
    qvel = np.tile(rng.normal(size=6) - (0, 0, 1, 0, 0, 0), (len(turns), 1))
    states = turns.positions(torch.from_numpy(qpos), turn), turns.velocities(torch.from_numpy(qvel), turn)
    path_of_all = TrueDynamics.of_file(path, 0.02).rollout(*(part.numpy() for part in states), np.zeros((24, 10, 0)))
    assert np.abs(path_of_all.qvel[0, -1] - qvel[0]).max() > 0.5  # it has hit the ground
    np.testing.assert_allclose(path_of_all.qpos[:, :, :3], path_of_all.qpos[[0] * 24][:, :, :3], atol=1e-9)
    back = turns.velocities(torch.from_numpy(path_of_all.qvel[0, -1]).expand(24, 6), turn)
    np.testing.assert_allclose(path_of_all.qvel[:, -1], back, atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ('<geom type="box" size="0.05 0.05 0.05"/>', 24),
        ('<geom type="box" size="0.05 0.05 0.1"/>', 8),
        ('<geom type="box" size="0.04 0.05 0.1"/>', 4),
        ('<geom type="cylinder" size="0.05 0.1"/>', 8),
        ('<geom type="box" size="0.05 0.05 0.05" euler="0 0 30"/>', None),
        ('<geom type="box" size="0.05 0.05 0.05" pos="0.01 0 0"/>', None),
        ('<inertial pos="0 0 0" mass="1" diaginertia="1 1 1.5"/><geom type="box" size="0.05 0.05 0.05"/>', 8),
        ('<geom type="box" size="0.05 0.05 0.05"/><geom type="sphere" size="0.01" pos="0 0 0.05"/>', None),
    ],
)
def test_shape_and_mass_tell_the_turns(tmp_path, shape, count) -> None:
    found = body_turns(mosim_gym.Robot.from_file(_file(tmp_path, shape)))
    assert (found if found is None else len(found)) == count


def test_machines_have_none() -> None:
    assert body_turns(mosim_gym.load("cheetah").robot) is None
