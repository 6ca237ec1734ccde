"""The register code (HIR) that the front end interprets, lowered from the Python syntax tree.

`lower_function(function)` returns its `Code`; it reads the source of `function.__code__`, raises
`DiagnosticError` (MC0109 no certain source, MC0101 unsupported constructs, all of them at once),
and is cached. `lower_code(code_object)` does the same for a code object.

    >>> def positive(x):
    ...     return x if x > 0 else -x
    >>> print(format_code(lower_function(positive)))        # doctest: +SKIP
    def positive(x)  # example.py:1
        0  %3 = constant 0                          # 2:21
        1  %2 = x > %3                              # 2:17
        2  branch %2 ? 3 : 5                        # 2:17
        3  %1 = x                                   # 2:12
        4  jump 7                                   # 2:12
        5  %4 = - x                                 # 2:28
        6  %1 = %4                                  # 2:28
    *   7  nop                                      # 2:12
        8  return %1                                # 2:5

How to run a `Code`, a frame being a program counter and a mapping of registers:

1. Bind the arguments by `code.parameters`: each parameter's name is its register. For each name in
   `code.free_variables` (in the order of `function.__closure__`), put the *cell itself* into the
   register `"&" + name`. Start at program counter 0.
2. Execute `code.instructions[counter]`. It reads `uses`, writes `destination`, then falls through
   (`falls_through`) or goes to one of `targets`. Each class documents its meaning as an equation;
   `BinaryOperator` and the like carry the Python function (`instruction.operator.function(a, b)`).
3. A register without value that does not begin with `%` is an unbound variable;
   `code.assignments[register]` are the places that assign it. `MakeCell` makes the cells of locals
   that nested functions capture (one per call; one per run of a comprehension for its targets).
4. An exception at `counter` goes to `code.handlers[counter]`, a `Catch` (None: it leaves the
   frame). `finally` and `with` are already expanded on every way out; `Reraise` raises again what
   `Catch` caught.
5. `MakeFunction` carries the nested `Code`, the registers of defaults, and the cell registers that
   become its closure. `code.code_object` is the Python code object (None if there is no certain
   one): `types.FunctionType(code_object, globals, name, defaults, cells)` makes a real function.

6. Calling a code with `is_generator` makes a suspended frame. `Yield` suspends it again; going on
   there writes what was sent. A generator expression is a nested code that is called at once.

What differs from Python: an unbound local is noticed where its value is used, not where it is read,
so operands to its right are evaluated before; annotations are never evaluated; `super()` without
arguments is a `Call` with the class (from the cell `&__class__`) and the first parameter. The
walrus and chained targets copy what they may overwrite, so registers can be read where they are
used.

For merging: `code.live[counter]` are the registers that are read from there on (compare no others);
`code.live_across(counter)` are those that a frame waiting in a call at `counter` still needs;
`code.merge_points` have several predecessors; `code.enclosing[counter]` are the loops around it,
outermost first. Every edge leads to a higher counter, except those to a `LoopHeader`: working in
order of the counter meets all paths at a join.
"""

from .code import Code, Loop, Parameters
from .dump import format_code, format_instruction
from .instructions import (
    AddEntry,
    Append,
    Argument,
    ArgumentKind,
    Binary,
    Branch,
    BuildMapping,
    BuildSequence,
    BuildSlice,
    BuildString,
    Call,
    Catch,
    CloseIterator,
    Compare,
    Constant,
    Conversion,
    DeleteAttribute,
    DeleteCell,
    DeleteGlobal,
    DeleteItem,
    DeleteLocal,
    Element,
    EnterContext,
    Entry,
    ExitContext,
    Extract,
    FormatValue,
    ForNext,
    GetAttribute,
    GetItem,
    GetIterator,
    ImportFrom,
    InPlace,
    Instruction,
    IteratorResult,
    Jump,
    LoadCell,
    LoadGlobal,
    LoadModule,
    LoopHeader,
    LoopKind,
    MakeCell,
    MakeClass,
    MakeFunction,
    MatchException,
    Move,
    Nop,
    Raise,
    Register,
    Reraise,
    Return,
    SequenceKind,
    SetAttribute,
    SetItem,
    StoreCell,
    StoreGlobal,
    Unary,
    Unpack,
    ValueInstruction,
    Yield,
)
from .lowering import lower_code, lower_function
from .operators import BinaryOperator, CompareOperator, UnaryOperator

__all__ = [
    "AddEntry",
    "Append",
    "Argument",
    "ArgumentKind",
    "Binary",
    "BinaryOperator",
    "Branch",
    "BuildMapping",
    "BuildSequence",
    "BuildSlice",
    "BuildString",
    "Call",
    "Catch",
    "CloseIterator",
    "Code",
    "Compare",
    "CompareOperator",
    "Constant",
    "Conversion",
    "DeleteAttribute",
    "DeleteCell",
    "DeleteGlobal",
    "DeleteItem",
    "DeleteLocal",
    "Element",
    "EnterContext",
    "Entry",
    "ExitContext",
    "Extract",
    "ForNext",
    "FormatValue",
    "GetAttribute",
    "GetItem",
    "GetIterator",
    "ImportFrom",
    "InPlace",
    "Instruction",
    "IteratorResult",
    "Jump",
    "LoadCell",
    "LoadGlobal",
    "LoadModule",
    "Loop",
    "LoopHeader",
    "LoopKind",
    "MakeCell",
    "MakeClass",
    "MakeFunction",
    "MatchException",
    "Move",
    "Nop",
    "Parameters",
    "Raise",
    "Register",
    "Reraise",
    "Return",
    "SequenceKind",
    "SetAttribute",
    "SetItem",
    "StoreCell",
    "StoreGlobal",
    "Unary",
    "UnaryOperator",
    "Unpack",
    "ValueInstruction",
    "Yield",
    "format_code",
    "format_instruction",
    "lower_code",
    "lower_function",
]
