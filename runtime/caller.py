"""Where in the user's program a call of a compiled model stands."""

from __future__ import annotations

import inspect
import itertools
from types import FrameType

from ..diagnostics import Location

_SKIPPED = (__name__.partition(".")[0], "importlib")


def caller_location() -> Location | None:
    """Return the innermost place on the call stack outside of this package and of imports."""
    frame = inspect.currentframe()
    while frame is not None and _is_skipped(frame):
        frame = frame.f_back
    return None if frame is None else _location(frame)


def _is_skipped(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] in _SKIPPED


def _location(frame: FrameType) -> Location:
    code = frame.f_code
    positions = next(itertools.islice(code.co_positions(), frame.f_lasti // 2, None), None)
    line, last_line, column, end = positions or (None, None, None, None)
    begin = 1 if column is None else column + 1
    stop = begin if end is None or last_line != line else end + 1
    return Location(code.co_filename, line or frame.f_lineno, begin, stop, code.co_qualname)
