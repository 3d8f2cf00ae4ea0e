"""Logs on disk: what is opened is what was saved, or one sentence says why not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.data.logged import ARM_XML, arm, arm_motion, cube

from mosim_gym.data import log_files
from mosim_gym.data.log_files import open_logs
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.compiling import compile_robot, load_model
from mosim_gym.mechanics.storage import FileFault


def make(rows=100):
    motion = arm_motion(rows)
    return Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 30, rows]), notes=("Guessed.",))


@pytest.fixture
def folder(tmp_path):
    return make().save(tmp_path / "logs")


def arrays_of(folder):
    return folder / json.loads((folder / "manifest.json").read_text())["arrays"]


def test_what_is_opened_is_what_was_saved_without_naming_the_robot(folder):
    opened, logs = open_logs(folder), make()
    for name in ("qpos", "qvel", "actions", "starts"):
        assert np.array_equal(getattr(opened, name), getattr(logs, name))
    assert opened.sources == logs.sources
    assert opened.notes == ("Guessed.",)
    assert opened.robot.fingerprint == logs.robot.fingerprint


def test_saving_again_replaces_the_logs_and_leaves_nothing_behind(folder):
    make(80).save(folder)
    assert len(open_logs(folder).qpos) == 80
    assert len(list(folder.iterdir())) == 2


def test_an_interrupted_save_leaves_the_old_logs(folder, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(log_files, "write_atomically", stop)
    with pytest.raises(KeyboardInterrupt):
        make(80).save(folder)
    assert len(open_logs(folder).qpos) == 100
    (folder / "arrays-left").mkdir()  # as a killed process leaves it
    monkeypatch.undo()
    make(80).save(folder)
    assert len(list(folder.iterdir())) == 2


def test_a_folder_with_other_files_is_not_changed(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileFault, match=r"holds thesis.txt, which is not a part of logs; choose another folder"):
        make().save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_logs_of_a_robot_with_corrected_masses_open_and_those_of_another_robot_do_not(folder):
    heavier = compile_robot(load_model(ARM_XML.replace('size=".02"', 'size=".02" mass="3"')), name="heavy", substeps=1)
    assert open_logs(folder, robot=heavier).robot is heavier
    with pytest.raises(
        FileFault, match="holds the motion of 'arm' with the joints shoulder, elbow, not of 'cube' with the joints root"
    ):
        open_logs(folder, robot=cube())
    slower = compile_robot(load_model(ARM_XML), name="slow", substeps=2)
    with pytest.raises(FileFault, match=r"has rows every 0.01 s, 'slow' steps every 0.02 s"):
        open_logs(folder, robot=slower)


def test_damage_is_one_sentence(folder):
    path = arrays_of(folder) / "qvel.npy"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileFault, match=r"qvel.npy is damaged: its numbers do not match their checksum"):
        open_logs(folder)
    path.write_bytes(content[:-8])
    with pytest.raises(FileFault, match=r"qvel.npy is damaged: it has \d+ bytes"):
        open_logs(folder)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"Guessed."', '"Gussed."'))
    with pytest.raises(FileFault, match="its content does not match its seal"):
        open_logs(folder)
    manifest.write_text('{"kind": "mosim_gym logs"}')
    with pytest.raises(
        FileFault, match="is damaged: its content is an object of 1; it must be an object that has version"
    ):
        open_logs(folder)
    manifest.unlink()
    with pytest.raises(FileFault, match=r"There are no logs in .*: it has no manifest.json"):
        open_logs(folder)
