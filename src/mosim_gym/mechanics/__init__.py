"""What holds for any robot: its description, kinematics, contact; base classes, registries and files."""

from mosim_gym.mechanics.contact import contact_clearance, contact_quantities, limit_distance
from mosim_gym.mechanics.kinematics import ForwardKinematics
from mosim_gym.mechanics.manifold import difference, integrate
from mosim_gym.mechanics.quantities import (
    Quantity,
    angular_velocity,
    centre_of_mass,
    position,
    rotation,
    subtree_com,
    subtree_velocity,
    velocity,
)
from mosim_gym.mechanics.robot import Invariances, ResetBank, Robot

__all__ = [
    "ForwardKinematics",
    "Invariances",
    "Quantity",
    "ResetBank",
    "Robot",
    "angular_velocity",
    "centre_of_mass",
    "contact_clearance",
    "contact_quantities",
    "difference",
    "integrate",
    "limit_distance",
    "position",
    "rotation",
    "subtree_com",
    "subtree_velocity",
    "velocity",
]
