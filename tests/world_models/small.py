"""Learned world models with settings that are small enough to be fitted within a few seconds."""

from __future__ import annotations

from mosim_gym.mechanics.world_model import WORLD_MODELS
from mosim_gym.world_models.learned import LearnedModel

SMALL = {
    "gru": {"steps": 150, "width": 64, "batch": 64, "rate": 5e-3, "ema": 0.9},
    "transformer": {"steps": 150, "width": 64, "layers": 2, "batch": 64, "rate": 3e-3, "ema": 0.9},
    "pets": {"steps": 200, "width": 64, "layers": 2, "members": 3, "rate": 5e-3, "ema": 0.9},
    "latent": {"steps": 250, "width": 64, "latent": 64, "batch": 128, "rate": 3e-3, "ema": 0.9},
    "rssm": {"steps": 1000, "width": 64, "latents": 8, "classes": 8, "length": 16, "rate": 3e-3, "ema": 0.9},
    "nerd": {"steps": 150, "width": 64, "layers": 2, "batch": 64, "rate": 3e-3, "ema": 0.9},
}
"""Settings by the model's name."""


def small(name: str, **settings: object) -> LearnedModel:
    """The model `name` with its small settings, and with `settings` in place of some of them."""
    kind = WORLD_MODELS.find(name)
    return kind(kind.config_type(**{**SMALL[name], **settings}))
