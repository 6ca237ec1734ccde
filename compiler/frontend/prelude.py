"""Builtins of Python in Python: the machine interprets these when their arguments depend on data.

Operations in here are shown to users at the place of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import GeneratorType
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


def map_(
    function: Callable[..., Any], items: Iterable[Any], *others: Iterable[Any]
) -> Iterator[Any]:
    """Yield the results of `function`."""
    if others:
        for arguments in zip(items, *others):
            yield function(*arguments)
    else:
        for item in items:
            yield function(item)


def filter_(function: Callable[[Any], Any] | None, items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items for which `function` holds."""
    for item in items:
        if item if function is None else function(item):
            yield item


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


# --- iterators ----------------------------------------------------------------------------------


def list_(items: Iterable[Any]) -> list[Any]:
    """Return a list of the items."""
    return [item for item in items]  # noqa: C416 -- `list` is what this stands for


def take(items: Iterable[Any], count: int) -> list[Any]:
    """Return `count` items and one more, as far as there are any: what unpacking looks at."""
    taken: list[Any] = []
    for item in items:
        taken.append(item)
        if len(taken) > count:
            break
    return taken


def with_lists(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function of Python with lists in place of generators."""
    given = [list_(value) if is_generator(value) else value for value in args]
    return function(*given, **kwargs)


def is_generator(value: object) -> bool:
    """Tell whether `value` is a generator."""
    return isinstance(value, GeneratorType)


def next_(iterator: Iterator[Any], default: Any) -> Any:
    """Return the next item, or `default` if there is none."""
    for item in iterator:
        return item
    return default


def enumerate_(items: Iterable[Any], start: int = 0) -> Iterator[tuple[int, Any]]:
    """Yield pairs of a count and an item."""
    count = start
    for item in items:
        yield count, item
        count += 1


def zip_(*iterables: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield tuples of one item of each, until one has no more."""
    if not iterables:
        return
    first, *others = map(iter, iterables)
    for item in first:
        row = [item]
        for other in others:
            for part in other:
                row.append(part)
                break
        if len(row) <= len(others):
            return
        yield tuple(row)


def islice_(items: Iterable[Any], *bounds: Any) -> Iterator[Any]:
    """Yield the items of a slice, with the arguments of `itertools.islice`."""
    start, stop, step = [0, *bounds, 1] if len(bounds) == 1 else [*bounds, 1][:3]
    following = start or 0
    index = 0
    iterator = iter(items)
    if stop is not None and stop <= following:
        return
    for item in iterator:
        if index == following:
            yield item
            following += step or 1
        index += 1
        if stop is not None and index >= stop:
            return


def chain_(*iterables: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of each iterable."""
    for items in iterables:
        yield from items


def flatten_(iterables: Iterable[Iterable[Any]]) -> Iterator[Any]:
    """Yield the items of each iterable of an iterable."""
    for items in iterables:
        yield from items


def takewhile_(predicate: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Yield items up to the first that is not true."""
    for item in items:
        if not predicate(item):
            return
        yield item


def dropwhile_(predicate: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Yield items from the first on that is not true."""
    iterator = iter(items)
    for item in iterator:
        if not predicate(item):
            yield item
            break
    yield from iterator


def accumulate_(
    items: Iterable[Any], func: Callable[[Any, Any], Any] | None = None, *, initial: Any = None
) -> Iterator[Any]:
    """Yield the results so far of combining the items, from left to right."""
    iterator = iter(items)
    total = initial
    if total is None:
        for item in iterator:
            total = item
            break
        else:
            return
    yield total
    for item in iterator:
        total = total + item if func is None else func(total, item)
        yield total


def pairwise_(items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each item with the one before."""
    iterator = iter(items)
    for previous in iterator:
        for item in iterator:
            yield previous, item
            previous = item


def count_(start: Any = 0, step: Any = 1) -> Iterator[Any]:
    """Yield evenly spaced numbers without end."""
    number = start
    while True:
        yield number
        number += step


def cycle_(items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items again and again."""
    kept = list(items)
    while kept:
        yield from kept


def make_context(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function that `contextlib.contextmanager` decorates."""
    return GeneratorContext(function(*args, **kwargs))


def repeat_(value: Any, times: int | None = None) -> Iterator[Any]:
    """Yield one value again and again."""
    repeated = 0
    while times is None or repeated < times:
        yield value
        repeated += 1


class GeneratorContext:
    """What a function that `contextlib.contextmanager` decorates returns."""

    def __init__(self, generator: Iterator[Any]) -> None:
        self.generator = generator

    def __enter__(self) -> Any:
        for value in self.generator:
            return value
        raise RuntimeError("generator didn't yield")

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        if error is not None:
            return leave_by_raising(self.generator, error)
        for _ in self.generator:
            raise RuntimeError("generator didn't stop")
        return False


def leave_by_raising(generator: Any, error: BaseException) -> bool:
    """Raise `error` inside of a context manager; tell whether it was suppressed."""
    try:
        generator.throw(error)
    except StopIteration as stop:
        return stop is not error
    except BaseException as raised:
        if raised is error:
            return False
        raise
    raise RuntimeError("generator didn't stop after throw()")
