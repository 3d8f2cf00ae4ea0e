"""The density penalty: its formula, its defaults from the data, its file, and what is wrong with others' files."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

from mosim_gym.cli import main
from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.density.flow import FlowConfig
from mosim_gym.density.motion_density import MotionDensity, load_density
from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.envs.penalties.wrappers import penalise
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.training.density import fit_density

TASK = "CartpoleSwingup"


@pytest.fixture(scope="module")
def density() -> MotionDensity:
    return fit_density("cartpole", budget=60.0, steps=150, config=FlowConfig(blocks=4, width=32))


def test_a_fitted_density_knows_its_data(density):
    card = density.card
    assert card["held_out_log_density"] > card["gaussian_log_density"]
    quantiles = list(card["quantiles"].values())
    assert quantiles == sorted(quantiles)
    data = Transitions(*(torch.from_numpy(c).flatten(0, 1) for c in chunk("cartpole", "coverage", 5, 0, 20)[0]))
    inside = density(data.qpos, data.qvel, data.action)
    outside = density(data.qpos, data.qvel * 10, data.action)
    assert inside.median() > quantiles[2]
    assert (outside < inside).float().mean() > 0.8
    nowhere = density(data.qpos[:1] * torch.nan, data.qvel[:1], data.action[:1])
    assert float(nowhere) == -np.inf


def test_an_interrupted_fit_ends_with_the_same_weights(tmp_path):
    def stop(state):
        if state["step"] >= 100:
            raise KeyboardInterrupt

    config = FlowConfig(blocks=2, width=16)
    fit = {"budget": 60.0, "steps": 120, "config": config}
    whole = fit_density("pendulum", **fit)
    with pytest.raises(KeyboardInterrupt):
        fit_density("pendulum", **fit, folder=tmp_path, save_every=0.0, report=stop)
    resumed = fit_density("pendulum", **fit, folder=tmp_path)
    for mine, theirs in zip(whole.flow.state_dict().values(), resumed.flow.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)
    assert whole.card["quantiles"] == resumed.card["quantiles"]
    with pytest.raises(FileFault, match="holds a run with another seed"):
        fit_density("pendulum", **fit, folder=tmp_path, seed=1)


def test_a_density_of_states_alone_does_not_look_at_actions_and_comes_back_from_its_file(tmp_path):
    fit = {"budget": 60.0, "steps": 20, "config": FlowConfig(blocks=2, width=16)}
    density = fit_density("pendulum", of="states", **fit)
    qpos, qvel, action = torch.zeros(3, 1), torch.linspace(-1, 1, 3)[:, None], torch.zeros(3, 1)
    assert torch.equal(density(qpos, qvel, action), density(qpos, qvel, action + 1))
    assert not torch.equal(density(qpos, qvel, action), density(qpos, qvel + 1, action))
    found = load_density(density.save(tmp_path / "pendulum.safetensors"), density.robot)
    torch.testing.assert_close(found(qpos, qvel, action), density(qpos, qvel, action))
    env = penalise(gym.make_vec("MoSim/PendulumSwingup-v0", num_envs=2), DensityPenalty(found))
    env.reset(seed=0)
    assert np.isfinite(env.step(np.zeros((2, 1), np.float32))[4]["log_density"]).all()
    with pytest.raises(KeyError, match=r"Unknown kind of density .actions.\. .*Valid: states and actions, states"):
        fit_density("pendulum", of="actions", **fit)


def test_the_same_row_has_the_same_density_in_any_batch(density):
    data = Transitions(*(torch.from_numpy(c).flatten(0, 1)[:200] for c in chunk("cartpole", "coverage", 5, 0, 20)[0]))
    whole = density(data.qpos, data.qvel, data.action)
    assert torch.equal(density(data.qpos, data.qvel, data.action), whole)
    part = density(data.qpos[70:75], data.qvel[70:75], data.action[70:75])
    torch.testing.assert_close(part, whole[70:75], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("reach", [1.0, 2.5])
def test_the_penalty_is_the_papers(density, reach):
    envs = penalise(gym.make_vec(f"MoSim/{TASK}-v0", num_envs=4), DensityPenalty(density, threshold_scale=reach))
    plain = gym.make_vec(f"MoSim/{TASK}-v0", num_envs=4)
    envs.reset(seed=0)
    _, before = plain.reset(seed=0)
    action = np.full((4, 1), 0.3, np.float32)
    _, reward, _, _, info = envs.step(action)
    _, raw, _, _, _ = plain.step(action)
    states = [torch.from_numpy(part) for part in (before["qpos"], before["qvel"], action)]
    log_density = density(*states).numpy()
    q = density.card["quantiles"]
    threshold, scale = q["0.5"] - reach * (q["0.5"] - q["0.001"]), reach * (q["0.01"] - q["0.001"]) / 4
    wanted = raw + 1 / (1 + np.exp(-(log_density - threshold) / scale)) - 1
    np.testing.assert_allclose(info["log_density"], log_density, rtol=1e-5)
    np.testing.assert_allclose(reward, wanted, atol=1e-5)
    np.testing.assert_allclose(info["raw_reward"], raw, atol=1e-6)
    np.testing.assert_allclose(info["penalty"], raw - reward, atol=1e-6)


def test_threshold_and_scale_can_be_chosen(density):
    envs = penalise(gym.make_vec(f"MoSim/{TASK}-v0", num_envs=2), DensityPenalty(density, threshold=1e6, scale=1.0))
    envs.reset(seed=0)
    assert (envs.step(np.zeros((2, 1), np.float32))[4]["penalty"] == 1).all()
    env = gym.make_vec(f"MoSim/{TASK}-v0", num_envs=2)
    with pytest.raises(ValueError, match="scale 0; they must be finite numbers, and scale positive"):
        penalise(env, DensityPenalty(density, scale=0))
    with pytest.raises(ValueError, match="threshold_scale is -1; it must be positive and finite"):
        DensityPenalty(density, threshold_scale=-1)
    for name in ("threshold", "scale", "threshold_scale"):
        for wrong in (np.nan, np.inf, -np.inf, "1"):
            with pytest.raises(ValueError, match="finite"):
                penalise(env, DensityPenalty(density, **{name: wrong}))


def test_densities_are_files(density, tmp_path):
    path = density.save(tmp_path / "cartpole.safetensors")
    again = load_density(path, load_robot("cartpole"))
    state = (torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 1))
    torch.testing.assert_close(again(*state), density(*state), atol=1e-4, rtol=0)
    assert again.card["quantiles"] == density.card["quantiles"]
    with pytest.raises(FileFault, match="was fitted to the robot 'cartpole'"):
        load_density(path, load_robot("pendulum"))
    with pytest.raises(ValueError, match="is of the robot 'cartpole'; these environments have 'pendulum'"):
        penalise(gym.make_vec("MoSim/PendulumSwingup-v0", num_envs=2), DensityPenalty(density))
    with pytest.raises(FileFault, match="There is no density file at"):
        penalise(gym.make_vec(f"MoSim/{TASK}-v0", num_envs=2), DensityPenalty(tmp_path / "none.safetensors"))
    with pytest.raises(FileFault, match=r"No density is packaged for 'cartpole'.*mosim-gym density"):
        penalise(gym.make_vec(f"MoSim/{TASK}-v0", num_envs=2), DensityPenalty())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileFault):
        load_density(path, load_robot("cartpole"))


def test_density_from_the_command_line(tmp_path, capsys):
    main(["density", "pendulum", "--budget", "3s", "--out", str(tmp_path)])
    assert "log-density of held-out motion" in capsys.readouterr().out
    assert load_density(tmp_path / "pendulum.safetensors", load_robot("pendulum")).card["recipe"] == "coverage"
