"""The way in: from a Python function to its register code."""

from __future__ import annotations
import __future__

import functools
import linecache
from types import CodeType, FunctionType

from ....diagnostics import Diagnostic, DiagnosticError, Location
from . import (
    assignment,
    calls,
    classes,
    comprehensions,
    conditions,
    control_flow,
    exceptions,
    expressions,
    functions,
    generators,
    imports,
    patterns,
)
from .builder import Rules
from .code import Code
from .scope import build_scopes
from .source import find_source
from .unsupported import UNSUPPORTED

_RULES = Rules(
    {
        **assignment.STATEMENTS,
        **classes.STATEMENTS,
        **control_flow.STATEMENTS,
        **exceptions.STATEMENTS,
        **functions.STATEMENTS,
        **imports.STATEMENTS,
        **patterns.STATEMENTS,
    },
    {
        **calls.EXPRESSIONS,
        **comprehensions.EXPRESSIONS,
        **conditions.EXPRESSIONS,
        **expressions.EXPRESSIONS,
        **functions.EXPRESSIONS,
        **generators.EXPRESSIONS,
    },
    UNSUPPORTED,
)


def lower_function(function: FunctionType) -> Code:
    """Return the register code of a Python function.

    Raises DiagnosticError with MC0109 if its source cannot be found for certain, and with one
    MC0101 for each construct in it that is not supported.
    """
    linecache.lazycache(function.__code__.co_filename, function.__globals__)
    return lower_code(function.__code__)


def lower_code(code: CodeType) -> Code:
    """Return the register code of a code object, which must be that of a function or lambda."""
    return _lower(code, code.co_filename, code.co_qualname)


@functools.cache
def _lower(code: CodeType, filename: str, qualified_name: str) -> Code:
    """Lower `code`; equal code objects of two files are told apart by the other arguments."""
    source = find_source(code)
    ignore_annotations = bool(code.co_flags & __future__.annotations.compiler_flag)
    scope = build_scopes(
        source.node, code.co_freevars, source.class_name, ignore_annotations=ignore_annotations
    )
    diagnostics: dict[Diagnostic, None] = {}
    lowered = functions.lower_source(source, scope, _RULES, diagnostics)
    if diagnostics:
        raise DiagnosticError(*sorted(diagnostics, key=_position))
    return lowered


def _position(diagnostic: Diagnostic) -> tuple[int, int]:
    place = diagnostic.location or Location("", 0)
    return place.line, place.column
