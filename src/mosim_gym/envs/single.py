"""`MoSimEnv`: one environment of a task as a `gymnasium.Env`, over the functional core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import torch

from mosim_gym.envs.backend import Checkpoint, DynamicsOptions
from mosim_gym.envs.bounds import DIVERGED, OUTSIDE
from mosim_gym.envs.core import State
from mosim_gym.envs.ends import END_PENALTY, END_REASONS, END_TIME
from mosim_gym.envs.onnx_replay import find_backend
from mosim_gym.envs.opened import opened
from mosim_gym.envs.options import IN_BATCHES, IN_TORCH, RENDER_MODES, checked_options, checked_picture, step_limit
from mosim_gym.envs.penalties.base import Penalties
from mosim_gym.envs.plain_spec import PlainSpec
from mosim_gym.envs.recorded import RecordedStep
from mosim_gym.envs.spaces import (
    Info,
    ObservationKind,
    action_space,
    checked_action,
    observation_space,
    unflatten_observation,
)
from mosim_gym.envs.starts import TASK, ResetFrom, Starts
from mosim_gym.envs.task_faults import check_task
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.threads import OwnArithmetic
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.robots import Task
from mosim_gym.robots.spaces import flatten, observation_shapes
from mosim_gym.robots.spaces import observation_names as names_of


class MoSimEnv(ChecksArguments, PlainSpec, gymnasium.Env[Any, np.ndarray]):  # pyright: ignore[reportIncompatibleVariableOverride]
    """A replacement for the dm_control task with the same observations and rewards, moved by learned or true dynamics.

    `info` holds the state in the dynamics' own precision: `qpos`, `qvel`, `goal`. Where this environment truncates the episode, `end` has
    the reason: `diverged`, `outside the training box` or `time limit`. For dynamics with memory `previous` has the last commands. A copied
    or pickled environment continues as this one would.
    """

    elsewhere = {**IN_BATCHES, **IN_TORCH}
    metadata = {"render_modes": list(RENDER_MODES)}  # never changed; each instance has its own, with its frame rate

    def __init__(
        self,
        task: str | Task,
        *,
        checkpoint: Checkpoint | None = None,
        device: str = "cpu",
        solver: str | None = None,
        precision: str = "float32",
        ensemble: int | Sequence[int] | None = None,
        backend: str = "torch",
        reset_from: ResetFrom = TASK,
        max_episode_steps: int = -1,
        obs: ObservationKind = "flat",
        render_mode: str | None = None,
        width: int = 480,
        height: int = 360,
    ) -> None:
        """`task` is an id such as `CheetahRun`, or a task itself. `max_episode_steps` is -1 for no limit, because `gym.make` has a limit of
        its own around the environment. `backend` is what computes steps: `torch`, or `onnx` for onnxruntime on one thread. The
        documentation has the other arguments.
        """
        checked_picture(render_mode, width, height)
        replay = find_backend(backend, device)
        self.limit = step_limit(max_episode_steps)
        """The number of control steps after which an episode is cut."""
        self._own = OwnArithmetic(usable_device(device))
        with self._own:
            parts = opened(task, checkpoint, DynamicsOptions(device, solver, precision, ensemble))
        self.task, self.dynamics, self.core, self.bounds = parts
        self.penalties = Penalties(self.core, self.dynamics)
        self.advance = RecordedStep(self.core, self.dynamics, self.bounds, 1, replay=replay)
        """One control step, replayed where it can be recorded."""
        self.starts = Starts(self.task, reset_from, memory=self.core.memory)
        """Where episodes begin."""
        self.elapsed = 0
        """Control steps of the present episode."""
        self.observation_space = observation_space(self.task, obs)
        self.action_space = self._controls = action_space(self.task)
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": round(1 / self.task.robot.control_step)}
        self._layout = observation_shapes(self.task) if obs == "dict" else None
        self._size = width, height
        self._generator = torch.Generator()
        self._seeded = False
        self._state: State | None = None
        self._over = True
        self._renderer: Renderer | None = None

    @property
    def observation_names(self) -> tuple[str, ...]:
        """A name for each number of the flat observation, in its order."""
        return names_of(self.task)

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> tuple[Any, Info]:
        """Start an episode. `options` may set `qpos`, `qvel` (0 by default with `qpos`) and `goal`. The same seed gives the same episode.

        `options` may be the whole `info` of `make_real`. On the truth its `warm_start`, the solver's memory, continues the same trajectory
        to the last bit. A learned model has no such memory and ignores it.
        """
        super().reset(seed=seed)
        with self._own:
            return self._reset(seed, options)

    def _reset(self, seed: int | None, options: Mapping[str, Any] | None) -> tuple[Any, Info]:
        warm = self.dynamics.keeps_warm_starts
        given = checked_options(options, self.task, rows=1, warm_start=warm, memory=self.core.memory)
        warm_start = given.pop("warm_start", None)
        if seed is not None or not self._seeded:
            self._generator.manual_seed(int(self.np_random.integers(2**62)))
            self._seeded = True
        with torch.inference_mode():
            drawn = self.starts.draw(self._generator, 1)
            self._state = self.core.reset(self._generator, 1, {**drawn, **given})
            observation = flatten(self.core.observe(self._state))
        if warm_start is not None:
            self.dynamics.remember(self._state.qpos, self._state.qvel, warm_start)
        self._over, self.elapsed = False, 0
        return self._packed(observation), self._info(self._state)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Info]:
        """One control step. A state that is not finite is not entered, and truncates the episode."""
        with self._own:
            return self._step(action)

    def _step(self, action: Any) -> tuple[Any, float, bool, bool, Info]:
        if self._state is None or self._over:
            raise RuntimeError("The episode has not begun or is over: call reset() before step().")
        control = from_numpy(checked_action(action, self._controls)[None])
        with torch.inference_mode():
            moved = self.advance(self._state, control)
        after, observation, reward, terminated, finite, inside = moved
        if not bool(finite):
            check_task(moved, control)
            self._over = True
            with torch.inference_mode():
                last = flatten(self.core.observe(self._state))
            return self._packed(last), 0.0, False, True, {**self._info(self._state), "end": DIVERGED}
        before, self._state, ended = self._state, after, bool(terminated)
        self.elapsed += 1
        info = self._info(after)
        cut = self.elapsed >= self.limit
        if cut:
            info["end"] = END_REASONS[END_TIME]
        if inside is not None and not bool(inside):
            cut, info["end"] = True, OUTSIDE
        if self.penalties:
            with torch.inference_mode():
                charge = self.penalties.charge(before, self.core.clipped(control))
            info |= {name: float(value) for name, value in charge.info.items()}
            info |= {"penalty": float(charge.penalty), "raw_reward": float(reward)}
            reward = reward - charge.penalty
            if bool(charge.cut):
                cut, info["end"] = True, END_REASONS[END_PENALTY]
        self._over = ended or cut
        return self._packed(observation), float(reward), ended, cut, info

    def _packed(self, observation: torch.Tensor) -> Any:
        return unflatten_observation(observation.cpu().numpy()[0], self._layout)

    @staticmethod
    def _info(state: State) -> Info:
        info: Info = {
            "qpos": state.qpos.cpu().numpy()[0].copy(),
            "qvel": state.qvel.cpu().numpy()[0].copy(),
            "goal": state.goal.cpu().numpy()[0].copy(),
        }
        if state.previous is not None:
            info["previous"] = state.previous.cpu().numpy()[0].copy()
        return info

    def render(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The current state as `(height, width, 3)` uint8 in `rgb_array` mode."""
        if self.render_mode is None:
            return None
        if self._state is None:
            raise RuntimeError("There is nothing to render yet: call reset() before render().")
        if self._renderer is None:
            width, height = self._size
            self._renderer = Renderer(self.task.robot, task=self.task, width=width, height=height)
        info = self._info(self._state)
        return self._renderer.frame(info["qpos"], info["qvel"], info["goal"])

    def __getstate__(self) -> dict[str, object]:
        """All attributes except the renderer, which a copy opens when it renders."""
        return {**vars(self), "_renderer": None}

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
