"""What the code writes to standard output and standard error: kept up to a cap, head and tail, with
the whole in a file where there is a place for it. Knows nothing of results."""

import io
import os
import sys
from typing import Callable

# How much goes on to the host as it is written: the last words of a guest that had to be stopped.
WRITE_THROUGH_BYTES = 64 * 1024
# How much of one stream goes into a file at most: scratch directories have a quota too.
WHOLE_BYTES = 64 * 1024 * 1024

# The code may replace it.
_write = os.write


class Kept:
    """The head and the tail of what was written to one stream."""

    def __init__(self, cap: int, whole: str | None) -> None:
        self.total = 0
        self.whole = whole
        self.is_whole_written = False
        self._half = cap // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._file: io.BufferedWriter | None = None

    def add(self, data: bytes) -> None:
        before = self.total
        self.total += len(data)
        if self._file is not None and before < WHOLE_BYTES:
            self._file.write(data)
        room = 2 * self._half - len(self._head)
        self._head += data[:room]
        rest = data[max(room, 0) :]
        if rest:
            if not self._tail:
                self._spill(rest)
            self._tail += rest
            if len(self._tail) > 8 * self._half:
                del self._tail[: -self._half]

    def _spill(self, rest: bytes) -> None:
        """Begins the file with the whole, now that it does not fit."""
        if self.whole is None or self._file is not None:
            return
        try:
            os.makedirs(os.path.dirname(self.whole), exist_ok=True)
            self._file = io.open(self.whole, "wb")
            self._file.write(self._head)
            self._file.write(rest)
            self.is_whole_written = True
        except OSError:
            self.is_whole_written = False

    def close(self) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                self.is_whole_written = False

    def text(self, cap: int) -> str:
        """At most `cap` bytes, from both ends."""
        if self.total <= cap:
            return bytes(self._head).decode("utf-8", "replace")
        half = cap // 2
        everything = self._head + self._tail
        head = everything[:half].decode("utf-8", "ignore")
        tail = everything[-half:].decode("utf-8", "ignore")
        left_out = self.total - 2 * half
        return f"{head}\n… {left_out} bytes left out …\n{tail}"


class _Raw(io.RawIOBase):
    """One of the two descriptors, as Python's streams want it."""

    def __init__(self, descriptor: int, sink: Callable[[int, bytes], None]) -> None:
        self._descriptor = descriptor
        self._sink = sink

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return False

    def write(self, data) -> int:
        data = bytes(data)
        self._sink(self._descriptor, data)
        return len(data)


class Capture:
    """Catches both streams of one call after the other. The stream objects stay the same, because
    the code may have kept them, for example in a logging handler."""

    def __init__(self) -> None:
        self._through_left = 0
        self._kept = {1: Kept(0, None), 2: Kept(0, None)}
        self.stdout, self.stderr = self._stream(1), self._stream(2)

    def _stream(self, descriptor: int) -> io.TextIOWrapper:
        errors = "backslashreplace" if descriptor == 2 else "surrogateescape"
        buffer = io.BufferedWriter(_Raw(descriptor, self._take))
        return io.TextIOWrapper(buffer, encoding="utf-8", errors=errors, line_buffering=True)

    def begin(self, cap: int, stdin: str, directory: str | None) -> None:
        """Points the interpreter's streams here. With a directory the whole of a stream that has to
        be cut goes there."""
        self._through_left = WRITE_THROUGH_BYTES
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            whole = f"{directory}/{name}.txt" if directory else None
            self._kept[descriptor] = Kept(cap, whole)
        if self.stdout.closed:
            self.stdout = self._stream(1)
        if self.stderr.closed:
            self.stderr = self._stream(2)
        data = io.BytesIO(stdin.encode("utf-8", "surrogatepass"))
        sys.stdin = sys.__stdin__ = io.TextIOWrapper(data, encoding="utf-8", errors="surrogateescape")
        sys.stdout = sys.__stdout__ = self.stdout
        sys.stderr = sys.__stderr__ = self.stderr

    def _take(self, descriptor: int, data: bytes) -> None:
        self._kept[descriptor].add(data)
        if self._through_left > 0:
            through = data[: self._through_left]
            self._through_left -= len(through)
            try:
                _write(1, through)
            except OSError:
                self._through_left = 0

    def write(self, descriptor: int, data) -> int:
        """For `os.write`: after what the stream still holds."""
        _flush(self.stdout if descriptor == 1 else self.stderr)
        data = bytes(data)
        self._take(descriptor, data)
        return len(data)

    def end(self) -> tuple[Kept, Kept]:
        """What was written to standard output and to standard error."""
        for stream in (self.stdout, self.stderr, sys.stdout, sys.stderr):
            _flush(stream)
        for kept in self._kept.values():
            kept.close()
        return self._kept[1], self._kept[2]


def _flush(stream) -> None:
    try:
        stream.flush()
    except Exception:  # a stream that the code closed, or an object of its own
        pass


def texts(out: Kept, err: Kept, cap: int) -> tuple[str, str]:
    """Both texts, together at most `cap` bytes. Standard error keeps a quarter, and more if standard
    output does not need it."""
    err_cap = max(cap // 4, cap - out.total)
    err_cap = min(err_cap, cap)
    out_cap = cap - min(err.total, err_cap)
    return out.text(out_cap), err.text(err_cap)
