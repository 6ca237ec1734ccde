"""Sub-networks with the weights that they are bound to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...ir.core import Module, Symbol, Value
from ...ir.graph.ops import FuncReturn
from ...ir.host import Call, LoadWeight
from ...runtime.host.program import Instance


@dataclass
class InstanceTable:
    """The instances of a module, each once; calls refer to them by number."""

    module: Module
    instances: list[Instance] = field(default_factory=lambda: [])
    _numbers: dict[tuple[Symbol, tuple[tuple[int, Symbol], ...]], int] = field(
        default_factory=lambda: {}
    )

    def number_of(self, call: Call) -> int:
        """Return the number of the instance that `call` runs, which may be new."""
        bound = tuple(_bound(call))
        key = (call.callee, bound)
        if key not in self._numbers:
            self._numbers[key] = len(self.instances)
            self.instances.append(self._make(call, bound))
        return self._numbers[key]

    def _make(self, call: Call, bound: tuple[tuple[int, Symbol], ...]) -> Instance:
        constants = {str(position): str(symbol) for position, symbol in bound}
        callee = self.module.funcs[call.callee]
        returned = callee.body.entry.terminator
        assert isinstance(returned, FuncReturn)
        return Instance(str(call.callee), len(callee.params), len(returned.values), constants)


def free_inputs(call: Call) -> list[Value]:
    """Return the operands of `call` that are not weights, in order."""
    return [value for value in call.inputs if _weight(value) is None]


def is_only_bound(op: LoadWeight) -> bool:
    """Whether all uses of a weight are bound to instances, so that the host never sees it."""
    return all(isinstance(user, Call) for user in op.out.users)


def _bound(call: Call) -> Iterator[tuple[int, Symbol]]:
    for position, value in enumerate(call.inputs):
        if (symbol := _weight(value)) is not None:
            yield position, symbol


def _weight(value: Value) -> Symbol | None:
    return value.owner.symbol if isinstance(value.owner, LoadWeight) else None
