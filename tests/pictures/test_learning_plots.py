"""Plots of learning say what they show."""

from __future__ import annotations

import pytest

from mosim_gym.pictures.learning_plots import (
    chosen_point,
    learning_plot,
    real_steps_plot,
    sample_efficiency_plot,
    watched_plot,
)

CURVE = [
    {"seconds": 60.0, "return_in_model": 500.0, "lowest_member": 480.0, "std": 10.0, "real": 450.0, "real_std": 30.0},
    {"seconds": 120.0, "return_in_model": 890.0, "lowest_member": 880.0, "std": 5.0, "real": 860.0, "real_std": 9.0},
    {"seconds": 180.0, "return_in_model": 895.0, "lowest_member": 870.0, "std": 20.0, "real": 700.0, "real_std": 90.0},
]
STEPS = [{"real_steps": 10_000, "return": 300.0}, {"real_steps": 20_000, "return": 500.0}]
REAL = {"mean": 858.0, "interval_95": [850.0, 866.0], "episodes": 50}


def _texts(legend):
    return [text.get_text().replace("\n", " ") for text in [*legend.get_texts(), legend.get_title()]]


def test_the_real_return_stands_where_the_chosen_policy_was_found(tmp_path, drawn):
    assert chosen_point(CURVE)["seconds"] == 120
    assert chosen_point([{"return_in_model": 3.0}, {"return_in_model": 3.0, "seconds": 9.0}]) == {
        "return_in_model": 3.0
    }
    learning_plot(tmp_path / "a.kept", [CURVE], [REAL], title="A", levels={"TD-MPC2 (published)": 844.0})
    axes = drawn[0].axes[0]
    (marker,) = (bars for bars in axes.containers)
    assert marker.lines[0].get_xdata().tolist() == [2.0]
    assert marker.lines[0].get_ydata().tolist() == [858.0]
    texts = _texts(axes.get_legend())
    assert "in dm_control: 858 (50 episodes of the policy chosen in the model, 95 % interval)" in texts
    assert "± 1 standard deviation of the episodes there" in texts
    assert "TD-MPC2 (published): 844" in texts
    assert "dashed: one seed" in texts
    assert axes.get_xlabel() == "training time (min)"


def test_a_single_seed_is_dashed_and_several_are_not(tmp_path, drawn):
    learning_plot(tmp_path / "one.kept", [CURVE])
    learning_plot(tmp_path / "two.kept", [CURVE, CURVE])
    real_steps_plot(tmp_path / "steps.kept", [STEPS])
    sample_efficiency_plot(tmp_path / "many.kept", {"SAC": [STEPS], "TQC": [STEPS, STEPS]}, {"other": 400.0})
    dashed = [[line.get_linestyle() == "--" for line in figure.axes[0].lines] for figure in drawn]
    assert dashed[:3] == [[True], [False, False], [True]]
    assert dashed[3][:2] == [True, False]
    assert "band: lowest to highest seed" in _texts(drawn[3].axes[0].get_legend())
    with pytest.raises(ValueError, match="learning_plot needs at least one curve"):
        learning_plot(tmp_path / "none.kept", [])


def test_each_kind_of_run_has_a_panel_with_both_worlds_and_all_seeds(tmp_path, drawn):
    watched_plot(
        tmp_path / "w.kept", {"nothing holds it": [CURVE, CURVE], "density penalty": [CURVE]}, title="Penalties"
    )
    panels = [axes for axes in drawn[0].axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == ["nothing holds it", "density penalty"]
    assert [len(axes.lines) for axes in panels] == [4, 2]
    assert panels[0].get_ylim() == panels[1].get_ylim()
    texts = _texts(drawn[0].legends[0])
    assert {"in the model", "in dm_control", "thin: the second seed; dashed: one seed"} <= set(texts)
