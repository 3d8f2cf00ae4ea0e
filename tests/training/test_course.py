"""The course of a run: each stage has its share of the time, or ends when it learns no more."""

from __future__ import annotations

import time

import pytest

from mosim_gym.training.config import Stage
from mosim_gym.training.course import Course
from mosim_gym.training.stages import horizon_at


def _run(course: Course, *, error=lambda step: 1.0, seconds=0.0) -> list[tuple[str, float]]:
    """Name of the stage and rate of every step."""
    steps = []
    while not course.is_over():
        steps.append((course.stage.name, course.rate))
        time.sleep(seconds)
        course.stepped()
        if course.step % 20 == 0:
            course.validated(error(course.step))
    return steps


def test_a_number_of_steps_is_shared_by_the_stages():
    stages = (Stage("predictor", 1.0), Stage("corrector", 3.0))
    names = [name for name, _ in _run(Course(stages, budget=0.0, steps=400))]
    assert names == ["predictor"] * 100 + ["corrector"] * 300


def test_rates_warm_up_and_fall_to_zero_in_each_stage():
    stages = (Stage("predictor", 1.0), Stage("corrector", 1.0, rate=0.5))
    rates = [rate for _, rate in _run(Course(stages, budget=0.0, steps=800))]
    for first, top in ((0, 1.0), (400, 0.5)):
        part = rates[first : first + 400]
        assert part[0] < 0.05 * top
        assert 0.7 * top < max(part) <= top
        assert part[-1] < 0.01 * top


def test_time_is_shared_whatever_a_step_costs():
    stages = (Stage("predictor", 1.0), Stage("corrector", 1.0))
    course = Course(stages, budget=1.0)
    while not course.is_over():
        time.sleep(0.001 if course.stage.name == "predictor" else 0.003)
        course.stepped()
    first, second = course.records
    assert first.seconds == pytest.approx(0.5, rel=0.5)
    assert first.step > 1.5 * second.step


def test_growing_rollouts_keep_to_their_time():
    stage = Stage("multistep", 1.0, horizon=16)
    course = Course((stage,), budget=1.5, timed=(10, 40))
    while not course.is_over():
        time.sleep(2e-4 * horizon_at(stage, course.reach))  # longer rollouts cost more
        course.stepped()
    assert course.seconds == pytest.approx(1.5, rel=0.35)


def test_a_stage_that_learns_no_more_ends_early_and_cools_down():
    stages = (Stage("predictor", 1.0, until="convergence"), Stage("corrector", 1.0))
    course = Course(stages, budget=0.0, steps=10_000)
    rates = [rate for name, rate in _run(course, error=lambda step: max(0.1, 1.0 - step / 500)) if name == "predictor"]
    assert 500 < len(rates) < 1500
    assert rates[400] == 1.0
    assert rates[-1] < 0.01


def test_a_stage_that_goes_on_learning_has_its_share_and_cools_down():
    stages = (Stage("predictor", 1.0, until="convergence"), Stage("corrector", 1.0))
    rates = [
        r for n, r in _run(Course(stages, budget=0.0, steps=4000), error=lambda s: 0.9 ** (s / 20)) if n == "predictor"
    ]
    assert len(rates) <= 2000
    assert rates[1000] == 1.0
    assert rates[-1] < 0.01


def test_a_course_goes_on_from_its_records():
    stages = (Stage("predictor", 1.0, until="convergence"), Stage("corrector", 1.0))

    def error(step):
        return max(0.1, 1.0 - step / 500)

    whole = _run(Course(stages, budget=0.0, steps=3000), error=error)
    course, steps = Course(stages, budget=0.0, steps=3000), []
    while not course.is_over():
        steps.append((course.stage.name, course.rate))
        course.stepped()
        if course.step % 20 == 0:
            course.validated(error(course.step))
        if course.step % 7 == 0:
            course = Course(stages, budget=0.0, steps=3000, records=course.noted())
    assert steps == whole


def test_ends_of_stages_have_names():
    with pytest.raises(KeyError, match="Unknown end of a stage 'converged'"):
        Stage("predictor", 1.0, until="converged")
    with pytest.raises(ValueError, match="must be above 0"):
        Stage("predictor", 0.0)
