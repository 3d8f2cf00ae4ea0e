"""Training with compiled networks is the same training, and goes on without them where they cannot be had."""

import os
import subprocess
import sys
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


WITHOUT_COMPILER = """
import warnings
import torch
from mosim_gym.training.compiled import can_compile, compiled

def product(x, weight):
    return torch.tanh(x @ weight)

assert not can_compile("cpu")
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    assert compiled(product, torch.ones(1, 1), torch.ones(1, 1, requires_grad=True)) is product
print(said[-1].message)
"""


def test_a_compiler_that_fails_is_done_without(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_COMPILER],
        env={**os.environ, "CXX": str(tmp_path / "missing")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The networks are trained uncompiled, because compiling them failed: " in done.stdout
    assert len(done.stdout.splitlines()) == 1
