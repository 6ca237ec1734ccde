"""`raise`, `assert`, `try`, `finally`."""

import contextlib
from collections.abc import Generator

import torch
from torch import Tensor, nn, tensor

from .case import normal, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


class TooSmall(ValueError):
    """An exception of the user's."""


@program((POSITIVE,), (NEGATIVE,))
def raises_in_one_arm(x: Tensor) -> Tensor:
    if x.sum() < 0:
        raise ValueError("the sum must not be negative")
    return x.sqrt()


@program((POSITIVE,), (NEGATIVE,))
def raises_own_exception(x: Tensor) -> Tensor:
    limit = 2
    if x.max() < limit:
        raise TooSmall(f"nothing reaches {limit}")
    return x - limit


@program((POSITIVE,), (NEGATIVE,))
def assertion(x: Tensor) -> Tensor:
    assert x.min() > 0, "all must be positive"
    return x.log()


@program((POSITIVE,), (NEGATIVE,))
def assertion_without_message(x: Tensor) -> Tensor:
    assert (x > 0).all()
    return x.log()


def _checked(x: Tensor) -> Tensor:
    if x.sum() < 0:
        raise TooSmall("negative")
    return x * 2


@program((POSITIVE,), (NEGATIVE,))
def caught_from_a_call(x: Tensor) -> Tensor:
    try:
        y = _checked(x)
    except TooSmall:
        y = -x
    return y + 1


@program((POSITIVE,), (NEGATIVE,), (tensor([1.0, -9.0, 3.0]),))
def caught_by_class(x: Tensor) -> tuple[Tensor, str]:
    try:
        if x[0] < 0:
            raise KeyError("first")
        y = _checked(x)
    except KeyError:
        return x, "key"
    except (TypeError, ValueError):
        return x, "value"
    else:
        y = y + 1
    return y, "none"


@program((POSITIVE,), (NEGATIVE,))
def finally_runs(x: Tensor) -> tuple[Tensor, list[str]]:
    steps: list[str] = []
    try:
        steps.append("try")
        if x.sum() > 0:
            return x, steps
        x = x * 2
    finally:
        steps.append("finally")
    steps.append("after")
    return x, steps


@program((POSITIVE,), (NEGATIVE,))
def finally_while_raising(x: Tensor) -> Tensor:
    y = x
    try:
        try:
            y = _checked(x)
        finally:
            y = y + 10
    except TooSmall:
        y = y * 2
    return y


@program((POSITIVE,), (NEGATIVE,))
def raised_again(x: Tensor) -> Tensor:
    try:
        return _checked(x)
    except TooSmall as error:
        raise RuntimeError("cannot go on") from error


@program((POSITIVE,), (NEGATIVE,))
def lookup_with_default(x: Tensor) -> Tensor:
    table = {"a": 2.0}
    try:
        factor = table["b"]
    except KeyError:
        factor = 5.0
    return x * factor if x.sum() > 0 else x


@program((POSITIVE,), (NEGATIVE,))
def not_implemented_arm(x: Tensor) -> Tensor:
    """H11: an explicit raise is a way out, whatever it raises."""
    if x.sum() < 0:
        raise NotImplementedError
    return x


@program((POSITIVE, tensor(5)), (POSITIVE, tensor(1)), (NEGATIVE, tensor(5)))
def raised_in_a_loop(x: Tensor, limit: Tensor) -> tuple[Tensor, int]:
    steps = 0
    while x.sum() > 1:
        if steps == int(limit):
            raise TimeoutError("too many steps")
        x = x / 2
        steps += 1
    return x, steps


@program((POSITIVE,), (NEGATIVE,))
def stops_a_loop_by_exception(x: Tensor) -> Tensor:
    total = torch.zeros(())
    try:
        for value in x:
            if value > 2:
                raise StopIteration
            total = total + value
    except StopIteration:
        total = total * 100
    return total


class _Scope:
    """A context manager that a user wrote."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def __enter__(self) -> "_Scope":
        self.log.append("enter")
        return self

    def __exit__(self, *error: object) -> None:
        self.log.append("exit")


@program((POSITIVE,), (NEGATIVE,))
def own_context_manager(x: Tensor) -> tuple[Tensor, list[str]]:
    log: list[str] = []
    with _Scope(log) as scope:
        if x.sum() > 0:
            scope.log.append("positive")
            return x * 2, log
    return x, log


@contextlib.contextmanager
def _nothing() -> Generator[None]:
    yield


@program((POSITIVE,), (NEGATIVE,))
def context_from_a_generator(x: Tensor) -> Tensor:
    with _nothing(), contextlib.nullcontext():
        y = x * 2
    return y if x.sum() > 0 else y + 1


@program((normal(0, 3),), (normal(0, 3) * 1e9,), (-normal(0, 3),), (POSITIVE / 0,))
class Guarded(nn.Module):
    """A module that checks what it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        if not torch.isfinite(y).all():
            raise FloatingPointError("not finite")
        if y.abs().max() > 1e6:
            raise OverflowError("too large")
        return y


@program((POSITIVE,), (tensor([1.0, 2.0, -3.0]),), (NEGATIVE,))
def error_of_torch_is_caught(x: Tensor) -> Tensor:
    """H14: whether the sizes fit depends on data, and the program has an answer to both."""
    count = int((x > 0).sum())
    try:
        first, _ = torch.split(x, [count, 1])
    except RuntimeError:
        return x * 100
    return first


@program((POSITIVE, tensor(2)), (POSITIVE, tensor(0)))
def division_by_zero_is_caught(x: Tensor, n: Tensor) -> Tensor:
    try:
        share = 6 // int(n)
    except ZeroDivisionError:
        share = -1
    return x * share


@program((POSITIVE, tensor(1)), (POSITIVE, tensor(7)))
def index_error_is_caught(x: Tensor, index: Tensor) -> Tensor:
    try:
        return x * [2.0, 3.0][int(index)]
    except IndexError:
        return x


@program((POSITIVE.clone(),), (NEGATIVE.clone(),))
def input_is_mutated_before_raising(x: Tensor) -> Tensor:
    x.add_(1)
    if x.sum() < 0:
        raise ValueError("negative")
    return x


class TooLarge(Exception):
    """An exception that words its message itself and keeps what it is about."""

    def __init__(self, value: float, limit: int) -> None:
        super().__init__(f"{value:.2f} exceeds {limit}")
        self.value = value


PERCENT = "%s %5.1f%% %d %s"
FIELDS = " of {:>5} {:.2f}"


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,), (NEGATIVE * 9,))
def message_from_data(x: Tensor) -> Tensor:
    total = x.sum()
    if total > 10:
        raise ValueError(f"bad {total.item():8.3f} {int(total)!r:>4} {total} {x} {total > 2}")
    if total < -10:
        raise KeyError(PERCENT % (total, total.item(), total.item(), x[0].item()))
    assert total > 0, "sum " + str(total.item()) + FIELDS.format(bool(x[0] > 0), x[0].item())
    return x


@program((POSITIVE,), (POSITIVE * 9,), (NEGATIVE,))
def message_by_an_own_constructor(x: Tensor) -> Tensor:
    total = x.sum().item()
    if total > 10:
        raise TooLarge(total, 10)
    if total < 0:
        raise RuntimeError("negative", total, [x, None], {"first": x[0].item()})
    return x


@program((POSITIVE,), (POSITIVE * 9,), (NEGATIVE,))
def caught_exception_carries_data(x: Tensor) -> tuple[Tensor, float]:
    try:
        if x.sum() > 10:
            raise TooLarge(x.sum().item(), 10)
        if x.sum() < 0:
            raise TooLarge(x.min().item(), -1)
    except TooLarge as error:
        return x * error.value, error.value
    return x, 0.0


@program((POSITIVE, tensor(4)), (POSITIVE * 9, tensor(4)), (NEGATIVE, tensor(4)))
def message_counts_steps(x: Tensor, limit: Tensor) -> tuple[Tensor, int]:
    """The number in the message does not unroll the loop."""
    steps = 0
    while x.sum() > 1:
        if steps >= int(limit):
            message = f"no end after {steps} steps"
            raise TimeoutError(message)
        x = x / 2
        steps += 1
    return x, steps


class Found(Exception):
    """An exception that carries tensors out of several calls."""

    def __init__(self, value: Tensor, step: int = 0) -> None:
        super().__init__("found")
        self.value = value
        self.step = step


class _Innermost(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            raise Found(x * 2)
        return x


class _Middle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = _Innermost()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x + 1) * 3


@program((POSITIVE,), (NEGATIVE * 2,))
class CarriedThroughModules(nn.Module):
    """An exit by an exception of a module deep inside."""

    def __init__(self) -> None:
        super().__init__()
        self.middle = _Middle()

    def forward(self, x: Tensor) -> tuple[Tensor, bool]:
        found = True
        try:
            y = self.middle(x)
        except Found as exit:
            y = exit.value
        else:
            found = False
            y = y - 1
        return y, found


@program((POSITIVE,), (NEGATIVE,))
def cause_is_kept(x: Tensor) -> Tensor:
    try:
        try:
            _Innermost()(x)
        except Found as found:
            raise RuntimeError("outer") from found
    except RuntimeError as error:
        assert isinstance(error.__cause__, Found)
        return error.__cause__.value
    return x


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,), (POSITIVE * 2,), (NEGATIVE * 9,))
def finally_in_a_loop(x: Tensor) -> tuple[Tensor, int]:
    total = x
    for step in range(2):
        try:
            total = total * 1.5
            if total.sum() > 20:
                raise Found(total, step)
            if total[0] < -3:
                break
        except Found as found:
            return found.value, found.step
        finally:
            total = total - 1
    return total, -1


@program((POSITIVE,), (NEGATIVE,))
def finally_replaces_the_result(x: Tensor) -> Tensor:
    def result(y: Tensor) -> Tensor:
        try:
            return y
        finally:
            if y.sum() > 0:
                return y * 5  # noqa: B012 -- that is the point

    return result(x)


@program((POSITIVE,), (NEGATIVE,))
def suppressed(x: Tensor) -> Tensor:
    with contextlib.suppress(ValueError):
        if x.sum() > 0:
            raise TooSmall
        return x * 2
    return x


@program((POSITIVE, tensor(1)), (POSITIVE, tensor(7)))
def index_error_is_suppressed(x: Tensor, index: Tensor) -> Tensor:
    y = x
    with contextlib.suppress(IndexError):
        y = x * [2.0, 3.0][int(index)]
    return y


@program((POSITIVE,), (tensor([0.1, 0.2, 0.3]),), (NEGATIVE,))
def raised_again_in_an_inner_try(x: Tensor) -> Tensor:
    try:
        y = _Innermost()(x)
    except Found as found:
        try:
            if found.value[0] > 1:
                raise
            y = found.value
        except Found as again:
            y = again.value * 3
    return y


@program((POSITIVE,), (NEGATIVE,))
def undefined_on_one_path(x: Tensor) -> Tensor:
    """H24: eager raises UnboundLocalError on one path."""
    if x.sum() > 0:
        y = x * 2
    return y  # pyright: ignore[reportPossiblyUnboundVariable] -- that is the point


@program((POSITIVE, tensor(2)), (POSITIVE, tensor(0)))
def undefined_without_iterations(x: Tensor, count: Tensor) -> Tensor:
    for step in range(int(count)):
        last = x * step
    return last  # pyright: ignore[reportPossiblyUnboundVariable] -- that is the point


@program((POSITIVE,), (NEGATIVE,))
def undefined_in_a_closure(x: Tensor) -> Tensor:
    def read() -> Tensor:
        return value

    if x.sum() > 0:
        value = x
    return read()


@program((tensor([2.0, 1.0]),), (tensor([-2.0, 1.0]),))
def exhausts_an_iterator(x: Tensor) -> Tensor:
    rest = iter([x] if x.sum() > 0 else [])
    return next(rest) + 1


@program((POSITIVE,), (NEGATIVE,), (tensor([-1.0, 2.0, 4.0]),))
def end_of_nothing(x: Tensor) -> tuple[Tensor, Tensor | str]:
    """Whether there is a first and a last row depends on data."""
    kept = x[x > 0]
    try:
        last = kept.cumsum(0)[-1]
    except IndexError:
        last = x.new_zeros(())
    try:
        return last, kept[0] + 1
    except Exception as error:
        return last, str(error)
