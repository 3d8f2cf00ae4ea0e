"""What a repository on the hub holds, and the commit that puts it there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mosim_gym.adapters.hub import CARD, ENVIRONMENTS, push, repository_files
from mosim_gym.cli import main
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.zoo.names import CHECKPOINT, packaged_path

POLICY = next((Path(__file__).resolve().parents[2] / "benchmarks" / "policies" / "zero_shot").glob("FingerSpin*"))


class Recorder:
    """Takes the place of the hub's interface, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.made: list[tuple[str, bool]] = []
        self.commits: list[tuple[str, dict[str, bytes]]] = []

    def create_repo(self, repository, *, private, exist_ok):
        assert exist_ok
        self.made.append((repository, private))

    def create_commit(self, repository, *, operations, commit_message):
        assert commit_message.startswith("By mosim_gym")
        self.commits.append((repository, {part.path_in_repo: part.path_or_fileobj for part in operations}))


def test_a_checkpoint_comes_with_a_card_and_with_environments_that_run():
    files = repository_files(packaged_path("cheetah"), "me/cheetah")
    assert files[CHECKPOINT] == packaged_path("cheetah").read_bytes()
    card = files[CARD].decode()
    assert card.startswith("---\nlibrary_name: mosim-gym\n")
    assert 'mosim_gym.load("hf:me/cheetah")' in card
    assert "| uniform |" in card
    code = files[ENVIRONMENTS].decode().replace("'hf:me/cheetah'", repr(str(packaged_path("cheetah"))))
    made: dict = {}
    exec(code, made)
    envs = made["make_env"](n_envs=3, use_async_envs=True)
    assert envs.reset(seed=0)[0].shape == (3, 17)


def test_a_policy_comes_with_a_card():
    files = repository_files(POLICY, "me/spin")
    assert sorted(files) == [CARD, "policy.safetensors"]
    card = files[CARD].decode()
    assert "# FingerSpin: a policy" in card
    assert 'mosim_gym.load_policy("hf:me/spin")' in card
    assert "Learned by SAC" in card


def test_everything_is_pushed_in_one_commit():
    pytest.importorskip("huggingface_hub")
    api = Recorder()
    address = push(packaged_path("reacher"), "me/reacher", task="ReacherHard", private=True, api=api)
    assert address == "https://huggingface.co/me/reacher"
    assert api.made == [("me/reacher", True)]
    ((repository, files),) = api.commits
    assert (repository, sorted(files)) == ("me/reacher", [CARD, CHECKPOINT, ENVIRONMENTS])
    assert b"ReacherHard" in files[ENVIRONMENTS]


def test_the_command_can_write_the_files_and_push_nothing(tmp_path, capsys):
    main(["push", str(packaged_path("pendulum")), "me/pendulum", "--only-to", str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir()) == [CARD, CHECKPOINT, ENVIRONMENTS]
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_what_cannot_be_pushed_is_one_sentence(tmp_path):
    with pytest.raises(FileFault, match="There is no file at"):
        repository_files(tmp_path / "none.safetensors", "me/x")
    with pytest.raises(ValueError, match="WalkerRun is no task of cheetah; its tasks are CheetahRun"):
        repository_files(packaged_path("cheetah"), "me/x", task="WalkerRun")
    density = next(iter((packaged_path("cheetah").parents[1] / "densities").glob("*.safetensors")))
    with pytest.raises(FileFault, match="holds a density; a checkpoint or a policy can be pushed"):
        repository_files(density, "me/x")
