"""Private names: inside of a class, `__name` means `_Class__name`."""

from __future__ import annotations

import ast


def mangle(name: str, class_name: str | None) -> str:
    """Return the name that `name` means in the class `class_name`, or outside of classes."""
    stripped = (class_name or "").lstrip("_")
    private = name.startswith("__") and not name.endswith("__") and "." not in name
    return f"_{stripped}{name}" if private and stripped else name


def mangle_node(node: ast.AST, class_name: str | None) -> None:
    """Mangle in place the identifiers of one node; the names of functions are left as written."""
    match node:
        case ast.Name():
            node.id = mangle(node.id, class_name)
        case ast.Attribute():
            node.attr = mangle(node.attr, class_name)
        case ast.arg() | ast.keyword() if node.arg:
            node.arg = mangle(node.arg, class_name)
        case ast.Global() | ast.Nonlocal():
            node.names = [mangle(name, class_name) for name in node.names]
        case ast.MatchMapping() if node.rest:
            node.rest = mangle(node.rest, class_name)
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
            node.name = mangle(node.name, class_name)
        case ast.alias():
            _mangle_alias(node, class_name)
        case _:
            pass


def _mangle_alias(node: ast.alias, class_name: str | None) -> None:
    bound = node.asname or node.name
    if mangle(bound, class_name) != bound:
        node.asname = mangle(bound, class_name)
