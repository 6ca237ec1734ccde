# ruff: noqa
# type: ignore -- odd on purpose: unbound names, missing attributes, dead code
"""Exceptions and context managers."""

import contextlib

from .case import Recorder, case


@case((1,), (0,), ("x",), (None,))
def try_except_else(x):
    log = []
    try:
        log.append("try")
        y = 10 / x
    except ZeroDivisionError:
        log.append("zero")
    except (TypeError, ValueError) as error:
        log.append(type(error).__name__)
    else:
        log.append(y)
    return log


@case((1,), (0,), ("x",))
def try_finally(x):
    log = []
    try:
        try:
            log.append(1 / x)
        finally:
            log.append("finally")
        log.append("after")
    except ZeroDivisionError as error:
        log.append(str(error))
    return log


@case(([], 0), ([], 1), ([], 2), ([], 3), ([], 4))
def finally_on_every_exit(log, way):
    for i in range(3):
        try:
            if way == 1 and i == 1:
                break
            if way == 2:
                continue
            if way == 3:
                return log
            if way == 4:
                raise KeyError(i)
            log.append(("body", i))
        except KeyError as error:
            log.append(("caught", error.args))
        else:
            log.append("else")
        finally:
            log.append(("finally", i))
    else:
        log.append("exhausted")
    return log


@case((1,), (2,), (3,), (4,))
def finally_overrides(way):
    for i in range(2):
        try:
            if way == 1:
                return "body"
            if way == 2:
                raise ValueError(way)
            x = way
        finally:
            if way == 1:
                return "finally"
            if way == 2:
                break
            if way == 3:
                continue
    return "end", i


@case(())
def return_value_is_kept():
    x = 1
    try:
        return x
    finally:
        x = 2


@case(([],))
def nested_finally(log):
    try:
        try:
            try:
                return log.append("body")
            finally:
                log.append("inner")
                log.undefined
        except AttributeError:
            log.append("caught")
            raise KeyError("again") from None
        finally:
            log.append("middle")
    finally:
        log.append("outer")


@case((0,), (1,), (2,), (3,))
def raising(way):
    if way == 0:
        raise ValueError
    if way == 1:
        raise ValueError("message", way)
    try:
        if way == 2:
            raise KeyError("inner")
        raise IndexError("other")
    except KeyError as error:
        raise RuntimeError("outer") from error
    except IndexError:
        raise


@case((1,))
def caught_by_outer(x):
    try:
        try:
            x.missing
        except KeyError:
            return "wrong"
        finally:
            x += 1
    except AttributeError as error:
        y = x
    try:
        return y, error
    except NameError:
        return y


@case((0,), (1,))
def exception_name_is_unbound(x):
    error = "before"
    try:
        if x:
            raise ValueError(x)
    except ValueError as error:
        kept = error
    try:
        return error
    except NameError:
        return "unbound", repr(kept)


@case(())
def exception_name_after_raise():
    error = 1
    try:
        try:
            raise ValueError
        except ValueError as error:
            raise KeyError
    except KeyError:
        pass
    return error


@case(())
def exception_name_captured():
    try:
        raise ValueError(3)
    except ValueError as error:
        f = lambda: error.args
        values = f()
    try:
        f()
    except NameError:
        return values


@case(([],))
def return_in_handler(log):
    while True:
        try:
            log.undefined
        except AttributeError as error:
            try:
                return str(error), log
            finally:
                log.append("done")


@case((5,), (-5,), (0,))
def assertions(x):
    assert x, "zero"
    assert x > 0, f"negative {x}"
    assert x < 10
    return x


@case((20,))
def assertion_without_message(x):
    assert x < 10


@case(([1, 2],), ({},))
def exceptions_select(container):
    try:
        return container[5]
    except IndexError:
        return "index"
    except KeyError:
        return "key"


@case((1,), (0,))
def bare_except(x):
    try:
        1 / x
    except:
        return "any"
    return "none"


@case((1,))
def reads_old_value_in_handler(x):
    y = 1
    try:
        y = x.missing
    except AttributeError:
        return y


@case(([], 0), ([], 1), ([], 2), ([], 3), ([], 4))
def contexts(log, way):
    for i in range(2):
        with Recorder(log) as outer, Recorder(log, (KeyError,)):
            log.append(outer is not None)
            if way == 1:
                return log
            if way == 2:
                break
            if way == 3:
                continue
            if way == 4:
                raise KeyError(i)
        log.append("after")
    return log


@case(([],))
def context_passes_exception(log):
    with Recorder(log), Recorder(log, (KeyError,)):
        raise ValueError(log)


@case(
    ([], {}),
)
def context_target(log, places):
    with Recorder(log) as places["a"], contextlib.nullcontext((1, 2)) as (x, y):
        pass
    with contextlib.suppress(ZeroDivisionError):
        x = 1 / 0
    return x, y, len(places), log


@case(([],))
def context_and_finally(log):
    try:
        with Recorder(log):
            try:
                return log
            finally:
                log.append("finally")
    finally:
        log.append("outer")
