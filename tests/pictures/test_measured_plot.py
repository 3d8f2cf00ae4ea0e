"""The plot of models of measured motion."""

from __future__ import annotations

from PIL import Image

from mosim_gym.pictures.measured_plot import measured_plot


def test_each_unit_has_a_panel(tmp_path):
    curves = {"all logs": ([0.05, 0.1], [0.01, 0.02])}, {"hold last": ([0.05, 0.1], [0.1, 0.2])}
    one = Image.open(measured_plot(tmp_path / "one.png", {"error (rad)": curves}, "Arm"))
    two = Image.open(measured_plot(tmp_path / "two.png", {"error (rad)": curves, "error (m)": curves}, "Cube"))
    assert two.width > 1.4 * one.width
