"""Lines of random programs, and how clauses and loops are put together of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from hypothesis import strategies as st

Lines: TypeAlias = list[str]
Blocks: TypeAlias = st.SearchStrategy[Lines]


def line(text: str) -> Lines:
    """Return a block of one line."""
    return [text]


def indent(lines: Lines) -> Lines:
    """Return the lines one level deeper."""
    return ["    " + text for text in lines]


def concatenate(parts: Iterable[Lines]) -> Lines:
    """Return the lines of all parts."""
    return [text for part in parts for text in part]


def replace(lines: Lines, leave: str, skip: str) -> Lines:
    """Say what leaving and skipping mean, where nothing inside has said it yet."""
    words = {"leave": leave, "skip": skip}
    return [text.replace(text.strip(), words.get(text.strip(), text.strip())) for text in lines]


def clause(header: str, body: Lines) -> Lines:
    """Return a compound statement."""
    return [header, *indent(body)]


def loop(header: str, body: Lines) -> Lines:
    """Return a loop, which `leave` and `skip` in its body are about."""
    return clause(header, replace(body, "break", "continue"))


def clauses(*blocks: Blocks) -> Blocks:
    """Return a strategy for statements of several clauses."""
    return st.tuples(*blocks).map(concatenate)
