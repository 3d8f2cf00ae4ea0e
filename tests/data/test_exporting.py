"""Logs that leave as files of another format come back equal."""

from __future__ import annotations

import numpy as np
import pytest
from tests.data.logged import STEP, arm, arm_motion, cube, turning

from mosim_gym.data.import_logs import import_logs
from mosim_gym.data.logs import Logs


def logs_of(kind):
    if kind == "arm":
        motion = arm_motion(90)
        return Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 30, 90]))
    qpos, qvel = turning(90)
    return Logs(cube(), qpos, qvel, np.zeros((90, 0)), np.array([0, 50, 90]))


@pytest.mark.parametrize("kind", ["arm", "cube"])
@pytest.mark.parametrize("form", ["parquet", "minari"])
@pytest.mark.filterwarnings("ignore::UserWarning:minari")
def test_what_is_exported_is_imported_again(kind, form, tmp_path, monkeypatch):
    logs = logs_of(kind)
    if form == "parquet":
        pytest.importorskip("pyarrow")
        source = str(logs.to_parquet(tmp_path / "logs.parquet"))
    else:
        pytest.importorskip("minari")
        monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
        logs.to_minari("robot/logs-v0")
        source = "minari:robot/logs-v0"
    again = import_logs(source, logs.robot)
    assert again.notes == (() if form == "parquet" or kind == "cube" else again.notes)
    assert len(again) == len(logs)
    for found, wanted in zip(again, logs, strict=True):
        for part, same in zip(found, wanted, strict=True):
            assert np.array_equal(part, same)
    assert logs.control_step == STEP


@pytest.mark.parametrize("name", ["x", "arm/logs", "arm logs-v0", "../arm-v0", 3])
def test_an_id_that_minari_cannot_have_is_refused_before_anything_is_written(name, tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"cannot be the id of a Minari dataset; .* such as arm/logs-v0\."):
        logs_of("arm").to_minari(name)
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_absent_is_named_with_its_extra(tmp_path):
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        with pytest.raises(ModuleNotFoundError, match=r"pyarrow is not installed: .*pip install '\.\[parquet\]'"):
            logs_of("arm").to_parquet(tmp_path / "logs.parquet")
