"""Small PyTorch programs, a file per family of constructs, each with calls that take every way.

They are data, unmodified Python as users write it; what makes one odd is on purpose. `H1` to `H27`
in docstrings number the hazards of capturing Python that a program would reveal.
"""

from . import (
    algorithms,
    aliasing,
    arrays,
    branches,
    calls,
    classes,
    closures,
    crops,
    exceptions,
    filters,
    generators,
    hooks,
    kinds,
    layers,
    lengths,
    libraries,
    lists,
    loops,
    outputs,
    patterns,
    prints,
    recursion,
    scalars,
    sequences,
    sizes,
    state,
    texts,
)
from .case import Call, Program, instantiate, programs, seed

PROGRAMS = programs(
    [
        branches,
        loops,
        kinds,
        lists,
        filters,
        algorithms,
        arrays,
        closures,
        classes,
        layers,
        hooks,
        sequences,
        libraries,
        state,
        aliasing,
        scalars,
        sizes,
        crops,
        lengths,
        outputs,
        calls,
        exceptions,
        generators,
        patterns,
        prints,
        recursion,
        texts,
    ]
)

__all__ = ["PROGRAMS", "Call", "Program", "instantiate", "seed"]
