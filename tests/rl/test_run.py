"""A run in a folder: its parts are put back as they were saved, its clock goes on, and what does not belong to it is refused."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.mechanics.storage import FileFault, save_arrays
from mosim_gym.rl.run import KIND, Run, RunRecord, read_run


class Counter:
    """A part with a number."""

    def __init__(self, count: int = 0) -> None:
        self.count = count

    def state(self):
        return {"count": np.array(self.count)}

    def restore(self, arrays):
        self.count = int(arrays["count"])


def record(**changes) -> RunRecord:
    given = {"strategy": "try", "task": "ReacherEasy", "config": {"width": 3, "learner": {"algo": "toy"}}, "model": "m"}
    return RunRecord(**{**given, **changes})


def test_a_run_goes_on_with_its_parts_its_record_and_its_clock(tmp_path):
    run = Run(tmp_path, record())
    assert not run.resumed
    run.add("one", Counter(1))
    run.add("two", Counter(2))
    run.record.best, run.record.curve = 5.0, [{"steps": 3, "return": 5.0}]
    run.record.seconds = 100.0
    run.save()
    again, one, two = Run(tmp_path, record()), Counter(), Counter()
    assert again.resumed
    again.add("two", two)
    again.add("one", one)
    assert (one.count, two.count) == (1, 2)
    assert again.record == run.record
    assert 100 <= again.tick() < 160


@pytest.mark.parametrize(("save_every", "due"), [(0.0, True), (3600.0, False)])
def test_saves_are_due_as_often_as_it_is_asked_for(tmp_path, save_every, due):
    run = Run(tmp_path, record(), save_every)
    for _ in range(2):
        assert run.save_due is due
        run.save()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"strategy": "other"}, r"another strategy \(try, here other\)"),
        ({"task": "ReacherHard"}, r"another task \(ReacherEasy, here ReacherHard\)"),
        ({"model": "n"}, r"another model \(m, here n\)"),
        ({"judge": "j"}, r"another judge \(None, here j\)"),
        ({"config": {"width": 4, "learner": {"algo": "toy"}}}, r"another config \(width 3, here 4\)"),
        ({"config": {"width": 3, "learner": {"algo": "sac"}}}, r"another config \(algo toy, here sac\)"),
    ],
)
def test_another_run_is_refused_and_its_folder_stays_as_it_is(tmp_path, changes, said):
    run = Run(tmp_path, record())
    run.save()
    before = run.path.read_bytes()
    with pytest.raises(FileFault, match=f"holds a run with {said}; choose another folder"):
        Run(tmp_path, record(**changes))
    assert run.path.read_bytes() == before


def test_results_of_something_else_are_not_replaced(tmp_path):
    (tmp_path / "policy.safetensors").write_bytes(b"theirs")
    with pytest.raises(FileFault, match="would be replaced; choose another folder"):
        Run(tmp_path, record())


def test_a_state_that_lacks_a_part_or_is_of_an_older_version_is_one_sentence(tmp_path):
    run = Run(tmp_path, record())
    run.save()
    with pytest.raises(FileFault, match="is damaged, or of another version of mosim_gym"):
        Run(tmp_path, record()).add("one", Counter())
    _, header = read_run(run.path)
    save_arrays(run.path, KIND, {}, {**header, "version": 1})
    with pytest.raises(FileFault, match="holds a run of an older version of mosim_gym, which cannot be continued"):
        Run(tmp_path, record())
    save_arrays(run.path, KIND, {}, {"record": header["record"]})
    with pytest.raises(FileFault, match="holds a run of an older version of mosim_gym, which cannot be continued"):
        Run(tmp_path, record())
    save_arrays(run.path, KIND, {}, {**header, "record": {**header["record"], "seconds": "long"}})
    with pytest.raises(FileFault, match="seconds"):
        Run(tmp_path, record())


def test_a_run_that_is_older_than_a_setting_goes_on_where_the_setting_is_off(tmp_path):
    Run(tmp_path, record()).save()
    config = {"width": 3, "learner": {"algo": "toy"}}
    assert Run(tmp_path, record(config={**config, "memory": 0})).resumed
    with pytest.raises(FileFault, match=r"another config \(memory not set, here 2\)"):
        Run(tmp_path, record(config={**config, "memory": 2}))
