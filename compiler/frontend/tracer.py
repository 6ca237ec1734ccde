"""What records: modes, symbols, tensors, and the block that ops are appended to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping
from typing import Any

import torch

from ...diagnostics import UNKNOWN, DiagnosticError, Location
from ...ir import Block, Op, Region, Value
from ...ir.core import OpClass
from ...ir.host import Assert
from .broadcasting import Broadcasting
from .failures import refusal
from .recorder import Recorder
from .scalars import Scalars, UnknownExpression
from .state import State
from .tensors import Tensors
from .torch_internals import (
    BaseKeepingMode,
    PathShapeEnv,
    Tensor,
    expression_of,
    fake_mode,
    is_surely_contiguous,
)


class Tracer:
    """Run torch code natively on traced tensors, on behalf of the current state."""

    def __init__(
        self, names: Mapping[int, str], decompositions: Mapping[Any, Callable[..., Any]]
    ) -> None:
        self.shapes = PathShapeEnv()
        self.shapes.on_assert = self._on_assert
        self.fake_mode = fake_mode(self.shapes)
        self.functional_mode = BaseKeepingMode()
        self.functional_mode.on_solver_check = self._on_solver_check
        self.recorder = Recorder(self, decompositions)
        self.scalars = Scalars(self)
        self.tensors = Tensors(self, names)
        self.broadcasting = Broadcasting(self)
        self.region = Region()
        self.state = State(Block())
        self.native_module = ""
        self.refuses_asserts: Callable[[], bool] = lambda: False
        self._pending_asserts: list[tuple[Any, str]] = []

    # --- running ---

    def native(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return `function(*args, **kwargs)`; the tensor operations in it are recorded."""
        with torch.no_grad(), self.fake_mode, self.recorder, self.functional_mode:
            result = function(*args, **kwargs)
        if self._pending_asserts:
            self.flush_asserts()
        return result

    @contextlib.contextmanager
    def lower_modes(self) -> Generator[None]:
        """Record what functionalization does when it applies pending mutations."""
        with torch.no_grad(), self.fake_mode, self.recorder:
            yield

    def activate(self, state: State) -> None:
        """Make `state` the one on whose behalf things are recorded."""
        self.state = state
        self.shapes.branches = state.facts
        if state.knowledge is not None:
            self.shapes.restore(state.knowledge)

    def contiguous(self, tensor: Tensor) -> Tensor:
        """Return `tensor` in row-major order, copied if need be."""
        if is_surely_contiguous(tensor):
            return tensor
        return self.native(torch.clone, tensor, memory_format=torch.contiguous_format)

    # --- recording ---

    def emit(self, op: OpClass) -> OpClass:
        """Append `op` to the open block."""
        return self.state.block.append(op)

    def new_block(self) -> Block:
        """Append an empty block to the function."""
        return self.region.add_block()

    def location(self) -> Location:
        """Return the place in the user's program that is being executed."""
        if not self.state.frames:
            return UNKNOWN
        place = self.state.location()
        if not self.native_module:
            return place
        return Location(
            place.file,
            place.line,
            place.column,
            place.end_column,
            place.function,
            self.native_module,
            place.caller,
        )

    def refuse(self, code: str, message: str, *, help: str = "") -> DiagnosticError:
        """Return the error that refuses the program at the current place."""
        return refusal(code, message, self.location(), help=help)

    # --- what torch assumed ---

    def _on_assert(self, condition: Any, message: str) -> None:
        self._pending_asserts.append((condition, message))

    def _on_solver_check(self, condition: Any, name: str) -> None:
        message = f"{name}: the solver failed, as it does for singular input"
        self._pending_asserts.append((expression_of(condition), message))

    def flush_asserts(self) -> None:
        """Emit a host assert for each condition that torch assumed, if its symbols are known."""
        pending, self._pending_asserts = self._pending_asserts, []
        for condition, message in pending:
            if self.scalars.is_bound(condition):
                self._emit_assert(condition, message)
            else:
                self._pending_asserts.append((condition, message))

    def _emit_assert(self, condition: Any, message: str) -> None:
        try:
            value = self.scalars.expression(condition)
        except UnknownExpression as unknown:
            raise self.refuse(
                "MC0102",
                f"torch assumes {condition}, which the program cannot check ({unknown})",
                help="give the tensors sizes that do not depend on data, or compare them before",
            ) from None
        text = message.splitlines()[0] if message and not message.startswith("/") else ""
        self._assert(value, text or f"expected {condition}")

    def require(self, condition: torch.SymBool, message: str) -> None:
        """Let the host raise RuntimeError unless `condition` holds."""
        self._assert(self.scalars.value(condition), message)

    def _assert(self, condition: Value, message: str) -> None:
        if self.refuses_asserts():
            raise self.refuse(
                "MC0101",
                "whether torch raises an exception here depends on data, and it may be caught",
                help="test the condition before, instead of catching the exception",
            )
        self.emit(Assert(condition=condition, message=message, loc=self.location()))

    # --- items ---

    def known_item(self, fake: Any) -> Any:
        """Return what `item()` of the same value returned earlier on this path, or None."""
        if not self.tensors.knows(fake):
            return None
        return self.state.items.get(self.tensors.value_of_fake(fake))

    def remember_item(self, fake: Any, number: Any) -> None:
        """Let later calls of `item()` on this path return `number`."""
        self.state.items[self.tensors.value_of_fake(fake)] = number


def drop_ops_after(block: Block, last: Op | None) -> None:
    """Remove the ops of `block` behind `last` (all, if None), from the end."""
    while block.ops and block.ops[-1] is not last:
        op = block.ops[-1]
        for result in op.results:
            result.users.clear()
        op.drop()
