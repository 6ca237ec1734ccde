"""Classes that an artifact names, looked up without importing anything."""

from __future__ import annotations

import builtins
import sys
import types
from typing import Any

_MAX_DEPTH = 10


def find_class(type_name: str) -> type[Any] | None:
    """Return the class `module:qualified.name` if its module is imported already, else None.

    Importing would run code that the artifact chooses; the program that loads the artifact imports
    the modules whose classes it wants to see.
    """
    module_name, _, qualified = type_name.partition(":")
    found: Any = sys.modules.get(module_name)
    for part in qualified.split(".")[:_MAX_DEPTH]:
        found = getattr(found, "__dict__", {}).get(part)
    return found if isinstance(found, type) else None


def find_exception(type_name: str) -> type[Exception] | None:
    """Return the exception class `module:qualified.name`, which must derive from Exception."""
    module_name, _, qualified = type_name.partition(":")
    if module_name == builtins.__name__:
        found: Any = getattr(builtins, qualified, None)
    else:
        found = find_class(type_name)
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def exception(type_name: str, message: str | float) -> Exception:
    """Return what `raise type_name(message)` raises; the message may be a number.

    A constructor that takes other arguments, or words the message itself, is passed by. If the
    class is not imported, a RuntimeError names it in its message.
    """
    cls = find_exception(type_name)
    if cls is not None:
        try:
            made = cls(message)
            if made.args == (message,):
                return made
        except Exception:
            pass  # it takes other arguments
        if isinstance(cls.__init__, types.FunctionType):  # a constructor of the user's own
            return cls.__new__(cls, message)
    return RuntimeError(f"{type_name.rpartition(':')[2]}: {message}")
