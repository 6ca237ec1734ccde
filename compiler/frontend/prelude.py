"""Builtins of Python in Python: the machine interprets these when their arguments depend on data.

Operations in here are shown to users at the place of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any


def any_(items: Iterable[Any]) -> bool:
    """Tell whether any item is true, stopping at the first."""
    for item in items:
        if item:
            return True
    return False


def all_(items: Iterable[Any]) -> bool:
    """Tell whether all items are true, stopping at the first that is not."""
    for item in items:
        if not item:
            return False
    return True


def sum_(items: Iterable[Any], start: Any = 0) -> Any:
    """Return `start` plus the items, from left to right."""
    total = start
    for item in items:
        total = total + item
    return total


def map_(function: Callable[..., Any], items: Iterable[Any], *others: Iterable[Any]) -> list[Any]:
    """Return the results of `function`, not lazily."""
    if others:
        return [function(*arguments) for arguments in zip(items, *others)]
    return [function(item) for item in items]


def filter_(function: Callable[[Any], Any] | None, items: Iterable[Any]) -> list[Any]:
    """Return the items for which `function` holds, not lazily."""
    kept: list[Any] = []
    for item in items:
        if item if function is None else function(item):
            kept.append(item)
    return kept


def reduce_(function: Callable[[Any, Any], Any], items: Sequence[Any], *initial: Any) -> Any:
    """Combine the items by `function`, from left to right."""
    rest = [*initial, *items]
    total = rest[0]
    for item in rest[1:]:
        total = function(total, item)
    return total


def max_(items: Iterable[Any], key: Callable[[Any], Any]) -> Any:
    """Return the first item whose key no other exceeds."""
    candidates = list(items)
    best = candidates[0]
    best_key = key(best)
    for item in candidates[1:]:
        item_key = key(item)
        if item_key > best_key:
            best = item
            best_key = item_key
    return best


def min_(items: Iterable[Any], key: Callable[[Any], Any]) -> Any:
    """Return the first item whose key exceeds no other."""
    candidates = list(items)
    best = candidates[0]
    best_key = key(best)
    for item in candidates[1:]:
        item_key = key(item)
        if item_key < best_key:
            best = item
            best_key = item_key
    return best


def sorted_(items: Iterable[Any], key: Callable[[Any], Any], reverse: bool = False) -> list[Any]:
    """Return the items in order of keys, equal ones in their old order."""
    keyed: list[Any] = []
    for item in items:
        item_key = key(item)
        position = len(keyed)
        while position > 0 and (
            keyed[position - 1][0] < item_key if reverse else item_key < keyed[position - 1][0]
        ):
            position -= 1
        keyed.insert(position, (item_key, item))
    return [item for _, item in keyed]


def identity(value: Any) -> Any:
    """Return `value`."""
    return value


def checkpoint(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call `function`, as `torch.utils.checkpoint.checkpoint` does without gradients."""
    return function(*args)


def run_sequence(modules: Iterable[Callable[[Any], Any]], value: Any) -> Any:
    """Pass `value` through the modules of an `nn.Sequential`."""
    for module in modules:
        value = module(value)
    return value


def run_program(program: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call a program that is a module of torch itself."""
    return program(*args, **kwargs)


def divmod_(left: Any, right: Any) -> tuple[Any, Any]:
    """Return quotient and remainder."""
    return left // right, left % right


def pow_(base: Any, exponent: Any) -> Any:
    """Return `base` to the power of `exponent`."""
    return base**exponent
