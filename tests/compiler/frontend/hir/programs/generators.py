# ruff: noqa
# type: ignore -- odd on purpose
"""Generators: yield, yield from, send, and what closes them."""

from .case import case


@case((3,), (0,))
def yields(n):
    def count(limit):
        for i in range(limit):
            yield i
        return "done"

    def around(limit):
        result = yield from count(limit)
        yield result
        yield

    return list(around(n)), sum(count(n)), [*count(n)], dict(zip("ab", count(2)))


@case(([1, 2, 3],))
def sends(items):
    def running():
        total = 0
        while True:
            value = yield total
            if value is None:
                return
            total += value

    def delegate():
        yield from running()

    accumulator = delegate()
    next(accumulator)
    return [accumulator.send(item) for item in items], next(accumulator, "end")


@case((1,), (5,))
def closes_when_the_loop_is_left(limit):
    log = []

    def steps():
        try:
            for i in range(3):
                yield i
        finally:
            log.append("closed")

    def first():
        for step in steps():
            return step

    for step in steps():
        log.append(step)
        if step == limit:
            break
    log.append("after")
    return first(), log


@case(([3, 1, 2],))
def captures_late(items):
    n = 1
    lazy = (x * n for x in items if x > n)
    n = 2
    nested = ((x, y) for x in items for y in (z for z in range(x)) if y)
    return list(lazy), list(nested), (w := 5, list(w for _ in items))


@case(([1, 2],))
def a_lambda_that_yields(items):
    make = lambda x: [(yield x), (yield)]
    return list(make(items)), list((lambda: (yield from items))())
