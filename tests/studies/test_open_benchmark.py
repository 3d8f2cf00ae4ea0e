"""The open benchmark: a package of one's own enters by one class, and gets its row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from mosim_gym.evaluation.floors import HoldLast
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.mechanics.version import __version__
from mosim_gym.mechanics.world_model import WorldModel
from mosim_gym.studies.open_benchmark import Rules, drawn_seed, enter, measure, score, why_not
from mosim_gym.truth.dynamics import TrueDynamics

PLUGIN = """
import numpy as np
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.world_model import WorldModel

class Extrapolation(WorldModel):
    title = "extrapolation"
    context = 2

    def fit(self, data, budget, seed):
        first = next(iter(data.blocks()))
        self.step = float(np.median(np.diff(first.qpos, axis=1) / first.qvel[:, 1:]))

    def rollout(self, history, actions):
        q, v = history.qpos[:, -1], history.qvel[:, -1]
        steps = 1 + np.arange(actions.shape[1])[None, :, None]
        return Trajectory(q[:, None] + self.step * steps * v[:, None], np.repeat(v[:, None], actions.shape[1], 1), None)
"""
SMALL = Rules(transitions=1000, budget=1.0, segments=4, drawn_segments=6)


class Shifted(HoldLast):
    """The present state, moved by what it was given."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def rollout(self, history, actions):
        path = super().rollout(history, actions)
        return Trajectory(path.qpos + self.shift, path.qvel, None)


class Truth(HoldLast):
    """MuJoCo itself."""

    def rollout(self, history, actions):
        return TrueDynamics("pendulum").rollout(history.qpos[:, -1], history.qvel[:, -1], actions)


@pytest.fixture(scope="module")
def tests():
    return [random_test("pendulum", "uniform", segments=4, steps=100, seed=1)]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "their_model.py").write_text(PLUGIN)
    (folder / "their_broken_model.py").write_text("import a_library_that_nobody_has\n")
    info = folder / "their_model-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-model\nVersion: 1.2\n")
    entries = ["extrapolation = their_model:Extrapolation", "broken = their_broken_model:Model"]
    (info / "entry_points.txt").write_text("\n".join(["[mosim_gym.world_models]", *entries, ""]))
    return folder


def test_an_installed_package_enters_by_one_class_and_gets_its_row(plugin, tmp_path):
    command = (
        "study enter extrapolation --robots pendulum --transitions 1000 --segments 4 --budget 1s --out out --data data"
    )
    paths = os.pathsep.join([str(plugin), *filter(None, [os.environ.get("PYTHONPATH")]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-m", "mosim_gym.cli", *command.split()],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "extrapolation (`extrapolation`)" in done.stdout
    assert "their-model 1.2" in done.stdout
    assert "their_broken_model:Model is left out: No module named 'a_library_that_nobody_has'" in done.stderr
    entry = json.loads((tmp_path / "out" / "extrapolation.json").read_text())
    assert entry["class"] == "their_model:Extrapolation"
    assert entry["robots"]["pendulum"]["context"] == 2
    assert why_not(entry).startswith("other transitions, budget, segments, drawn_segments; without reacher")


def test_the_second_test_follows_from_what_the_fitted_model_predicts(tests):
    assert drawn_seed(Shifted(), tests) == drawn_seed(Shifted(), tests)
    assert drawn_seed(Shifted(), tests) != drawn_seed(Shifted(1e-6), tests)
    assert 0 <= drawn_seed(Shifted(), tests) < 2**32


def test_both_tests_are_of_other_motion(tmp_path):
    found = measure(HoldLast(), "pendulum", SMALL, tmp_path)
    assert found["public"]["seed"] == 20_011 != found["drawn"]["seed"]
    assert found["public"]["uniform"]["raw"] != found["drawn"]["uniform"]["raw"]
    assert found["transitions"] == 1000


def test_a_model_that_predicts_no_motion_scores_one_and_a_better_one_less(tmp_path):
    path = enter("hold-last", tmp_path, tmp_path / "data", robots=["pendulum"], rules=SMALL)
    entry = json.loads(path.read_text())
    assert score(entry) == pytest.approx(1, rel=1e-5)
    truth = measure(Truth(), "pendulum", SMALL, tmp_path / "data")
    assert score({"robots": {"pendulum": truth}}) < 1e-6
    assert entry["package"]["name"] == "mosim_gym"


def test_an_entry_goes_on_where_it_was_and_other_rules_do_not_mix(tmp_path):
    said = []
    for _ in range(2):
        path = enter("hold-last", tmp_path, tmp_path / "data", robots=["pendulum"], rules=SMALL, report=said.append)
    assert len(said) == 1
    with pytest.raises(FileFault, match=r"hold-last\.json was measured with transitions 1000, not 1000000"):
        enter("hold-last", tmp_path, tmp_path / "data", robots=["pendulum"])
    entry = path.read_text()
    path.write_text(entry.replace(f'"version": "{__version__}"', '"version": "0.0"', 1))
    with pytest.raises(FileFault, match=rf"was measured with package mosim_gym 0\.0, not mosim_gym {__version__}"):
        enter("hold-last", tmp_path, tmp_path / "data", robots=["pendulum"], rules=SMALL)
    content = json.loads(entry)
    del content["robots"]["pendulum"]["drawn"]["poisson"]["raw"]["100"]
    path.write_text(json.dumps(content))
    said = r"its robots\.pendulum\.drawn\.poisson\.raw is an object of 1; it must be an object that has 100; delete the file"
    with pytest.raises(FileFault, match=rf"hold-last\.json is damaged: {said}"):
        enter("hold-last", tmp_path, tmp_path / "data", robots=["pendulum"], rules=SMALL)
    path.write_text("[]")
    with pytest.raises(FileFault, match="is not an entry of the benchmark"):
        enter("hold-last", tmp_path, tmp_path / "data", robots=["pendulum"], rules=SMALL)


def test_a_budget_of_many_digits_is_the_same_when_the_entry_goes_on(tmp_path):
    rules, said = replace(SMALL, budget=1.23456789), []
    for _ in range(2):
        enter("hold-last", tmp_path, tmp_path / "data", robots=["pendulum"], rules=rules, report=said.append)
    assert len(said) == 1


def test_an_entry_without_a_robot_is_refused(tmp_path):
    with pytest.raises(ValueError, match="There is no robot to measure; name one or more of reacher, acrobot"):
        enter("hold-last", tmp_path, tmp_path / "data", robots=[], rules=SMALL)


def test_a_model_that_wants_more_history_than_there_is_gets_a_sentence(tmp_path):
    class Nostalgic(WorldModel):
        title = "nostalgic"
        context = 100

        def fit(self, data, budget, seed): ...

        def rollout(self, history, actions):
            return np.zeros(0)

    with pytest.raises(ValueError, match="Nostalgic needs 100 true states first; a test has 64"):
        measure(Nostalgic(), "pendulum", SMALL, tmp_path)
