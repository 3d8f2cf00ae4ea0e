"""Real returns against the length of episodes."""

from __future__ import annotations

from mosim_gym.pictures.horizon_plot import horizon_plot


def test_every_line_is_drawn(tmp_path):
    lines = {"in MuJoCo": {10: 100.0, 1000: 900.0}, "in the model": {1000: 850.0, 10: 200.0}}
    path = horizon_plot(tmp_path / "horizon.png", lines, title="CheetahRun")
    assert (
        path.read_bytes()
        != horizon_plot(tmp_path / "one.png", {"in MuJoCo": lines["in MuJoCo"]}, title="CheetahRun").read_bytes()
    )
