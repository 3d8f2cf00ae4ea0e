"""An off-policy run's whole state, so that training goes on after any interruption as if there had been none.

Networks and optimisers, replay buffer, environments, and every generator of random numbers that SB3 draws from go into one safetensors
file, written atomically.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.schema import check, each, number, one_of, record, row, text, whole
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.rl.flat_settings import HELD
from mosim_gym.training.optimisers import optimiser_arrays, restore_optimisers
from mosim_gym.training.state import restoring

KIND = "policy run"
SAVE_SECONDS = 20.0
SAVING = 0.03  # of a run's time, at most, goes into saving it
BUFFER = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


_RECORD = record(
    {"task": text(), "config": record({}), "model": text(), "seconds": number(0), "curve": each(record({}))}
)
_RUN = record({"record": _RECORD})
_WITH_REPLAY = record(
    {
        "steps": whole(),
        "updates": whole(),
        "buffer": row(whole(), one_of(True, False)),
        "numpy": row(one_of("MT19937"), whole(0, 624), whole(0, 1), number()),
        "action_space": record({}),
    }
)
"""What SB3's algorithms need besides."""


class SaveClock:
    """When a run's state is due to be saved: every `SAVE_SECONDS`, or less often where saving takes long."""

    def __init__(self) -> None:
        """The run begins."""
        self._next = time.monotonic() + SAVE_SECONDS

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() >= self._next

    def save(self, write: Callable[[], object]) -> None:
        """Call `write`, and be due again some time later."""
        begun = time.monotonic()
        write()
        now = time.monotonic()
        self._next = now + max(SAVE_SECONDS, (now - begun) / SAVING)


def save_run(path: Path, model: Any, record: dict[str, Any], more: Mapping[str, np.ndarray] | None = None) -> Path:
    """Write `model` (SAC or TQC on a `MoSimVecEnv`), `record` and whatever `more` belongs to the run to `path`."""
    arrays: dict[str, np.ndarray] = {f"more/{name}": value for name, value in (more or {}).items()}
    for name, value in model.policy.state_dict().items():
        arrays[f"policy/{name}"] = value.numpy()
    arrays |= optimiser_arrays(_optimisers(model))
    if model.log_ent_coef is not None:
        arrays["log_ent_coef"] = model.log_ent_coef.detach().numpy()
    buffer = model.replay_buffer
    filled = buffer.buffer_size if buffer.full else buffer.pos
    for name in BUFFER:
        arrays[f"buffer/{name}"] = getattr(buffer, name)[:filled]
    env = _env(model)
    arrays |= {f"env/{name}": part for name, part in env.snapshot().items()}
    monitor = model.env
    arrays["monitor/returns"], arrays["monitor/lengths"] = monitor.episode_returns, monitor.episode_lengths
    arrays["last_observation"] = model._last_obs
    arrays["random/torch"] = torch.get_rng_state().numpy()
    kind, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002  # SB3 draws batches from it
    arrays["random/numpy"] = np.asarray(keys)
    header = {
        "record": record,
        "steps": model.num_timesteps,
        "updates": model._n_updates,
        "buffer": [int(buffer.pos), bool(buffer.full)],
        "numpy": [str(kind), int(position), int(has_gauss), float(gauss)],
        "action_space": model.action_space.np_random.bit_generator.state,
    }
    return save_arrays(path, KIND, {k: np.array(v) for k, v in arrays.items()}, header)


def load_policy_run(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and header of the run's state at `path`."""
    arrays, header = load_arrays(path, KIND)
    check(path, "header", header, _RUN)
    return arrays, header


def load_run(path: Path, model: Any, expected: dict[str, Any]) -> dict[str, Any] | None:
    """Put back what `save_run` wrote into a freshly made `model` and return its record; None where there is nothing yet.

    A run of another task or with other options than `expected` is refused.
    """
    if not path.exists():
        return None
    arrays, header = load_policy_run(path)
    check(path, "header", header, _WITH_REPLAY)
    record = header["record"]
    check_same_run(path, record, expected)
    with restoring(path):
        _put_back(model, arrays, header)
    return record


def _put_back(model: Any, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> None:
    """Fill `model` with what a state's file holds."""
    tensors = {key: torch.from_numpy(value.copy()) for key, value in arrays.items()}
    model.policy.load_state_dict({k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith("policy/")})
    if model.log_ent_coef is not None:
        model.log_ent_coef.data.copy_(tensors["log_ent_coef"])
    restore_optimisers(_optimisers(model), arrays)
    buffer = model.replay_buffer
    buffer.pos, buffer.full = header["buffer"]
    for name in BUFFER:
        values = arrays[f"buffer/{name}"]
        getattr(buffer, name)[: len(values)] = values
    env = _env(model)
    env.resume({name.removeprefix("env/"): part for name, part in arrays.items() if name.startswith("env/")})
    monitor = model.env
    monitor.episode_returns, monitor.episode_lengths = (
        arrays["monitor/returns"].copy(),
        arrays["monitor/lengths"].copy(),
    )
    model._last_obs = arrays["last_observation"].copy()
    model._last_episode_starts = np.zeros(env.num_envs, bool)
    model.num_timesteps, model._n_updates = header["steps"], header["updates"]
    model.action_space.np_random.bit_generator.state = header["action_space"]
    torch.set_rng_state(tensors["random/torch"])
    kind, position, has_gauss, gauss = header["numpy"]
    np.random.set_state((kind, arrays["random/numpy"], position, has_gauss, gauss))  # noqa: NPY002


def check_same_run(path: Path, record: dict[str, Any], expected: dict[str, Any]) -> None:
    """Refuse to go on with the run in `path` as if it were the one that `expected` describes."""
    for name in ("task", "config", "model", "judge"):
        found, wanted = record.get(name), expected.get(name)
        if found != wanted:
            raise FileFault(
                f"{path.parent} holds a run with another {name} ({_difference(found, wanted)}); choose another folder."
            )


def _difference(found: Any, wanted: Any) -> str:
    """What is in one place and not in the other, of settings field by field."""
    if not (isinstance(found, dict) and isinstance(wanted, dict)):
        return f"{found}, here {wanted}"
    there, here = _flat(found), _flat(wanted)
    names = [name for name in {**here, **there} if there.get(name) != here.get(name)]
    return "; ".join(f"{name} {there.get(name, 'not set')}, here {here.get(name, 'not set')}" for name in names)


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings, those of the learner among them."""
    learner = settings.get(HELD)
    own = {name: value for name, value in settings.items() if name != HELD}
    return {**own, **(learner if isinstance(learner, dict) else {})}


def load_more(path: Path, expected: dict[str, Any]) -> dict[str, np.ndarray]:
    """What else `save_run` was given; another run than `expected` is refused as by `load_run`."""
    arrays, header = load_policy_run(path)
    check_same_run(path, header["record"], expected)
    return {name.removeprefix("more/"): value for name, value in arrays.items() if name.startswith("more/")}


def _optimisers(model: Any) -> dict[str, torch.optim.Optimizer]:
    found = {"actor": model.actor.optimizer, "critic": model.critic.optimizer}
    if model.ent_coef_optimizer is not None:
        found["entropy"] = model.ent_coef_optimizer
    return found


def _env(model: Any) -> TorchEnv:
    return model.env.venv.torch
