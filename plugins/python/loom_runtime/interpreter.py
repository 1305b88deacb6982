"""One call from its arguments to its result. The contract's types are app.py's concern."""

import atexit
import importlib
import json
import os
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from . import capture, execute, files, hints, places, sessions
from .arguments import Arguments
from .definitions import definitions
from .places import Places

DEFAULT_OUTPUT_BYTES = 262_144

# The code may replace them.
_encode = json.JSONEncoder(ensure_ascii=False).encode
_monotonic_ns = time.monotonic_ns
_os_write = os.write


@dataclass
class Result:
    """The object that the model sees, and the outputs that follow it."""

    json: str
    # (media type, data)
    outputs: list[tuple[str, bytes]] = field(default_factory=list)


class Interpreter:
    """The interpreter of one instance."""

    def __init__(self) -> None:
        self._capture = capture.Capture()
        self._session = sessions.Session()
        self._watch = files.Watch()
        self._is_fresh = True

    def call(self, arguments: Arguments, where: Places, output_bytes: int) -> Result:
        """Runs a call: reset or restore, inputs, code, snapshot, outputs."""
        start = _monotonic_ns()
        self._wake()
        places.enter(where)
        files.check_outputs(arguments.outputs, where)
        beginning = self._session.begin(where, arguments.anew, arguments.back_to)
        files.place(arguments.inputs, where)
        keeps = arguments.session is not None and where.work is not None
        directory = f"{where.work}/{files.HIDDEN}" if keeps else None
        self._capture.begin(output_bytes, arguments.stdin, directory)
        self._watch.begin()
        ending = self._run(arguments, where)
        out, err = self._capture.end()
        written = self._watch.end(where)
        missing = self._keep(arguments, where)
        outputs = files.collect(arguments.outputs, where)
        stdout, stderr = capture.texts(out, err, output_bytes)
        shown: dict[str, Any] = {
            "stdout": stdout,
            "stderr": stderr,
            "value": ending.value,
            "error": ending.error,
            "files": written[: files.REPORTED],
            "outputs": outputs.returned,
            "missing": outputs.missing + missing,
            "truncated": _truncated(out, err, output_bytes),
            "restored": beginning.restored,
            "lost": beginning.lost,
        }
        shown = {name: value for name, value in shown.items() if value}
        if ending.value is not None:
            shown["value"] = ending.value
        shown["exit_status"] = ending.exit_status
        shown["duration_ms"] = (_monotonic_ns() - start) // 1_000_000
        return Result(_valid(_encode(shown)), outputs.contents)

    def suspend(self, where: Places) -> None:
        """Writes what a later instance needs."""
        self._session.suspend(where)

    def _wake(self) -> None:
        """What the snapshot of the interpreter must not hold still: chance, and where files are."""
        if self._is_fresh:
            self._is_fresh = False
            random.seed()
            os.write = self._write
        importlib.invalidate_caches()

    def _write(self, descriptor: int, data) -> int:
        """In place of `os.write`, whose standard output is the host's."""
        if descriptor in (1, 2):
            return self._capture.write(descriptor, data)
        return _os_write(descriptor, data)

    def _run(self, arguments: Arguments, where: Places) -> execute.Ending:
        session = self._session
        filename = "<code>" if session.calls == 1 else f"<code {session.calls}>"
        sys.path[:] = [where.working] if where.working else []
        ending = execute.run(
            session.module, arguments.code, filename, lambda error: hints.about(error, where)
        )
        if arguments.session is None:
            _finish()
        else:
            session.sources += definitions(arguments.code)
        return ending

    def _keep(self, arguments: Arguments, where: Places) -> list[dict[str, str]]:
        if arguments.snapshot is None:
            return []
        note = self._session.snapshot(arguments.snapshot, where)
        return [note] if note else []


def _finish() -> None:
    """As at the end of a process; a session's process has not ended."""
    try:
        atexit._run_exitfuncs()
    except BaseException:  # it has been shown, as the interpreter does it
        pass


def _truncated(out: capture.Kept, err: capture.Kept, cap: int) -> dict[str, Any] | None:
    """How much there was, and how to see the rest."""
    if out.total + err.total <= cap:
        return None
    whole = [kept.whole for kept in (out, err) if kept.is_whole_written]
    if whole:
        hint = f"the whole output is in {' and '.join(whole)}: read the part you need with another call in this session"
    else:
        hint = "print less, write to a file, or use a session, which keeps the whole output"
    return {"stdout_bytes": out.total, "stderr_bytes": err.total, "hint": hint}


def _valid(text: str) -> str:
    """Without halves of characters, which are no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
