"""The instructions of the register code: one frozen class each.

An instruction reads the registers `uses`, writes at most one register, `destination`, and either
falls through to the next program counter or goes to one of `targets`. A register is a string:
`x` a local variable, `x@1` a target of the first comprehension, `%7` a temporary, `&x` the closure
cell of `x` (the register holds the cell itself, its content is read and written by `LoadCell` and
`StoreCell`). A local register that was never written is an unbound variable.

`may_raise` tells whether control may go to the exception handler of the program counter; then
`destination` is not written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from types import CodeType
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias

from ....diagnostics import Location
from .operators import BinaryOperator, CompareOperator, UnaryOperator

if TYPE_CHECKING:
    from .code import Code

Register: TypeAlias = str


@dataclass(frozen=True, slots=True)
class Instruction:
    """Do one step; subclasses say which."""

    location: Location
    destination: Register | None = field(default=None, kw_only=True)

    may_raise: ClassVar[bool] = True
    falls_through: ClassVar[bool] = True

    @property
    def uses(self) -> tuple[Register, ...]:
        """Return the registers that are read, in order of evaluation."""
        return ()

    @property
    def targets(self) -> tuple[int, ...]:
        """Return the program counters that this may jump to."""
        return ()

    def retarget(self, resolve: Callable[[int], int]) -> Self:
        """Return this instruction with `resolve` applied to each target."""
        return self


@dataclass(frozen=True, slots=True)
class ValueInstruction(Instruction):
    """Compute a value into `destination`."""

    destination: Register = field(kw_only=False)


# --- values and variables -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant(ValueInstruction):
    """destination = value, a literal of the source."""

    value: object

    may_raise: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Move(ValueInstruction):
    """destination = source; raises if `source` is an unbound variable."""

    source: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.source,)


@dataclass(frozen=True, slots=True)
class DeleteLocal(ValueInstruction):
    """Unbind the variable `destination`; if `required`, it must be bound before."""

    required: bool

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.destination,) if self.required else ()


@dataclass(frozen=True, slots=True)
class LoadGlobal(ValueInstruction):
    """destination = the global variable `name` of the function's module, or the builtin."""

    name: str


@dataclass(frozen=True, slots=True)
class StoreGlobal(Instruction):
    """globals[name] = value."""

    name: str
    value: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class DeleteGlobal(Instruction):
    """del globals[name]."""

    name: str


@dataclass(frozen=True, slots=True)
class MakeCell(ValueInstruction):
    """destination = a new cell, with the content `initial` or empty."""

    initial: Register | None

    may_raise: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return () if self.initial is None else (self.initial,)


@dataclass(frozen=True, slots=True)
class LoadCell(ValueInstruction):
    """destination = the content of `cell`; raises if it is empty."""

    cell: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.cell,)


@dataclass(frozen=True, slots=True)
class StoreCell(Instruction):
    """The content of `cell` becomes `value`."""

    cell: Register
    value: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.cell, self.value)


@dataclass(frozen=True, slots=True)
class DeleteCell(Instruction):
    """Empty `cell`; if `required`, it must have a content before."""

    cell: Register
    required: bool

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.cell,)


@dataclass(frozen=True, slots=True)
class LoadModule(ValueInstruction):
    """destination = __import__(name, globals, locals, from_list, level)."""

    name: str
    from_list: tuple[str, ...]
    level: int


@dataclass(frozen=True, slots=True)
class ImportFrom(ValueInstruction):
    """destination = module.name, ImportError if there is none (`from module import name`)."""

    module: Register
    name: str

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.module,)


# --- attributes and items -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GetAttribute(ValueInstruction):
    """destination = object.name."""

    object: Register
    name: str

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.object,)


@dataclass(frozen=True, slots=True)
class SetAttribute(Instruction):
    """object.name = value."""

    object: Register
    name: str
    value: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.object, self.value)


@dataclass(frozen=True, slots=True)
class DeleteAttribute(Instruction):
    """del object.name."""

    object: Register
    name: str

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.object,)


@dataclass(frozen=True, slots=True)
class GetItem(ValueInstruction):
    """destination = container[key]."""

    container: Register
    key: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.container, self.key)


@dataclass(frozen=True, slots=True)
class SetItem(Instruction):
    """container[key] = value."""

    container: Register
    key: Register
    value: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.container, self.key, self.value)


@dataclass(frozen=True, slots=True)
class DeleteItem(Instruction):
    """del container[key]."""

    container: Register
    key: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.container, self.key)


@dataclass(frozen=True, slots=True)
class BuildSlice(ValueInstruction):
    """destination = slice(start, stop, step); an absent bound is a register that holds None."""

    start: Register
    stop: Register
    step: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.start, self.stop, self.step)


# --- operators ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Binary(ValueInstruction):
    """destination = left <operator> right."""

    operator: BinaryOperator
    left: Register
    right: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class InPlace(ValueInstruction):
    """destination = the result of `left <operator>= right`, which may mutate `left`."""

    operator: BinaryOperator
    left: Register
    right: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Unary(ValueInstruction):
    """destination = <operator> operand."""

    operator: UnaryOperator
    operand: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Compare(ValueInstruction):
    """destination = left <operator> right, one link of a comparison chain."""

    operator: CompareOperator
    left: Register
    right: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.left, self.right)


# --- containers and strings ---------------------------------------------------------------------


class SequenceKind(Enum):
    """Name the type that a display or comprehension builds."""

    LIST = "list"
    TUPLE = "tuple"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Element:
    """Hold one element of a display; a `starred` one stands for its items."""

    value: Register
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one entry of a dict display; without a key, `value` is a mapping to be merged."""

    key: Register | None
    value: Register


@dataclass(frozen=True, slots=True)
class BuildSequence(ValueInstruction):
    """destination = a new list, tuple or set of `elements`."""

    kind: SequenceKind
    elements: tuple[Element, ...]

    @property
    def uses(self) -> tuple[Register, ...]:
        return tuple(element.value for element in self.elements)


@dataclass(frozen=True, slots=True)
class BuildMapping(ValueInstruction):
    """destination = a new dict of `entries`, of which later ones win."""

    entries: tuple[Entry, ...]

    @property
    def uses(self) -> tuple[Register, ...]:
        pairs = ((entry.key, entry.value) for entry in self.entries)
        return tuple(register for pair in pairs for register in pair if register is not None)


@dataclass(frozen=True, slots=True)
class Append(Instruction):
    """Append (list) or add (set) `value` to the `collection` that a comprehension builds."""

    collection: Register
    value: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.collection, self.value)


@dataclass(frozen=True, slots=True)
class AddEntry(Instruction):
    """Set `collection[key] = value` for the dict that a comprehension builds."""

    collection: Register
    key: Register
    value: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.collection, self.key, self.value)


@dataclass(frozen=True, slots=True)
class Unpack(ValueInstruction):
    """destination = a tuple of `count` items of the iterable `value`, for `Extract` to pick from.

    With `star`, item number `star` is the list of those that the others leave over.
    """

    value: Register
    count: int
    star: int | None

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class Extract(ValueInstruction):
    """destination = item number `index` of the result of an `Unpack`."""

    source: Register
    index: int

    may_raise: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.source,)


class Conversion(Enum):
    """Name the conversion that a replacement field applies before it formats."""

    NONE = ""
    STR = "s"
    REPR = "r"
    ASCII = "a"


@dataclass(frozen=True, slots=True)
class FormatValue(ValueInstruction):
    """destination = format(conversion(value), specification)."""

    value: Register
    conversion: Conversion
    specification: Register | None

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.value,) if self.specification is None else (self.value, self.specification)


@dataclass(frozen=True, slots=True)
class BuildString(ValueInstruction):
    """destination = the concatenation of the strings `parts`."""

    parts: tuple[Register, ...]

    @property
    def uses(self) -> tuple[Register, ...]:
        return self.parts


# --- functions and calls ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MakeFunction(ValueInstruction):
    """destination = a function that runs `code`.

    `captures` are the cell registers of this frame for `code.free_variables`, in that order;
    `defaults` belong to the last positional parameters.
    """

    code: Code
    defaults: tuple[Register, ...]
    keyword_defaults: tuple[tuple[str, Register], ...]
    captures: tuple[Register, ...]

    @property
    def uses(self) -> tuple[Register, ...]:
        keywords = tuple(register for _, register in self.keyword_defaults)
        return (*self.defaults, *keywords, *self.captures)


@dataclass(frozen=True, slots=True)
class MakeClass(ValueInstruction):
    """destination = a class whose body is the Python code object `code`.

    `captures` are the registers, of cells or values, for `code.co_freevars`, in that order.
    """

    name: str
    code: CodeType
    bases: tuple[Register, ...]
    keywords: tuple[tuple[str, Register], ...]
    captures: tuple[Register, ...]

    @property
    def uses(self) -> tuple[Register, ...]:
        keywords = tuple(register for _, register in self.keywords)
        return (*self.bases, *keywords, *self.captures)


class ArgumentKind(Enum):
    """Name how an argument is passed."""

    POSITIONAL = "positional"
    STARRED = "*"
    KEYWORD = "keyword"
    DOUBLE_STARRED = "**"


@dataclass(frozen=True, slots=True)
class Argument:
    """Hold one argument of a call; `name` is that of a keyword argument, otherwise empty."""

    kind: ArgumentKind
    value: Register
    name: str = ""


@dataclass(frozen=True, slots=True)
class Call(ValueInstruction):
    """destination = function(*arguments), with the arguments in source order."""

    function: Register
    arguments: tuple[Argument, ...]

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.function, *(argument.value for argument in self.arguments))


# --- control flow -------------------------------------------------------------------------------


class LoopKind(Enum):
    """Name the construct that a loop comes from."""

    WHILE = "while"
    FOR = "for"
    COMPREHENSION = "comprehension"


@dataclass(frozen=True, slots=True)
class Nop(Instruction):
    """Do nothing: the place where paths join."""

    may_raise: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class LoopHeader(Instruction):
    """Begin an iteration: the only target of back edges. `iterator` is None in a while loop."""

    kind: LoopKind
    iterator: Register | None

    may_raise: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return () if self.iterator is None else (self.iterator,)


@dataclass(frozen=True, slots=True)
class Jump(Instruction):
    """Go to `target`."""

    target: int

    may_raise: ClassVar[bool] = False
    falls_through: ClassVar[bool] = False

    @property
    def targets(self) -> tuple[int, ...]:
        return (self.target,)

    def retarget(self, resolve: Callable[[int], int]) -> Self:
        return replace(self, target=resolve(self.target))


@dataclass(frozen=True, slots=True)
class Branch(Instruction):
    """Go to `if_true` or to `if_false`, by the truth of `condition`."""

    condition: Register
    if_true: int
    if_false: int

    falls_through: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.condition,)

    @property
    def targets(self) -> tuple[int, ...]:
        return (self.if_true, self.if_false)

    def retarget(self, resolve: Callable[[int], int]) -> Self:
        return replace(self, if_true=resolve(self.if_true), if_false=resolve(self.if_false))


@dataclass(frozen=True, slots=True)
class GetIterator(ValueInstruction):
    """destination = iter(iterable)."""

    iterable: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.iterable,)


@dataclass(frozen=True, slots=True)
class ForNext(ValueInstruction):
    """destination = next(iterator), then go to `body`; at its end go to `exhausted` instead.

    With `sent`, its content is sent to the iterator, if it is not None (`yield from`).
    """

    iterator: Register
    body: int
    exhausted: int
    sent: Register | None = None

    falls_through: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.iterator,) if self.sent is None else (self.iterator, self.sent)

    @property
    def targets(self) -> tuple[int, ...]:
        return (self.body, self.exhausted)

    def retarget(self, resolve: Callable[[int], int]) -> Self:
        return replace(self, body=resolve(self.body), exhausted=resolve(self.exhausted))


@dataclass(frozen=True, slots=True)
class Return(Instruction):
    """Leave the function with `value`."""

    value: Register

    falls_through: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.value,)


# --- generators ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Yield(ValueInstruction):
    """Leave the function with `value`, to go on here later: destination = what is sent then."""

    value: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class IteratorResult(ValueInstruction):
    """destination = what the exhausted `iterator` returned: the value of a `yield from`."""

    iterator: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.iterator,)


@dataclass(frozen=True, slots=True)
class CloseIterator(Instruction):
    """Close `iterator` if it is a generator: a loop that held the only reference to it is left."""

    iterator: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.iterator,)


# --- exceptions and contexts --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Raise(Instruction):
    """Raise `exception`, an instance or a class (`raise exception from cause`)."""

    exception: Register
    cause: Register | None

    falls_through: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.exception,) if self.cause is None else (self.exception, self.cause)


@dataclass(frozen=True, slots=True)
class Reraise(Instruction):
    """Raise again, unchanged, the `exception` that a `Catch` caught."""

    exception: Register

    falls_through: ClassVar[bool] = False

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.exception,)


@dataclass(frozen=True, slots=True)
class Catch(ValueInstruction):
    """destination = the exception in flight: the first instruction of every handler."""

    may_raise: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class MatchException(ValueInstruction):
    """destination = whether `exception` is an instance of `pattern`, a class or tuple of those."""

    exception: Register
    pattern: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.exception, self.pattern)


@dataclass(frozen=True, slots=True)
class EnterContext(ValueInstruction):
    """destination = the result of `manager.__enter__()`, looked up on the type."""

    manager: Register

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.manager,)


@dataclass(frozen=True, slots=True)
class ExitContext(ValueInstruction):
    """destination = the result of `manager.__exit__(...)`: a true one suppresses `exception`.

    `exception` is None when the body was left without one; then the result is not looked at.
    """

    manager: Register
    exception: Register | None

    @property
    def uses(self) -> tuple[Register, ...]:
        return (self.manager,) if self.exception is None else (self.manager, self.exception)
