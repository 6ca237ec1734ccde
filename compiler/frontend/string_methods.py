"""`%`, `+`, `str.format` and `str.join` where only the data decides how a value looks."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .failures import NeedConcrete
from .objects import SequenceIterator, is_a
from .scalars import is_symbolic, number_type
from .showing import format_value, holds_data
from .texts import Text, joined, require_no_text, symbols_of

if TYPE_CHECKING:
    from .tracer import Tracer

_PERCENT = re.compile(
    r"%(?:\((?P<name>[^)]*)\))?(?P<flags>[-+ 0#]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?"
    r"[hlL]?(?P<kind>[diufFeEgGsra%])"
)


def string_method(function: Any, args: Sequence[Any]) -> Callable[..., Any] | None:
    """Return what stands for a method of a string if its arguments depend on data."""
    owner = getattr(function, "__self__", None)
    if not isinstance(owner, str):
        return None
    if function.__name__ == "format":
        return _format
    takes_items = function.__name__ == "join" and len(args) == 1
    return _join if takes_items and is_a(args[0], (list, tuple, SequenceIterator)) else None


def _format(tracer: Tracer, template: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if not any(map(holds_data, [*args, *kwargs.values()])):
        return template.format(*args, **kwargs)
    return joined(list(_formatted(tracer, template, args, kwargs)))


def _formatted(
    tracer: Tracer, template: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[Any]:
    count = 0
    for literal, name, specification, conversion in string.Formatter().parse(template):
        yield literal
        if name is None:
            continue
        if name == "":
            name, count = str(count), count + 1
        if "{" in (specification or "") or not (name.isdecimal() or name.isidentifier()):
            raise NeedConcrete(symbols_of_all(args, kwargs), "this format needs known values")
        value = args[int(name)] if name.isdecimal() else kwargs[name]
        yield format_value(
            tracer, value, f"!{conversion}" if conversion else "", specification or ""
        )


def symbols_of_all(args: Sequence[Any], kwargs: Mapping[str, Any]) -> frozenset[Any]:
    """Return the symbols on which any argument depends."""
    return frozenset[Any]().union(*map(symbols_of, [*args, *kwargs.values()]))


def _join(tracer: Tracer, separator: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    del tracer, kwargs
    items = args[0]
    rest = items.items[items.position :] if isinstance(items, SequenceIterator) else items
    if not any(isinstance(item, Text) for item in rest):
        return separator.join(rest)
    return joined([part for item in rest for part in (separator, item)][1:])


def concatenate(left: Any, right: Any) -> Any:
    """Return the sum of strings, one of which depends on data; None if they are none."""
    texts = (str, Text)
    if isinstance(left, Text) or isinstance(right, Text):
        if isinstance(left, texts) and isinstance(right, texts):
            return joined([left, right])
    return None


def percent(tracer: Tracer, template: Any, values: Any) -> Any:
    """Return `template % values` if a value depends on data, else None."""
    if not isinstance(template, str) or not holds_data(values):
        return None
    named = is_a(values, dict)
    items = [] if named else list(values) if is_a(values, tuple) else [values]
    parts: list[Any] = []
    end = 0
    for match in _PERCENT.finditer(template):
        parts.append(template[end : match.start()])
        end = match.end()
        if match["kind"] == "%":
            parts.append("%")
            continue
        if named is (match["name"] is None) or not (named or items):
            raise TypeError("not enough arguments for format string")
        value = values[match["name"]] if named else items.pop(0)
        parts.append(_percent_item(tracer, match, value))
    if items:
        raise TypeError("not all arguments converted during string formatting")
    if "%" in re.sub(_PERCENT, "", template):
        raise ValueError("unsupported format character")
    return joined([*parts, template[end:]])


def _percent_item(tracer: Tracer, match: re.Match[str], value: Any) -> Any:
    kind, flags, width = match["kind"], match["flags"], match["width"]
    precision = "" if match["precision"] is None else f".{match['precision'] or 0}"
    if kind in "sra":
        align = "<" if "-" in flags else ">"
        specification = f"{align if width else ''}{width}{precision}"
        return format_value(tracer, value, f"!{kind}", specification)
    align = "<" if "-" in flags else ""
    sign = "+" if "+" in flags else " " if " " in flags else ""
    zero = "0" if "0" in flags and not align else ""
    if kind in "diu":
        require_no_text([value])
        if precision or not is_symbolic(value):
            raise NeedConcrete(symbols_of(value), "this format needs known values")
        if number_type(value) is float:
            value = tracer.scalars.cast(value, int)
        kind = "d"
    alternate = "#" if "#" in flags else ""
    specification = f"{align}{sign}{alternate}{zero}{width}{precision}{kind}"
    return format_value(tracer, value, "", specification)
