"""Training with compiled networks is the same training, and goes on without them where they cannot be had."""

import warnings

import pytest
import torch

from mosim_gym.training.compiled import can_compile, compiled


def product(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x @ weight)


@pytest.mark.skipif(not can_compile("cpu"), reason="there is no C++ compiler here")
def test_compiled_functions_say_the_same():
    x, weight = torch.randn(8, 4), torch.randn(4, 4, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        faster = compiled(product, x, weight)
    assert torch.allclose(faster(x, weight), product(x, weight), atol=1e-6)


def test_a_compiler_that_fails_is_done_without(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", str(tmp_path / "missing"))
    assert not can_compile("cpu")

    def refuse(function):
        def fail(*_):
            raise RuntimeError("no compiler\nand a long story")

        return fail

    monkeypatch.setattr(torch, "compile", refuse)
    with pytest.warns(UserWarning, match="trained uncompiled.*no compiler$"):
        assert compiled(product, torch.ones(1, 1), torch.ones(1, 1)) is product
