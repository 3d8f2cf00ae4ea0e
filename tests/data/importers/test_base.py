"""The contract of importers, which every registered one keeps: what a log holds is what is imported."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import pytest
from tests.data.logged import STEP, arm, arm_motion

from mosim_gym.data.import_logs import import_logs
from mosim_gym.data.importers.base import IMPORTERS, Importer, Table
from mosim_gym.mechanics.storage import FileFault

OURS = ("qpos", "qvel", "action")


class JsonImporter(Importer):
    """An importer of one's own: an object of lists."""

    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    def read(self, source):
        try:
            with open(source) as file:
                content = json.load(file)
        except (OSError, ValueError) as error:
            raise FileFault(f"{source} is not readable JSON ({error}).") from error
        return Table.of(source, {name: np.array(column) for name, column in content.items()})


@pytest.fixture(params=["npz", "csv", "parquet", "hdf5", "minari", "lerobot", "json"])
def kind(request):
    IMPORTERS.add("json", JsonImporter)
    yield request.param
    IMPORTERS.remove("json")


def segments():
    return [arm_motion(60), arm_motion(40, phase=0.5)]


def _flat(motions):
    columns = {name: np.concatenate([motion[name] for motion in motions]) for name in (*OURS, "time")}
    return {**columns, "segment": np.repeat(np.arange(len(motions)), [len(m["time"]) for m in motions])}


def _npz(folder, motions):
    np.savez(folder / "log.npz", **_flat(motions))
    return str(folder / "log.npz")


def _json(folder, motions):
    (folder / "log.json").write_text(json.dumps({name: column.tolist() for name, column in _flat(motions).items()}))
    return str(folder / "log.json")


def _csv(folder, motions):
    columns = _flat(motions)
    names = [f"{name}_{i}" for name in OURS for i in range(2)]
    table = np.column_stack([columns[name] for name in (*OURS, "time", "segment")])
    lines = [",".join(f"{value!r}" for value in row.tolist()) for row in table]
    (folder / "log.csv").write_text("\n".join([",".join([*names, "time", "segment"]), *lines]) + "\n")
    return str(folder / "log.csv")


def _lists(arrow, columns):
    return arrow.table({name: list(column) if column.ndim == 2 else column for name, column in columns.items()})


def _parquet(folder, motions):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(_lists(arrow, _flat(motions)), folder / "log.parquet", row_group_size=33)
    return str(folder / "log.parquet")


def _lerobot(folder, motions):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for number, motion in enumerate(motions):
        columns = _flat([motion])
        named = {
            "observation.state": columns["qpos"],
            "observation.velocity": columns["qvel"],
            "action": columns["action"],
        }
        named |= {"timestamp": columns["time"].astype(np.float32), "episode_index": columns["segment"] + number}
        path = folder / "data" / "chunk-000" / f"file-00{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(_lists(arrow, named), path)
    (folder / "meta").mkdir()
    (folder / "meta" / "info.json").write_text(json.dumps({"codebase_version": "v3.0", "fps": round(1 / STEP)}))
    return f"lerobot:{folder}"


def _hdf5(folder, motions):
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "log.hdf5", "w") as file:
        file.attrs["time_step"] = STEP
        for number, motion in enumerate(motions):
            group = file.create_group(f"data/demo_{number}")
            group["observations/qpos"], group["observations/qvel"] = motion["qpos"], motion["qvel"]
            group["action"] = motion["action"][:-1]
    return str(folder / "log.hdf5")


def _minari(folder, motions):
    minari = pytest.importorskip("minari")
    spaces = pytest.importorskip("gymnasium.spaces")
    box = spaces.Box(-np.inf, np.inf, (2,), np.float64)
    buffers = [
        minari.data_collector.EpisodeBuffer(
            id=number,
            observations={"qpos": motion["qpos"], "qvel": motion["qvel"]},
            actions=motion["action"][:-1],
            rewards=np.zeros(len(motion["time"]) - 1),
            terminations=np.zeros(len(motion["time"]) - 1, bool),
            truncations=np.zeros(len(motion["time"]) - 1, bool),
            infos={},
        )
        for number, motion in enumerate(motions)
    ]
    minari.create_dataset_from_buffers(
        "arm/log-v0",
        buffers,
        observation_space=spaces.Dict({"qpos": box, "qvel": box}),
        action_space=box,
        data_format="hdf5",
    )
    return "minari:arm/log-v0"


@pytest.fixture
def source(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    return {
        "npz": _npz,
        "csv": _csv,
        "parquet": _parquet,
        "hdf5": _hdf5,
        "minari": _minari,
        "lerobot": _lerobot,
        "json": _json,
    }[kind](tmp_path, segments())


@pytest.mark.filterwarnings("ignore::UserWarning:minari")
def test_what_a_log_holds_is_what_is_imported(source, kind):
    logs = import_logs(source, arm(), time_step=STEP if kind == "minari" else None)
    assert len(logs) == 2
    for found, wanted in zip(logs, segments(), strict=True):
        assert np.array_equal(found.qpos, wanted["qpos"])
        assert np.array_equal(found.qvel, wanted["qvel"])
        assert np.array_equal(found.actions, wanted["action"][:-1])
    assert all(source.partition(":")[2] in name or source in name for name in logs.sources)


def test_a_source_that_is_not_there_is_one_sentence(kind, tmp_path):
    if kind in ("minari", "lerobot"):
        pytest.importorskip("minari" if kind == "minari" else "pyarrow")
        place = f"{kind}:{tmp_path / 'none'}"
    else:
        place = str(tmp_path / f"none.{kind}")
    with pytest.raises(FileFault, match=r"none"):
        import_logs(place, arm())


def test_a_damaged_file_is_one_sentence(kind, tmp_path):
    if kind in ("minari", "lerobot", "csv"):
        pytest.skip("is a folder, or any text")
    path = tmp_path / f"log.{kind}"
    path.write_bytes(b"PK\x03\x04 no log at all \xff\xfe" * 20)
    pytest.importorskip({"parquet": "pyarrow", "hdf5": "h5py"}.get(kind, "json"))
    with pytest.raises(FileFault, match=rf"log\.{kind} is not (a )?readable"):
        import_logs(str(path), arm())


def test_unknown_formats_and_schemes_name_the_valid_ones(tmp_path):
    (tmp_path / "log.bag").touch()
    with pytest.raises(
        FileFault, match=r"log.bag is of no format that can be imported; files end in \.csv, \.h5, \.hdf5, \.npz"
    ):
        import_logs(tmp_path / "log.bag", arm())
    with pytest.raises(FileFault, match="holds no log; files end in"):
        import_logs(tmp_path, arm())
    with pytest.raises(KeyError, match=r"Unknown kind of source 'minary'. Did you mean 'minari'"):
        import_logs("minary:x", arm())
    with pytest.raises(TypeError, match="is not a importer: it must be a class derived from Importer"):
        IMPORTERS.add("dict", dict)
