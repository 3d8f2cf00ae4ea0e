"""Tables of what is registered: whatever is added appears in them."""

from __future__ import annotations

import pytest

from mosim_gym.rl.learners.base import LEARNERS
from mosim_gym.rl.learners.off_policy import OffPolicy
from mosim_gym.rl.strategies.base import STRATEGIES
from mosim_gym.rl.strategies.real_task import RealTask
from mosim_gym.rl.strategies.zero_shot import config_for
from mosim_gym.studies.registry_tables import (
    commands_table,
    learner_settings,
    learners_table,
    schedules_table,
    settings_table,
    tasks_table,
    uses_table,
)


@pytest.fixture
def added():
    """A strategy and a learner of one's own."""
    STRATEGIES.add("mine", RealTask)
    LEARNERS.add("crossq", OffPolicy)
    yield
    STRATEGIES.remove("mine")
    LEARNERS.remove("crossq")


def test_a_registered_strategy_is_a_command_and_a_learner_a_choice_of_all_that_can_use_it(added):
    text = commands_table()
    assert "`mosim-gym rl mine CheetahRun`" in text
    assert text.count("`crossq`") == len(STRATEGIES.names())
    assert text.count("`shac`") == len(STRATEGIES.names()) - 2  # none on the real task alone
    assert "| `crossq` |" in learners_table()


def test_each_use_leads_to_its_page_and_says_what_it_costs():
    text = uses_table("docs/strategies/")
    for page in ("zero-shot", "gradients", "planning", "penalties", "few-shot", "on-policy", "real-task"):
        assert f"](docs/strategies/{page}.md)" in text
    assert "What it costs" not in uses_table(costs=False)


def test_schedules_and_settings_have_the_numbers_of_their_configurations():
    row = next(line for line in schedules_table("few-shot").splitlines() if "`paper`" in line)
    assert [cell.strip() for cell in row.strip("|").split("|")][2:] == [
        "SAC", "1,000", "50 of 256", "10 of 1,000 steps", "500"
    ]  # fmt: skip
    assert "| `outside_model`       | `truncate` | `truncate`, `terminate`, `continue` " in settings_table(
        config_for("CheetahRun")
    )
    assert "| `tau` " in learner_settings("sac")
    assert "`seed`" not in settings_table(config_for("CheetahRun"))
    row = next(line for line in tasks_table().splitlines() if "FingerSpin" in line)
    assert "`updates=16` `n_step=1` `tau=0.01`" in row
