"""Pipelines as text: `canonicalize,cse,if-convert{max-ops=8}` stands for three passes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..diagnostics import Diagnostic, DiagnosticError, Location, suggest
from .definition import Pass
from .registry import load_pass

_CLEAN_UP = "canonicalize,fold,cse,canonicalize,dce,merge-blocks"

DEFAULT_PIPELINE = (
    f"{_CLEAN_UP},hoist-common,merge-blocks,sink-into-arms,if-convert,sink-into-arms"
    f",hoist-equivalent,{_CLEAN_UP},select-tensors,compute-before-joins,cse,dce,merge-blocks"
    ",select-early,rematerialize"
)
"""From what the front end emits to the smallest program with the same meaning."""

LOWERING_PIPELINE = "outline-subnets,deduplicate-subnets,dce"
"""From the level `captured` to `outlined`, after engines were chosen."""

_ITEM = re.compile(r"\s*(?P<name>[a-z][a-z0-9-]*)\s*(?:\{(?P<options>[^{}]*)\})?\s*(?:,|\Z)")
_HELP = "write passes as name or name{option=value}, separated by commas"


@dataclass(frozen=True)
class _Item:
    """One pass as it was written, and the column at which it stands."""

    name: str
    options: str
    column: int

    @property
    def location(self) -> Location:
        return Location("<pipeline>", 1, self.column, self.column + len(self.name))


def parse_pipeline(text: str) -> list[Pass]:
    """Return the passes that `text` names; MC0301 and MC0302 name all mistakes at once."""
    try:
        return _parse_items(list(_items(text)))
    except DiagnosticError as error:
        line = " ".join(text.splitlines())
        shown = [replace(mistake, excerpt=line) for mistake in error.diagnostics]
        raise DiagnosticError(*shown) from None


def _parse_items(items: Iterable[_Item]) -> list[Pass]:
    passes: list[Pass] = []
    mistakes: list[Diagnostic] = []
    for item in items:
        try:
            passes.append(_parse_item(item))
        except DiagnosticError as error:
            mistakes += error.diagnostics
    if mistakes:
        raise DiagnosticError(*mistakes)
    return passes


def print_pipeline(passes: Iterable[Pass]) -> str:
    """Return the text that `parse_pipeline` reads back as `passes`."""
    return ",".join(map(str, passes))


def _items(text: str) -> Iterator[_Item]:
    position = 0
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None:
            place = Location("<pipeline>", 1, position + 1, position + 2)
            message = f"cannot read the pipeline from {text[position:]!r} on"
            raise DiagnosticError(Diagnostic("MC0302", message, place, help=_HELP))
        yield _Item(match["name"], match["options"] or "", match.start("name") + 1)
        position = match.end()


def _parse_item(item: _Item) -> Pass:
    try:
        cls = load_pass(item.name)
    except DiagnosticError as error:
        (found,) = error.diagnostics
        moved = Diagnostic(found.code, found.message, item.location, help=found.help)
        raise DiagnosticError(moved) from None
    given = _options(cls, item)
    try:
        return cls.parse(given)
    except ValueError as error:
        raise _bad_option(item, f"{item.name}: {error}", f"{item.name} has {_known(cls)}") from None


def _options(cls: type[Pass], item: _Item) -> Mapping[str, str]:
    given: dict[str, str] = {}
    for option in item.options.split():
        name, equals, value = option.partition("=")
        if name not in cls.options():
            message = f"pass {item.name} has no option {name!r}"
            known = list(cls.options())
            help = suggest(name, known) if known else "it has no options"
            raise _bad_option(item, message, help)
        if not equals or name in given:
            message = f"option {name!r} of {item.name} needs one value"
            raise _bad_option(item, message, f"write {item.name}{{{name}=value}}")
        given[name] = value
    return given


def _known(cls: type[Pass]) -> str:
    options = cls.options().items()
    return ", ".join(f"{name} ({value_type.__name__})" for name, value_type in options)


def _bad_option(item: _Item, message: str, help: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic("MC0302", message, item.location, help=help))
