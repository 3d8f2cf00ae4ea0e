"""The Transformer reads no later step."""

from __future__ import annotations

import pytest
import torch

from mosim_gym.world_models.attention import CausalTransformer


def test_a_later_input_changes_no_earlier_output():
    torch.manual_seed(0)
    body = CausalTransformer(3, 2, width=8, layers=2, heads=2, length=6)
    torch.nn.init.normal_(body.head.weight)
    x = torch.randn(4, 6, 3)
    changed = x.clone()
    changed[:, 3] += 1
    before, after = body(x), body(changed)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_heads_divide_the_width():
    with pytest.raises(ValueError, match="width is 10; it must be a multiple of heads, 4"):
        CausalTransformer(3, 2, width=10, layers=1, heads=4, length=6)
