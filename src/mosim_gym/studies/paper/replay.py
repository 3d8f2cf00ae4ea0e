"""The paper's data of kind -e: motion of a learner. Here the learner is this package's SAC, in MuJoCo itself.

The policies that SAC had on its way, from the first evaluation to the last, move the robot in equal shares, with noise. That is like the
replay of the learner, and not the replay itself, whose observations do not hold the whole state.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from mosim_gym.adapters.policy_files import POLICY, load_policy
from mosim_gym.data.collection import recipe_for
from mosim_gym.data.dataset import Dataset, collect_dataset
from mosim_gym.envs.backend import TRUTH
from mosim_gym.evaluation.heldout import TESTED_TASKS, Controller
from mosim_gym.evaluation.policy_motion import LIKE, PolicyCollector, steps_of_task
from mosim_gym.mechanics.storage import FileFault, write_atomically
from mosim_gym.rl.strategies.zero_shot import EVALUATED, config_for, zero_shot

EVALUATE_EVERY = 25_000
"""Steps of SAC between two policies that are kept."""


def replay_motion(
    robot: str, transitions: int, shared: Path, *, budget: float, seed: int = 0, hold: int | None = None
) -> Dataset:
    """At least so many control steps of the policies of SAC, which trains for `budget` seconds if it has not yet.

    Each control is held for `hold` steps of `robot`, by default for as long as the task's control step. So `hopper@0.005` moves as the
    policies of the hopper's tasks move it.
    """
    task = TESTED_TASKS[robot.partition("@")[0]]
    usual = steps_of_task(task, robot)
    hold = hold or usual
    learner = trained_learner(robot, shared, budget=budget, seed=seed)
    segments = -(-transitions // recipe_for(robot, LIKE).steps)
    found = sorted((learner / EVALUATED).glob("*.safetensors"), key=lambda path: int(path.stem))
    makers = {f"SAC after {path.stem} steps": partial(_controller, path) for path in found}
    folder = shared / f"{robot}-policies-{segments}{'' if hold == usual else f'-held-{hold}'}"
    collector = PolicyCollector(task, makers, robot=robot, hold=hold)
    return collect_dataset(robot, folder, segments=segments, recipe="policies", collector=collector)


def trained_learner(robot: str, shared: Path, *, budget: float, seed: int = 0) -> Path:
    """The folder of SAC on the task of the robot's policy test, trained in MuJoCo for `budget` seconds if it has not been yet."""
    task = TESTED_TASKS[robot.partition("@")[0]]
    learner = shared / f"{task}-sac"
    finished = learner / "finished"
    trained = finished.read_text() if finished.exists() else None
    if trained and trained != f"{budget:g}":
        raise FileFault(f"The learner in {learner} trained for {trained} s, not {budget:g} s; choose another --data.")
    if trained is None:
        config = config_for(task, algo="sac", seed=seed, evaluate_every=EVALUATE_EVERY)
        zero_shot(task, config, budget=budget, folder=learner, checkpoint=TRUTH, keep_all=True)
        write_atomically(finished, f"{budget:g}")
    return learner


def learners_policy(robot: str, shared: Path, *, budget: float) -> Controller:
    """The policy that such a learner ends with: the one of its highest return."""
    return _controller(trained_learner(robot, shared, budget=budget) / POLICY)


def _controller(path: Path) -> Controller:
    policy = load_policy(path)
    return lambda observations: policy.predict(observations, deterministic=True)[0].astype(float)
