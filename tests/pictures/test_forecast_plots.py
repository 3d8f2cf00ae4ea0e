"""Plots of predictions show the model beside floors, and members as a band."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.pictures.forecast_plots import error_plot, overlay_plot
from mosim_gym.pictures.log_plots import Quantity


def test_errors_have_a_panel_for_each_unit_with_logarithmic_axes(tmp_path, drawn):
    curves = {"dynamics": np.array([0.01, 0.1]), "hold last": np.array([0.1, 1.0])}
    error_plot(tmp_path / "a.kept", (0.05, 0.5), {"m": curves, "rad": curves}, "Errors", "dynamics")
    panels = drawn[0].axes
    assert [axes.get_ylabel() for axes in panels] == ["error of positions (m)", "error of positions (rad)"]
    assert {axes.get_xscale() + axes.get_yscale() for axes in panels} == {"loglog"}
    assert [text.get_text() for text in panels[-1].get_legend().get_texts()] == ["hold last", "the model"]
    assert panels[0].lines[1].get_ydata().tolist() == [0.01, 0.1]
    with pytest.raises(ValueError, match="error_plot needs errors in at least one unit"):
        error_plot(tmp_path / "b.kept", (0.05,), {}, "Nothing", "dynamics")


def test_predictions_lie_over_measurements_and_members_are_a_band(tmp_path, drawn):
    times = np.arange(4) * 0.1
    measured = [Quantity("elbow", "rad", times), Quantity("wrist", "rad", -times)]
    overlay_plot(tmp_path / "a.kept", times, measured, [np.stack((times, 3 * times)), -times[None]], "Motion")
    first, second = (axes for axes in drawn[0].axes if axes.get_visible())
    assert first.lines[1].get_ydata().tolist() == pytest.approx((2 * times).tolist())
    assert (len(first.collections), len(second.collections)) == (1, 0)
    assert (first.get_ylabel(), first.get_xlabel()) == ("elbow (rad)", "time (s)")
    texts = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert texts == ["measured", "predicted", "lowest to highest member"]
