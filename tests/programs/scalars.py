"""Python numbers that come out of tensors."""

# `tolist`, `norm` and `unique` are untyped in torch.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import math

import torch
from torch import Tensor, tensor

from .case import normal, program

VECTOR = tensor([1.0, 2.0, 3.0])


@program((tensor(7), tensor(2)), (tensor(-7), tensor(2)), (tensor(7), tensor(-3)))
def integer_arithmetic(a: Tensor, b: Tensor) -> tuple[int, ...]:
    x, y = a.item(), b.item()
    assert isinstance(x, int) and isinstance(y, int)
    return x + y, x - y, x * y, x // y, x % y, -x, abs(x), min(x, y), max(x, y, 3), x**2


@program((tensor(7.5), tensor(2.0)), (tensor(-7.5), tensor(2.0)), (tensor(0.1), tensor(-3.0)))
def float_arithmetic(a: Tensor, b: Tensor) -> tuple[float, ...]:
    x, y = a.item(), b.item()
    return x + y, x * y, x / y, x // y, x % y, abs(x), y**2, min(x, y), x - 1, 2 - x


@program((tensor(7), tensor(2)), (tensor(7), tensor(0)))
def true_division(a: Tensor, b: Tensor) -> float:
    """Division by zero raises as Python does."""
    return a.item() / b.item()


@program((tensor(2.5),), (tensor(-2.5),), (tensor(1e6),))
def conversions(x: Tensor) -> tuple[int, float, bool, int, int, int]:
    value = x.item()
    return int(x), float(x) + 1, bool(x > 0), int(value), math.floor(value), math.ceil(value)


@program((tensor(2.5),), (tensor(0.3),))
def functions_of_math(x: Tensor) -> tuple[float, ...]:
    value = x.item()
    if value > 1:
        return math.sqrt(value), math.log(value), math.exp(-value)
    return math.sin(value), math.tanh(value), math.pow(value, 2.0)


@program((tensor(3.0),), (tensor(7.0),), (tensor(0.1),))
def float_algebra(x: Tensor) -> bool:
    """H6: algebra says that this is zero; IEEE arithmetic says that it is not."""
    a = x.item()
    if a * 0.1 + a * 0.2 - 0.3 * a == 0.0:
        return True
    return False


@program((tensor(1e16),), (tensor(1.0),))
def float_association(x: Tensor) -> tuple[float, float]:
    """H6: neither associative nor distributive."""
    a = x.item()
    return (a + 1.0) - a, a + (1.0 - a)


@program((VECTOR, tensor(2)), (VECTOR, tensor(-2)), (VECTOR, tensor(0)))
def numbers_meet_tensors(x: Tensor, n: Tensor) -> tuple[Tensor, ...]:
    count = int(n)
    scale = x.max().item()
    filled = torch.full((2,), scale)
    made = torch.tensor([count, 1]) + torch.tensor(count)
    return x * count, x + scale, count - x, filled, made, torch.tensor(scale)


@program((tensor([3, 1]),), (tensor([0, 5]),))
def unpacked_list(x: Tensor) -> tuple[int, list[int]]:
    first, second = x.tolist()
    values = x.tolist()
    if first > second:
        return first - second, values
    return first + second, values


@program((tensor(2),), (tensor(3),), (tensor(-1),), (tensor(0),), (tensor(20),))
def tests_of_integers(n: Tensor) -> tuple[str, bool]:
    """H13: truth, `not`, membership, `isinstance`, comparison chains on numbers from data."""
    count = n.item()
    known = isinstance(count, int) and not isinstance(count, bool) and type(count) is int
    if not count:
        return "zero", known
    if count in (1, 2):
        return "few", known
    if 2 < count <= 10:
        return "some", known
    return "other", known


@program((tensor([1, 0, 1]),), (tensor([0, 0, 0]),), (tensor([1, 1, 1]),))
def any_and_all_of_numbers(x: Tensor) -> tuple[bool, bool, int]:
    flags = [bool(value) for value in x]
    return any(flags), all(flags), sum(flags)


@program((tensor(True), tensor(2)), (tensor(False), tensor(2)))
def booleans_are_numbers(flag: Tensor, n: Tensor) -> tuple[int, bool]:
    yes = bool(flag.item())
    count = int(n)
    total = count + int(yes)
    return total, yes and count > 1


@program((tensor(float("nan")),), (tensor(float("inf")),), (tensor(0.0),), (tensor(-0.0),))
def not_a_number_is_not_less(x: Tensor) -> tuple[str, float, float]:
    """A comparison must not be turned round, nor the arguments of `max`."""
    value = x.item()
    greater = "greater" if value > 0 else "not greater"
    if not value <= 0:
        greater += ", not at most"
    return greater, max(value, 1.0), max(1.0, value)


@program((tensor(-0.0),), (tensor(0.0),), (tensor(float("inf")),), (tensor(float("nan")),))
def neutral_elements(x: Tensor) -> tuple[float, ...]:
    """H6: x + 0.0 is not x for -0.0, x * 0.0 is not 0.0 for infinity."""
    value = x.item()
    return value + 0.0, value - 0.0, value * 1.0, 0.0 - value, value * 0.0, value - value


@program((tensor([-0.0, 1.0]),), (tensor([float("inf"), float("nan")]),))
def neutral_elements_of_tensors(x: Tensor) -> tuple[Tensor, ...]:
    """Passes may not simplify these either."""
    positive = (x + 0 >= 0).all()
    zero = x * 0 if positive else x * 0 + 1
    return 1 / (x + 0), 1 / (x * 1), zero, x - x, torch.where(x == x, x, -x)


@program((tensor(3),), (tensor(-7),))
def large_integers(n: Tensor) -> tuple[int, bool]:
    """Python integers do not overflow."""
    power = int(n) ** 41
    return power % 1000, power > 2**63


@program((tensor(float("nan")),), (tensor(float("inf")),), (tensor(0.0),), (tensor(-0.0),))
def special_floats(x: Tensor) -> tuple[bool, bool, float]:
    value = x.item()
    if value != value:
        return True, math.isnan(value), value
    if value > 1e300 or math.isinf(value):
        return False, True, value
    return value == 0.0, math.copysign(1.0, value) < 0, value


@program((tensor(2.5),), (tensor(3.5),), (tensor(-0.5),))
def rounding(x: Tensor) -> tuple[int, float, int]:
    value = x.item()
    return round(value), round(value * 1.117, 2), math.trunc(value)


@program((VECTOR, tensor(1)), (VECTOR, tensor(-1)))
def select_by_data(x: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """H13: `x[i]` with an index that is data."""
    position = index.item()
    return x[int(position)] * 2, x[index]


@program((tensor(3), tensor(4)), (tensor(4), tensor(3)), (tensor(3), tensor(3)))
def comparisons(a: Tensor, b: Tensor) -> tuple[bool, bool, bool, bool]:
    x, y = a.item(), b.item()
    return x < y, x <= y, x == y, x != y


@program((tensor(6), VECTOR), (tensor(1), VECTOR))
def number_as_parameter(n: Tensor, x: Tensor) -> Tensor:
    count = int(n)
    y = x.repeat(count)
    return y.reshape(count, 3).sum(0) / count


@program((VECTOR, 3, 0.5, True), (-VECTOR, 3, 0.5, True))
def static_numbers(x: Tensor, count: int, scale: float, flag: bool) -> Tensor:
    for step in range(count):
        if flag and x.sum() > step:
            x = x * scale
    return x


@program((tensor([0.2, 0.5, 0.3]),), (tensor([0.9, 0.05, 0.05]),))
def smallest_prefix(probabilities: Tensor) -> int:
    total = 0.0
    count = 0
    while total < 0.6:
        total += probabilities[count].item()
        count += 1
    return count


@program(*[(normal(a, 3), normal(b, 3)) for a in range(4) for b in range(4)])
def keys_by_data(x: Tensor, y: Tensor) -> tuple[Tensor, float]:
    """Mappings and strings are asked for what the data says."""
    if int(x.argmax()) in {1: 2.0, 2: 3.0}:
        x = x * 2
    kept = x if "ab"[x[:2].argmax()] == "a" else -x
    return kept, {1: 2.0, 2: 3.0}.get(int(y.argmin()), 0.5)


@program((tensor([0.1, 0.5]),), (tensor([0.7, 0.5]),))
def missing_key(x: Tensor) -> Tensor:
    try:
        return x * {1: 2.0}[int(x.argmax())]
    except KeyError:
        return x - 1


@program((tensor([1, 2, 1]),), (tensor([1, 0, 0]),), (tensor([0, 2, 0]),))
def key_looked_up_by_data(x: Tensor) -> Tensor:
    """H13: whether a dictionary has a key."""
    table = {1: x, 2: x + 1}
    return x if x.sum().item() in table else -x


@program((tensor([0.1, 0.5]),), (tensor([2.7, 0.5]),))
def tensors_of_a_class(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The classes of tensors convert numbers to their own type."""
    best, largest = int(x.argmax()), x.max().item()
    index = torch.LongTensor([[best, 1]])
    weights = torch.FloatTensor([best, largest]) if largest > 1 else torch.Tensor([largest, 0.5])
    return index, weights, x.new_tensor([len(x[x > 0.3]), 2])
