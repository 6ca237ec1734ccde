"""Templates of text, in the form of `str.format` with numbered fields only."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from typing import Any


def template_problems(template: str, count: int) -> Iterator[str]:
    """Yield what is wrong with a template for `count` values; without values it is plain text."""
    if not count:
        return
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        yield f"the template is malformed: {error}"
        return
    for _, name, specification, _ in fields:
        if name is not None and not (name.isdecimal() and int(name) < count):
            yield f"the template names the value {name!r} of {count}"
        if specification and "{" in specification:
            yield "a format specification holds a field"


def fill(template: str, values: Sequence[Any]) -> str:
    """Return the text that `template` stands for."""
    return template.format(*values) if values else template


def escape(text: str) -> str:
    """Return the template that stands for `text`."""
    return text.replace("{", "{{").replace("}", "}}")
