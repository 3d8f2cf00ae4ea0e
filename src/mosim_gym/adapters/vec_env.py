"""`MoSimVecEnv`: the batched environment as a `VecEnv` of Stable-Baselines3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.ends import END_REASONS, END_TIME, NO_END, TorchStep
from mosim_gym.envs.spaces import Info, action_space, checked_actions, observation_space
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.pictures.rendering import Renderer
from mosim_gym.robots import Task

Array = np.ndarray


class MoSimVecEnv(VecEnv):
    """`num_envs` environments of `task` for Stable-Baselines3, with further options as for `TorchEnv`. `task` may be a `TorchEnv`, too.

    The infos of rows whose episode ended hold `terminal_observation`. They hold `TimeLimit.truncated` where the episode was cut short, by
    time or because it left the model. Learners then bootstrap from that observation, because the task did not end the episode. `end` has
    the reason.
    """

    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]

    def __init__(
        self, task: str | Task | TorchEnv, num_envs: int = 64, *, render_mode: str | None = None, **options: Any
    ) -> None:
        """`render_mode` is None or `rgb_array`."""
        if "autoreset" in options:
            raise ValueError("autoreset: Stable-Baselines3 needs same_step; leave it out.")
        if "bootstrap_outside" in options:
            raise TypeError("bootstrap_outside is now outside_model='truncate' (True) or 'terminate' (False).")
        if render_mode not in (None, "rgb_array"):
            raise UnknownName("render mode", render_mode, ["rgb_array"])
        self.render_mode = render_mode
        if not isinstance(task, str | Task | TorchEnv):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
            raise TypeError(
                f"{type(task).__name__} is no task; give a task's id, or the `torch` of a batch: MoSimVecEnv(envs.torch)."
            )
        self.torch = task if isinstance(task, TorchEnv) else TorchEnv(task, num_envs, **options)
        if self.torch.autoreset != "same_step":
            raise ValueError(
                f"The batch begins new episodes by {self.torch.autoreset!r}; Stable-Baselines3 needs one that was made with "
                "autoreset_mode='SameStep'."
            )
        self._controls = action_space(self.torch.task)
        self._renderer: Renderer | None = None
        num_envs = self.torch.num_envs
        self._actions = torch.zeros(num_envs, *self._controls.shape)
        self._no_infos: list[Info] = [{} for _ in range(num_envs)]
        super().__init__(num_envs, observation_space(self.torch.task), self._controls)

    def reset(self) -> Array:
        """Begin an episode in every environment, with the seeds and options that `seed` and `set_options` have set."""
        seeds = self._seeds
        known = all(seed is not None for seed in seeds)
        consecutive = known and seeds == list(range(seeds[0] or 0, (seeds[0] or 0) + self.num_envs))
        seed = (seeds[0] if consecutive else [int(s or 0) for s in seeds]) if known else None
        if any(set(given) != set(self._options[0]) for given in self._options):
            raise ValueError("The options of all environments must have the same names: they begin together.")
        options = {name: np.stack([o[name] for o in self._options]) for name in self._options[0]}
        observation = self.torch.reset(seed=seed, options=options)
        self._reset_seeds()
        self._reset_options()
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return _numpy(observation)

    def step_async(self, actions: Array) -> None:
        """Store the actions for `step_wait`."""
        self._actions = torch.from_numpy(checked_actions(actions, self._controls, self.num_envs)).to(self.torch.device)

    def step_wait(self) -> VecEnvStepReturn:
        """Make the step. Rows whose episode goes on share empty infos."""
        step = self.torch.step(self._actions)
        reward = step.reward.detach().cpu().numpy().astype(np.float32)
        done = (step.terminated | step.truncated).cpu().numpy()
        infos = self._no_infos if step.final is None else self._ended(step, step.final, done)
        return _numpy(step.observation), reward, done, infos

    def _ended(self, step: TorchStep, final: torch.Tensor, done: Array) -> list[Info]:
        """Infos of all rows. `final` holds the last observations of the rows that are `done`."""
        infos = list(self._no_infos)
        last, ends = _numpy(final), step.end.cpu().numpy()
        cut = (step.truncated & ~step.terminated).cpu().numpy()
        for row in np.flatnonzero(done):
            info: Info = {"terminal_observation": last[row], "TimeLimit.truncated": bool(cut[row])}
            if ends[row] not in (NO_END, END_TIME):
                info["end"] = END_REASONS[ends[row]]
            infos[row] = info
        return infos

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def get_images(self) -> Sequence[Array | None]:
        """A picture of each environment."""
        if self._renderer is None:
            self._renderer = Renderer(self.torch.task.robot, task=self.torch.task)
        s = self.torch.state
        states = (part.cpu().numpy() for part in (s.qpos, s.qvel, s.goal))
        return [self._renderer.frame(*row) for row in zip(*states, strict=True)]

    def __getstate__(self) -> dict[str, object]:
        """All attributes except the renderer, which a copy opens anew."""
        return {**vars(self), "_renderer": None}

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The attribute of this object, once for each environment."""
        value = getattr(self, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set the attribute for all environments. They share one object, so it cannot be set for some of them only."""
        if len(list(self._get_indices(indices))) != self.num_envs:
            raise ValueError("The environments of a batch share their attributes: set them for all or for none.")
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """The result of this object's method, which is called once, repeated for each environment."""
        result = getattr(self, method_name)(*method_args, **method_kwargs)
        return [result for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: VecEnvIndices = None) -> list[bool]:
        """Always false, because wrappers go around the batch."""
        return [False for _ in self._get_indices(indices)]


def _numpy(values: torch.Tensor) -> Array:
    return values.detach().cpu().numpy().astype(np.float32)
