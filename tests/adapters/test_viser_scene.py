"""Every robot of the package has a scene, in which the learned and the true one stand where they are."""

from __future__ import annotations

import socket

import numpy as np
import pytest
import torch

from mosim_gym.envs.beside_truth import Standing
from mosim_gym.robots import find_task, load_task, tasks

viser = pytest.importorskip("viser")

from mosim_gym.adapters.viser_scene import ViserScene  # noqa: E402

ONE_TASK_EACH = sorted({find_task(task)[0].name: task for task in reversed(tasks())}.values())


@pytest.fixture
def server():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    opened = viser.ViserServer(host="127.0.0.1", port=port, verbose=False)
    yield opened
    opened.stop()


@pytest.mark.parametrize("name", ONE_TASK_EACH)
def test_every_robot_has_a_scene_in_which_both_stand(name, server):
    definition = find_task(name)[0]
    if definition.extra is not None:
        pytest.importorskip("myo_sim")
    task = load_task(name)
    scene = ViserScene(server, task, lambda body, pull: None)
    start = task.sample_start(torch.Generator().manual_seed(0), 2)
    model, truth = start.qpos.numpy()
    scene.show(Standing(model, truth, start.goal[0].numpy(), (0.0, 0.0), 0.0))
    ghost = [handle for handle in scene.truth if handle is not None]
    assert 0 < len(ghost) <= len(scene.model)
    assert np.isfinite([handle.position for handle in (*scene.model, *ghost)]).all()
    assert all(handle.opacity < 0.5 for handle in ghost)
    assert scene.directions


def test_a_robot_that_travels_stays_in_the_middle_and_its_ghost_beside_it(server):
    task = load_task("CheetahRun")
    scene = ViserScene(server, task, lambda body, pull: None)
    model = task.sample_start(torch.Generator().manual_seed(0), 1).qpos.numpy()[0]
    model[0], truth = 120.0, model.copy()
    truth[0] = 121.0
    scene.show(Standing(model, truth, np.zeros(0), (0.0, 0.0), 1.0))
    for learned, true in zip(scene.model, scene.truth, strict=True):
        assert abs(learned.position[0]) < 1
        np.testing.assert_allclose(true.position - learned.position, [1, 0, 0], atol=1e-6)


def test_a_drag_pulls_within_the_plane_in_which_a_robot_moves(server):
    flat = ViserScene(server, load_task("CheetahRun"), lambda body, pull: None)
    np.testing.assert_allclose(flat.pull((0, 0, 0), (1.0, 2.0, 3.0)), [1, 0, 3])
    free = ViserScene(server, load_task("HumanoidWalk"), lambda body, pull: None)
    np.testing.assert_allclose(free.pull((0, 0, 0), (1.0, 2.0, 3.0)), [1, 2, 3])
