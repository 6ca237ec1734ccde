# ruff: noqa
# type: ignore -- odd on purpose: unbound names, missing attributes, dead code
"""Nested functions, closures, classes and `super`."""

from .case import case

SETTING = 10


@case((2,))
def closures(n):
    result = []
    for i in range(n):
        result.append(lambda: i + n)
    before = [f() for f in result]
    i = 10
    n = 100
    return before, [f() for f in result]


@case((3,))
def nonlocal_counter(start):
    count = start

    def step(by=1, *, times=1):
        nonlocal count
        for _ in range(times):
            count += by
        return count

    return step(), step(5), step(times=3), count


@case((2,))
def defaults_at_definition(n):
    def scaled(x, factor=n, *, offset=n + 1):
        return x * factor + offset

    n = 50
    return scaled(1), scaled(1, 5), scaled(1, offset=0)


@case((1,))
def deep_closures(a):
    def middle(b):
        def inner(c):
            nonlocal b
            b += a
            return a + b + c

        return inner

    f = middle(10)
    a = 5
    return f(100), f(100)


@case((5,))
def recursive_closure(n):
    def factorial(k):
        return 1 if k < 2 else k * factorial(k - 1)

    return factorial(n)


@case((1,))
def decorated(x):
    log = []

    def named(name):
        log.append(name)

        def decorate(function):
            log.append(("apply", name))
            return lambda *args: (name, function(*args))

        return decorate

    @named("a")
    @named("b")
    def target(v):
        return v + x

    return target(1), log


@case((4,))
def parameters_captured(n, *rest, key=7, **more):
    def change():
        nonlocal n, rest
        n += key
        rest += (len(more),)

    change()
    return n, rest


@case((1,), (2,), (0,))
def unbound_cell(x):
    def read():
        return value

    if x:
        value = x
    if x == 2:
        del value
    return read()


@case(([3, 1, 2],))
def functions_as_arguments(items):
    key = -1
    return sorted(items, key=lambda v: v * key), list(map(lambda v, w=key: v + w, items))


@case((1,))
def parameter_kinds(x):
    def f(a, b, /, c, d=4, *args, e, g=7, **kwargs):
        return a, b, c, d, args, e, g, kwargs

    return f(1, 2, 3, e=5), f(1, 2, 3, 4, 5, 6, e=7, g=8, a=9), (lambda: x)(), (lambda *a: a)(1, 2)


@case((1,))
def shadowed_by_inner(x):
    def inner():
        x = 2
        return x

    def other(x):
        return (lambda: x)()

    def reads_global():
        global SETTING
        return SETTING

    return inner(), other(3), x, reads_global()


def make_adder(n):
    def add(x):
        return x + n

    return add


adder = case((1,), (2,))(make_adder(5))
conditional = case((1,), (5,))(lambda x, y=2: x if x > y else [z for z in range(y)])


class Base:
    def __init__(self, n):
        self.n = n

    def value(self, extra):
        return self.n + extra


class Derived(Base):
    __secret = 5

    def __init__(self, n):
        super().__init__(n * 2)
        self.__hidden = n

    def value(self, extra, /, __key=1):
        def helper():
            return super(Derived, self).value(extra)

        def __private(__x):
            return __x + self.__secret

        again = lambda self: super().value(1)
        result = super().value(extra), helper(), __class__.__name__, self.__hidden
        return result, __private(__key), again(self), vars(self), f"{self.__hidden}"

    def listed(self):
        parent = super()
        return [parent.value(x) for x in range(2)]


derived_value = case((Derived(3), 4))(Derived.value)
derived_listed = case((Derived(3),))(Derived.listed)
derived_init = case((Derived(3), 4))(Derived.__init__)
