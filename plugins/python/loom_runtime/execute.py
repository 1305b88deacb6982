"""Runs a snippet as a script in a module's namespace, and tells how it ended. Knows nothing of files
and sessions."""

import __future__

import ast
import asyncio
import builtins
import inspect
import sys
import types
from dataclasses import dataclass
from typing import Any, Callable

from . import tracebacks

VALUE_CHARACTERS = 20_000
# As a process that was interrupted.
INTERRUPTED = 130


# Room to tell that memory was used up.
_RESERVE = bytearray(1 << 20)
_BUILTINS = dict(vars(builtins))
_RECURSION_LIMIT = sys.getrecursionlimit()


@dataclass
class Ending:
    """How the code ended."""

    value: str | None = None
    error: dict[str, str] | None = None
    exit_status: int = 0


def new_module() -> types.ModuleType:
    """An empty `__main__`."""
    module = types.ModuleType("__main__")
    # Scripts look for their directory by it; it is the current one.
    module.__dict__["__file__"] = "<code>"
    module.__dict__["__builtins__"] = builtins
    return module


def run(module: types.ModuleType, code: str, filename: str, hints: Callable) -> Ending:
    """Runs the code. `hints` gets an exception and returns lines of advice about it."""
    tracebacks.remember_source(filename, code)
    sys.modules["__main__"] = module
    sys.argv = [filename]
    value, error = None, None
    try:
        value = _shown(_evaluate(compile_snippet(code, filename), module.__dict__))
    except BaseException as raised:
        error = raised
    finally:
        _undo_changes()
    if error is None:
        return Ending(value=value)
    if isinstance(error, SystemExit):
        return Ending(exit_status=_status(error.code))
    if isinstance(error, MemoryError):
        _RESERVE.clear()
    status = INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return Ending(error=tracebacks.describe(error, hints(error)), exit_status=status)


def _undo_changes() -> None:
    """Takes back what the code did to the interpreter and what would break the work that follows."""
    builtins.__dict__.update(_BUILTINS)
    sys.settrace(None)
    sys.setprofile(None)
    if sys.getrecursionlimit() != _RECURSION_LIMIT:
        sys.setrecursionlimit(_RECURSION_LIMIT)


def compile_snippet(code: str, filename: str) -> list[types.CodeType]:
    """The code but for a last expression, and that expression."""
    tree = ast.parse(code, filename)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return [compile(tree, filename, "exec", flags, dont_inherit=True)]
    body = compile(
        ast.Module(tree.body[:-1], tree.type_ignores), filename, "exec", flags, dont_inherit=True
    )
    # What `from __future__ import …` in the body switched on holds for the expression too.
    flags |= body.co_flags & _FUTURES
    return [
        body,
        compile(ast.Expression(last.value), filename, "eval", flags, dont_inherit=True),
    ]


_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag


def _evaluate(pieces: list[types.CodeType], namespace: dict[str, Any]) -> Any:
    if any(piece.co_flags & inspect.CO_COROUTINE for piece in pieces):
        return asyncio.run(_evaluate_awaiting(pieces, namespace))
    value = None
    for piece in pieces:
        value = eval(piece, namespace)
    return value


async def _evaluate_awaiting(pieces: list[types.CodeType], namespace: dict[str, Any]) -> Any:
    value = None
    for piece in pieces:
        value = eval(piece, namespace)
        if piece.co_flags & inspect.CO_COROUTINE:
            value = await value
    return value


def _shown(value: Any) -> str | None:
    """The value as Python writes it; nothing for None."""
    if value is None:
        return None
    text = _BUILTINS["repr"](value)
    if len(text) <= VALUE_CHARACTERS:
        return text
    half = VALUE_CHARACTERS // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"


def _status(code: Any) -> int:
    """As the interpreter does it: a number is the status, anything else a message."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
