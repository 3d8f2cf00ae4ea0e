"""Motion of a policy from a file, or of a scripted one, as a dataset."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mosim_gym.adapters.policy_collecting import policy_collector
from mosim_gym.cli import main
from mosim_gym.data.dataset import collect_dataset, open_dataset
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.policies.actor import ActorPolicy


def constant(path, card, level):
    """A policy of the pendulum that always turns alike."""
    return str(ActorPolicy([(np.zeros((1, 3)), np.full(1, level))], -np.ones(1), np.ones(1), card).save(path))


@pytest.fixture
def still(tmp_path):
    return constant(tmp_path / "still.safetensors", {"task": "PendulumSwingup"}, 0.0)


def test_the_controls_are_the_policys_with_noise(still, rng):
    calm = policy_collector("pendulum", still).collect(rng, 3)
    assert calm.actions.shape == (3, 100, 1)
    assert (calm.actions == 0).all()
    noisy = policy_collector("pendulum", still, noise=0.2).collect(rng, 60)
    assert noisy.actions.std() == pytest.approx(0.2, abs=0.01)


@pytest.mark.slow
def test_an_interrupted_collection_goes_on_and_ends_with_the_same_bytes(tmp_path):
    """A gait depends on the time since its episode began, so that a chunk must not depend on the one before."""

    class Interrupted(Exception):
        pass

    def stop(done):
        raise Interrupted

    def collected(folder, report=lambda _: None):
        collector = policy_collector("cheetah", "scripted", noise=0.1)
        return collect_dataset("cheetah", folder, segments=1100, recipe="policy", collector=collector, report=report)

    with pytest.raises(Interrupted):
        collected(tmp_path / "a", stop)
    first, whole = collected(tmp_path / "a"), collected(tmp_path / "b")
    assert first.manifest == whole.manifest
    np.testing.assert_array_equal(first[1000:1100].qpos, whole[1000:1100].qpos)


def test_the_command_keeps_what_moved_the_robot(still, tmp_path, capsys):
    arguments = [
        "collect",
        "pendulum",
        "--policy",
        still,
        "--noise",
        "0.1",
        "--segments",
        "20",
        "--out",
        str(tmp_path / "d"),
    ]
    main(arguments)
    assert "2000 control steps of pendulum" in capsys.readouterr().out
    (name, share), *_ = open_dataset(tmp_path / "d", robot="pendulum").manifest["recipe"]["actions"]
    assert str(name).startswith("PendulumSwingup, ")
    assert str(name).endswith(", noise 0.1")
    assert share == 1
    manifest = (tmp_path / "d" / "manifest.json").read_text()
    main(arguments)  # all of it is there
    assert json.loads((tmp_path / "d" / "manifest.json").read_text()) == json.loads(manifest)
    other = constant(tmp_path / "other.safetensors", {"task": "PendulumSwingup"}, 0.5)
    with pytest.raises(SystemExit):
        main([other if part == still else part for part in arguments])
    said = capsys.readouterr().err
    assert "holds another dataset" in said
    assert "{" not in said


def test_wrong_input_is_one_sentence(still, tmp_path):
    nameless = constant(tmp_path / "nameless.safetensors", {}, 0.0)
    with pytest.raises(ValueError, match=r"nameless\.safetensors does not name its task; give it with --task"):
        policy_collector("pendulum", nameless)
    assert policy_collector("pendulum", nameless, task="PendulumSwingup").recipe.steps == 100
    with pytest.raises(ValueError, match="PendulumSwingup is a task of the robot 'pendulum', not of 'cheetah'"):
        policy_collector("cheetah", still)
    with pytest.raises(ValueError, match=r"The policy's observation_space is|observation"):
        policy_collector("cartpole", still, task="CartpoleSwingup").collect(np.random.default_rng(0), 1)
    with pytest.raises(ValueError, match="The robot 'walker' has no scripted policy; give the file of a policy"):
        policy_collector("walker", "scripted")
    with pytest.raises(KeyError, match=r"Unknown task with a scripted policy 'WalkerRun'.* Valid: AcrobotSwingup"):
        policy_collector("walker", "scripted", task="WalkerRun")
    with pytest.raises(FileFault, match=r"There is no policy file at .*nowhere"):
        policy_collector("pendulum", str(tmp_path / "nowhere"))
