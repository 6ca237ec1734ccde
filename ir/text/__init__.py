"""The text form of the IR: print a module, parse it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .printer import format_op, print_func, print_module

if TYPE_CHECKING:
    from .parser import parse_module

__all__ = ["format_op", "parse_module", "print_func", "print_module"]


def __getattr__(name: str) -> Any:
    if name != "parse_module":
        raise AttributeError(name)
    from .parser import parse_module  # brings lark, which printing does not need

    return parse_module
