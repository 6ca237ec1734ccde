"""Graph IR: ATen operations, driven by torch's own operator schemas, and the return."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, ClassVar

from ..core import Argument, Op, Value, attr, define, operand


@functools.cache
def overload(target: str) -> Any:
    """Return torch's operator for `namespace.operator.overload`; AttributeError if none."""
    import torch  # heavy: only programs with ATen ops need it

    namespace, operator, name = target.split(".")
    return getattr(getattr(getattr(torch.ops, namespace), operator), name)


def is_operator(target: str) -> bool:
    """Tell whether torch has the operator `namespace.operator.overload`."""
    try:
        overload(target)
    except (AttributeError, ValueError):
        return False
    return True


def operator_names(namespace: str) -> list[str]:
    """Return the names of all operators that torch has in `namespace`."""
    import torch  # heavy: only programs with ATen ops need it

    names = torch._C._dispatch_get_all_op_names()  # pyright: ignore[reportPrivateUsage]: no public list
    dotted = (name.replace("::", ".") for name in names if name.startswith(f"{namespace}::"))
    return sorted(name if name.count(".") == 2 else f"{name}.default" for name in dotted)


@define("aten")
class AtenOp(Op):
    """results = target(*arguments, **keywords), a functional operator of torch.

    Arguments are in the order of torch's schema; each is a Value, a literal (None, bool, int,
    float, complex, str, DType, Device, MemoryFormat, Layout) or a tuple of these. Keyword-only
    arguments stand in `keywords` as (name, argument) pairs. Results are the flattened outputs: an
    operator that returns a list of n tensors has n results. The result types must be given.
    """

    GIVEN_RESULTS: ClassVar[int | None] = None
    arguments: tuple[Argument, ...] = operand()
    target: str = attr()
    keywords: tuple[tuple[str, Argument], ...] = operand(default=())

    @property
    def name(self) -> str:
        return self.target

    @property
    def operator(self) -> Any:
        """Torch's operator; its schema and meta function say what the op means."""
        return overload(self.target)

    @property
    def is_pure(self) -> bool:
        import torch  # heavy: only programs with ATen ops need it

        operator = self.operator
        random = torch.Tag.nondeterministic_seeded in operator.tags
        return not random and not operator._schema.is_mutable

    def verify(self) -> Iterator[str]:
        if not is_operator(self.target):
            yield f"torch has no operator {self.target}"
            return
        schema = self.operator._schema
        positional = [a for a in schema.arguments if not a.kwarg_only]
        if len(self.arguments) > len(positional):
            yield f"{self.target} takes {len(positional)} arguments, not {len(self.arguments)}"
        known = {argument.name for argument in schema.arguments}
        for keyword, _ in self.keywords:
            if keyword not in known:
                yield f"{self.target} has no argument {keyword}"
        if schema.is_mutable:
            yield f"{self.target} mutates its arguments"


@define("func.return")
class FuncReturn(Op):
    """End a graph function with `values`."""

    TERMINATOR: ClassVar[bool] = True
    values: tuple[Value, ...] = operand(spread=True)
