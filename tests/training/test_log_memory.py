"""How many commands before the present one a model sees."""

from __future__ import annotations

import pytest
from tests.training.measured import pendulum_logs

from mosim_gym.training.log_memory import choose_memory


@pytest.mark.parametrize("lag", [0, 1, 2])
def test_the_memory_reaches_back_as_far_as_the_lag(lag):
    choice = choose_memory(pendulum_logs(lag=lag))
    assert choice["memory"] == lag
    assert choice["lag"] == pytest.approx(0.02 * lag, abs=0.003)


def test_a_memory_that_is_given_is_taken():
    assert choose_memory(pendulum_logs(segments=1, steps=5), 3)["memory"] == 3
    with pytest.raises(ValueError, match="memory is -1; it must be a whole number of commands"):
        choose_memory(pendulum_logs(segments=1, steps=5), -1)


def test_too_few_rows_to_tell_the_lag_give_one_command():
    assert choose_memory(pendulum_logs(segments=1, steps=5)) == {
        "memory": 1,
        "chosen_by": "unknown lag",
        "lag": None,
        "lag_spread": None,
    }
