"""Critics of SAC and TQC: SB3's own, or networks of the same sizes with layer norms, which stay bounded at many updates a step.

    Q(s, a) = w · relu(LN(W₂ relu(LN(W₁ [s, a] + b₁)) + b₂)) + b

The algorithms are SB3's, unmodified. Only their policy class differs.
"""

from __future__ import annotations

from typing import Any

from sb3_contrib.tqc.policies import TQCPolicy
from stable_baselines3.common.torch_layers import create_mlp
from stable_baselines3.sac.policies import SACPolicy
from torch import nn


class NormedSACPolicy(SACPolicy):
    """SAC's `MlpPolicy` with layer norms in the critic."""

    def make_critic(self, features_extractor: Any = None) -> Any:
        """A critic. SB3 calls this once for the critic and once for its target."""
        return _normed(super().make_critic(features_extractor), self)


class NormedTQCPolicy(TQCPolicy):
    """TQC's `MlpPolicy` with layer norms in the critic."""

    def make_critic(self, features_extractor: Any = None) -> Any:
        """A critic. SB3 calls this once for the critic and once for its target."""
        return _normed(super().make_critic(features_extractor), self)


def policy_class(algo: str, critic: str) -> Any:
    """The policy class for SB3's algorithm `algo`, `sac` or `tqc`, and a `critic` that is `normed` or `plain`."""
    normed = {"sac": NormedSACPolicy, "tqc": NormedTQCPolicy}
    return normed[algo] if critic == "normed" else "MlpPolicy"


def _normed(critic: Any, policy: Any) -> Any:
    """Replace each network of the critic by one with layer norms."""
    widths = policy.critic_kwargs["net_arch"]
    for index, plain in enumerate(critic.q_networks):
        inputs, outputs = plain[0].in_features, plain[-1].out_features
        layers = create_mlp(inputs, outputs, widths, policy.activation_fn, post_linear_modules=[nn.LayerNorm])
        network = nn.Sequential(*layers).to(policy.device)
        setattr(critic, f"qf{index}", network)
        critic.q_networks[index] = network
    return critic
