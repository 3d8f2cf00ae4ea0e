"""The plot of errors against signals."""

from __future__ import annotations

from mosim_gym.pictures.signal_plot import signal_plot


def test_each_signal_has_a_part_with_its_name(tmp_path, drawn):
    bins = {"signal": [1.0, 2.0], "low": [0.1, 0.2], "median": [0.2, 0.4], "high": [0.3, 0.6]}
    signal_plot(tmp_path / "signals.kept", {"disagreement": bins, "-log p": bins})
    assert [axes.get_xlabel() for axes in drawn[0].axes] == ["disagreement", "-log p"]
    assert list(drawn[0].axes[1].get_lines()[0].get_ydata()) == [0.2, 0.4]
