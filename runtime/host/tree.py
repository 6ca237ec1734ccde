"""The generated function as nested statements, and its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

STATE = "state"
"""The local that says where to go on, where the nesting alone does not."""

_INDENT = "    "


@dataclass(frozen=True)
class Line:
    """One line of text."""

    text: str


@dataclass
class Goto:
    """Leave for block `target` by `how`: falling through (`fall`), `break` or `continue`.

    `sets_state` is found later: whether what stands there has to ask which block was meant.
    """

    target: int
    how: str
    sets_state: bool = False


@dataclass(frozen=True)
class Condition:
    """A test and its opposite, as text."""

    text: str
    opposite: str


@dataclass(frozen=True)
class If:
    """Choose by `condition`."""

    condition: Condition
    then: list[Node]
    otherwise: list[Node] = field(default_factory=lambda: [])


@dataclass(frozen=True)
class While:
    """Repeat `body` until it breaks; `note` is a comment."""

    body: list[Node]
    note: str = ""


Node: TypeAlias = Line | Goto | If | While


def state_is(block: int) -> Condition:
    """Return the test whether block number `block` is to come next."""
    return Condition(f"{STATE} == {block}", f"{STATE} != {block}")


def render(nodes: Sequence[Node], depth: int) -> Iterator[str]:
    """Yield the lines of `nodes`, indented by `depth` levels."""
    margin = _INDENT * depth
    for node in nodes:
        match node:
            case Line(text=text):
                yield margin + text
            case Goto():
                yield from (margin + text for text in _jump(node))
            case While(body=body, note=note):
                yield f"{margin}while True:{note and '  # '}{note}"
                yield from render(_without_last_continue(body), depth + 1)
            case If():
                yield from _render_if(node, depth)


def _render_if(node: If, depth: int) -> Iterator[str]:
    margin = _INDENT * depth
    then = [*render(node.then, depth + 1)]
    otherwise = [*render(node.otherwise, depth + 1)]
    if not _has_code(then):
        if _has_code(otherwise):
            yield f"{margin}if {node.condition.opposite}:"
            yield from otherwise
        return
    yield f"{margin}if {node.condition.text}:"
    yield from then
    if _has_code(otherwise):
        yield f"{margin}else:"
        yield from otherwise


def _jump(goto: Goto) -> Iterator[str]:
    if goto.sets_state:
        yield f"{STATE} = {goto.target}"
    if goto.how != "fall":
        yield goto.how


def _has_code(lines: list[str]) -> bool:
    return any(not line.lstrip().startswith("#") for line in lines)


def _without_last_continue(body: list[Node]) -> list[Node]:
    last = body[-1] if body else None
    if isinstance(last, Goto) and last.how == "continue" and not last.sets_state and body[1:]:
        return body[:-1]
    return body
