# ruff: noqa
# type: ignore -- odd on purpose: unbound names, missing attributes, dead code
"""Imports, and whole small programs."""

from .case import case


@case((4,))
def imports(x):
    import math
    import os.path
    import os.path as paths
    from collections import OrderedDict as Ordered, deque
    from math import floor

    return math.sqrt(x), os.path is paths, Ordered(a=1), deque([1]), floor(1.5)


@case(())
def import_missing():
    try:
        from math import no_such_function
    except ImportError:
        import no_such_module


@case((3,))
def nothing(x):
    """Documented."""
    ...
    pass
    x
    "text"


@case((1,), (2,))
def unreachable(x):
    if x == 1:
        return "one"
        x = 5
    else:
        raise ValueError(x)
    return x


@case((6,), (27,))
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@case((30,))
def sieve(n):
    composite = set()
    primes = []
    for i in range(2, n):
        if i in composite:
            continue
        primes.append(i)
        composite |= {j for j in range(i * i, n, i)}
    return primes


@case(("a + b",), ("",))
def state_machine(text):
    state, tokens, word = "start", [], ""
    for character in text + " ":
        if state == "start":
            if character == " ":
                continue
            state, word = "word", character
        elif character == " ":
            tokens, word, state = [*tokens, word], "", "start"
        else:
            word += character
    return tokens, state, not word
