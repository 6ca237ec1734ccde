# ruff: noqa
# type: ignore -- odd on purpose: unbound names, missing attributes, dead code
"""Loops and comprehensions."""

from .case import Box, case


@case(([1, 2, 3],), ([],), ([3, 0, 5],))
def for_else(items):
    for i, x in enumerate(items):
        if x == 0:
            found = i
            break
    else:
        return "none"
    return found


@case((0,), (5,), (12,))
def while_else(n):
    steps = []
    while n > 0:
        n -= 3
        if n == 4:
            continue
        if n == 2:
            break
        steps.append(n)
    else:
        steps.append("end")
    return steps


@case((4,), (0,))
def nested_loops(n):
    result = []
    for i in range(n):
        for j in range(i):
            if j == 2:
                break
            if (i + j) % 2:
                continue
            result.append((i, j))
        else:
            result.append(i)
            continue
        result.append("broken")
    return result


@case((10,), (1,))
def endless(n):
    while True:
        n -= 2
        if n < 0:
            return n
        while 1:
            if n % 2:
                break
            n -= 1
            if n < 3:
                return "inner", n


@case(([[1, 2], [3, 4]],))
def loop_targets(pairs):
    box, places = Box(), [0, 0]
    for box.a, places[1] in pairs:
        pass
    for x, *y in pairs:
        for x in y:
            places += [x]
    return box, places, x, y


@case(([1, 2, 3],))
def loop_over_itself(x):
    for x in x:
        pass
    return x


@case(([1, 2, 3], 2), ([1], 5))
def changed_while_iterated(items, limit):
    for x in items:
        if len(items) < 6:
            items.append(x + limit)
    return items


@case((5,))
def loop_that_never_runs(n):
    for x in ():
        n = x
    while False:
        n = 0
    while n < 0:
        pass
    return n


@case((3,))
def range_continues(n):
    total = 0
    for i in range(n):
        if i == 1:
            continue
        total += i
    return total, i


@case(([1, 2, 3, 4], 2), ([], 1))
def comprehensions(items, n):
    x = "outer"
    a = [x * n for x in items if x % 2 if x > n - 2]
    b = {x % n for x in items}
    c = {x: y for x, y in zip(items, items[::-1])}
    d = [(x, y) for x in items for y in range(x) if y != n]
    e = [[y * x for y in range(n)] for x in items]
    f = [x for x in [x for x in items]]
    return a, b, c, d, e, f, x


@case(([1, 2, 3],))
def generators(items):
    return (
        sum(x * x for x in items),
        any(x > 2 for x in items),
        list(y for x in items for y in [x, -x]),
        max((x for x in items if x < 3), default=0),
        next(x for x in items),
    )


@case((3,))
def captured_in_comprehensions(n):
    late = [lambda: i for i in range(n)]
    early = [lambda i=i: i for i in range(n)]
    several = [[lambda: (i, j) for i in range(2)] for j in range(2)]
    return (
        [f() for f in late],
        [f() for f in early],
        [f() for fs in several for f in fs],
        [(lambda k: k + i)(1) for i in range(n)],
    )


@case(([1, 5, 2, 7],))
def walrus_in_comprehension(items):
    big = [y for x in items if (y := x * 2) > 3]
    any((witness := x) > 4 for x in items[:2])
    return big, y, witness


@case((2,))
def comprehension_scopes(x):
    first = [x for x in range(x)]
    second = [x + z for z in range(x) for x in [z]]
    box = Box()
    third = [box.a for box.a in first]
    pairs = [a + b for a, (b, *_) in [(1, (2, 3))]]
    return first, second, third, pairs, x


@case(([1, 0, 2],))
def comprehension_raises(items):
    try:
        return [1 / x for x in items]
    except ZeroDivisionError:
        return "zero"
