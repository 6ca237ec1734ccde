"""How values look: `str`, `repr`, `format` and `print` of what only the data decides."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch

from ...diagnostics import escape
from ...ir import Value
from ...ir.host import Print, texts
from .failures import NeedConcrete
from .fork import copy_list
from .objects import ABSENT, DynamicList, class_of, is_a
from .plain_lists import only_column
from .scalars import is_number, is_symbolic, number_type
from .texts import (
    Choice,
    HostString,
    Piece,
    Text,
    is_data,
    joined,
    require_no_text,
    symbols_of,
    text_of,
)
from .torch_internals import is_traced

if TYPE_CHECKING:
    from .tracer import Tracer

_CONVERSIONS: Mapping[str, Callable[[Any], str]] = {"!s": str, "!r": repr, "!a": ascii}
_BRACKETS: Mapping[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}")}


def format_value(tracer: Tracer, value: Any, conversion: str, specification: str) -> str | Text:
    """Return what `f"{value!conversion:specification}"` gives."""
    if isinstance(value, Text):
        return _format_text(tracer, value, conversion, specification)
    if is_traced(value) and not conversion and value.dim() == 0:
        value = tracer.native(torch.Tensor.item, value)
    if not is_data(value) and not holds_data(value):
        return _try_format(value, conversion, specification)
    value = tracer.scalars.constant_or_symbol(value)
    if is_symbolic(value):
        _try_format(number_type(value)(1), conversion, specification)
        return Text((Piece(value, conversion, specification),))
    shown = shown_as(tracer, value, quoted=conversion == "!r")
    if specification or conversion == "!a":
        require_no_text([shown])
    return shown


def _format_text(tracer: Tracer, text: Text, conversion: str, specification: str) -> Text:
    if conversion in ("", "!s") and not specification:
        return text
    _try_format("", conversion, specification)
    return Text((Piece(as_host_string(tracer, text), conversion, specification),))


def _try_format(value: Any, conversion: str, specification: str) -> str:
    converted = _CONVERSIONS[conversion](value) if conversion else value
    return format(converted, specification)


def holds_data(value: Any) -> bool:
    """Tell whether `value` is, or is a container that holds, what only the data decides."""
    if is_data(value):
        return True
    if is_a(value, dict):
        return any(map(holds_data, value.values()))
    if isinstance(value, BaseException):
        return any(map(holds_data, value.args))
    return is_a(value, (list, tuple, set, frozenset)) and any(map(holds_data, value))


def shown_as(tracer: Tracer, value: Any, *, quoted: bool) -> str | Text:
    """Return `repr(value)` if `quoted`, else `str(value)`."""
    if not holds_data(value):
        return repr(value) if quoted else str(value)
    if isinstance(value, Text):
        return _format_text(tracer, value, "!r" if quoted else "", "")
    if isinstance(value, DynamicList):
        return Text((Piece(copy_list(value), "!s"),))
    if is_traced(value):
        return Text((Piece(_snapshot(tracer, value), "!s"),))
    if isinstance(value, BaseException):
        return text_of_error(tracer, value)
    if is_symbolic(value):
        return Text((Piece(value, "!s"),))
    return joined(list(_container(tracer, value)))


def _snapshot(tracer: Tracer, tensor: Any) -> Any:
    """Return what `tensor` holds now; refuse parameters, which torch shows in another way."""
    if tracer.tensors.is_parameter(tensor):
        raise tracer.refuse(
            "MC0101",
            "a parameter of the program is shown as text",
            help="show `parameter.data` instead",
        )
    return tracer.tensors.rewrap(tensor)


def _container(tracer: Tracer, value: Any) -> Iterator[Any]:
    kind = class_of(value)
    if kind not in _BRACKETS:
        raise NeedConcrete(frozenset(), f"the text of a {kind.__name__} depends on tensor data")
    opening, closing = _BRACKETS[kind]
    yield opening
    items = value.items() if kind is dict else ((ABSENT, item) for item in value)
    for number, (key, item) in enumerate(items):
        yield ", " if number else ""
        yield "" if key is ABSENT else f"{key!r}: "
        yield shown_as(tracer, item, quoted=True)
    yield "," if kind is tuple and len(value) == 1 else ""
    yield closing


def fill_values(tracer: Tracer, text: Text) -> tuple[str, tuple[Value, ...]]:
    """Return `text` as a template of the IR, with the values of its fields."""
    template: list[str] = []
    values: list[Value] = []
    for part in text.parts:
        if isinstance(part, str):
            template.append(escape(part))
            continue
        specification = f":{part.specification}" if part.specification else ""
        template.append(f"{{{len(values)}{part.conversion}{specification}}}")
        values.append(_value(tracer, part.value))
    return "".join(template), tuple(values)


def _value(tracer: Tracer, value: Any) -> Value:
    if isinstance(value, DynamicList):
        return only_column(value)
    if isinstance(value, HostString):
        return value.columns[0]
    if isinstance(value, Choice):
        index = tracer.scalars.value(value.index)
        chosen = texts.Get(index=index, items=value.items, loc=tracer.location())
        return tracer.emit(chosen).out
    return tracer.tensors.value(value) if is_traced(value) else tracer.scalars.value(value)


def as_host_string(tracer: Tracer, text: str | Text) -> HostString:
    """Return `text` as a string of the host."""
    if isinstance(text, Text) and text.host_string is not None:
        return text.host_string
    if isinstance(text, Text) and text.choice is not None:
        return HostString((_value(tracer, text.choice),), text.choice.origins)
    template, values = (text, ()) if isinstance(text, str) else fill_values(tracer, text)
    made = tracer.emit(texts.Format(template=template, values=values, loc=tracer.location()))
    return HostString((made.out,), symbols_of(text))


def as_host_text(tracer: Tracer, text: str | Text) -> Text:
    """Return `text` as one that is a string of the host."""
    return text_of(as_host_string(tracer, text))


def value_of_text(tracer: Tracer, text: str | Text) -> Value:
    """Return the value of `text` on the host."""
    (value,) = as_host_string(tracer, text).columns
    return value


def text_of_error(tracer: Tracer, error: BaseException) -> str | Text:
    """Return the message that makes an exception of this class look like `error`."""
    is_key_error = isinstance(error, KeyError) and len(error.args) == 1
    if is_key_error and is_number(error.args[0]):
        return shown_as(tracer, error.args[0], quoted=True)
    if is_key_error and not isinstance(error.args[0], (str, Text)):
        raise tracer.refuse(
            "MC0101",
            "a KeyError holds something other than text or a number",
            help="put the key into a string: KeyError(str(key))",
        )
    if not any(map(holds_data, error.args)):
        return error.args[0] if is_key_error else str(error)
    args: list[Any] = list(error.args)
    if isinstance(class_of(error).__str__, types.FunctionType):
        raise NeedConcrete(symbols_of(args[0]), "the text of an exception depends on data")
    if len(args) > 1:
        return shown_as(tracer, tuple(args), quoted=True)
    return shown_as(tracer, args[0], quoted=False)


def emit_print(
    tracer: Tracer, text: str | Text, end: str | Text, *, to_errors: bool, flush: bool
) -> None:
    """Let the host print a text."""
    if isinstance(end, Text):
        text, end = joined([text, end]), ""
    template, values = fill_values(tracer, text) if isinstance(text, Text) else (text, ())
    location = tracer.location()
    tracer.emit(
        Print(text=template, values=values, end=end, to_errors=to_errors, flush=flush, loc=location)
    )
