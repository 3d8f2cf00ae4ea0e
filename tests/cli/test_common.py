"""What commands share: with `--workers`, names are checked before anyone is asked to work."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from mosim_gym.cli import main


@pytest.fixture
def no_cluster(monkeypatch):
    """Ray is there, and no cluster may begin."""

    def begin(**_):
        raise AssertionError("a cluster began")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=begin))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["collect", "spider"], "Unknown robot 'spider'"),
        (["collect", "pendulum", "--recipe", "fast"], "Unknown recipe 'fast'. Valid: coverage"),
        (["collect", "pendulum", "--segments", "0"], "segments is 0"),
        (["train", "spider", "--members", "2"], "Unknown robot 'spider'"),
        (["train", "pendulum", "--members", "2", "--preset", "huge"], "Unknown preset 'huge'"),
        (["train", "pendulum", "--members", "2", "--start", "spider"], "spider"),
    ],
)
def test_a_wrong_name_is_refused_before_a_cluster_begins(options, message, no_cluster, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([*options, "--workers", "ray", "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said
    assert not (tmp_path / "out").exists()
