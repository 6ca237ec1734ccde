"""Builtins of Python in Python: the machine interprets these when their arguments depend on data.

Operations in here are shown to users at the place of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import GeneratorType
from typing import Any, TypeAlias

import torch
from torch import Tensor

from .objects import ITERATORS

_TORCH: Any = torch

Hooks: TypeAlias = Sequence[tuple[Callable[..., Any], bool]]


def _refusal_of_none(function: Callable[[Sequence[Any]], Any]) -> str:
    """Return what this version of Python says when the argument of `function` is empty."""
    try:
        function([])
    except ValueError as error:
        return str(error)
    raise AssertionError("there is no extreme of nothing")


_MAX_OF_NONE = _refusal_of_none(max)
_MIN_OF_NONE = _refusal_of_none(min)


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
    if not candidates:
        raise ValueError(_MAX_OF_NONE)
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
    if not candidates:
        raise ValueError(_MIN_OF_NONE)
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
    candidates = list(items)
    keys = [number(key(item)) for item in candidates]
    return reorder(candidates, keys, reverse)


def sorted_one_by_one(items: list[Any], keys: list[Any], reverse: bool) -> list[Any]:
    """Return the items in order of keys, comparing two keys at a time."""
    keyed: list[Any] = []
    for item, key in zip(items, keys):
        position = len(keyed)
        while position > 0 and (
            keyed[position - 1][0] < key if reverse else key < keyed[position - 1][0]
        ):
            position -= 1
        keyed.insert(position, (key, item))
    return [item for _, item in keyed]


# --- what the machine does itself ---------------------------------------------------------------


def number(value: Any) -> Any:
    """Return the number in a tensor with one element; other values are returned unchanged."""
    return value


def reorder(items: list[Any], keys: list[Any], reverse: bool) -> list[Any]:
    """Return the items in order of their keys."""
    positions = sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)
    return [items[position] for position in positions]


def splice(items: list[Any], start: int, stop: int, new: list[Any]) -> None:
    """Put `new` in the place of `items[start:stop]`, where 0 <= start <= stop."""
    items[start:stop] = new


# --- lists --------------------------------------------------------------------------------------


def tensor_to_list(tensor: Any) -> list[Any]:
    """Return the rows of `tensor` as lists."""
    return [row.tolist() for row in tensor]


def list_insert(items: list[Any], position: int, item: Any) -> None:
    """Insert `item` before `position`."""
    size = len(items)
    if position < 0:
        position = max(position + size, 0)
    position = min(position, size)
    splice(items, position, position, [item])


def list_pop(items: list[Any], position: int = -1) -> Any:
    """Remove and return the item at `position`."""
    size = len(items)
    if size == 0:
        raise IndexError("pop from empty list")
    if position < 0:
        position += size
    if position < 0 or position >= size:
        raise IndexError("pop index out of range")
    item = items[position]
    splice(items, position, position + 1, [])
    return item


def list_delete(items: list[Any], position: int) -> None:
    """Remove the item at `position`."""
    size = len(items)
    if position < 0:
        position += size
    if position < 0 or position >= size:
        raise IndexError("list assignment index out of range")
    splice(items, position, position + 1, [])


def apply_to_modules(module: Any, function: Callable[[Any], Any]) -> Any:
    """Return `module.apply(function)`."""
    for child in module.children():
        child.apply(function)
    function(module)
    return module


def mapping_item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return `mapping[key]`."""
    for candidate in mapping:
        if candidate == key:
            return mapping[candidate]
    raise KeyError(key)


def mapping_get(mapping: Mapping[Any, Any], key: Any, default: Any = None) -> Any:
    """Return `mapping.get(key, default)`."""
    for candidate in mapping:
        if candidate == key:
            return mapping[candidate]
    return default


def text_index(text: str, part: str, *bounds: int) -> int:
    """Return `text.index(part, *bounds)`."""
    position = text.find(part, *bounds)
    if position < 0:
        raise ValueError("substring not found")
    return position


def text_rindex(text: str, part: str, *bounds: int) -> int:
    """Return `text.rindex(part, *bounds)`."""
    position = text.rfind(part, *bounds)
    if position < 0:
        raise ValueError("substring not found")
    return position


def text_item(text: str, index: int) -> str:
    """Return `text[index]`."""
    size = len(text)
    if index < 0:
        index += size
    if index < 0 or index >= size:
        raise IndexError("string index out of range")
    return text[index : index + 1]


def list_replace(items: list[Any], start: int | None, stop: int | None, new: list[Any]) -> None:
    """Execute `items[start:stop] = new`."""
    size = len(items)
    if start is None:
        start = 0
    elif start < 0:
        start = max(start + size, 0)
    if stop is None:
        stop = size
    elif stop < 0:
        stop = stop + size
    splice(items, start, max(start, stop), new)


def list_contains(items: Iterable[Any], value: Any) -> bool:
    """Tell whether some item equals `value`."""
    for item in items:
        if item == value:
            return True
    return False


def list_lacks(items: Iterable[Any], value: Any) -> bool:
    """Tell whether no item equals `value`."""
    return not list_contains(items, value)


def list_index(items: list[Any], value: Any) -> int:
    """Return the position of the first item that equals `value`."""
    position = 0
    for item in items:
        if item == value:
            return position
        position += 1
    raise ValueError("the value is not in list")


def list_count(items: list[Any], value: Any) -> int:
    """Return how many items equal `value`."""
    found = 0
    for item in items:
        if item == value:
            found += 1
    return found


def list_remove(items: list[Any], value: Any) -> None:
    """Remove the first item that equals `value`."""
    position = 0
    for item in items:
        if item == value:
            splice(items, position, position + 1, [])
            return
        position += 1
    raise ValueError("list.remove(x): x not in list")


def list_sort(items: list[Any], key: Any = None, reverse: bool = False) -> None:
    """Sort the items in place."""
    splice(items, 0, len(items), sorted_(items, identity if key is None else key, reverse))


def list_equal(left: list[Any], right: list[Any]) -> bool:
    """Tell whether two lists have equal items."""
    if len(left) != len(right):
        return False
    for one, other in zip(left, right):
        if not one == other:
            return False
    return True


def list_different(left: list[Any], right: list[Any]) -> bool:
    """Tell whether two lists have different items."""
    return not list_equal(left, right)


def list_repeated(items: list[Any], count: int) -> list[Any]:
    """Return the items `count` times over."""
    result: list[Any] = items[:0]
    for _ in range(count):
        result = result + items
    return result


# --- functions ----------------------------------------------------------------------------------


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


def call_hooked(
    module: Any, before: Hooks, after: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call a module with its hooks, as torch does."""
    for hook, takes_kwargs in before:
        if takes_kwargs:
            changed = hook(module, args, kwargs)
            if changed is not None:
                args, kwargs = changed
        else:
            changed = hook(module, args)
            if changed is not None:
                args = as_tuple(changed)
    result = run_forward(module, args, kwargs)
    for hook, takes_kwargs in after:
        changed = hook(module, args, kwargs, result) if takes_kwargs else hook(module, args, result)
        if changed is not None:
            result = changed
    return result


def as_tuple(value: Any) -> Any:
    """Return `value` if it is a tuple, else a tuple of it alone."""
    return value if isinstance(value, tuple) else (value,)  # pyright: ignore[reportUnknownVariableType] -- narrowed from Any


def run_forward(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a module without its hooks; the machine does this itself."""
    return module.forward(*args, **kwargs)


def run_program(program: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call a program that is no code of the user, such as a module of torch itself."""
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
    """Call a function of Python with lists in place of iterators."""
    given = [list_(value) if is_iterator(value) else value for value in args]
    return function(*given, **kwargs)


def is_iterator(value: object) -> bool:
    """Tell whether `value` is an iterator of the machine, which only it can draw from."""
    return isinstance(value, (GeneratorType, *ITERATORS))


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


def zip_longest_(*iterables: Iterable[Any], fillvalue: Any = None) -> Iterator[tuple[Any, ...]]:
    """Yield tuples of items side by side until the longest ends."""
    iterators: list[Any] = [iter(iterable) for iterable in iterables]
    remaining = len(iterators)
    while remaining:
        row: list[Any] = []
        for index, iterator in enumerate(iterators):
            item = fillvalue
            if iterator is not None:
                try:
                    item = next(iterator)
                except StopIteration:
                    iterators[index] = None
                    remaining -= 1
            row.append(item)
        if remaining:
            yield tuple(row)


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


class Suppression:
    """What `contextlib.suppress` returns."""

    def __init__(self, exceptions: tuple[type[BaseException], ...]) -> None:
        self.exceptions = exceptions

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        return error is not None and isinstance(error, self.exceptions)


def suppress_(*exceptions: type[BaseException]) -> Suppression:
    """Return a context manager that suppresses `exceptions`."""
    return Suppression(exceptions)


class FunctionContext:
    """What an `autograd.Function` is given to keep things for gradients, which nobody asks for."""

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad = tuple(
            isinstance(value, Tensor) and value.requires_grad for value in arguments
        )

    def save_for_backward(self, *tensors: Any) -> None:
        pass

    def save_for_forward(self, *tensors: Any) -> None:
        pass

    def mark_dirty(self, *tensors: Any) -> None:
        pass

    def mark_non_differentiable(self, *tensors: Any) -> None:
        pass

    def set_materialize_grads(self, value: bool) -> None:
        pass


def apply_function(function: Any, *args: Any) -> Any:
    """Call the forward pass of an `autograd.Function`."""
    context = FunctionContext(args)
    if function.setup_context is torch.autograd.Function.setup_context:
        return function.forward(context, *args)
    output = function.forward(*args)
    function.setup_context(context, args, output)
    return output


class Progress:
    """What a progress bar of `tqdm` is: its items; nothing is shown."""

    def __init__(self, iterable: Any = None, *args: Any, **kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        return False

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    set_description = set_description_str = set_postfix = set_postfix_str = update
    refresh = clear = reset = close = update


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


def initialise_dataclass(
    instance: Any, values: Iterable[tuple[str, Any]], assign: Callable[[Any, str, Any], None]
) -> None:
    """Store the fields of a dataclass, then let it do the rest."""
    for name, value in values:
        assign(instance, name, value)
    if hasattr(instance, "__post_init__"):
        instance.__post_init__()


def diff(
    tensor: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """Return the differences of neighbours, `n` times: torch's own does not know open sizes."""
    parts = [part for part in (prepend, tensor, append) if part is not None]
    result = torch.cat(parts, dim) if len(parts) > 1 else tensor
    axis = dim % result.dim()
    before = (slice(None),) * axis
    for _ in range(n):
        later, earlier = result[(*before, slice(1, None))], result[(*before, slice(None, -1))]
        is_flag = result.dtype is torch.bool
        result = torch.logical_xor(later, earlier) if is_flag else later - earlier
    return result


def one_hot(tensor: Tensor, num_classes: Any = None) -> Tensor:
    """Return `torch.nn.functional.one_hot`, for a number of classes that depends on data."""
    _TORCH._assert(bool((tensor >= 0).all()), "Class values must be non-negative.")
    count = int(tensor.max()) + 1 if num_classes is None else int(num_classes)
    if num_classes is not None:
        is_known = bool((tensor < count).all())
        _TORCH._assert(is_known, "Class values must be smaller than num_classes.")
    return (tensor.unsqueeze(-1) == torch.arange(count)).to(torch.int64)


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Return `torch.nn.utils.rnn.pad_sequence`, for lengths that depend on data."""
    longest = max([sequence.shape[0] for sequence in sequences])
    padded: list[Tensor] = []
    for sequence in sequences:
        shape = (longest - sequence.shape[0], *sequence.shape[1:])
        border = torch.full(shape, padding_value, dtype=sequence.dtype)
        parts = [sequence, border] if padding_side == "right" else [border, sequence]
        padded.append(torch.cat(parts))
    return torch.stack(padded, 0 if batch_first else 1)


def linspace(start: Any, end: Any, steps: Any, **kwargs: Any) -> Tensor:
    """Return `torch.linspace`, for a number of steps that depends on data."""
    count = int(steps)
    step = (end - start) / max(count - 1, 1)
    dtype = kwargs.get("dtype") or torch.get_default_dtype()
    place = torch.arange(count).to(dtype if dtype.is_floating_point else torch.float64)
    result: Any = torch.where(
        place < max(count // 2, 1), start + step * place, end - step * (count - 1 - place)
    )
    return result.to(**{**kwargs, "dtype": dtype})


# --- patterns -----------------------------------------------------------------------------------


def is_sequence(value: object) -> bool:
    """Tell whether a sequence pattern can match `value`."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def is_mapping(value: object) -> bool:
    """Tell whether a mapping pattern can match `value`."""
    return isinstance(value, Mapping)


def has_part(value: Any, cls: Any, key: int | str) -> bool:
    """Tell whether `value` has what the part `key` of a class pattern is matched with."""
    name = _part_name(cls, key)
    return name is None or hasattr(value, name)


def part(value: Any, cls: Any, key: int | str) -> Any:
    """Return what the part `key` of a class pattern is matched with."""
    name = _part_name(cls, key)
    return value if name is None else getattr(value, name)


def _part_name(cls: Any, key: int | str) -> str | None:
    """Return the attribute that a part of a class pattern means, None for the value itself."""
    if isinstance(key, str):
        return key
    names = getattr(cls, "__match_args__", None)
    if key == 0 and names is None and _is_matched_whole(cls):
        return None
    names = names or ()
    if key >= len(names):
        message = f"{cls.__name__}() accepts {len(names)} positional sub-patterns"
        raise TypeError(f"{message} ({key + 1} given)")
    return names[key]


def _is_matched_whole(cls: Any) -> bool:
    whole = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
    return issubclass(cls, whole)
