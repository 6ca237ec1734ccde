"""print -> parse -> print is the identity, for modules that nobody thought of."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from modelc.diagnostics import UNKNOWN, Location
from modelc.ir import (
    F64,
    I1,
    I64,
    Block,
    Cell,
    Constant,
    DimRange,
    DType,
    Func,
    Leaf,
    ListType,
    Mapping,
    Module,
    Op,
    Record,
    Sequence,
    Successor,
    Symbol,
    TensorType,
    Type,
    Value,
    Weight,
    parse_module,
    print_module,
    symbol,
)
from modelc.ir.core import Argument
from modelc.ir.graph import AtenOp, Device, FuncReturn, Layout, MemoryFormat
from modelc.ir.host import Branch, Call, CondBranch, LoadWeight, Raise, Return, Switch, arith, lists
from modelc.ir.structure import Structure

TARGETS = ("aten.relu.default", "aten.add.Tensor", "aten.cat.default", "aten.split.Tensor")
numbers = st.integers() | st.floats() | st.booleans()
texts = st.text(max_size=8)
hints = st.sampled_from(["", "x", "y", "x_1", "3", "bb1", "a.b"]) | texts
symbols = (st.text("abc._0", min_size=1, max_size=5) | st.text(min_size=1, max_size=5)).map(Symbol)
dims = st.integers(0, 9) | st.sampled_from(
    [symbol("B"), symbol("u0"), 2 * symbol("B") + 1, symbol("u3") * symbol("B")]
)
tensors = st.builds(
    TensorType,
    st.lists(dims, max_size=3).map(tuple),
    st.sampled_from(DType),
    st.sampled_from(["cpu", "cuda", "cuda:1"]),
)
scalars = st.sampled_from([I64, F64, I1])
types: st.SearchStrategy[Type] = tensors | scalars | st.builds(ListType, tensors | scalars)
literals: st.SearchStrategy[Argument] = (
    st.none()
    | numbers
    | texts
    | st.complex_numbers()
    | st.sampled_from(DType)
    | st.sampled_from(MemoryFormat)
    | st.sampled_from(Layout)
    | st.builds(Device, texts)
)
statics = st.none() | numbers | texts


def _structures(inner: st.SearchStrategy[Structure]) -> st.SearchStrategy[Structure]:
    items = st.lists(inner, max_size=3).map(tuple)
    pairs = st.lists(st.tuples(statics, inner), max_size=3)
    named = st.lists(st.tuples(texts, inner), max_size=3)
    kinds = st.sampled_from(["namedtuple", "dataclass", "mapping"])
    return (
        st.builds(Sequence, st.sampled_from(["tuple", "list"]), items)
        | pairs.map(lambda drawn: Mapping(*_columns(drawn)))
        | st.tuples(kinds, texts, named).map(lambda drawn: Record(*drawn[:2], *_columns(drawn[2])))
    )


def _columns(pairs: list[tuple[Any, Structure]]) -> tuple[tuple[Any, ...], tuple[Structure, ...]]:
    return tuple(key for key, _ in pairs), tuple(item for _, item in pairs)


leaf_structures: st.SearchStrategy[Structure] = st.builds(Constant, statics) | st.builds(
    Leaf, st.integers(0, 9)
)
structures = st.recursive(leaf_structures, _structures, max_leaves=5)
places = st.builds(
    Location, texts, st.integers(1, 99), st.integers(1, 9), st.integers(9, 20), texts, texts
)
chains = st.lists(places, max_size=3).map(lambda drawn: _chain(drawn) if drawn else UNKNOWN)


def _chain(places: list[Location]) -> Location:
    chain: Location | None = None
    for place in places:
        chain = Location(
            place.file,
            place.line,
            place.column,
            place.end_column,
            place.function,
            place.module_path,
            chain,
        )
    assert chain is not None
    return chain


class Writer:
    """Draw the parts of one function; values need not make sense, only be defined."""

    def __init__(self, draw: st.DrawFn, func: Func) -> None:
        self._draw = draw
        self._func = func
        self._values: list[Value] = []

    def value(self) -> Value:
        return self._draw(st.sampled_from(self._values))

    def values(self) -> tuple[Value, ...]:
        return tuple(self._draw(st.lists(st.sampled_from(self._values), max_size=3)))

    def add_block(self, hint: str) -> Block:
        block = self._func.body.add_block(hint)
        for value_type in self._draw(st.lists(types, min_size=1, max_size=3)):
            self._values.append(block.add_argument(value_type, self._draw(hints)))
        return block

    def fill(self, block: Block, ops: list[Any], ends: list[Any]) -> None:
        """Add ops that these functions make, then a terminator."""
        for make in self._draw(st.lists(st.sampled_from(ops), max_size=4)):
            self._values += self._placed(block, make(self)).results
        self._placed(block, self._draw(st.sampled_from(ends))(self))

    def _placed(self, block: Block, op: Op) -> Op:
        op.loc = self._draw(chains)
        for result in op.results:
            result.name = self._draw(hints)
        return block.append(op)

    def argument(self) -> Argument:
        inner = st.sampled_from(self._values) | literals
        return self._draw(inner | st.lists(inner | st.just(()), max_size=3).map(tuple))

    def result_types(self, minimum: int = 0) -> list[Type]:
        return self._draw(st.lists(types, min_size=minimum, max_size=2))

    def aten(self) -> Op:
        arguments = tuple(self.argument() for _ in range(self._draw(st.integers(0, 3))))
        names = self._draw(st.lists(st.sampled_from(["alpha", "dtype"]), unique=True))
        keywords = tuple((name, self.argument()) for name in names)
        target = self._draw(st.sampled_from(TARGETS))
        return AtenOp(arguments, target, keywords, result_types=self.result_types())

    def constant(self) -> Op:
        return arith.Constant(self._draw(numbers))

    def compare(self) -> Op:
        predicate = self._draw(st.sampled_from(arith.Predicate))
        return arith.Compare(self.value(), self.value(), predicate)

    def make_list(self) -> Op:
        return lists.Make(self.values(), self._draw(types))

    def weight(self) -> Op:
        return LoadWeight(self._draw(symbols), result_types=[self._draw(types)])

    def call(self) -> Op:
        return Call(self.values(), self._draw(symbols), result_types=self.result_types())

    def edge(self) -> Successor:
        return Successor(self._draw(st.sampled_from(self._func.body.blocks[1:])), self.values())

    def branch(self) -> Op:
        return Branch(self.edge())

    def cond_branch(self) -> Op:
        return CondBranch(self.value(), self.edge(), self.edge())

    def switch(self) -> Op:
        return Switch(
            self.value(), tuple(self.edge() for _ in range(self._draw(st.integers(0, 3))))
        )

    def raise_(self) -> Op:
        return Raise(self._draw(texts), self._draw(texts))

    def return_(self) -> Op:
        cells = tuple(self._draw(st.lists(symbols, max_size=2)))
        values = tuple(self.value() for _ in cells)
        return Return(self.values(), self._draw(structures), values, cells=cells)

    def func_return(self) -> Op:
        return FuncReturn(self.values())


HOST_OPS = [
    Writer.aten,
    Writer.constant,
    Writer.compare,
    Writer.make_list,
    Writer.weight,
    Writer.call,
]
HOST_ENDS = [Writer.branch, Writer.cond_branch, Writer.switch, Writer.raise_, Writer.return_]


initials = st.none() | numbers | symbols | st.lists(numbers | symbols, max_size=2).map(tuple)


@st.composite
def modules(draw: st.DrawFn) -> Module:
    """Draw a module that the text form can hold; few of them verify."""
    module = Module(draw(symbols), draw(st.sampled_from(["captured", "outlined"])), draw(texts))
    for name in draw(st.lists(st.sampled_from(["B", "T", "dim"]), unique=True)):
        module.dims[name] = DimRange(
            name, draw(st.integers(0, 9)), draw(st.none() | st.integers(9))
        )
    for name in draw(st.lists(symbols, max_size=2)):
        module.weights[name] = Weight(name, draw(types), draw(texts))
        module.cells[name] = Cell(name, draw(texts), draw(initials))
    for name in draw(st.lists(symbols, max_size=2, unique=True)):
        draw(st.sampled_from([add_host_func, add_graph_func]))(draw, module, name)
    return module


def add_host_func(draw: st.DrawFn, module: Module, name: Symbol) -> None:
    absent = tuple(draw(st.lists(symbols, max_size=2)))
    func = module.add(Func(name, "host", absent_cells=absent, loc=draw(chains)))
    func.inputs = draw(st.none() | structures)
    writer = Writer(draw, func)
    blocks = [writer.add_block(draw(hints)) for _ in range(draw(st.integers(2, 4)))]
    for block in blocks:
        writer.fill(block, HOST_OPS, HOST_ENDS)


def add_graph_func(draw: st.DrawFn, module: Module, name: Symbol) -> None:
    writer = Writer(draw, module.add(Func(name, "graph", loc=draw(chains))))
    writer.fill(writer.add_block(""), [Writer.aten], [Writer.func_return])


@settings(max_examples=200, deadline=None)
@given(modules())
def test_any_module_survives_its_text(module: Module):
    text = print_module(module)
    assert print_module(parse_module(text)) == text


@settings(max_examples=100, deadline=None)
@given(modules())
def test_any_module_survives_its_text_with_locations(module: Module):
    text = print_module(module, locations=True)
    again = parse_module(text)
    assert print_module(again, locations=True) == text
    assert _locations(again) == _locations(module)


def _locations(module: Module) -> list[Location]:
    return [op.loc for func in module.funcs.values() for op in func.ops]
