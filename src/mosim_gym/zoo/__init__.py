"""Checkpoints: their format, the packaged weights with their cards, and `load`."""

from mosim_gym.zoo.names import load, packaged

__all__ = ["load", "packaged"]
