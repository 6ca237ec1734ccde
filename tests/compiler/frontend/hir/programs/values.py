# ruff: noqa
# type: ignore -- odd on purpose: unbound names, missing attributes, dead code
"""Operators, conditions and variables."""

from .case import Box, case

SETTING = 10


@case((1, 2), (3.5, 2), (-7, 3))
def arithmetic(a, b):
    return a + b, a - b, a * b, a / b, a // b, a % b, a**b, -a, +b, a + b * a - (b - a)


@case((6, 3), (255, 1))
def bits(a, b):
    return a & b, a | b, a ^ b, a << b, a >> b, ~a, -1, +2, ~3, -1.5, -2j


class Matrix:
    def __matmul__(self, other):
        return "matmul"

    def __imatmul__(self, other):
        return "imatmul"


@case(())
def matrix_operators():
    a = b = Matrix()
    a @= b
    return a, b @ 1


@case((7, 2), (9, 4))
def augmented(a, b):
    a += b
    a -= 1
    a *= b
    a //= 3
    a **= 2
    a %= 1000
    a <<= 1
    a >>= 2
    a |= 8
    a &= 127
    a ^= 5
    a /= 4
    return a


@case(([1], {"k": [2]}))
def augmented_places(items, mapping):
    box = Box(n=1, items=items)
    box.n += 4
    box.items += [5]
    mapping["k"] += [3]
    items[0] *= 10
    alias = items
    alias += [6]
    return box, mapping, items, alias is items


@case((1, 2, 3), (3, 2, 1), (1, 1, 1), (2, 3, 0))
def chained(a, b, c):
    return a < b < c, a <= b <= c, a == b != c, (a < b) < c, a < b > c, 0 < a < 9 > b


@case((2, [1, 2]), (None, []))
def identity_and_membership(x, items):
    return (
        x is None,
        x is not None,
        x in items,
        x not in items,
        not x,
        not items,
        x in items in [[]],
    )


@case(([],), ([2],), ([0, 5],))
def evaluated_once(log):
    def tell(x):
        log.append(x)
        return x

    tell(1) < tell(len(log)) < tell(3)
    r = tell(0) or tell("") or tell(7) or tell(8)
    s = tell(1) and tell([]) and tell(9)
    return r, s, log


@case((0, 0), (0, 1), (2, 0), (2, 3))
def connectives(a, b):
    x = a and b
    y = a or b
    z = not (a and b) or (a or not b) and "q"
    return x, y, z, a and b or "else", (a or b) and "both"


@case((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1), (0, 1, 1), (0, 0, 1))
def conditions(a, b, c):
    result = []
    if a and (b or not c):
        result.append(1)
    if not (a or b) and not c:
        result.append(2)
    elif a if b else c:
        result.append(3)
    else:
        result.append(4)
    if a < b <= c and True:
        result.append(5)
    if (a and b, c):
        result.append(6)
    if not not a or False or 0:
        result.append(7)
    if None:
        result.append(8)
    while a and (b := b - 1) > -3:
        result.append(b)
    return result


@case((1,), (-1,), (0,))
def ternary(x):
    return "p" if x > 0 else "n" if x < 0 else ["z" if not x else "never"]


@case((1, 2, 3))
def swap(a, b, c):
    a, b = b, a
    a, b, c = c, a, b
    (a, b), c = (b, c), a
    return a, b, c


@case(([1, 2, 3, 4],), ([1, 2],), ([1],), ((1, (2, 3), 4),))
def stars(items):
    first, *rest = items
    *init, last = items
    a, *middle, z = items
    [x, [*y]] = items[0], [1, 2]
    return first, rest, init, last, a, middle, z, x, y


@case(([1, 2, 3],), ([],), (iter([1, 2]),), (5,))
def unpack_exactly(items):
    try:
        a, b = items
    except (ValueError, TypeError) as error:
        return type(error).__name__
    return a, b


@case(([1, 2],))
def chained_assignment(c):
    (c, d) = e = c
    f = g = h = []
    f.append(1)
    i, items = 1, [0, 0]
    i, items[i] = 0, 5
    return c, d, e, g, h, items


@case((5,))
def walrus(x):
    y = x + (x := 2) + x
    z = [x, (x := x + 1), x]
    w = (a := x) + (a := 7) + a
    if (n := len(z)) > 2:
        z.append(n)
    return y, z, w, a, x, f"{x}{(x := 9)}{x}", x < (x := 1) < x


@case((1,), (2,), (0,))
def unbound(x):
    if x == 1:
        y = 1
    if x == 2:
        z = 1
        del z
        return z
    return y


@case(({"a": 1, "b": 2}, [1, 2, 3]))
def deletions(mapping, items):
    box = Box(x=1, y=2)
    del mapping["a"], items[0], box.x
    n = 1
    del (n, [box.y])
    try:
        n
    except NameError as error:
        return mapping, items, box, isinstance(error, UnboundLocalError)


@case(())
def deleted_twice():
    n = 1
    del n
    del n


@case((3,))
def annotated(x):
    y: int = x
    z: "nothing"
    box = Box()
    box.a: int = y
    items: list[int] = [0]
    items[0]: int = 4
    return y, box, items


GLOBAL_STATE = 0


@case((3,), (4,))
def global_variables(x):
    global GLOBAL_STATE, GLOBAL_NEW
    GLOBAL_STATE = x
    GLOBAL_STATE += 1
    GLOBAL_NEW = GLOBAL_STATE
    result = GLOBAL_NEW + SETTING
    del GLOBAL_NEW
    try:
        GLOBAL_NEW
    except NameError:
        return result


@case((1,))
def undefined_global(x):
    return x + no_such_name
