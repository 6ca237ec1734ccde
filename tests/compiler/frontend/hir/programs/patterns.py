# ruff: noqa
# type: ignore -- odd on purpose
"""`match` statements and class statements."""

from .case import case


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Bare:
    pass


SUBJECTS = [
    *(0, 1, 2, 5, True, None, 1.5, "text", b"raw", (), (1,), [1, 2], [1, 2, 3, 4], {"a": 1}),
    *({"a": 1, "b": 2}, {"c": [3]}, Point(0, 1), Point(7, 7), Point(3, [4]), Bare(), {1}, range(3)),
]


@case(*[(subject,) for subject in SUBJECTS])
def patterns(subject):
    found = "before"
    match subject:
        case True | None:
            return "singleton", subject
        case 0 | 1 as small if subject != 1:
            return "small", small
        case int(n) if (m := n) > 4:
            return "large", n, m
        case [] | {"c": [_]}:
            return "empty or nested"
        case [only]:
            return "one", only
        case [first, *_, last] if first > 9:
            return "never", first, last
        case [first, *rest, last]:
            return "ends", first, rest, last
        case {"a": 1, "b": found, **others}:
            return "mapping", found, others
        case {"a": found}:
            pass
        case Point(0, y=found) | Point(x=7, y=found):
            pass
        case Point(x, [y]):
            found = x, y
        case float() | str() | bytes():
            found = "text or float"
        case _:
            return "other", found
    return found


@case((Point(1, 2),), (Bare(),))
def too_many_positions(subject):
    match subject:
        case Point(a, b, c):
            return a, b, c
        case Bare(a):
            return a


@case((3,))
def classes(n):
    k = n * 2

    def tagged(cls):
        cls.tag = k
        return cls

    @tagged
    class Inner(Point, metaclass=type):
        """A class that captures."""

        size = 2
        double = size * 2

        def total(self):
            return self.x + self.y + n + k + len(super().__match_args__)

    class Empty: ...

    return Inner(1, 2).total(), Inner.tag, Inner.double, Inner.__doc__, Empty.__name__
