"""The plot of neighbouring trajectories."""

from __future__ import annotations

from mosim_gym.pictures.chaos_plot import growth_plot


def test_each_system_has_a_line_and_a_name(tmp_path, drawn):
    curves = {"MuJoCo": ([0.1, 0.2], [0.5, 0.9]), "acrobot": ([0.1, 0.2], [0.4, 0.8])}
    growth_plot(tmp_path / "growth.kept", curves, actions="uniform")
    axes = drawn[0].axes[0]
    assert [line.get_label() for line in axes.get_lines()] == ["MuJoCo", "acrobot"]
    assert list(axes.get_lines()[1].get_ydata()) == [0.4, 0.8]
    assert axes.get_xlabel() == "time (s)"
