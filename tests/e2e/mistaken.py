"""A program with a capture that is wrong on one path, to test what must find it."""

from torch import Tensor, tensor

from modelc.compiler.frontend import Captured
from modelc.ir.text import parse_module

from ..programs import Call

CALL = Call((tensor([1.0]),))


def two_decisions(x: Tensor) -> Tensor:
    large = x.sum() > 0
    if large:
        x = x + 1
    if x.max() > 100:
        x = x + 10
    if large:
        x = x + 100
    return x


# The second arm adds 11 instead of 10.
_MISTAKEN = """
module @two_decisions {level = captured} {
  host func @main(%x: tensor<[1], f32>) {
    %sum = aten.sum.default(%x) : tensor<[], f32>
    %large = aten.gt.Scalar(%sum, 0) : tensor<[], i1>
    %0 = host.item(%large) : i1
    cf.cond_br(%0, ^more, ^next(%x))

    ^more {
      %more = aten.add.Tensor(%x, 1) : tensor<[1], f32>
      cf.br(^next(%more))
    }

    ^next(%y: tensor<[1], f32>) {
      %max = aten.max.default(%y) : tensor<[], f32>
      %huge = aten.gt.Scalar(%max, 100) : tensor<[], i1>
      %1 = host.item(%huge) : i1
      cf.cond_br(%1, ^ten, ^end(%y))
    }

    ^ten {
      %ten = aten.add.Tensor(%y, 11) : tensor<[1], f32>
      cf.br(^end(%ten))
    }

    ^end(%z: tensor<[1], f32>) {
      cf.cond_br(%0, ^hundred, ^return(%z))
    }

    ^hundred {
      %hundred = aten.add.Tensor(%z, 100) : tensor<[1], f32>
      cf.br(^return(%hundred))
    }

    ^return(%result: tensor<[1], f32>) {
      host.return([%result]) {structure = leaf(0)}
    }
  }
}
"""


def mistaken_capture() -> Captured:
    """Return a capture of `two_decisions` with a mistake that the data of CALL does not show."""
    return Captured(parse_module(_MISTAKEN), {}, [])
