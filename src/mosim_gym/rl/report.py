"""Measures and shows a policy in reality: real episodes, learning curve, and videos of reality and model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from mosim_gym.envs.reality import reality, reality_name
from mosim_gym.envs.registration import env_id
from mosim_gym.evaluation.published import levels_after_100_000, published_levels
from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.mechanics.packages import import_package
from mosim_gym.pictures.learning_plots import learning_plot, real_steps_plot
from mosim_gym.pictures.lettering import one_above_the_other
from mosim_gym.pictures.plots import error_panel
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.pictures.strips import state_strip
from mosim_gym.pictures.video import write_video
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.policies.playing import Policy, PolicyReturn, evaluate
from mosim_gym.rl.plain_names import policy_title
from mosim_gym.robots import find_task, load_task

REAL_SEED = 1000
FRAMES_A_SECOND = 30
STRIP_FRAMES = 8
CURSOR = (47, 109, 179)  # colour of the line that marks a video's present in the curve below it
Array = np.ndarray


def real_return(task: str, policy: Policy, *, episodes: int = 10, seed: int = REAL_SEED) -> PolicyReturn:
    """The returns of whole episodes in the real task with the policy's deterministic actions."""
    env = reality(task)
    try:
        return evaluate(env, policy, episodes=episodes, seed=seed)
    finally:
        env.close()


def check_episodes(task: str, episodes: int, shimmy: int = 0) -> None:
    """Raise if `task` cannot be played for so many episodes, in reality or through Shimmy, which has dm_control's tasks only."""
    check_at_least(1, episodes=episodes)
    check_at_least(0, shimmy=shimmy)
    if shimmy and not find_task(task)[1].in_dm_control:
        raise ValueError(f"{task} is not a dm_control task: Shimmy does not have it.")
    if shimmy:
        import_package("shimmy")


def shimmy_id(task: str) -> str:
    """The id under which Shimmy registers the real task, with dm_control's own names."""
    definition = find_task(task)[1]
    return f"dm_control/{definition.domain}-{definition.name}-v0"


def shimmy_return(task: str, policy: Policy, *, episodes: int = 3, seed: int = REAL_SEED) -> PolicyReturn:
    """`real_return` through plain Shimmy and Gymnasium's FlattenObservation, without this package.

    Shimmy sorts an observation's parts by name and dm_control does not, so the flat vector is put into dm_control's order.
    """
    from gymnasium.wrappers import FlattenObservation, TimeLimit

    gymnasium.register_envs(import_package("shimmy"))
    env = TimeLimit(FlattenObservation(gymnasium.make(shimmy_id(task))), 1000)
    order = shimmy_order(task)

    class Reordered:
        def predict(self, observation: Any, *, deterministic: bool = False) -> tuple[Any, Any]:
            return policy.predict(np.asarray(observation, np.float32)[order], deterministic=deterministic)

    try:
        return evaluate(env, Reordered(), episodes=episodes, seed=seed)
    finally:
        env.close()


def shimmy_order(task: str) -> Array:
    """The place of each number of this package's flat observation in Shimmy's, whose parts are sorted by name."""
    from mosim_gym.robots.spaces import observation_shapes

    shapes = observation_shapes(task)
    starts: dict[str, int] = {}
    cursor = 0
    for name in sorted(shapes):
        starts[name] = cursor
        cursor += int(np.prod(shapes[name]))
    parts = [starts[name] + np.arange(int(np.prod(shape))) for name, shape in shapes.items()]
    return np.concatenate(parts)


class SideBySide(NamedTuple):
    """One episode in reality and in the model under the same actions: frames of both, and the squared error of the model.

    `stride` is the number of control steps between two frames. `errors (T,)` are means over all positions and velocities, NaN once the
    model's episode has ended. `start` has the options of `reset` with which both began. `true_states (frames, nq)` are the states in the
    frames of the truth.
    """

    truth: list[Array]
    prediction: list[Array]
    errors: Array
    stride: int
    start: dict[str, Array]
    true_states: Array


def side_by_side(
    task: str, policy: Policy, *, steps: int = 400, seed: int = REAL_SEED, checkpoint: Any = None
) -> SideBySide:
    """Play the policy in reality. The model starts in the same state and gets the same actions, and nothing else."""
    forget = getattr(policy, "reset", None)
    if forget is not None:
        forget()
    real = reality(task, max_episode_steps=steps, render_mode=None)
    blind = gymnasium.make(env_id(task), checkpoint=checkpoint, max_episode_steps=steps).unwrapped
    robot = load_task(task).robot
    stride = _stride(robot.control_step)
    renderer = Renderer(robot.name, load_task(task), width=480, height=270)
    observation, info = real.reset(seed=seed)
    start = {name: info[name] for name in ("qpos", "qvel", "goal")}
    goal = info["goal"]
    _, predicted = blind.reset(options=start)
    above: list[Array] = []
    below: list[Array] = []
    errors: list[float] = []
    states: list[Array] = []
    alive = True
    for step in range(steps):
        if step % stride == 0:
            states.append(info["qpos"])
            above.append(renderer.frame(info["qpos"], info["qvel"], goal))
            below.append(renderer.frame(predicted["qpos"], predicted["qvel"], goal))
        action, _ = policy.predict(observation, deterministic=True)
        observation, _, ended, late, info = real.step(action)
        if alive:
            _, _, over, cut, predicted = blind.step(action)
            alive = not (over or cut)
        difference = np.concatenate((predicted["qpos"] - info["qpos"], predicted["qvel"] - info["qvel"]))
        errors.append(float(np.mean(difference**2)) if alive else np.nan)
        if ended or late:
            break
    renderer.close()
    real.close()
    return SideBySide(above, below, np.array(errors), stride, start, np.array(states))


def write_side_by_side(path: Path, shown: SideBySide, *, control_step: float) -> Path:
    """Write a video with the truth above, the prediction below it, and the error at the bottom."""
    width = shown.truth[0].shape[1]
    panel, columns = error_panel(shown.errors, control_step=control_step, width=width, height=150)

    def frames() -> Iterator[Array]:
        for number, (truth, prediction) in enumerate(zip(shown.truth, shown.prediction, strict=True)):
            now = panel.copy()
            now[:, columns[min(number * shown.stride, len(columns) - 1)]] = CURSOR
            seconds = number * shown.stride * control_step
            yield np.concatenate(
                (one_above_the_other({"truth": truth, "prediction": prediction}, seconds), now), axis=0
            )

    return write_video(path, list(frames()), fps=1 / (shown.stride * control_step), progress=True)


def _stride(control_step: float) -> int:
    return max(1, round(1 / (FRAMES_A_SECOND * control_step)))


def imagined_frames(
    task: str, policy: Policy, start: dict[str, Array], *, steps: int = 400, checkpoint: Any = None
) -> tuple[list[Array], Array]:
    """Frames of an episode that the policy plays in the model from `start`, and their states `(frames, nq)`."""
    env = gymnasium.make(env_id(task), checkpoint=checkpoint, max_episode_steps=steps)
    robot = load_task(task).robot
    stride = _stride(robot.control_step)
    renderer = Renderer(robot.name, load_task(task), width=480, height=270)
    observation, info = env.reset(options=start)
    frames: list[Array] = []
    states: list[Array] = []
    for step in range(steps):
        if step % stride == 0:
            states.append(info["qpos"])
            frames.append(renderer.frame(info["qpos"], info["qvel"], info["goal"]))
        observation, _, ended, cut, info = env.step(policy.predict(observation, deterministic=True)[0])
        if ended or cut:
            break
    renderer.close()
    env.close()
    return frames, np.array(states)


def write_pictures(
    task: str,
    policy: ActorPolicy,
    curves: Sequence[Sequence[dict[str, float]]],
    real: PolicyReturn | None,
    out: Path,
    *,
    checkpoint: Any = None,
) -> list[Path]:
    """Write the learning curves, in the model or against real steps, as `curves` hold them, and all that `write_films` makes."""
    path, card = out / "learning.png", policy.card
    latest = curves[0][-1] if curves and curves[0] else {}
    plots: list[Path] = []
    if "real_steps" in latest and "return" in latest:
        title = f"{task}, {card.get('strategy', 'real steps')}"
        plots = [real_steps_plot(path, curves, title=title, levels=levels_after_100_000(task))]
    elif {"seconds", "return_in_model"} <= latest.keys():
        shown = [] if real is None else [real.summary()]
        title = policy_title(card) if "algorithm" in card else f"{task}, trained in the model"
        levels = published_levels(task)
        plots = [learning_plot(path, curves, shown, title=title, levels=levels, reality=reality_name(task))]
    return [*plots, *write_films(task, policy, out, checkpoint=checkpoint)]


def write_films(task: str, policy: Policy, out: Path, *, checkpoint: Any = None, steps: int = 400) -> list[Path]:
    """Write two videos and a film strip. Videos: the policy in reality above, in the model below; the truth above, its prediction below."""
    h = load_task(task).robot.control_step
    shown = side_by_side(task, policy, steps=steps, checkpoint=checkpoint)
    imagined, states = imagined_frames(task, policy, shown.start, steps=steps, checkpoint=checkpoint)
    frames = [
        one_above_the_other({"real": real, "model": model}, number * shown.stride * h)
        for number, (real, model) in enumerate(zip(shown.truth, imagined, strict=False))
    ]
    chosen = np.linspace(0, min(len(shown.truth), len(imagined)) - 1, STRIP_FRAMES).round().astype(int)
    return [
        write_video(out / "policy.mp4", frames, fps=1 / (shown.stride * h), progress=True),
        write_side_by_side(out / "prediction.mp4", shown, control_step=h),
        state_strip(
            out / "strip.png",
            load_task(task),
            {"real": shown.true_states[chosen], "model": states[chosen]},
            [round(i * shown.stride * h, 2) for i in chosen],
            goal=shown.start["goal"],
        ),
    ]
