"""The text form of the IR: print a module, parse it again."""

from .printer import format_op, print_func, print_module

__all__ = ["format_op", "print_func", "print_module"]
