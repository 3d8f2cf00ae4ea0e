"""Functions of tensors become ONNX graphs that give the same numbers, or one sentence says why they cannot."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from mosim_gym.mechanics.packages import MissingExtra

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from mosim_gym.envs.onnx_graph import check_equal, one_thread, onnx_graph


def _same(compute, x, rows=None):
    """The results of torch and of onnxruntime, which are compared."""
    session = one_thread(onnx_graph(compute, {"x": x}, ["y"], batch=rows is not None))
    given = x if rows is None else x[:rows]
    found = session.run(None, {"x": given.numpy()})[0]
    np.testing.assert_allclose(found, compute(given)[0].numpy(), rtol=2e-6, atol=0)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: (x.clamp(0, 1.5),),
        lambda x: (x.clamp(min=-1, max=2),),
        lambda x: (torch.clamp(x, max=1),),
        lambda x: (x @ x.mT,),
        lambda x: (torch.zeros_like(x[:, 0]) + x[:, 0],),
    ],
)
def test_operations_that_onnx_does_not_have_give_the_same_numbers(compute, generator):
    _same(compute, torch.randn(3, 4, generator=generator))


def test_small_numbers_keep_their_digits_in_expm1():
    x = torch.cat((torch.logspace(-8, 1, 50), -torch.logspace(-8, 1, 50)))[:, None]
    _same(lambda x: (torch.expm1(x),), x)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_graph_of_a_batch_takes_any_number_of_rows(rows, generator):
    _same(
        lambda x: (torch.zeros_like(x[:, 0], dtype=torch.bool) | (x[:, 0] > 0),),
        torch.randn(5, 4, generator=generator),
        rows,
    )


def test_linear_equations_are_solved_by_operations_that_onnx_has(generator):
    root = torch.randn(3, 5, 5, generator=generator)
    mass, force = root @ root.mT + torch.eye(5), torch.randn(3, 5, generator=generator)
    session = one_thread(
        onnx_graph(lambda a, y: (torch.linalg.solve(a, y),), {"a": mass, "y": force}, ["x"], batch=True)
    )
    found = session.run(None, {"a": mass.numpy(), "y": force.numpy()})[0]
    np.testing.assert_allclose(found, torch.linalg.solve(mass, force), rtol=1e-4, atol=1e-5)


def test_a_function_that_reads_numbers_is_refused():
    with pytest.raises(ValueError, match="because Python reads numbers of tensors in it: write rewards"):
        onnx_graph(lambda x: (x if float(x[0]) > 0 else -x,), {"x": torch.ones(2)}, ["y"])


def test_an_operation_without_a_counterpart_is_named(capfd):
    with pytest.raises(ValueError, match=r"cannot be exported to ONNX: .*aten::i0"):
        onnx_graph(lambda x: (torch.special.i0(x),), {"x": torch.ones(2)}, ["y"])
    capfd.readouterr()  # torch prints the graph


def test_results_that_differ_are_refused():
    x = torch.ones(3)
    check_equal([x], [x + 1e-5])
    with pytest.raises(ValueError, match=r"because onnxruntime and torch differ by 0\.5\."):
        check_equal([x], [x + 0.5])
    with pytest.raises(ValueError, match="because the present number of rows is kept in it"):
        check_equal([x], [x[:2]])


def test_without_the_packages_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # from now on importing it fails
    with pytest.raises(MissingExtra, match=r"^onnxruntime is not installed: .* needs it; `pip install '\.\[onnx\]'`"):
        onnx_graph(lambda x: (x,), {"x": torch.ones(2)}, ["y"])
