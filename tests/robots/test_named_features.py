"""What rewards and observations read of a state, by name."""

from __future__ import annotations

import pytest
import torch

from mosim_gym.mechanics import ForwardKinematics, quantities
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.robots import Features, load_robot
from mosim_gym.robots.named_features import Asked, NamedFeatures


def _features(name, values=None):
    robot = load_robot(name)
    bank = next(iter(robot.reset_banks.values()))
    qpos, qvel = (torch.tensor(part[:4], dtype=torch.float64) for part in (bank.qpos, bank.qvel))
    asked = Asked(robot)
    return NamedFeatures(Features(robot, qpos, qvel, values or {}), torch.zeros(4, 0), asked), asked


def test_hinges_and_slides_are_numbers_and_other_joints_are_rows():
    f, _ = _features("cheetah")
    torch.testing.assert_close(f.joint("bthigh"), f.qpos[:, 3])
    torch.testing.assert_close(f.joint_velocity("rootx"), f.qvel[:, 0])
    f, _ = _features("humanoid")
    assert (f.joint("root").shape, f.joint_velocity("root").shape) == ((4, 7), (4, 6))


def test_places_and_motion_are_those_of_forward_kinematics():
    f, asked = _features("humanoid")
    wanted = ForwardKinematics(
        f.robot,
        {
            "place": quantities.position("body", "head"),
            "turn": quantities.rotation("body", "torso"),
            "spin": quantities.angular_velocity("body", "torso"),
            "speed": quantities.velocity("geom", "head"),
            "com": quantities.subtree_com("torso"),
            "com_speed": quantities.subtree_velocity("torso"),
        },
    )(f.qpos, f.qvel)
    found = {
        "place": f.position("head", of="body"),
        "turn": f.orientation("torso"),
        "spin": f.angular_velocity("torso"),
        "speed": f.velocity("head", of="geom"),
        "com": f.centre_of_mass("torso"),
        "com_speed": f.centre_of_mass_velocity("torso"),
    }
    for name, value in found.items():
        torch.testing.assert_close(value, wanted[name])
    torch.testing.assert_close(f.up("torso"), wanted["turn"][..., 2])
    torch.testing.assert_close(f.centre_of_mass(), f.centre_of_mass("torso"))
    assert len(asked.quantities) == 7


def test_what_was_computed_already_is_not_computed_again():
    f, asked = _features("cheetah", {"position of body torso": torch.ones(4, 3)})
    assert bool((f.position("torso") == 1).all())
    assert not asked.quantities


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda f: f.joint("bthig"), "Unknown joint 'bthig'. Did you mean 'bthigh'? Valid: rootx,"),
        (lambda f: f.position("tors"), "Unknown site, body or geom 'tors'. Did you mean 'torso'? Valid: world,"),
        (lambda f: f.position("torso", of="site"), "Unknown site 'torso'. Valid: (none)."),
        (lambda f: f.up("torso", of="link"), "Unknown part 'link'. Valid: site, body, geom."),
        (lambda f: f.centre_of_mass("head"), "Unknown body 'head'"),
    ],
)
def test_unknown_names_say_the_valid_ones(ask, text):
    f, _ = _features("cheetah")
    with pytest.raises(UnknownName) as caught:
        ask(f)
    assert str(caught.value).startswith(text)


def test_names_that_do_not_exist_are_said_with_those_that_do():
    f, _ = _features("cartpole")
    with pytest.raises(
        AttributeError, match=r"features has no 'pos'\. .* Valid: angular_velocity, .*, joint, .*, qpos, qvel"
    ):
        f.pos  # noqa: B018
    for lookup in (f.joint, f.joint_velocity):
        with pytest.raises(UnknownName, match=r"Unknown joint 0\. It takes a name, not int\. Valid: slider, hinge_1"):
            lookup(0)
