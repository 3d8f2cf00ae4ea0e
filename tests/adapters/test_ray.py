"""Tasks on a cluster of Ray, one that begins on this machine: the same bytes as here, and a killed worker costs nothing."""

from __future__ import annotations

import os
import signal

import pytest

pytest.importorskip("ray", reason="ray is not installed")

import ray

from mosim_gym.adapters.ray import RayExecutor, executor
from mosim_gym.data.dataset import collect_dataset
from mosim_gym.mechanics.executor import HERE
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.training.members import train_members
from mosim_gym.zoo.names import load

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workers():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, address="local")
    yield RayExecutor()
    ray.shutdown()


def test_a_cluster_begins_with_the_first_task():
    assert not ray.is_initialized()
    RayExecutor()
    assert not ray.is_initialized()


def test_results_come_in_the_order_of_endless_items(workers):
    def endless():
        number = 0
        while True:
            yield number
            number += 1

    found = []
    for square in workers.map(lambda number: number**2, endless()):
        found.append(square)
        if len(found) == 9:
            break
    assert found == [number**2 for number in range(9)]


def test_a_collection_has_the_same_bytes_as_in_one_process(workers, tmp_path):
    for name, who in (("here", HERE), ("ray", workers)):
        collect_dataset("pendulum", tmp_path / name, segments=2500, seed=3, workers=who)
    here, there = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("here", "ray"))
    assert here == there


def test_a_task_whose_worker_is_killed_is_run_again(workers, tmp_path):
    def killed_once(number):
        place = tmp_path / str(number)
        if number % 2 and not place.exists():
            place.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert list(workers.map(killed_once, range(4))) == [0, 1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "3"]


def test_members_of_an_ensemble_are_those_that_one_process_trains(workers, tmp_path):
    options = {"budget": 5.0, "steps": 12}
    models = []
    for name, who in (("here", HERE), ("ray", workers)):
        outcome = train_members("pendulum", [3, 4], folder=tmp_path / name, workers=who, **options)
        assert outcome.card["seeds"] == [3, 4]
        models.append(load(outcome.path).model)
    assert models[0].config.members == 2
    assert models[0].digest() == models[1].digest()


def test_what_a_task_raises_is_raised_here(workers):
    def refuses(number):
        raise ValueError(f"{number} is refused")

    with pytest.raises(ValueError, match="1 is refused"):
        list(workers.map(refuses, [1]))


def test_other_kinds_of_workers_are_refused():
    assert executor(None) is HERE
    with pytest.raises(UnknownName, match="ray"):
        executor("slurm")
