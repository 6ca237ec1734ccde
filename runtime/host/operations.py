"""Every operation of the host program: what it takes and the Python that computes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..types import DTYPES, ListType, TensorType, Type
from .program import Attribute, Instruction

PREDICATES: Mapping[str, str] = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
OPPOSITES: Mapping[str, str] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "ge",
    "le": "gt",
    "gt": "le",
    "ge": "lt",
}
CASTS: Mapping[str, str] = {"i64": "int", "f64": "float", "i1": "bool"}

_NOT_OF_NUMBERS = {"fsum", "prod", "sumprod", "dist", "frexp", "modf"}
MATH_FUNCTIONS: Mapping[str, str] = {
    **{
        name: f"math.{name}"
        for name, function in vars(math).items()
        if callable(function) and not name.startswith("_") and name not in _NOT_OF_NUMBERS
    },
    "abs": "abs",
    "round": "round",
}
"""How each function of `arith.math` is called in the generated module."""

STRING_METHODS = frozenset(
    """__contains__ __len__ capitalize casefold center count endswith expandtabs find isalnum
    isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle
    isupper join ljust lower lstrip removeprefix removesuffix replace rfind rjust rsplit rstrip
    split splitlines startswith strip swapcase title upper zfill""".split()
)
"""The methods of strings that the generated module may call."""

Check: TypeAlias = Callable[[Attribute], bool]


@dataclass(frozen=True)
class Site:
    """One use of an operation: the instruction, and the types of its operands and results."""

    instruction: Instruction
    operand_types: Sequence[Type]
    result_types: Sequence[Type]

    def text(self, name: str) -> str:
        """Return the attribute `name` as text."""
        return str(self.instruction.attribute(name))


@dataclass(frozen=True)
class Operation:
    """How one operation looks.

    `operands` has one letter per operand: `n` a number or string, `t` a tensor, `l` a list, `?` any
    of them; the letter before a last `*` repeats. `attributes` maps names to checks of their
    values. `text` returns the Python expression for given operand texts; it is None where the
    generator knows better. The text of an `enclosed` operation needs no brackets, and its operands
    need none where they are `apart`: between brackets and commas.
    """

    operands: str
    text: Callable[[Site, list[str]], str] | None
    attributes: Mapping[str, Check] = field(default_factory=lambda: {})
    results: int | None = 1
    enclosed: bool = True
    apart: bool = True


def literal(value: Attribute) -> str:
    """Return a Python expression for `value`."""
    if isinstance(value, float) and not math.isfinite(value):
        return "-math.inf" if value < 0 else f"math.{value}"
    if isinstance(value, tuple):
        return f"({''.join(f'{literal(item)}, ' for item in value)})"
    return repr(value)


def _joining(
    operands: str, text: Callable[[Site, list[str]], str], **attributes: Check
) -> Operation:
    """Return an operation whose operands stand beside operators, and its own text as well."""
    return Operation(operands, text, attributes, enclosed=False, apart=False)


def _postfix(
    operands: str, text: Callable[[Site, list[str]], str], **attributes: Check
) -> Operation:
    """Return an operation whose operands stand beside operators, but not its own text."""
    return Operation(operands, text, attributes, apart=False)


def _infix(operator: str) -> Operation:
    return _joining("nn", lambda site, texts: f" {operator} ".join(texts))


def _prefix(operator: str) -> Operation:
    return _joining("n", lambda site, texts: f"{operator}{texts[0]}")


def _call(function: str, operands: str) -> Operation:
    return Operation(operands, lambda site, texts: f"{function}({', '.join(texts)})")


def _compare(site: Site, texts: list[str]) -> str:
    return f" {PREDICATES[site.text('predicate')]} ".join(texts)


def _math(site: Site, texts: list[str]) -> str:
    return f"{MATH_FUNCTIONS[site.text('function')]}({', '.join(texts)})"


def _item(site: Site, texts: list[str]) -> str:
    (source,) = site.operand_types
    assert isinstance(source, TensorType)
    if source.dtype == "bf16":
        return f"bfloat16_item({texts[0]})"
    return f"{texts[0]}.item()" if source.has_one_element else f"item({texts[0]})"


def _to_tensor(site: Site, texts: list[str]) -> str:
    (result,) = site.result_types
    assert isinstance(result, TensorType)
    if result.dtype == "bf16":
        return f"to_bfloat16({texts[0]})"
    return f"to_tensor({texts[0]}, {DTYPES[result.dtype]!r})"


def _print(site: Site, texts: list[str]) -> str:
    arguments = [filled(site.text("text"), site.operand_types, texts)]
    if site.instruction.attribute("end") != "\n":
        arguments.append(f"end={site.text('end')!r}")
    if site.instruction.attribute("to_errors"):
        arguments.append("file=error_output()")
    if site.instruction.attribute("flush"):
        arguments.append("flush=True")
    return f"print({', '.join(arguments)})"


def filled(template: str, types: Sequence[Type], texts: Sequence[str]) -> str:
    """Return the expression for a template whose values have `types` and are computed so."""
    if not texts:
        return repr(template)
    shown = [_shown(kind, text) for kind, text in zip(types, texts, strict=True)]
    return f"{template!r}.format({', '.join(shown)})"


def _shown(kind: Type, text: str) -> str:
    if isinstance(kind, TensorType):
        return f"shown({text}, {kind.dtype == 'bf16'})"
    if isinstance(kind, ListType) and isinstance(kind.element, TensorType):
        return f"[shown(item, {kind.element.dtype == 'bf16'}) for item in ({text})]"
    return text


def _format(site: Site, texts: list[str]) -> str:
    return filled(site.text("template"), site.operand_types, texts)


def _method(site: Site, texts: list[str]) -> str:
    source, *arguments = texts
    match site.text("method"):
        case "__len__":
            return f"len({source})"
        case "__contains__":
            return f"contains({source}, {arguments[0]})"
        case method:
            return f"{source}.{method}({', '.join(arguments)})"


def _part(site: Site, texts: list[str]) -> str:
    del site
    source, start, stop = texts
    return f"{source}[{start}:{stop}]"


def _table(function: str) -> Operation:
    def text(site: Site, texts: list[str]) -> str:
        return f"{function}({literal(site.instruction.attribute('items'))}, {texts[0]})"

    return Operation("n", text, {"items": _is_table})


def _is_table(value: Attribute) -> bool:
    return isinstance(value, tuple) and len({type(item) for item in value} - {type(None)}) == 1


def _is_bool(value: Attribute) -> bool:
    return isinstance(value, bool)


def _of_tensor(site: Site, texts: list[str]) -> str:
    (source,) = site.operand_types
    assert isinstance(source, TensorType)
    return f"bfloat16_items({texts[0]})" if source.dtype == "bf16" else f"{texts[0]}.tolist()"


def _is_number(value: Attribute) -> bool:
    return isinstance(value, bool | int | float)


def _is_int(value: Attribute) -> bool:
    return type(value) is int


def _is_str(value: Attribute) -> bool:
    return isinstance(value, str)


def _key_of(names: Container[str]) -> Check:
    return lambda value: isinstance(value, str) and value in names


def _joined(function: str) -> Operation:
    return Operation(
        "l", lambda site, texts: f"{function}({texts[0]}, {site.text('dim')})", {"dim": _is_int}
    )


OPERATIONS: Mapping[str, Operation] = {
    "arith.constant": Operation("", None, {"value": _is_number}),
    "arith.add": _infix("+"),
    "arith.sub": _infix("-"),
    "arith.mul": _infix("*"),
    "arith.truediv": _infix("/"),
    "arith.floordiv": _infix("//"),
    "arith.mod": _infix("%"),
    "arith.pow": _infix("**"),
    "arith.min": _call("min", "nn"),
    "arith.max": _call("max", "nn"),
    "arith.compare": _joining("nn", _compare, predicate=_key_of(PREDICATES)),
    "arith.and": _infix("and"),
    "arith.or": _infix("or"),
    "arith.not": _prefix("not "),
    "arith.neg": _prefix("-"),
    "arith.cast": Operation(
        "n", lambda site, texts: f"{CASTS[site.text('kind')]}({texts[0]})", {"kind": _key_of(CASTS)}
    ),
    "arith.math": Operation(
        "n*", _math, {"function": _key_of(MATH_FUNCTIONS), "kind": _key_of(CASTS)}
    ),
    "arith.select": _joining(
        "n??", lambda site, texts: f"{texts[1]} if {texts[0]} else {texts[2]}"
    ),
    "list.make": Operation("?*", lambda site, texts: f"[{', '.join(texts)}]"),
    "list.append": _postfix("l?", lambda site, texts: f"[*{texts[0]}, {texts[1]}]"),
    "list.get": _postfix("ln", lambda site, texts: f"{texts[0]}[{texts[1]}]"),
    "list.set": _call("with_item", "ln?"),
    "list.extend": _postfix("ll", lambda site, texts: f"[*{texts[0]}, *{texts[1]}]"),
    "list.slice": _postfix("lnn", lambda site, texts: f"{texts[0]}[{texts[1]}:{texts[2]}]"),
    "list.reverse": _postfix("l", lambda site, texts: f"{texts[0]}[::-1]"),
    "list.take": _call("take", "ll"),
    "list.order": Operation(
        "l", lambda site, texts: f"order({texts[0]}, {site.text('reverse')})", {"reverse": _is_bool}
    ),
    "list.of_tensor": _postfix("t", _of_tensor),
    "list.len": _call("len", "l"),
    "list.stack": _joined("stack"),
    "list.concatenate": _joined("concatenate"),
    "list.to_tensor": Operation("l", _to_tensor),
    "text.format": Operation("?*", _format, {"template": _is_str}),
    "text.call": _postfix("n?*", _method, method=_key_of(STRING_METHODS)),
    "text.slice": _postfix("nnn", _part),
    "text.characters": _call("list", "n"),
    "table.get": _table("choice"),
    "table.find": _table("place"),
    "host.call": Operation("?*", None, {"instance": _is_int}, results=None),
    "host.invoke": Operation("?*", None, {"function": _is_int}, results=None),
    "host.weight": Operation("", None, {"symbol": _is_str}),
    "host.read_cell": Operation("", None, {"cell": _is_str}),
    "host.item": _postfix("t", _item),
    "host.size": _postfix(
        "t", lambda site, texts: f"{texts[0]}.shape[{site.text('dim')}]", dim=_is_int
    ),
    "host.assert": Operation("n", None, {"message": _is_str}, results=0),
    "host.print": Operation(
        "?*",
        _print,
        {"text": _is_str, "end": _is_str, "to_errors": _is_bool, "flush": _is_bool},
        results=0,
    ),
}
