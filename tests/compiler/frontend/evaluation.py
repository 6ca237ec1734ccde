"""Capture a program and run the capture, as the tests of the front end do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from modelc.compiler.frontend import Captured, capture
from modelc.diagnostics import Diagnostic, DiagnosticError
from modelc.ir import Func, Op
from modelc.ir.reference import Interpreter
from modelc.ir.verifier import check


def captured(program: Callable[..., Any], *args: Any, **options: Any) -> Captured:
    """Return the verified capture of `program` for `args`."""
    result = capture(program, args, options.pop("kwargs", {}), name="program", **options)
    check(result.module)
    return result


def main(result: Captured) -> Func:
    """Return the first entry."""
    return result.module.host_funcs[0]


def names(func: Func) -> list[str]:
    """Return the names of all ops."""
    return [op.name for op in func.ops]


def ops(func: Func, kind: type[Op]) -> list[Any]:
    """Return the ops of one class."""
    return [op for op in func.ops if isinstance(op, kind)]


def agree(program: Callable[..., Any], result: Captured, *calls: tuple[Any, ...]) -> None:
    """Assert that the capture returns exactly what eager returns for each of `calls`."""
    run = Interpreter(result.module, result.weights).run
    for args in calls:
        with torch.no_grad():
            expected = program(*args)
        torch.testing.assert_close(run(*args), expected, rtol=0, atol=0)


def refusals(program: Callable[..., Any], *args: Any, **options: Any) -> list[Diagnostic]:
    """Return why `program` is refused."""
    try:
        capture(program, args, {}, name="program", **options)
    except DiagnosticError as error:
        return list(error.diagnostics)
    raise AssertionError("the program was captured")
