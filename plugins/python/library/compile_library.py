"""Compiles the standard library into one file, inside the guest's interpreter at build time.

The file is a marshalled pair: an index from module name to (is it a package, offset, length), and
the compressed code objects one after the other.
"""

import marshal
import os
import zlib

SOURCE = "/python"
TARGET = os.path.join(os.path.dirname(__file__), "library.bin")
ZONES = os.path.join(os.path.dirname(__file__), "zones")

# Programs, tests, and what needs a screen, a terminal or a compiled module that is not there.
LEFT_OUT = {
    "__phello__", "__hello__", "config-3.14-wasm32-wasi", "curses", "ctypes", "ensurepip",
    "idlelib", "site-packages", "test", "tkinter", "turtledemo", "turtle", "venv", "antigravity",
    "_aix_support", "_android_support", "_apple_support", "_ios_support", "_osx_support",
    "lzma", "bz2", "ssl", "pty", "tty", "__pycache__",
}  # fmt: skip


def modules(folder, prefix=""):
    """Yields (name, is it a package, path) of the modules in a folder."""
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        name, extension = os.path.splitext(entry)
        if entry in LEFT_OUT or name in LEFT_OUT and not prefix:
            continue
        if extension == ".py" and name != "__init__":
            yield prefix + name, False, path
        elif os.path.isfile(os.path.join(path, "__init__.py")):
            yield prefix + entry, True, os.path.join(path, "__init__.py")
            yield from modules(path, f"{prefix}{entry}.")


def compiled(path):
    """The marshalled code of a source file; None for one that needs another interpreter."""
    with open(path, "rb") as file:
        source = file.read()
    return marshal.dumps(compile(source, path, "exec", dont_inherit=True, optimize=0))


def zones(folder, prefix=""):
    """Yields (key, data) of the time zones in a folder."""
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        if os.path.isdir(path):
            yield from zones(path, f"{prefix}{entry}/")
        elif not entry.endswith((".py", ".tab", ".zi")) and entry not in ("leapseconds", "tzdata.zi"):
            with open(path, "rb") as file:
                data = file.read()
            if data.startswith(b"TZif"):
                yield prefix + entry, data


def main():
    index, pieces, offset = {}, [], 0
    for name, is_package, path in modules(SOURCE):
        piece = zlib.compress(compiled(path), 9)
        index[name] = (is_package, offset, len(piece))
        pieces.append(piece)
        offset += len(piece)
    known = dict(zones(ZONES)) if os.path.isdir(ZONES) else {}
    with open(TARGET, "wb") as file:
        marshal.dump((index, b"".join(pieces), zlib.compress(marshal.dumps(known), 9)), file)


main()
