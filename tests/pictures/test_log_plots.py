"""Plots of logs have units, ranges and estimates."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.pictures.log_plots import (
    MOST_PANELS,
    Quantity,
    histogram_plot,
    lag_plot,
    motion_plot,
    noise_plot,
    step_plot,
)


def _visible(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def test_a_histogram_shows_percents_of_rows_and_the_ends_of_the_range(tmp_path, drawn, rng):
    angle = Quantity("elbow", "rad", rng.normal(size=500), (-2.0, np.inf))
    histogram_plot(tmp_path / "a.kept", [angle, Quantity("hand", "", np.ones(500))], "Positions")
    first, second = _visible(drawn[0])
    assert sum(bar.get_height() for bar in first.patches) == pytest.approx(100)
    assert [line.get_xdata()[0] for line in first.lines] == [-2.0]
    assert (first.get_xlabel(), second.get_xlabel()) == ("elbow (rad)", "hand")
    assert drawn[0].get_suptitle() == "Positions; dashed: the ends of a range"
    with pytest.raises(ValueError, match="histogram_plot needs at least one quantity"):
        histogram_plot(tmp_path / "b.kept", [], "Nothing")


def test_what_does_not_fit_is_counted(tmp_path, drawn):
    noise_plot(tmp_path / "a.kept", {f"joint {i}": 0.01 * i for i in range(MOST_PANELS + 3)}, 0.3)
    (axes,) = drawn[0].axes
    assert len(axes.patches) == MOST_PANELS
    assert drawn[0].get_suptitle() == "Noise of velocities; dashed: much (3 more are not shown)"


def test_rate_noise_and_lag_mark_what_they_are_compared_with(tmp_path, drawn):
    step_plot(tmp_path / "a.kept", np.full(40, 0.02), 0.02, np.array([1.0, 2.0]))
    rows, segments = drawn[0].axes
    assert rows.lines[0].get_xdata()[0] == 20
    assert rows.get_xlabel().endswith("(ms)")
    assert sum(bar.get_height() for bar in segments.patches) == 2
    noise_plot(tmp_path / "b.kept", {"elbow": 0.1, "wrist": 0.5}, 0.3)
    (axes,) = drawn[1].axes
    assert [bar.get_width() for bar in axes.patches[:2]] == [50.0, 10.0]
    assert axes.lines[0].get_xdata()[0] == 30.0
    shifts = np.linspace(-0.02, 0.06, 9)
    lag_plot(tmp_path / "c.kept", shifts, np.stack((1 - shifts, 2 - shifts)), (0.01, 0.002), 0.02)
    (axes,) = drawn[2].axes
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "lag: 10.0 ± 2.0 ms (0.50 steps)" in texts
    assert len(axes.lines) == 4  # two parts, their median, and the estimate


def test_motion_has_a_panel_for_each_group_and_holds_commands(tmp_path, drawn):
    times = np.arange(5) * 0.1
    angle, command = Quantity("elbow", "", times), Quantity("motor", "", times[:4])
    motion_plot(tmp_path / "a.kept", times, {"angles (rad)": [angle], "speeds": [], "commands": [command]}, "A segment")
    upper, lower = drawn[0].axes
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("angles (rad)", "commands")
    assert (upper.lines[0].get_drawstyle(), lower.lines[0].get_drawstyle()) == ("default", "steps-post")
    assert lower.get_xlabel() == "time (s)"
    with pytest.raises(ValueError, match="motion_plot needs at least one quantity"):
        motion_plot(tmp_path / "b.kept", times, {"speeds": []}, "Nothing")
