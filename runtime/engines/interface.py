"""What every engine does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy

Array: TypeAlias = "numpy.ndarray[Any, Any]"

Subnet: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""A loaded sub-network: from its remaining arguments, in order, to all its results.

Tensors are numpy arrays (bf16 as the uint16 of its bits), numbers are those of Python. Neither
arguments nor constants are ever written; results share no memory with them.
"""


class Engine(Protocol):
    """Load and run the sub-networks whose payloads one back end wrote."""

    name: str

    def prepare(self, payload: bytes, constants: Mapping[int, Array]) -> Subnet:
        """Return the sub-network `payload` with weights at the parameter positions `constants`.

        The weights must not change as long as the sub-network is in use. MC0502 if the payload
        cannot be read.
        """
        ...
