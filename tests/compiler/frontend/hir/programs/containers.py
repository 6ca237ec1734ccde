# ruff: noqa
# type: ignore -- odd on purpose: unbound names, missing attributes, dead code
"""Displays, strings, attributes and calls."""

from .case import Box, case


@case(([1, 2], {"a": 1}))
def displays(items, mapping):
    return (
        [*items, 3, *items],
        (*items, *"xy"),
        {*items, 2, 5},
        {**mapping, "b": 2, "a": 3},
        {"a": 0, **mapping},
        (),
        [],
        {},
        (1,),
    )


@case(([1, 2], {"a": 1, "b": 2}))
def displays_in_order(items, mapping):
    a = [*items, items.append(3), *items]
    b = {**mapping, "c": mapping.pop("a"), **mapping}
    return a, b, (*items, items.pop(), len(items))


@case(([0, 1, 2, 3, 4, 5],))
def subscripts(items):
    items[1:3] = [9]
    del items[-1:]
    matrix = {(1, 2): 3, (1, slice(None).start): 4}
    return items[0], items[-1], items[1:], items[:2], items[::2], items[::-1], matrix[1, 2]


@case((3.14159, 8, "x"), (1.0, 5, "é"))
def strings(value, width, text):
    plain = f"constant"
    return (
        f"{value:.2f}|{value:{width}.{width - 3}f}|{text!r:>{width}}|{text!a}|{text!s:^9}",
        f"{value=:.1f} {{}} {text + f'{width}'}",
        f"",
        plain,
        f"a{text}b",
    )


@case((["a"],))
def strings_in_order(items):
    return f"{items}{items.append('b')}{items}"


@case((2,))
def attributes(x):
    box = Box(inner=Box(n=x))
    box.inner.n = box.inner.n + 1
    box.other = box.inner
    return box.other.n, box.missing


def collect(a, b=2, *rest, c=3, **more):
    return a, b, rest, c, sorted(more.items())


@case(([1, 2, 3], {"x": 1}), ([1], {"c": 2}), ([], {}))
def calls(items, mapping):
    return [
        collect(*items or [0]),
        collect(*items, 9, *items, **mapping),
        collect(1, c=4, **mapping | {"c": 7} if 0 else mapping) if "c" not in mapping else None,
        collect(0, *items, y=4, **{"z": 5}),
        len(items),
        "{} {k}".format(1, k=2),
    ]


@case(([1, 2], {"a": 1}))
def calls_in_order(items, mapping):
    first = collect(*items, items.append(3), *items)
    second = collect(0, *items, k=items.append(4))
    third = collect(*items, k=items.append(5))
    return first, second, third, collect(0, **mapping, z=mapping.pop("a", None))


@case((1,))
def call_refused(x):
    return len(x)
