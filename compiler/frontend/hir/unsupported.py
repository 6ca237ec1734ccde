"""What the front end refuses, by class of node: how it is called, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Mapping

_SYNCHRONOUS = "write it without `async`"

UNSUPPORTED: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.AsyncFunctionDef: ("an `async def` function", _SYNCHRONOUS),
    ast.AsyncFor: ("`async for`", _SYNCHRONOUS),
    ast.AsyncWith: ("`async with`", _SYNCHRONOUS),
    ast.Await: ("`await`", _SYNCHRONOUS),
    ast.TryStar: ("`except*`", "use `except`"),
}
