"""Zips of Stable-Baselines3: their weights act as SB3 does, and nothing that they hold is run."""

from __future__ import annotations

import base64
import io
import json
import pickle  # noqa: TID251
import zipfile
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib import ARS, TQC, TRPO, CrossQ
from stable_baselines3 import A2C, DDPG, PPO, SAC, TD3

from mosim_gym.adapters.policy_files import check_policy, load_policy
from mosim_gym.cli import main
from mosim_gym.mechanics.storage import FileFault, save_arrays
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.critics import policy_class
from mosim_gym.rl.learners.observations import Whitened

TASK, SIZE = "CartpoleSwingup", 5
WHITENED = {
    "features_extractor_class": Whitened,
    "features_extractor_kwargs": {"mean": np.arange(SIZE), "std": np.arange(1, SIZE + 1)},
}
CASES: list[tuple[Any, Any, dict[str, Any]]] = [
    *((algorithm, "MlpPolicy", {}) for algorithm in (SAC, TQC, CrossQ, TD3, DDPG, PPO, A2C, TRPO, ARS)),
    (SAC, policy_class("sac", "normed"), {"policy_kwargs": {**WHITENED, "activation_fn": torch.nn.Tanh, "net_arch": [16, 8]}}),
    (TQC, policy_class("tqc", "normed"), {"policy_kwargs": WHITENED}),
    (TD3, "MlpPolicy", {"policy_kwargs": {**WHITENED, "net_arch": []}}),
    (PPO, "MlpPolicy", {"policy_kwargs": {**WHITENED, "share_features_extractor": False}}),
    (PPO, "MlpPolicy", {"use_sde": True, "policy_kwargs": {"squash_output": True, "net_arch": [8]}}),
    (SAC, "MlpPolicy", {"use_sde": True, "policy_kwargs": {"clip_mean": 0.1}}),
    (CrossQ, "MlpPolicy", {"policy_kwargs": {"batch_norm_eps": 0.1, "net_arch": [8]}}),
    (ARS, "LinearPolicy", {}),
    (ARS, "MlpPolicy", {"policy_kwargs": {"with_bias": False, "squash_output": False}}),
]  # fmt: skip


def _environment() -> gym.Env:
    return gym.make(f"MoSim/{TASK}-v0", checkpoint="truth")


def _saved(folder: Path, algorithm: Any = PPO, policy: Any = "MlpPolicy", **options: Any) -> tuple[Any, Path]:
    """A model whose weights are none of those that it begins with, and its zip."""
    options = {**options, "policy_kwargs": dict(options.get("policy_kwargs", {}))}
    model = algorithm(policy, _environment(), device="cpu", seed=0, **options)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in model.policy.parameters():
            value.add_(0.05 * torch.randn(value.shape, generator=generator))
        for name, value in model.policy.named_buffers():
            if ".ra_" in name:
                value.add_(torch.rand(value.shape, generator=generator))
    model.save(folder / "model.zip")
    return model, folder / "model.zip"


def _rewritten(path: Path, name: str, content: bytes, *, compressed: bool = False) -> Path:
    """The zip at `path` with another member `name`."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for member, old in {**members, name: content}.items():
            archive.writestr(member, old)
    return path


def _description(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("data"))


class Payload:
    """Unpickled, it writes a file: whoever does so has run a stranger's code."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


def _armed(path: Path, marker: Path) -> Path:
    """The zip at `path` with a pickle in `data` that writes `marker`."""
    held = _description(path)
    held["lr_schedule"][":serialized:"] = base64.b64encode(pickle.dumps(Payload(marker))).decode()
    return _rewritten(path, "data", json.dumps(held).encode())


@pytest.mark.parametrize(("algorithm", "policy", "options"), CASES)
def test_the_weights_of_a_zip_act_as_its_algorithm_does(
    tmp_path: Path, algorithm: Any, policy: Any, options: dict[str, Any]
) -> None:
    model, path = _saved(tmp_path, algorithm, policy, **options)
    loaded = load_policy(path)
    observation = np.random.default_rng(0).normal(size=(50, SIZE)).astype(np.float32)
    wanted = model.predict(observation, deterministic=True)[0]
    assert wanted.std() > 0
    np.testing.assert_allclose(loaded.predict(observation)[0], wanted, atol=1e-6)
    np.testing.assert_allclose(loaded.predict(observation[0], deterministic=True)[0], wanted[0], atol=1e-6)
    assert loaded.action_space == model.action_space
    check_policy(loaded, TASK)
    with pytest.raises(ValueError, match=r"The policy's observation_space is .* CheetahRun has"):
        check_policy(loaded, "CheetahRun")


def test_a_policy_of_a_few_steps_of_training_is_read_as_it_was_saved(tmp_path: Path) -> None:
    model = SAC("MlpPolicy", _environment(), device="cpu", seed=0, learning_starts=10, batch_size=16)
    model.learn(40)
    model.save(tmp_path / "model.zip")
    observation = np.random.default_rng(0).normal(size=(20, SIZE)).astype(np.float32)
    wanted = model.predict(observation, deterministic=True)[0]
    np.testing.assert_allclose(load_policy(tmp_path / "model.zip").predict(observation)[0], wanted, atol=1e-6)


def test_what_a_zip_cannot_tell_is_one_sentence(tmp_path: Path) -> None:
    policy = load_policy(_saved(tmp_path)[1])
    with pytest.raises(ValueError, match=r"shape \(3,\); this policy was trained on \(5,\)"):
        policy.predict(np.zeros(3))
    with pytest.raises(ValueError, match=r"is deterministic; load_policy\(path, trusted=True\) gives SB3's own"):
        policy.predict(np.zeros(SIZE), deterministic=False)


def test_a_pickle_in_the_description_is_run_only_for_those_who_trust_it(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    model, path = _saved(tmp_path)
    observation = np.ones(SIZE, np.float32)
    wanted = model.predict(observation, deterministic=True)[0]
    np.testing.assert_allclose(load_policy(_armed(path, marker)).predict(observation)[0], wanted, atol=1e-6)
    assert not marker.exists()
    with pytest.raises(FileFault, match="not a readable safetensors file"):
        load_policy(path.rename(tmp_path / "policy.safetensors"))
    assert not marker.exists()
    (tmp_path / "policy.safetensors").rename(path)
    load_policy(path, trusted=True)
    assert marker.exists(), "the payload works"


@pytest.mark.parametrize("name", ["policy.safetensors", "policy.zip"])
def test_a_zip_inside_a_safetensors_file_is_not_looked_at(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "ran"
    armed = np.frombuffer(_armed(_saved(tmp_path)[1], marker).read_bytes(), np.uint8)
    arrays = {"w0": np.zeros((1, SIZE)), "b0": np.zeros(1), "low": -np.ones(1), "high": np.ones(1)}
    arrays = {**{key: value.astype(np.float32) for key, value in arrays.items()}, "zzz": armed}
    path = save_arrays(tmp_path / name, "policy", arrays, {"version": 1, "card": {}})
    assert zipfile.is_zipfile(path)
    with pytest.raises(FileFault, match="weight 'zzz' does not fit its own card"):
        load_policy(path)
    assert not marker.exists()


def test_a_zip_behind_a_safetensors_policy_is_not_run_either(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    armed = _armed(_saved(tmp_path)[1], marker).read_bytes()
    path = ActorPolicy([(np.ones((1, SIZE)), np.zeros(1))], -np.ones(1), np.ones(1), {}).save(tmp_path / "first")
    content = path.read_bytes() + armed
    (tmp_path / "policy.safetensors").write_bytes(content)
    (tmp_path / "policy.zip").write_bytes(content)
    with pytest.raises(FileFault, match="not a readable safetensors file"):
        load_policy(tmp_path / "policy.safetensors", trusted=True)
    load_policy(tmp_path / "policy.zip").predict(np.zeros(SIZE))
    assert not marker.exists()


def test_a_pickle_among_the_weights_is_refused_and_not_run(tmp_path: Path) -> None:
    marker, content = tmp_path / "ran", io.BytesIO()
    torch.save({"action_net.weight": Payload(marker)}, content)  # noqa: TID251
    path = _rewritten(_saved(tmp_path)[1], "policy.pth", content.getvalue())
    with pytest.raises(FileFault, match=r"policy\.pth must hold plain tensors only"):
        load_policy(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00", b"null", b"5", b"[]", b"{}", b'"text"', b"[" * 1_000_000, b"9" * 10_000,
        b'{"n_epochs": 1}',
        b'{"n_epochs": 1, "policy_class": 5, "policy_kwargs": {}, "observation_space": {}, "action_space": {}}',
        b'{"n_epochs": 1, "policy_class": {"__module__": []}, "policy_kwargs": {}, "observation_space": {}, "action_space": {}}',
    ],
    ids=lambda data: data[:60].decode(errors="replace"),
)  # fmt: skip
def test_a_description_of_another_kind_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = _rewritten(_saved(tmp_path)[1], "data", data)
    with pytest.raises(FileFault) as fault:
        load_policy(path)
    assert len(str(fault.value)) < 500
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("action_space", "_shape"), [10**9]),
        (("action_space", "_shape"), [2]),
        (("action_space", "low"), "[nan]"),
        (("action_space", "low"), "[5.]"),
        (("action_space", "low"), 5),
        (("action_space", "dtype"), "object"),
        (("observation_space", "_shape"), [3, 64, 64]),
        (("observation_space",), {"spaces": "Dict"}),
        (("policy_class", "__module__"), "theirs.policies"),
        (("policy_kwargs",), {"activation_fn": "<class 'theirs.Activation'>"}),
        (("policy_kwargs",), {"activation_fn": {"a": []}}),
        (("policy_kwargs",), {"squash_output": "yes"}),
        (("policy_kwargs",), {"features_extractor_class": "<class 'theirs.Extractor'>"}),
        (("policy_kwargs",), None),
        (("use_sde",), 7),
    ],
)
def test_a_description_that_does_not_fit_the_weights_is_one_sentence(
    tmp_path: Path, place: tuple[str, ...], value: Any
) -> None:
    path = _saved(tmp_path)[1]
    held = _description(path)
    there: Any = held
    for key in place[:-1]:
        there = there[key]
    there[place[-1]] = value
    with pytest.raises(FileFault):
        load_policy(_rewritten(path, "data", json.dumps(held).encode()))


def _tensors(**changes: torch.Tensor) -> bytes:
    model = {"log_std": torch.zeros(1), "action_net.weight": torch.ones(1, SIZE), "action_net.bias": torch.ones(1)}
    content = io.BytesIO()
    torch.save({**model, **changes}, content)  # noqa: TID251
    return content.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        {"action_net.weight": torch.full((1, SIZE), float("nan"))},
        {"action_net.weight": torch.full((1, SIZE), 3e38)},
        {"action_net.weight": torch.ones(1, 1).expand(1, 10**12)},
        {"action_net.weight": torch.ones(1, 4)},
        {"action_net.weight": torch.ones(1, SIZE, dtype=torch.float64)},
        {"action_net.weight": torch.ones(1, SIZE).to_sparse()},
        {"action_net.weight": torch.ones(SIZE)},
        {"action_net.bias": torch.ones(3)},
        {"mlp_extractor.policy_net.1.weight": torch.ones(SIZE, SIZE)},
        {"mlp_extractor.shared_net.0.weight": torch.ones(SIZE, SIZE)},
    ],
)
def test_weights_that_are_no_policy_are_one_sentence(tmp_path: Path, changes: dict[str, torch.Tensor]) -> None:
    path = _rewritten(_saved(tmp_path)[1], "policy.pth", _tensors())
    assert load_policy(path).predict(np.zeros(SIZE))[0] == 1.0
    with pytest.raises(FileFault) as fault:
        load_policy(_rewritten(path, "policy.pth", _tensors(**changes)))
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("name", ["data", "policy.pth"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, name: str) -> None:
    path = _rewritten(_saved(tmp_path)[1], name, bytes(30_000_000), compressed=True)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(FileFault, match=rf"its {name} would unpack to 30,000,000 bytes"):
        load_policy(path)


def test_a_bomb_inside_the_weights_is_not_unpacked(tmp_path: Path) -> None:
    inner = tmp_path / "inner.zip"
    inner.write_bytes(_tensors())
    _rewritten(inner, "archive/data/0", bytes(20_000_000), compressed=True)
    with pytest.raises(FileFault, match=r"has no policy\.pth as torch writes it"):
        load_policy(_rewritten(_saved(tmp_path)[1], "policy.pth", inner.read_bytes()))


def test_what_the_weights_do_not_tell_needs_trust(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, path = _saved(tmp_path, policy_kwargs={"activation_fn": torch.nn.Mish})
    with pytest.raises(FileFault, match=r"Mish.*trusted=True\), or --trusted, .* runs any code in the file"):
        load_policy(path)
    observation = np.ones(SIZE, np.float32)
    trusted = load_policy(path, trusted=True)
    assert type(trusted) is PPO
    assert trusted.predict(observation, deterministic=True)[0] == model.predict(observation, deterministic=True)[0]
    command = ["rl", "evaluate", "CheetahRun", "--policy", str(path), "--out", str(tmp_path / "out")]
    for options, said in (([], "or --trusted"), (["--trusted"], "The policy's observation_space is")):
        with pytest.raises(SystemExit):
            main([*command, *options])
        assert said in capsys.readouterr().err
