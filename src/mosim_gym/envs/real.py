"""`make_real`: the true task as a Gymnasium environment, with the learned environment's spaces and episode rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from mosim_gym.envs.options import EPISODE_STEPS, RENDER_MODES, checked_options, checked_picture, step_limit
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.spaces import (
    Info,
    ObservationKind,
    action_space,
    checked_action,
    observation_space,
    pack_observation,
)
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.signatures import options_of
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.robots import find_task, load_task
from mosim_gym.robots.suite import dm_control_suite, physics_error


class RealEnv(ChecksArguments, gymnasium.Env[Any, np.ndarray]):
    """dm_control's own environment, with its resets, physics and rewards unchanged.

    Observations are float32 in dm_control's key order, or with `obs="dict"` of Shimmy's space. Rewards are Python floats. An episode that
    reaches `max_episode_steps` is truncated. An episode that the task ends is terminated. `info` holds the exact float64 state: `qpos`,
    `qvel`, `goal`, and `warm_start`, the solver's memory. `reset(options=info)`, here or on the truth behind `gymnasium.make`, continues
    the very same trajectory. So does a copied or pickled environment.
    """

    metadata = {"render_modes": list(RENDER_MODES)}  # never changed; each instance has its own, with its frame rate

    def __init__(
        self,
        task: str,
        *,
        max_episode_steps: int | None = None,
        obs: ObservationKind = "flat",
        render_mode: str | None = None,
        width: int = 480,
        height: int = 360,
    ) -> None:
        """Load the dm_control task with this id, for example `CheetahRun`. `max_episode_steps` is None for 1,000 and -1 for no limit."""
        definition, kind = find_task(task)
        if not kind.in_dm_control:
            raise ValueError(f"{task} is not a dm_control task; its truth is make_real({task!r}).")
        checked_picture(render_mode, width, height)
        self.task = load_task(task)
        self._limit = step_limit(max_episode_steps)
        self._obs: ObservationKind = obs
        self._unstable = physics_error()
        # The time limit is kept here, where it can be chosen.
        self._env = dm_control_suite().load(kind.domain, kind.name, task_kwargs={"time_limit": float("inf")})
        self.observation_space = observation_space(task, obs)
        self.action_space = self._controls = action_space(task)
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": round(1 / definition.control_step)}
        self._size = width, height
        self._renderer: Renderer | None = None
        self._steps: int | None = None

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> tuple[Any, Info]:
        """Start an episode as dm_control does. `options` may set `qpos`, `qvel` (0 by default with `qpos`), `goal` and `warm_start`."""
        super().reset(seed=seed)
        given = checked_options(options, self.task, rows=1, warm_start=True)
        if seed is not None:
            self._env.task.random.seed(seed % 2**32)
        observation = self._env.reset().observation
        if given:
            observation = self._set_state(given)
        self._steps = 0
        return pack_observation(observation, self._obs), self._info()

    def _set_state(self, given: dict[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        physics = self._env.physics
        state = {**self._info(), **{name: value[0] for name, value in given.items()}}
        with physics.reset_context():
            physics.data.qpos[:], physics.data.qvel[:] = state["qpos"], state["qvel"]
            self.task.place_goal(physics.model.ptr, state["goal"])
        if "warm_start" in given:  # the context's end solved for accelerations of its own
            physics.data.qacc_warmstart[:] = state["warm_start"]
        return self._env.task.get_observation(physics)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Info]:
        """One control step of dm_control. A state that its physics declares unstable is not entered, and truncates the episode."""
        if self._steps is None:
            raise RuntimeError("The episode has not begun or is over: call reset() before step().")
        before = self._env.task.get_observation(self._env.physics), self._info()
        try:
            step = self._env.step(checked_action(action, self._controls).astype(np.float64))
        except self._unstable:
            self._steps = None
            return pack_observation(before[0], self._obs), 0.0, False, True, {**before[1], "end": "diverged"}
        self._steps += 1
        terminated = bool(step.last() and step.discount == 0)
        truncated = not terminated and (self._steps >= self._limit or bool(step.last()))
        if terminated or truncated:
            self._steps = None
        reward = float(step.reward or 0.0)
        return pack_observation(step.observation, self._obs), reward, terminated, truncated, self._info()

    def _info(self) -> Info:
        data, model = self._env.physics.data, self._env.physics.model
        return {
            "qpos": data.qpos.copy(),
            "qvel": data.qvel.copy(),
            "goal": self.task.read_goal(model.ptr),
            "warm_start": data.qacc_warmstart.copy(),
        }

    def render(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The current state as `(height, width, 3)` uint8 in `rgb_array` mode."""
        if self.render_mode is None:
            return None
        if self._renderer is None:
            width, height = self._size
            self._renderer = Renderer(find_task(self.task.id())[0], task=self.task, width=width, height=height)
        info = self._info()
        return self._renderer.frame(info["qpos"], info["qvel"], info["goal"])

    def __getstate__(self) -> dict[str, object]:
        """All attributes except the renderer, which a copy opens when it renders."""
        return {**vars(self), "_renderer": None}

    def close(self) -> None:
        """Free the renderer and the simulator."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        self._env.close()


@options_of(RealEnv)
def make_real(task: str, **options: Any) -> RealEnv | MoSimEnv:
    """The real environment of `task` (for example `CheetahRun`), with the spaces of the learned environment; `options` as for `RealEnv`.

    It is dm_control's own. A task that dm_control does not have is played in MuJoCo behind this package's core, as with
    `checkpoint="truth"`; its `info` holds no `warm_start`.
    """
    if find_task(task)[1].in_dm_control:
        return RealEnv(task, **options)
    options.setdefault("max_episode_steps", EPISODE_STEPS)
    return MoSimEnv(task, checkpoint="truth", **options)
