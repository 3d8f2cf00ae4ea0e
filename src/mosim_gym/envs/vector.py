"""`MoSimVectorEnv`: many environments of a task as one batched `gymnasium.vector.VectorEnv`, with numpy arrays at the surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from mosim_gym.envs.backend import Checkpoint
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.core import State
from mosim_gym.envs.ends import END_REASONS, NO_END
from mosim_gym.envs.options import IN_SINGLE, IN_TORCH, RENDER_MODES, checked_picture
from mosim_gym.envs.plain_spec import PlainSpec
from mosim_gym.envs.spaces import (
    Info,
    ObservationKind,
    action_space,
    checked_actions,
    observation_space,
    unflatten_observation,
)
from mosim_gym.envs.starts import TASK, ResetFrom
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.robots import Task
from mosim_gym.robots.spaces import observation_names as names_of
from mosim_gym.robots.spaces import observation_shapes

Array = np.ndarray
_MODES = {
    AutoresetMode.NEXT_STEP: "next_step",
    AutoresetMode.SAME_STEP: "same_step",
    AutoresetMode.DISABLED: "disabled",
}


class MoSimVectorEnv(ChecksArguments, PlainSpec, gymnasium.vector.VectorEnv[Any, Array, Array]):  # pyright: ignore[reportIncompatibleVariableOverride]
    """`num_envs` environments of a task, which one call of the model moves together.

    `info` holds the states `qpos`, `qvel` and `goal` of all environments, for dynamics with memory the last commands `previous`, and where
    episodes were truncated their reasons in `end`.
    `torch` is the same batch as a `TorchEnv`: `venv.torch.step` stays on the device, and has gradients if made with `gradients=True`.
    A copied or pickled environment continues as this one would.
    """

    elsewhere = {**IN_TORCH, **IN_SINGLE}
    metadata = {"render_modes": list(RENDER_MODES), "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        task: str | Task,
        num_envs: int = 1,
        *,
        checkpoint: Checkpoint | None = None,
        device: str = "cpu",
        solver: str | None = None,
        precision: str = "float32",
        ensemble: int | Sequence[int] | None = None,
        reset_from: ResetFrom = TASK,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        stagger: bool = False,
        gradients: bool = False,
        obs: ObservationKind = "flat",
        render_mode: str | None = None,
        width: int = 480,
        height: int = 360,
    ) -> None:
        """`max_episode_steps` is None for 1,000 and -1 for no limit. `TorchEnv` and the documentation have the other arguments."""
        checked_picture(render_mode, width, height)
        try:
            self._mode = AutoresetMode(autoreset_mode)
        except ValueError:
            raise UnknownName("autoreset mode", str(autoreset_mode), [mode.value for mode in AutoresetMode]) from None
        self.torch = TorchEnv(
            task,
            num_envs,
            checkpoint=checkpoint,
            device=device,
            solver=solver,
            precision=precision,
            ensemble=ensemble,
            reset_from=reset_from,
            max_episode_steps=max_episode_steps,
            autoreset=_MODES[self._mode],  # type: ignore[arg-type]
            stagger=stagger,
            gradients=gradients,
        )
        self.num_envs, self.render_mode = self.torch.num_envs, render_mode
        self.single_observation_space = single = observation_space(self.torch.task, obs)
        self.single_action_space = self._controls = action_space(self.torch.task)
        self.observation_space = batch_space(single, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.autoreset_mode = self._mode  # where TorchRL looks for it
        fps = round(1 / self.torch.task.robot.control_step)
        self.metadata = {**self.metadata, "autoreset_mode": self._mode, "render_fps": fps}
        self._layout = observation_shapes(self.torch.task) if obs == "dict" else None
        self._everyone = np.ones(self.num_envs, np.bool_)
        self._size = width, height
        self._renderer: Renderer | None = None

    @property
    def observation_names(self) -> tuple[str, ...]:
        """A name for each number of the flat observation, in its order."""
        return names_of(self.torch.task)

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Any, Info]:
        """Begin episodes in all environments, or where `options["reset_mask"]` is true.

        `options` may also set `qpos`, `qvel` and `goal`, as one row for all environments or one row for each.
        """
        _check_mapping(options)
        given = dict(options or {})
        mask = _checked_mask(given.pop("reset_mask", None), self.num_envs)
        observation = self.torch.reset(seed=seed, options=given, mask=mask)
        return self._packed(observation), self._info()

    def step(self, actions: Array) -> tuple[Any, Array, Array, Array, Info]:
        """One control step of every environment under `actions (num_envs, nu)`."""
        control = from_numpy(checked_actions(actions, self._controls, self.num_envs))
        step = self.torch.step(control.to(self.torch.device))
        info = self._info() | self._charged()
        if bool(step.truncated.any()):
            end = step.end.cpu().numpy()
            info["end"], info["_end"] = np.array(END_REASONS, object)[end], end != NO_END
        done = step.terminated | step.truncated
        if step.final is not None:
            self._add_final(info, step.final, done.cpu().numpy())
        return (
            self._packed(step.observation),
            step.reward.detach().cpu().numpy().astype(np.float64),
            step.terminated.cpu().numpy(),
            step.truncated.cpu().numpy(),
            info,
        )

    def _add_final(self, info: Info, final: torch.Tensor, done: Array) -> None:
        """Add `final_obs` and `final_info` of the episodes that ended to `info`, in the format of Gymnasium's own vector environments."""
        rows = np.flatnonzero(done)
        packed = self._packed(final)
        observations = np.full(self.num_envs, None, object)
        for row in rows:
            named = self._layout is not None
            observations[row] = {k: v[row] for k, v in packed.items()} if named else packed[row].copy()
        info["final_obs"], info["_final_obs"] = observations, done
        ended = self.torch.ended
        assert ended is not None
        details: Info = {}
        for name, value in self._states(ended).items():
            details[name], details[f"_{name}"] = value, done
        if "end" in info:
            details["end"], details["_end"] = info.pop("end"), info.pop("_end")
        info["final_info"], info["_final_info"] = details, done

    def _info(self) -> Info:
        info: Info = {}
        for name, value in self._states(self.torch.state).items():
            info[name], info[f"_{name}"] = value, self._everyone.copy()
        return info

    def _charged(self) -> dict[str, Array]:
        """The penalties, their readings and the rewards without them; empty if there are no penalties."""
        env = self.torch
        if not env.penalties:
            return {}
        parts = {**env.readings, "penalty": env.penalty, "raw_reward": env.raw_reward}
        return {name: part.detach().cpu().numpy() for name, part in parts.items()}

    @staticmethod
    def _states(state: State) -> dict[str, Array]:
        parts = {"qpos": state.qpos, "qvel": state.qvel, "goal": state.goal}
        if state.previous is not None:
            parts["previous"] = state.previous
        return {name: part.detach().cpu().numpy().copy() for name, part in parts.items()}

    def _packed(self, observation: torch.Tensor) -> Any:
        return unflatten_observation(observation.detach().cpu().numpy(), self._layout)

    def render(self) -> tuple[Array, ...] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One picture `(height, width, 3)`, uint8, of each environment."""
        if self.render_mode is None:
            return None
        state = self.torch.state
        if self._renderer is None:
            width, height = self._size
            task = self.torch.task
            self._renderer = Renderer(task.robot, task=task, width=width, height=height)
        states = self._states(state)
        return tuple(
            self._renderer.frame(*row) for row in zip(states["qpos"], states["qvel"], states["goal"], strict=True)
        )

    def __getstate__(self) -> dict[str, object]:
        """All attributes except the renderer, which a copy opens when it renders."""
        return {**vars(self), "_renderer": None}

    def close_extras(self, **kwargs: Any) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def _check_mapping(options: object) -> None:
    if options is not None and not isinstance(options, Mapping):
        raise TypeError(
            f"options is a {type(options).__name__}; it must be a mapping such as {{'qpos': …, 'qvel': …}}."
        )


def _checked_mask(mask: object, num_envs: int) -> torch.Tensor | None:
    if mask is None:
        return None
    array = np.asarray(mask)
    if array.dtype != np.bool_ or array.shape != (num_envs,):
        raise ValueError(
            f"options['reset_mask'] is {array.dtype} of shape {array.shape}; it must be bool of shape ({num_envs},)."
        )
    if not array.any():
        raise ValueError("options['reset_mask'] is false everywhere; it must name at least one environment.")
    return from_numpy(array.copy())
