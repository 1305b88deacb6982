"""Exceptions as the model should see them: only frames of its own code, with their lines."""

import linecache
import os
import traceback
from typing import Any

# Where the standard library and this package are, or seem to be.
LIBRARY = (f"{os.path.dirname(os.__file__)}/", f"{os.path.dirname(__file__)}/", "/bundled/", "<frozen ")
MESSAGE_CHARACTERS = 4_000
TRACEBACK_CHARACTERS = 16_000

# The code may replace them.
_TracebackException = traceback.TracebackException
_cache = linecache.cache


def remember_source(filename: str, code: str) -> None:
    """Makes lines of a snippet known to everything that shows or looks for source."""
    lines = [line + "\n" for line in code.splitlines()]
    linecache.cache[filename] = _cache[filename] = (len(code), None, lines, filename)


def describe(error: BaseException, notes: list[str]) -> dict[str, str]:
    """The contract's `error`."""
    try:
        message = str(error)
    except Exception:  # an exception whose own code fails
        message = "(it has no message: its __str__ failed)"
    return {
        "type": _name(type(error)),
        "message": _cut(message, MESSAGE_CHARACTERS),
        "traceback": _cut(_format(error, notes), TRACEBACK_CHARACTERS),
    }


def _format(error: BaseException, notes: list[str]) -> str:
    try:
        report = _TracebackException.from_exception(error, compact=True)
        seen: set[int] = set()
        _clean(report, seen)
        text = "".join(report.format())
    except Exception:  # exceptions can be made so that nothing can be said about them
        text = f"{_name(type(error))}\n"
    return text + "".join(f"hint: {note}\n" for note in notes)


def _clean(report: Any, seen: set[int]) -> None:
    """Removes frames that are not the code's, in the exception and in what led to it."""
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    frames = [frame for frame in report.stack if not frame.filename.startswith(LIBRARY)]
    report.stack[:] = frames
    _clean(report.__cause__, seen)
    _clean(report.__context__, seen)
    for inner in report.exceptions or ():
        _clean(inner, seen)


def _name(kind: type) -> str:
    module = getattr(kind, "__module__", None)
    own = module in (None, "builtins", "__main__")
    return kind.__qualname__ if own else f"{module}.{kind.__qualname__}"


def _cut(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    half = characters // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
