"""What one comparison of floats says about others of the same numbers, NaN included."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sympy

Comparison: TypeAlias = tuple[str, Any, Any]
"""The name of a function of `operator` and what identifies its operands."""

_OPERATOR: Any = operator

FUNCTIONS: Mapping[Callable[..., Any], str] = {
    getattr(_OPERATOR, name): name for name in ("lt", "le", "eq", "ne", "gt", "ge")
}

_IMPLIED: Mapping[tuple[str, bool], Mapping[str, bool]] = {
    ("lt", True): {"le": True, "ne": True, "eq": False, "gt": False, "ge": False},
    ("le", True): {"gt": False},
    ("eq", True): {"le": True, "ge": True, "ne": False, "lt": False, "gt": False},
    ("ne", True): {"eq": False},
    ("gt", True): {"ge": True, "ne": True, "eq": False, "lt": False, "le": False},
    ("ge", True): {"lt": False},
    ("lt", False): {},  # one of the numbers may be NaN
    ("le", False): {"lt": False, "eq": False},
    ("eq", False): {"ne": True},
    ("ne", False): {"eq": True, "le": True, "ge": True, "lt": False, "gt": False},
    ("gt", False): {},
    ("ge", False): {"gt": False, "eq": False},
}
"""(comparison, whether it holds) -> what is then known of the other comparisons."""

_TURNED = {"lt": "gt", "le": "ge", "eq": "eq", "ne": "ne", "gt": "lt", "ge": "le"}


@dataclass
class Orders:
    """Know which comparison each symbolic bool stands for."""

    _comparisons: dict[Any, Comparison] = field(default_factory=dict[Any, Comparison])

    def remember(self, condition: Any, comparison: Comparison) -> None:
        """Let the expression `condition` stand for `comparison`."""
        self._comparisons[condition] = comparison

    def implied(self, condition: Any, *, holds: bool) -> Iterator[tuple[Comparison, bool]]:
        """Yield the comparisons whose truth is known where `condition` holds, or does not."""
        if isinstance(condition, sympy.Not):
            condition, holds = condition.args[0], not holds
        known = self._comparisons.get(condition)
        if known is None:
            return
        name, left, right = known
        for other, truth in {**_IMPLIED[name, holds], name: holds}.items():
            yield (other, left, right), truth
            yield (_TURNED[other], right, left), truth
