"""The two-level intermediate representation: data structures, text form, reference semantics."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .builder import Builder
from .cloning import clone_func, clone_op, clone_region, split_block
from .core import (
    Argument,
    Block,
    Cell,
    DimRange,
    Func,
    Module,
    Op,
    Region,
    Successor,
    Symbol,
    Value,
    Weight,
    map_values,
    walk,
    walk_values,
)
from .dims import canonical_dim, dim_symbols, evaluate_dim, format_dim, is_data_dependent
from .dominance import Dominance, post_order, reverse_post_order
from .equality import are_equal, canonical_text
from .legality import LEGAL
from .matching import Unifier, fits
from .naming import name_results
from .registry import OPS, op_class
from .structure import Array, Constant, Leaf, Mapping, Record, Sequence, Structure, leaves
from .text import format_op, print_func, print_module
from .types import (
    F64,
    I1,
    I64,
    STR,
    Dim,
    DType,
    ListType,
    ScalarKind,
    ScalarType,
    TensorType,
    Type,
    free_symbols,
    symbol,
)
from .verifier import check, verify

if TYPE_CHECKING:
    from .graph.fx import from_fx, to_fx
    from .graph.inference import infer_aten
    from .reference import Interpreter, all_edges
    from .text.parser import parse_module

__all__ = [
    "Array",
    "F64",
    "I1",
    "I64",
    "STR",
    "LEGAL",
    "OPS",
    "Argument",
    "Block",
    "Builder",
    "Cell",
    "Constant",
    "DType",
    "Dim",
    "DimRange",
    "Dominance",
    "Func",
    "Interpreter",
    "Leaf",
    "ListType",
    "Mapping",
    "Module",
    "Op",
    "Record",
    "Region",
    "ScalarKind",
    "ScalarType",
    "Sequence",
    "Structure",
    "Successor",
    "Symbol",
    "TensorType",
    "Type",
    "Unifier",
    "Value",
    "Weight",
    "all_edges",
    "are_equal",
    "canonical_dim",
    "canonical_text",
    "check",
    "clone_func",
    "clone_op",
    "clone_region",
    "dim_symbols",
    "evaluate_dim",
    "fits",
    "format_dim",
    "format_op",
    "free_symbols",
    "from_fx",
    "infer_aten",
    "is_data_dependent",
    "leaves",
    "map_values",
    "name_results",
    "op_class",
    "parse_module",
    "post_order",
    "print_func",
    "print_module",
    "reverse_post_order",
    "split_block",
    "symbol",
    "to_fx",
    "verify",
    "walk",
    "walk_values",
]

_HEAVY = {
    "Interpreter": ".reference",
    "all_edges": ".reference",
    "from_fx": ".graph.fx",
    "infer_aten": ".graph.inference",
    "parse_module": ".text.parser",
    "to_fx": ".graph.fx",
}
"""What needs torch or lark, and is imported when it is first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HEAVY[name], __name__), name)
