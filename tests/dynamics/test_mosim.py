"""The model's structure: invariances, the inertia's form, ensembles, features at contacts and limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.dynamics.config import PRESETS, MoSimConfig, preset
from mosim_gym.dynamics.control_step import Motion
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.rigid_bodies import RigidBodies
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import ForwardKinematics, integrate
from mosim_gym.mechanics.compiling import compile_mjcf
from mosim_gym.robots import find_robot, load_robot, robot_definitions
from mosim_gym.training.model_choice import model_for


def _model(robot="cheetah", name="default", **changes):
    torch.manual_seed(0)
    model = MoSim(load_robot(robot), preset(name, **changes))
    for parameter in model.parameters():  # blocks start at zero; make everything count
        torch.nn.init.normal_(parameter, std=0.1)
    return model


def normalised(robot, qpos):
    for place in robot.quaternion_slices:
        qpos[:, place] /= qpos[:, place].norm(dim=1, keepdim=True)
    return qpos


def _states(robot, n=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    description = load_robot(robot)
    return (
        normalised(description, torch.randn(n, description.nq, generator=generator)),
        torch.randn(n, description.nv, generator=generator) * 3,
        torch.rand(n, description.nu, generator=generator) * 2 - 1,
    )


@pytest.mark.parametrize("robot", list(robot_definitions()))
def test_what_does_not_matter_to_the_robot_does_not_matter_to_the_model(robot, elsewhere):
    description, definition = load_robot(robot), find_robot(robot)
    simulator = Simulator(_model(robot, pairs=definition.pairs, strings=definition.strings), {})
    qpos, qvel, action = (x.numpy() for x in _states(robot))
    shift = np.zeros(description.nq, np.float32)
    shift[list(description.translation_indices)] = 2.5
    here, there = (
        simulator.step(qpos, qvel, action),
        simulator.step(*elsewhere(description, qpos, qvel, shift, 1.3), action),
    )
    wanted_q, wanted_v = elsewhere(description, here.qpos, here.qvel, shift, 1.3)
    np.testing.assert_allclose(there.qvel, wanted_v, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        there.qpos, wanted_q, rtol=1e-3, atol=2e-3
    )  # nearly parallel shapes turn rounding into more


def test_a_full_turn_of_an_unlimited_hinge_changes_nothing():
    simulator = Simulator(_model("acrobot", "smooth"), {})
    qpos, qvel, action = _states("acrobot")
    here, there = simulator.step(qpos, qvel, action), simulator.step(qpos + 2 * np.pi, qvel, action)
    torch.testing.assert_close(there.qvel, here.qvel, rtol=1e-4, atol=1e-4)


def test_the_inertia_is_symmetric_and_positive():
    """The predictor's acceleration is M(q) times a force, M = L Lᵀ: find M column by column."""
    model = _model(correctors=(), remainder=None)
    qpos, qvel, action = _states("cheetah", n=1)
    kinematics = ForwardKinematics(model.robot, model.features.quantities)
    x = model.inputs(qpos, qvel, action, kinematics(qpos, qvel))
    assert model.bias is not None
    assert model.torque is not None
    columns = []
    for unit in torch.eye(9):
        model.bias.forward = lambda _, unit=unit: unit[None]
        model.torque.forward = lambda _: torch.zeros(1, 9)
        columns.append(model.flight(x)[0])
    inertia = torch.stack(columns, dim=1)
    torch.testing.assert_close(inertia, inertia.T)
    assert (torch.linalg.eigvalsh(inertia) > -1e-5).all()


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_runs_and_survives_its_card(name):
    config = PRESETS[name]
    assert MoSimConfig.from_dict(config.to_dict()) == config
    simulator = Simulator(MoSim(load_robot("cheetah"), config), {})
    path = simulator.rollout(*(x.numpy() for x in _states("cheetah", n=4)[:2]), np.zeros((4, 3, 6), np.float32))
    assert path.qpos.shape == (4, 3, 9)
    assert np.isfinite(path.qvel).all()


def test_members_of_an_ensemble_are_the_single_models_stacked():
    ensemble = _model(members=3)
    qpos, qvel, action = _states("cheetah", n=10)
    together = Simulator(ensemble, {}).step(qpos, qvel, action)
    for member in range(3):
        alone = _model()
        alone.load_state_dict(
            {
                k: v if k.split(".")[-1] not in ("weight", "bias") else v[member : member + 1]
                for k, v in ensemble.state_dict().items()
            }
        )
        expected = Simulator(alone, {}).step(qpos, qvel, action)
        torch.testing.assert_close(
            Simulator(ensemble, {}, ensemble=[member]).step(qpos, qvel, action).qvel, expected.qvel
        )
        torch.testing.assert_close(together.qvel[member::3], expected.qvel[member::3])


def test_contact_features_switch_exactly_where_the_ground_is():
    model = _model(foresight=())
    features, robot = model.features, model.robot
    kinematics = ForwardKinematics(robot, features.quantities)
    qpos = torch.zeros(2, 9)
    points = kinematics(qpos, torch.zeros(2, 9))["contact_points"]
    lowest = (points[..., 2] - torch.tensor(robot.contacts.radius, dtype=torch.float32)).amin()
    qpos[:, robot.qpos_indices("rootz").start] = -lowest + torch.tensor([1e-4, -1e-4])
    x = features(qpos, torch.zeros(2, 9), torch.zeros(2, 6), kinematics(qpos, torch.zeros(2, 9)))
    assert ((x[0] == 1) & (x[1] == 0)).sum() == 0
    assert ((x[0] == 0) & (x[1] == 1)).sum() >= 1


def test_steps_are_differentiable_and_cost_no_graph_when_not_asked():
    simulator = Simulator(_model(), {})
    qpos, qvel, action = _states("cheetah", n=4)
    assert not simulator.step(qpos, qvel, action).qvel.requires_grad
    action.requires_grad_()
    path = simulator.rollout(qpos, qvel, action[:, None].expand(-1, 3, -1))
    path.qpos[:, -1].sum().backward()
    assert action.grad is not None
    assert (action.grad != 0).any(dim=-1).all()


def test_a_step_is_the_first_of_a_rollout_in_either_currency():
    simulator = Simulator(_model(), {})
    qpos, qvel, action = (x.numpy() for x in _states("cheetah", n=5))
    one = simulator.step(qpos, qvel, action)
    path = simulator.rollout(qpos, qvel, action[:, None])
    assert isinstance(one.qpos, np.ndarray)
    np.testing.assert_array_equal(one.qpos, path.qpos[:, 0])
    alone = simulator.step(qpos[:1], qvel[:1], action[:1])
    np.testing.assert_allclose(alone.qvel, one.qvel[:1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("take", ["step", "rollout", "disagreement"])
def test_states_and_controls_that_do_not_fit_are_refused_in_one_sentence(take):
    simulator = Simulator(_model(members=2), {})
    ask, steps = getattr(simulator, take), take == "rollout"
    qpos, qvel, action = _states("cheetah", n=4)
    as_given = lambda a: a[..., None, :] if steps else a  # noqa: E731
    for wrong in (
        (qpos, qvel, action[:, :1]),
        (qpos, qvel, action[:1]),
        (qpos[:1], qvel, action),
        (qpos, qvel[:, :8], action),
        (qpos[0], qvel[0], action[0]),
        (qpos[None], qvel[None], action[None]),
    ):
        with pytest.raises(ValueError, match=r"cheetah needs \(B, 9\), \(B, 9\) and \(B, (T, )?6\)"):
            ask(*wrong[:2], as_given(wrong[2]))
        with pytest.raises(ValueError, match=r"cheetah needs \(B, 9\), \(B, 9\) and \(B, (T, )?6\)"):
            ask(*(part.numpy() for part in wrong[:2]), as_given(wrong[2].numpy()))
    action = as_given(action)
    for mixed in ((qpos.numpy(), qvel.numpy(), action), (qpos, qvel, action.numpy()), (qpos, qvel, None)):
        with pytest.raises(TypeError, match="give all of them as numpy arrays, or all as tensors"):
            ask(*mixed)
    for odd in ((qpos, qvel, action.to(torch.complex64)), (qpos.numpy(), qvel.numpy(), action.numpy().astype(str))):
        with pytest.raises(TypeError, match="they must be real numbers"):
            ask(*odd)
    ask(qpos.double(), qvel, action.round().int())  # whatever is a number is taken
    ask(qpos.numpy()[::-1], qvel.tolist(), action.numpy().astype(np.float16))


@pytest.mark.parametrize("name", ["cheetah", "hopper", "go2"])
def test_what_narrow_motion_hardly_shows_does_not_blow_up_inputs(name):
    robot = load_robot(name)
    model = MoSim(robot, model_for(name))
    kinematics = ForwardKinematics(robot, model.features.quantities)
    generator = torch.Generator().manual_seed(0)

    def scattered(far: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        start = torch.tensor(robot.qpos0, dtype=torch.float32).expand(2000, -1)
        moved, qvel = (far * torch.randn(2000, robot.nv, generator=generator) for _ in range(2))
        return integrate(robot, start, moved, 1.0), qvel, torch.rand(2000, robot.nu, generator=generator) * 2 - 1

    qpos, qvel, action = scattered(0.02)
    still = torch.randn(2000, robot.nv, generator=generator)
    values = kinematics(qpos, qvel)
    model.fit_statistics(qpos, qvel, action, values, Motion(still, still, torch.randn(2000, model.config.sensors)))
    narrow = model.input_std.clone()

    qpos, _, action = scattered(1.0)
    qvel = torch.zeros_like(qpos[:, : robot.nv])  # velocities have no nature that tells how large they become
    x = model.inputs(qpos, qvel, action, kinematics(qpos, qvel))
    plain = len(model.features._plain)
    told = torch.ones(x.shape[1], dtype=torch.bool)
    told[:plain] = False
    assert x[:, told].abs().max() < 30
    assert torch.equal(model.divisors(narrow), narrow)


@pytest.mark.parametrize("name", ["default", "substeps"])
def test_the_inertia_is_bounded_where_nothing_was_learned(name):
    model = MoSim(load_robot("cheetah"), preset(name))
    assert model.inertia is not None
    x = torch.randn(100, model.features.position_size)
    assert model.inertia(10_000 * x).abs().max() < 3 * model.inertia(3 * x).abs().max()


def test_unknown_presets_are_refused():
    with pytest.raises(KeyError, match=r"Unknown preset 'defualt'. Did you mean 'default'"):
        preset("defualt")


@pytest.mark.parametrize("robot", ["cheetah", "humanoid"])
def test_what_runs_away_stays_within_twice_the_box_and_what_is_inside_moves_as_it_would(robot):
    qpos, qvel, action = _states(robot)
    box = {"qvel": [(qvel.amin(0) - 1).tolist(), (qvel.amax(0) + 1).tolist()]}
    model = _model(robot)
    model.output_std *= 1000  # so that its motion runs away at once
    free, held = (Simulator(model, card) for card in ({}, {"box": box}))
    for _ in range(2):
        qpos, qvel, _ = held.step(qpos, qvel, action)
    low, high = (torch.tensor(side) for side in box["qvel"])
    room = high - low
    assert ((qvel >= low - 1.001 * room) & (qvel <= high + 1.001 * room)).all()
    assert ((qvel < low - room / 2) | (qvel > high + room / 2)).any()
    wide = Simulator(model, {"box": {"qvel": [(1e9 * low).tolist(), (1e9 * high).tolist()]}})
    for expected, found in zip(free.step(qpos, qvel, action)[:2], wide.step(qpos, qvel, action)[:2], strict=True):
        assert torch.equal(expected, found)


CUBE = """<mujoco><worldbody><geom type="plane" size="1 1 1"/>
  <body pos="0 0 1"><joint name="root" type="free"/><geom type="box" size=".1 .1 .1"/></body></worldbody></mujoco>"""


@pytest.mark.parametrize("name", ["default", "smooth", "substeps"])
def test_a_robot_without_actuators_is_learned_and_moved_like_any_other(name):
    robot = compile_mjcf(CUBE, name="cube", control_step=0.002)
    torch.manual_seed(0)
    model = MoSim(robot, preset(name))
    for part in (model.torque, *model.correctors):
        torch.nn.init.normal_(part.last.weight, std=0.1)
    qpos, qvel, action = torch.tensor(robot.qpos0).float().expand(5, -1), torch.randn(5, 6), torch.zeros(5, 0)
    model.fit_statistics(
        qpos, qvel, action, ForwardKinematics(robot, model.features.quantities)(qpos, qvel), Motion(qvel, None)
    )
    values = ForwardKinematics(robot, model.features.quantities)(qpos, qvel)
    motion = model(qpos, qvel, action, values)
    then = Simulator(model, {}).step(qpos, qvel, action)
    torch.testing.assert_close(then.qvel, qvel + 0.002 * motion.acceleration.reshape(5, 6), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("robot", "name"), [("cheetah", "measured-contacts"), ("acrobot", "measured"), ("fish", "measured")]
)
def test_outputs_of_a_model_that_knows_the_inertia_are_forces(robot, name):
    model = _model(robot, name, known="inertia", inertia=None, members=2)
    qpos, qvel, action = _states(robot)
    bodies = RigidBodies(model.robot)
    values = ForwardKinematics(model.robot, model.features.quantities)(qpos, qvel)
    free = model.motion(torch.zeros(16, len(model.output_std)), qpos, qvel)
    torch.testing.assert_close(free.acceleration, bodies.acceleration(qpos, qvel, torch.zeros_like(qvel)))
    model.fit_statistics(qpos, qvel, action, values, free)
    raw = torch.randn(16, len(model.output_std))
    motion = model.motion(raw, qpos, qvel)
    torch.testing.assert_close(model.targets(qpos, qvel, motion), raw, rtol=1e-2, atol=1e-2)
    simulator = Simulator(model, {})
    with_gradients = simulator.step(qpos.requires_grad_(True), qvel, action)
    plain = simulator.step(qpos.detach(), qvel, action)
    torch.testing.assert_close(with_gradients.qvel.detach(), plain.qvel, rtol=1e-3, atol=1e-3)
