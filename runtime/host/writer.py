"""The statements of the generated function: instructions, edges, returns, comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from ..types import ScalarType
from .liveness import Liveness, bits, members
from .operations import OPERATIONS, OPPOSITES, PREDICATES, filled
from .pressure import Pressure, is_large
from .program import Branch, Edge, Entry, Exit, Program, Raise, Return, Switch, edges_of
from .statements import Body, Expression, Fixed, Operand, Statement
from .tree import Condition, If, Line, Node

_COMMENT_WIDTH = 90
_F64 = ScalarType("f64")


@dataclass
class Writer:
    """Print the blocks of one entry.

    `names` maps values to locals, `instances` numbers of sub-networks to their names. `exits`
    collects what the returns hold, in the order of the numbers that the function returns.
    `edge_number`, if given, maps a block and the number of its edge to the number to record.
    """

    program: Program
    entry: Entry
    liveness: Liveness
    names: Mapping[int, str]
    instances: list[str]
    owned: frozenset[int]
    kept: int
    pressure: Pressure
    exits: dict[int, int] = field(default_factory=lambda: {})
    edge_number: Callable[[int, int], int] | None = None
    functions: Sequence[str] = ()
    is_function: bool = False

    def block(self, block: int) -> list[Node]:
        """Return the statements of `block`, its return or raise included."""
        body = self.liveness.bodies[block]
        nodes: list[Node] = []
        shown: int | None = None
        after = self.liveness.after_statements(block)
        last = self.pressure.last_allocation(block)
        for position, statement in enumerate(body.statements):
            location = statement.site.instruction.location
            if location is not None and location != shown:
                nodes.append(self._comment(location))
                shown = location
            nodes += self._statement(statement, after[position])
            if position < last:
                nodes += self._release_after(statement, after[position])
        return [*nodes, *self._end(block, shown)]

    def edge(self, block: int, index: int) -> list[Node]:
        """Return what happens on the edge number `index` out of `block`."""
        body = self.liveness.bodies[block]
        edge = edges_of(body.terminator)[index]
        targets, sources = self._moves(body, edge)
        nodes: list[Node] = []
        if targets:
            nodes.append(Line(f"{', '.join(targets)} = {', '.join(sources)}"))
        arguments = self.liveness.bodies[edge.block].arguments
        needed = self.liveness.live_in[edge.block] | bits(arguments)
        dead = self.liveness.before_terminator(block) & ~needed
        if self.pressure.allocates(edge.block):
            nodes += self._release(dead, [self.names[argument] for argument in arguments])
        if self.edge_number is not None:
            nodes.insert(0, Line(f"edges.add({self.edge_number(block, index)})"))
        return nodes

    def condition(self, block: int) -> Condition:
        """Return the test of a branch, whose first edge is taken if it holds."""
        body = self.liveness.bodies[block]
        assert isinstance(body.terminator, Branch)
        operand = body.place(body.terminator.condition)
        text = self._text(operand)
        return Condition(text, self._opposite(operand) or f"not {self._atom(operand)}")

    def _opposite(self, operand: Operand) -> str:
        """Return the shortest text that holds when `operand` does not, "" for the general one."""
        if not isinstance(operand, Expression):
            return ""
        site = operand.site
        if site.instruction.operation == "arith.not":
            return self._text(operand.operands[0])
        if site.instruction.operation == "arith.compare":
            predicate = site.text("predicate")
            if predicate in ("eq", "ne") or _F64 not in site.operand_types:  # NaN is not ordered
                show = [self._atom(inner) for inner in operand.operands]
                return f" {PREDICATES[OPPOSITES[predicate]]} ".join(show)
        return ""

    def is_switch(self, block: int) -> bool:
        """Whether `block` chooses by a number."""
        return isinstance(self.liveness.bodies[block].terminator, Switch)

    def before_switch(self, block: int) -> tuple[list[Node], str]:
        """Return the statements that check the index of a switch, and its text."""
        body = self.liveness.bodies[block]
        assert isinstance(body.terminator, Switch)
        cases = len(body.terminator.cases)
        index = self._text(body.place(body.terminator.index))
        return [Line(f"case = case_of({index}, {cases})")], "case"

    def _end(self, block: int, shown: int | None) -> list[Node]:
        """Return what stands behind the statements: a return, a raise, or the place of a branch."""
        terminator = self.liveness.bodies[block].terminator
        nodes: list[Node] = []
        has_code = isinstance(terminator, Branch | Switch | Return | Raise)
        if has_code and terminator.location is not None and terminator.location != shown:
            nodes.append(self._comment(terminator.location))
        if isinstance(terminator, Return):
            nodes.append(Line(f"return {self._return(block, terminator)}"))
        elif isinstance(terminator, Raise):
            nodes.append(Line(self._raise(block, terminator)))
        return nodes

    def _raise(self, block: int, terminator: Raise) -> str:
        """Return the statement that raises, or leaves that to who writes cells and inputs first."""
        body = self.liveness.bodies[block]
        texts = [self._text(body.place(value)) for value in terminator.values]
        types = [self.program.type_of(self.entry, value) for value in terminator.values]
        holds_value = bool(texts) and not terminator.message
        message = texts[0] if holds_value else filled(terminator.message, types, texts)
        error = f"exception({terminator.exception!r}, {message})"
        if not terminator.writes:
            return f"raise {error}"
        return f"return {self._exit(block, terminator, f'({error},)')}"

    def _return(self, block: int, terminator: Return) -> str:
        outputs = self._values(block, terminator.outputs)
        return outputs if self.is_function else self._exit(block, terminator, outputs)

    def _exit(self, block: int, terminator: Exit, outputs: str) -> str:
        number = self.exits.setdefault(block, len(self.exits))
        cells = self._values(block, terminator.cell_values)
        return f"{number}, {outputs}, {cells}, {self._values(block, terminator.copied_values)}"

    def _values(self, block: int, numbers: tuple[int, ...]) -> str:
        body = self.liveness.bodies[block]
        return _tuple([self._text(body.place(value)) for value in numbers])

    def _statement(self, statement: Statement, live: int) -> list[Node]:
        operation = statement.site.instruction.operation
        if operation == "host.assert":
            return list(self._assertion(statement))
        if operation in ("list.append", "list.set") and self._in_place(statement, live):
            return list(self._change(statement))
        if operation == "host.call":
            line = self._call(statement)
        elif operation == "host.invoke":
            line = self._invoke(statement)
        elif not statement.results:
            line = self._compute(statement)
        else:
            line = f"{self.names[statement.results[0]]} = {self._compute(statement)}"
        return [Line(line)]

    def _assertion(self, statement: Statement) -> Iterator[Node]:
        message = statement.site.text("message")
        condition = self._atom(statement.operands[0])
        raising: list[Node] = [Line(f"raise RuntimeError({message!r})")]
        yield If(Condition(f"not {condition}", condition), raising)

    def _in_place(self, statement: Statement, live: int) -> bool:
        source = statement.operands[0]
        return isinstance(source, int) and source in self.owned and not live >> source & 1

    def _change(self, statement: Statement) -> Iterator[Node]:
        source, *rest = [self._text(operand) for operand in statement.operands]
        result = self.names[statement.results[0]]
        if statement.site.instruction.operation == "list.append":
            yield Line(f"{source}.append({rest[0]})")
        else:
            yield Line(f"{source}[{rest[0]}] = {rest[1]}")
        if result != source:
            yield Line(f"{result} = {source}")

    def _call(self, statement: Statement) -> str:
        number = statement.site.instruction.attribute("instance")
        assert isinstance(number, int)
        operands = _tuple([self._text(operand) for operand in statement.operands])
        call = f"{self.instances[number]}({operands})"
        results = [self.names[value] for value in statement.results]
        if len(results) == 1:
            return f"{results[0]} = {call}[0]"
        return f"{', '.join(results)} = {call}" if results else call

    def _invoke(self, statement: Statement) -> str:
        number = statement.site.instruction.attribute("function")
        assert isinstance(number, int)
        operands = [self._text(operand) for operand in statement.operands]
        call = f"{self.functions[number]}({', '.join(operands)})"
        results = [self.names[value] for value in statement.results]
        return f"{_tuple(results)} = {call}" if results else call

    def _compute(self, statement: Statement) -> str:
        return self._text(Expression(statement.site, statement.operands))

    def _text(self, operand: Operand) -> str:
        if isinstance(operand, int):
            return self.names[operand]
        if isinstance(operand, Fixed):
            return operand.text
        operation = OPERATIONS[operand.site.instruction.operation]
        assert operation.text is not None
        show = self._text if operation.apart else self._atom
        return operation.text(operand.site, [show(inner) for inner in operand.operands])

    def _atom(self, operand: Operand) -> str:
        text = self._text(operand)
        if isinstance(operand, Fixed):
            return f"({text})" if text.startswith("-") else text
        if isinstance(operand, Expression):
            enclosed = OPERATIONS[operand.site.instruction.operation].enclosed
            return text if enclosed else f"({text})"
        return text

    def _moves(self, body: Body, edge: Edge) -> tuple[list[str], list[str]]:
        """Return the locals that the edge assigns and the texts that they receive."""
        arguments = self.liveness.bodies[edge.block].arguments
        moves = [
            (self.names[argument], self._text(body.place(value)))
            for argument, value in zip(arguments, edge.arguments, strict=True)
        ]
        changed = [(target, source) for target, source in moves if target != source]
        return [target for target, _ in changed], [source for _, source in changed]

    def _release_after(self, statement: Statement, live: int) -> list[Node]:
        read = bits(statement.reads) & ~live
        assigned = [self.names[value] for value in statement.results]
        return self._release(read & ~bits(statement.results), assigned)

    def _release(self, dead: int, assigned: list[str]) -> list[Node]:
        """Return the statement that frees tensors and lists that no one reads any more."""
        names = {
            self.names[value]
            for value in members(dead & ~self.kept)
            if is_large(self.program.type_of(self.entry, value))
        }
        freed = sorted(names - set(assigned))
        return [Line(f"del {', '.join(freed)}")] if freed else []

    def _comment(self, location: int) -> Line:
        place = self.program.locations[location]
        source = f": {place.text.strip()}" if place.text.strip() else ""
        text = f"# {PurePath(place.file).name}:{place.line}{source}"
        shown = "".join(char if char.isprintable() else " " for char in text)
        return Line(shown if len(shown) <= _COMMENT_WIDTH else shown[: _COMMENT_WIDTH - 3] + "...")


def _tuple(items: list[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
