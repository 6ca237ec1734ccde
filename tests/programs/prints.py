"""What programs print: compared with what eager prints."""

import logging
import sys

import torch
from torch import Tensor, nn, tensor

from .case import program

LOGGER = logging.getLogger(__name__)

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


@program((POSITIVE,), (NEGATIVE,))
def numbers_and_tensors(x: Tensor) -> Tensor:
    total = x.sum()
    print("sum", total, total.item(), f"{total:.2f}", int(total), bool(total > 0))
    print([x, 1, "a"], (x[0].item(),), {"x": x > 0}, None, x.dtype, x.shape, sep=", ", end="!\n")
    return x * 2


@program((POSITIVE,), (NEGATIVE,))
def in_program_order(x: Tensor) -> Tensor:
    print("before {braces}")
    x = x + 1
    if x.sum() > 0:
        print("positive", x.max())
        x.mul_(2)
    else:
        print("negative", file=sys.stderr)
    x.add_(1)
    print("after", x)
    return x


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 4,))
class InALoop(nn.Module):
    """Prints between draws of random numbers, and of what is changed later."""

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        steps = 0
        noise = torch.rand(3)
        while x.sum() > 1:
            print(f"step {steps}: {x.max().item():.3f}")
            x = x / 2
            steps += 1
            x[0] = 0.25
        print(*x.unbind(), flush=True)
        return x + noise + torch.rand(3), steps


@program((POSITIVE,), (NEGATIVE,))
def prints_then_raises(x: Tensor) -> Tensor:
    print("checking")
    if x.sum() < 0:
        print("fails")
        raise ValueError(f"sum is {x.sum().item()}")
    return x


@program((POSITIVE,))
def only_prints(x: Tensor) -> None:
    print(x)


@program((POSITIVE,), (NEGATIVE,))
def log_messages_are_dropped(x: Tensor) -> Tensor:
    if x.sum() < 0:
        LOGGER.debug(f"sum is {x.sum().item()}")
        logging.getLogger("other").debug("sum is %s", x.sum())
    return x + 1
