"""`mosim-gym export` as typed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mosim_gym.cli import main
from mosim_gym.policies.actor import ActorPolicy

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def _policy(path, observations):
    return ActorPolicy([(np.zeros((1, observations)), np.zeros(1))], -np.ones(1), np.ones(1), {}).save(path)


def test_a_task_and_a_policy_become_two_files(tmp_path, capsys):
    policy = _policy(tmp_path / "policy.safetensors", 3)
    main(["export", "PendulumSwingup", "--policy", str(policy), "--out", str(tmp_path / "out")])
    assert "PendulumSwingup.onnx, of member 0" in capsys.readouterr().out
    files = json.loads((tmp_path / "out" / "result.json").read_text())["files"]
    step, act = (onnxruntime.InferenceSession(tmp_path / "out" / files[name]) for name in ("environment", "policy"))
    assert step.get_inputs()[0].shape == ["batch", 1]
    assert act.run(None, {"observation": np.zeros((2, 3), np.float32)})[0].shape == (2, 1)


def test_a_checkpoint_stands_for_the_only_task_of_its_robot(tmp_path):
    main(["export", "pendulum", "--out", str(tmp_path)])
    assert (tmp_path / "PendulumSwingup.onnx").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "walker",
            "walker has 3 tasks; name one of them, and the model by --checkpoint walker. Valid: WalkerRun, WalkerStand",
        ),
        ("pendulm", "Unknown task or checkpoint 'pendulm'. Did you mean 'pendulum'?"),
        ("pendulum --checkpoint pendulum", "pendulum is a checkpoint; --checkpoint needs a task"),
        ("PendulumSwingup --member 9", "this checkpoint has 1 member"),
        (
            "PendulumSwingup --checkpoint truth",
            "Export needs a step that is always the same sequence of torch operations",
        ),
        (
            "PendulumSwingup --policy {file}",
            "maps 5 numbers of an observation to 1 controls; PendulumSwingup has 3 and 1.",
        ),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(typed, said, tmp_path, capsys):
    file = _policy(tmp_path / "policy.safetensors", 5)
    with pytest.raises(SystemExit) as end:
        main(["export", *typed.format(file=file).split(), "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
