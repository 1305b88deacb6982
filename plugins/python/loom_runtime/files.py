"""Files of a call: inputs before the code, outputs after it, and which ones it wrote. Knows nothing of
sessions."""

import glob
import mimetypes
import os
import posixpath
import shutil
import stat
import sys
from dataclasses import dataclass, field

from .errors import CallError
from .places import Places

# Beyond it a result is no longer something to read.
REPORTED = 200
# What all outputs may have together, and the most of them: the host's limit is 1 MiB for a result.
OUTPUT_BYTES = 640 * 1024
OUTPUTS = 50
# What a snapshot copies.
SNAPSHOT_BYTES = 64 * 1024 * 1024
HIDDEN = ".output"

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_TYPES = {
    ".csv": "text/csv",
    ".db": "application/vnd.sqlite3",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".py": "text/x-python",
    ".sqlite": "application/vnd.sqlite3",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def place(inputs: dict[str, bytes], places: Places) -> None:
    """Writes the inputs."""
    for given, data in inputs.items():
        path = places.locate(given)
        try:
            os.makedirs(posixpath.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        except OSError as error:
            kind = "DENIED" if isinstance(error, PermissionError) else "INTERNAL"
            raise CallError(kind, f"the input {given} could not be written: {error.strerror}") from error


def _state(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns)


class Watch:
    """Notes which files the code opens for writing. It costs nothing per file that is there, unlike
    looking at all of them, and sees granted directories too."""

    def __init__(self) -> None:
        self._touched: dict[str, tuple[int, int] | None] = {}
        self._is_on = False
        sys.addaudithook(self._hear)

    def begin(self) -> None:
        self._touched.clear()
        self._is_on = True

    def _hear(self, event: str, arguments: tuple) -> None:
        if not self._is_on:
            return
        if event == "open":
            path, _, flags = arguments
            if flags & _WRITING:
                self._note(path)
        elif event == "os.rename":
            self._note(arguments[1])
        elif event == "sqlite3.connect":
            self._note(arguments[0])

    def _note(self, path) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        try:
            path = _absolute(os.fsdecode(path))
            if path not in self._touched:
                self._is_on = False
                self._touched[path] = _state(path)
        except (OSError, ValueError):
            pass
        finally:
            self._is_on = True

    def end(self, places: Places) -> list[dict]:
        """The files that were written and are still there."""
        self._is_on = False
        written = []
        hidden = [root for root in (places.temporary, places.session) if root]
        hidden += [posixpath.join(places.work, HIDDEN)] if places.work else []
        for path, before in sorted(self._touched.items()):
            now = _state(path)
            if now is None or now == before or os.path.isdir(path):
                continue
            if not any(path.startswith(root + "/") for root in hidden):
                written.append({"path": places.shown(path), "bytes": now[0]})
        return written


def _absolute(path: str) -> str:
    return posixpath.normpath(posixpath.join(_getcwd(), path))


_getcwd = os.getcwd


@dataclass
class Outputs:
    """What is returned beside the result."""

    # (media type, data), in the order of `returned`.
    contents: list[tuple[str, bytes]] = field(default_factory=list)
    returned: list[dict] = field(default_factory=list)
    missing: list[dict] = field(default_factory=list)


def check_outputs(patterns: list[str], places: Places) -> None:
    """Before the code runs: a wrong name should not cost the work."""
    for pattern in patterns:
        places.locate(pattern)


def collect(patterns: list[str], places: Places) -> Outputs:
    """Reads the outputs, as far as there is room."""
    outputs, room, seen = Outputs(), OUTPUT_BYTES, set()
    for pattern in patterns:
        paths = [path for path in _matching(places.locate(pattern), places) if path not in seen]
        if not paths and not seen.intersection(_matching(places.locate(pattern), places)):
            outputs.missing.append({"name": pattern, "reason": "there is no such file"})
        for path in paths:
            seen.add(path)
            room -= _return(path, room, outputs, places)
    return outputs


def _return(path: str, room: int, outputs: Outputs, places: Places) -> int:
    """Adds one file; returns how much room it took."""
    name = places.shown(path)
    try:
        size = os.stat(path).st_size
        if size > room or len(outputs.returned) >= OUTPUTS:
            reason = f"it has {size} bytes and there is no room for it: outputs have {OUTPUT_BYTES} bytes together and are {OUTPUTS} at most"
            outputs.missing.append({"name": name, "reason": reason})
            return 0
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        outputs.missing.append({"name": name, "reason": error.strerror or str(error)})
        return 0
    mime = media_type(path, data)
    outputs.contents.append((mime, data))
    outputs.returned.append({"path": name, "mime": mime, "bytes": len(data)})
    return len(data)


def _matching(path: str, places: Places) -> list[str]:
    if os.path.isfile(path):
        return [path]
    if not glob.has_magic(path):
        return []
    hidden = posixpath.join(places.work, HIDDEN) if places.work else None
    found = sorted(glob.glob(path, recursive=True))
    return [one for one in found if os.path.isfile(one) and not (hidden and one.startswith(hidden))]


def media_type(path: str, data: bytes) -> str:
    """By the name's extension; else plain text or bytes, by the contents."""
    extension = posixpath.splitext(path)[1].lower()
    known = _TYPES.get(extension) or mimetypes.guess_type(path)[0]
    if known:
        return known
    return "application/octet-stream" if text(data) is None else "text/plain"


def text(data: bytes) -> str | None:
    """The bytes as text if they are text: UTF-8 without zeros."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in decoded else decoded


def clear(directory: str | None) -> None:
    """Removes all that is in a directory."""
    if directory is None:
        return
    for entry in os.listdir(directory):
        path = posixpath.join(directory, entry)
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
        else:
            os.remove(path)


def copy(source: str, target: str) -> None:
    """Copies a tree, but for what is hidden, if it is not too large."""
    size = 0
    for folder, _, names in os.walk(source):
        size += sum(os.lstat(posixpath.join(folder, name)).st_size for name in names)
    if size > SNAPSHOT_BYTES:
        raise OSError(f"the files have {size} bytes, more than {SNAPSHOT_BYTES}")
    _copy_tree(source, target)


def _copy_tree(source: str, target: str) -> None:
    """Not by shutil: it looks for the root above the directories, which a sandbox has not, and sets times
    and permissions, which it cannot."""
    for name in os.listdir(source):
        if name in (HIDDEN, "__pycache__"):
            continue
        old, new = posixpath.join(source, name), posixpath.join(target, name)
        mode = os.lstat(old).st_mode
        if stat.S_ISLNK(mode):
            os.symlink(os.readlink(old), new)
        elif stat.S_ISDIR(mode):
            os.mkdir(new)
            _copy_tree(old, new)
        else:
            shutil.copyfile(old, new)
