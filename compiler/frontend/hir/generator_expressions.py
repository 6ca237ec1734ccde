"""Generator expressions as the functions that Python makes of them."""

from __future__ import annotations

import ast
import functools

_ITERATOR = ".0"
"""The only parameter, as Python names it."""


@functools.cache
def generator_function(node: ast.GeneratorExp) -> ast.FunctionDef:
    """Return the function that Python makes of a generator expression, always the same node."""
    element = ast.copy_location(ast.Yield(node.elt), node.elt)
    body: ast.stmt = ast.copy_location(ast.Expr(element), node.elt)
    for clause in reversed(node.generators):
        for test in reversed(clause.ifs):
            body = ast.copy_location(ast.If(test, [body], []), test)
        body = ast.copy_location(ast.For(clause.target, clause.iter, [body], []), clause.iter)
    assert isinstance(body, ast.For)
    body.iter = ast.copy_location(ast.Name(_ITERATOR, ast.Load()), body.iter)
    parameter = ast.copy_location(ast.arg(_ITERATOR), node)
    arguments = ast.arguments([], [parameter], None, [], [], None, [])
    return ast.copy_location(ast.FunctionDef("<genexpr>", arguments, [body], []), node)
