"""The path oracle: run a program again with its decisions forced, eager and captured alike.

A decision is a tensor that Python asks for its truth: `Tensor.__bool__` in eager, `cf.cond_br` in
the capture. A path is the list of all answers of one run; those of a given prefix are forced, the
others are what the data says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch.overrides import TorchFunctionMode

from modelc.compiler.frontend import Captured
from modelc.ir import Block, Module, Op, Symbol, Value
from modelc.ir.host import CondBranch, Item, arith
from modelc.ir.reference import Interpreter

from ..programs import Call
from .configurations import cloned
from .observation import Outcome, observe

MAX_DECISIONS = 100
MAX_FORCED = 10


class EndlessPath(Exception):
    """A run asks more often than any path of interest does."""


@dataclass
class Decisions:
    """Answer questions: as `forced` says, then as the data does. `natural` is what data said."""

    forced: tuple[bool, ...] = ()
    natural: list[bool] = field(default_factory=lambda: [])
    taken: list[bool] = field(default_factory=lambda: [])

    def decide(self, truth: bool) -> bool:
        """Return the answer to the next question, to which the data answers `truth`."""
        number = len(self.taken)
        if number >= MAX_DECISIONS:
            raise EndlessPath
        self.natural.append(truth)
        self.taken.append(self.forced[number] if number < len(self.forced) else truth)
        return self.taken[-1]


class ForcedEager(TorchFunctionMode):
    """Let `decisions` answer when a tensor is asked for its truth; the same tensor only once."""

    def __init__(self, decisions: Decisions) -> None:
        super().__init__()
        self.decisions = decisions
        self.asked: dict[int, tuple[torch.Tensor, bool]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is not torch.Tensor.__bool__:
            return result
        tensor = args[0]  # is kept alive, so that its id stays its own
        if id(tensor) not in self.asked:
            self.asked[id(tensor)] = (tensor, self.decisions.decide(result))
        return self.asked[id(tensor)][1]


class ForcedInterpreter(Interpreter):
    """Let `decisions` answer all conditional branches of `module`, which is changed for that."""

    def __init__(
        self, module: Module, weights: Mapping[Symbol, torch.Tensor], decisions: Decisions
    ) -> None:
        branches = [op for func in module.host_funcs for op in func.ops if op.name == "cf.cond_br"]
        self.questions = dict(_question(cast(CondBranch, branch)) for branch in branches)
        self.decisions = decisions
        self.asked: dict[Value, bool] = {}
        super().__init__(module, weights)

    def step(self, op: Op, frame: dict[Value, Any]) -> None:
        """Compute `op`; if it is a question, put the answer in place of its result."""
        super().step(op, frame)
        for value in op.results:
            self.asked.pop(value, None)
        if op in self.questions:
            frame[op.results[0]] = self._answer(self.questions[op], frame[op.results[0]])

    def _answer(self, subject: Value, truth: bool) -> bool:
        if isinstance(subject.owner, Block):  # another value on every way into the block
            return self.decisions.decide(truth)
        if subject not in self.asked:
            self.asked[subject] = self.decisions.decide(truth)
        return self.asked[subject]


def _question(branch: CondBranch) -> tuple[Op, Value]:
    """Put an op between `branch` and its condition; return it with what the condition is about."""
    block, condition = branch.parent, branch.condition
    assert block is not None
    question = arith.Or(left=condition, right=condition, loc=branch.loc)
    block.insert(len(block.ops) - 1, question)
    branch.condition = question.out
    maker = condition.owner
    return question, maker.source if isinstance(maker, Item) else condition


def run_eager(
    program: Callable[..., Any], call: Call, forced: tuple[bool, ...]
) -> tuple[Outcome, Decisions]:
    """Run `program` in eager with its first decisions forced."""
    decisions = Decisions(forced)

    def run(*args: Any, **kwargs: Any) -> Any:
        with ForcedEager(decisions):
            return program(*args, **kwargs)

    (outcome,) = observe(run, [call])
    return outcome, decisions


def run_captured(
    captured: Captured, call: Call, forced: tuple[bool, ...]
) -> tuple[Outcome, Decisions]:
    """Run a capture with its first decisions forced."""
    decisions = Decisions(forced)
    interpreter = ForcedInterpreter(cloned(captured.module), captured.weights, decisions)
    (outcome,) = observe(interpreter.run, [call])
    return outcome, decisions


def paths(run: Callable[[tuple[bool, ...]], Decisions], limit: int) -> Iterator[tuple[bool, ...]]:
    """Yield at most `limit` prefixes, each of which leads `run` along another path."""
    pending: list[tuple[bool, ...]] = [()]
    for _ in range(limit):
        if not pending:
            return
        prefix = pending.pop(0)
        yield prefix
        taken = run(prefix).taken[:MAX_FORCED]
        pending += [
            (*taken[:number], not taken[number]) for number in range(len(prefix), len(taken))
        ]
