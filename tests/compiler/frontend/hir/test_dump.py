"""Register code prints as text, the same for the same code."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from types import FunctionType

from modelc.compiler.frontend.hir import format_code, lower_function

from .programs import CASES

_SOURCE = """
    def f(xs, *, n=1):
        total = 0
        for x in xs:
            if x > n:
                total += g(*xs, k=x)
        return (lambda: n), total
"""

_EXPECTED = """\
def f(xs, *, n)  # program.py:1
  cells n
    0  &n = cell n                                            # 1:1
    1  %1 = constant 0                                        # 2:13
    2  total = %1                                             # 2:5
    3  %2 = iterator xs                                       # 3:14
*   4    loop for %2                                          # 3:14
    5    %3 = next %2 ? 6 : 16                                # 3:14
    6    x = %3                                               # 3:9
    7    %5 = load &n                                         # 4:16
    8    %4 = x > %5                                          # 4:12
    9    branch %4 ? 10 : 14                                  # 4:12
   10    %6 = global g                                        # 5:22
   11    %7 = %6(*xs, k=x)                                    # 5:22
   12    %8 = total += %7                                     # 5:13
   13    total = %8                                           # 5:13
*  14    nop                                                  # 4:12
   15    jump 4                                               # 3:14
   16  %9 = function f.<locals>.<lambda>(; ) captures (&n)    # 6:13
   17  %10 = tuple (%9, total)                                # 6:12
   18  return %10                                             # 6:5

def f.<locals>.<lambda>()  # program.py:6
  free n
    0  %1 = load &n                                           # 6:21
    1  return %1                                              # 6:21"""


def test_prints_one_line_per_instruction(define: Callable[[str], FunctionType]) -> None:
    assert format_code(lower_function(define(_SOURCE))) == textwrap.dedent(_EXPECTED)


def test_lowering_again_prints_the_same(define: Callable[[str], FunctionType]) -> None:
    first, second = define(_SOURCE), define(_SOURCE)
    assert format_code(lower_function(first)) == format_code(lower_function(second))


def test_prints_every_program() -> None:
    for function, _ in CASES:
        code = lower_function(function)
        lines = format_code(code).splitlines()
        assert len(lines) > len(code.instructions)
        assert not [line for line in lines if "<object" in line or " at 0x" in line]
