"""Rows that are selected early are those that were selected late."""

from __future__ import annotations

import pytest
import torch

from modelc.ir import Module, TensorType
from modelc.ir.reference import Interpreter
from modelc.ir.text import parse_module
from modelc.passes import run_pipeline, verify_passes

TOLERANCE = 1e-6  # a product of fewer rows may add in another order

_DENSE = '{memory_format = memory("contiguous_format")}'
ATTENTION = f"""
%q2 = aten.mm.default(%x2, %w) : tensor<[8, 6], f32>
%q = aten.view.default(%q2, [2, 4, 2, 3]) : tensor<[2, 4, 2, 3], f32>
%qh = aten.permute.default(%q, [0, 2, 1, 3]) : tensor<[2, 2, 4, 3], f32>
%qc = aten.clone.default(%qh) {_DENSE} : tensor<[2, 2, 4, 3], f32>
%qm = aten._unsafe_view.default(%qc, [4, 4, 3]) : tensor<[4, 4, 3], f32>
%kh = aten.transpose.int(%q, 1, 2) : tensor<[2, 2, 4, 3], f32>
%kc = aten.clone.default(%kh) {_DENSE} : tensor<[2, 2, 4, 3], f32>
%km = aten.view.default(%kc, [4, 4, 3]) : tensor<[4, 4, 3], f32>
%kt = aten.transpose.int(%km, 1, 2) : tensor<[4, 3, 4], f32>
%s = aten.bmm.default(%qm, %kt) : tensor<[4, 4, 4], f32>
%p = aten._softmax.default(%s, -1, false) : tensor<[4, 4, 4], f32>
%o = aten.bmm.default(%p, %km) : tensor<[4, 4, 3], f32>
%oh = aten.view.default(%o, [2, 2, 4, 3]) : tensor<[2, 2, 4, 3], f32>
%op = aten.permute.default(%oh, [0, 2, 1, 3]) : tensor<[2, 4, 2, 3], f32>
%oc = aten.clone.default(%op) {_DENSE} : tensor<[2, 4, 2, 3], f32>
%o2 = aten.view.default(%oc, [8, 6]) : tensor<[8, 6], f32>
%z2 = aten.addmm.default(%b, %o2, %w) : tensor<[8, 6], f32>
%z3 = aten.view.default(%z2, [2, 4, 6]) : tensor<[2, 4, 6], f32>
%z = aten.add.Tensor(%z3, %x) : tensor<[2, 4, 6], f32>
"""
MODULE = """
module @m {{level = captured}} {{
  host func @main(%x: tensor<[2, 4, 6], f32>, %w: tensor<[6, 6], f32>, %b: tensor<[6], f32>) {{
    %x2 = aten.view.default(%x, [8, 6]) : tensor<[8, 6], f32>
    {body}
    host.return([%y]) {{structure = tuple(leaf(0))}}
  }}
}}
"""
BODIES = {
    "a token of attention": ATTENTION + "%y = aten.select.int(%z, 1, 2) : tensor<[2, 6], f32>",
    "the last token": ATTENTION + "%y = aten.slice.Tensor(%z, 1, -1) : tensor<[2, 1, 6], f32>",
    "one of a batch": ATTENTION + "%y = aten.select.int(%z, 0, 1) : tensor<[4, 6], f32>",
    "linear": """
        %l = aten.linear.default(%x, %w, %b) : tensor<[2, 4, 6], f32>
        %y = aten.select.int(%l, 1, 0) : tensor<[2, 6], f32>""",
    "a row in the middle of others": """
        %l = aten.mm.default(%x2, %w) : tensor<[8, 6], f32>
        %v = aten.view.default(%l, [2, 2, 2, 6]) : tensor<[2, 2, 2, 6], f32>
        %y = aten.select.int(%v, 1, 1) : tensor<[2, 2, 6], f32>""",
    "a column": """
        %l = aten.mm.default(%x2, %w) : tensor<[8, 6], f32>
        %y = aten.select.int(%l, 1, 3) : tensor<[8], f32>""",
    "along the axis of a softmax": """
        %l = aten.mm.default(%x2, %w) : tensor<[8, 6], f32>
        %p = aten._softmax.default(%l, 0, false) : tensor<[8, 6], f32>
        %y = aten.select.int(%p, 0, 3) : tensor<[6], f32>""",
    "a product with itself": """
        %l = aten.mm.default(%w, %w) : tensor<[6, 6], f32>
        %k = aten.mm.default(%l, %l) : tensor<[6, 6], f32>
        %y = aten.select.int(%k, 0, 3) : tensor<[6], f32>""",
}
FEWER_ROWS = {"a token of attention", "the last token", "linear"}


def rows_of_products(module: Module) -> int:
    """Return how many rows all matrix products compute."""
    (func,) = module.funcs.values()
    products = [op for op in func.ops if op.name.split(".")[1] in ("mm", "addmm", "bmm", "linear")]
    types = [op.results[0].type for op in products]
    return sum((t.elements or 0) // int(t.shape[-1]) for t in types if isinstance(t, TensorType))


@pytest.mark.parametrize("name", BODIES)
def test_results_stay(name: str):
    original, rewritten = (parse_module(MODULE.format(body=BODIES[name]), "m") for _ in range(2))
    run_pipeline(rewritten, "select-early", observers=[verify_passes])
    generator = torch.Generator().manual_seed(0)
    shapes = ([2, 4, 6], [6, 6], [6])
    inputs = [torch.randn(shape, generator=generator) for shape in shapes]
    (expected,), (actual,) = (Interpreter(m, {}).run(*inputs) for m in (original, rewritten))
    torch.testing.assert_close(actual, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", BODIES)
def test_products_have_fewer_rows(name: str):
    module = parse_module(MODULE.format(body=BODIES[name]), "m")
    before = rows_of_products(module)
    run_pipeline(module, "select-early")
    after = rows_of_products(module)
    assert after < before if name in FEWER_ROWS else after == before
