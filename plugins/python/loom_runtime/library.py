"""The standard library without files: compiled and compressed, inside the snapshot of the
interpreter. compile_library.py writes it, at build time. Also says what is not in it."""

import importlib.machinery
import io
import marshal
import sys
import zlib
from importlib.abc import Loader, MetaPathFinder

# Where the sources were; it tells frames of the library from the code's.
ORIGIN = "/python/"

_NOT_BUILT = "it is not part of this interpreter"
# What people expect, and what they can do without it.
ADVICE = {
    "bz2": f"{_NOT_BUILT}; use zlib, gzip or zipfile",
    "lzma": f"{_NOT_BUILT}; use zlib, gzip or zipfile",
    "_zstd": f"{_NOT_BUILT}; use zlib, gzip or zipfile",
    "ctypes": f"{_NOT_BUILT}: there are no native libraries; use struct, array or memoryview",
    "ssl": "there are no sockets; use the tools web_fetch or http_request",
    "mmap": f"{_NOT_BUILT}; read the file, or seek in it",
    "fcntl": "files cannot be locked here, and nobody else uses the working directory",
    "termios": "there is no terminal; read sys.stdin, which holds the argument `stdin`",
    "readline": "there is no terminal; read sys.stdin, which holds the argument `stdin`",
    "curses": "there is no terminal; print text",
    "tkinter": "there is no screen; write an SVG or HTML file",
    "turtle": "there is no screen; write an SVG file",
    "resource": "the host sets the limits",
    "grp": "there are no users here",
    "pwd": "there are no users here",
    "venv": "packages cannot be installed here",
    "ensurepip": "packages cannot be installed here",
    "pip": "packages cannot be installed here; use the standard library",
    "_multiprocessing": "there are no processes; run the work in a loop",
    "_posixshmem": "there are no processes; pass objects directly",
    "requests": "there are no sockets; use the tools web_fetch or http_request",
    "httpx": "there are no sockets; use the tools web_fetch or http_request",
    "aiohttp": "there are no sockets; use the tools web_fetch or http_request",
    "urllib3": "there are no sockets; use the tools web_fetch or http_request",
    "numpy": "use math, statistics, array, itertools and comprehensions",
    "scipy": "use math and statistics",
    "pandas": "use csv, sqlite3, collections and statistics",
    "polars": "use csv, sqlite3, collections and statistics",
    "matplotlib": "write the chart as an SVG file",
    "seaborn": "write the chart as an SVG file",
    "plotly": "write the chart as an SVG or HTML file",
    "sklearn": "use statistics (linear_regression, correlation) or write the method out",
    "sympy": "use fractions, decimal and math",
    "PIL": "write SVG, or PNG with zlib and struct",
    "yaml": "use json or tomllib",
    "bs4": "use html.parser or xml.etree.ElementTree",
    "lxml": "use xml.etree.ElementTree or html.parser",
    "openpyxl": "an .xlsx file is a zip of XML: use zipfile and xml.etree.ElementTree, or write CSV",
    "pytest": "use unittest or assert",
    "dateutil": "use datetime and zoneinfo",
    "pytz": "use zoneinfo",
}  # fmt: skip


class Library(MetaPathFinder, Loader):
    """Finds and loads modules of the library."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            self._index, self._pieces, self._zones = marshal.load(file)
        self._open_zones: dict[str, bytes] | None = None

    def find_spec(self, fullname, path=None, target=None):
        entry = self._index.get(fullname)
        if entry is None:
            return None
        file = ORIGIN + fullname.replace(".", "/") + ("/__init__.py" if entry[0] else ".py")
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=file, is_package=entry[0])
        spec.has_location = True
        if entry[0]:
            spec.submodule_search_locations = [file.removesuffix("/__init__.py")]
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        exec(self.get_code(module.__name__), module.__dict__)

    def get_code(self, fullname):
        """For runpy and others that run a module by its name."""
        _, offset, length = self._index[fullname]
        return marshal.loads(zlib.decompress(self._pieces[offset : offset + length]))

    def is_package(self, fullname) -> bool:
        return self._index[fullname][0]

    def get_source(self, fullname) -> None:
        """Sources are not carried."""
        return None

    def zones(self) -> dict[str, bytes]:
        """Time zones by their key."""
        if self._open_zones is None:
            self._open_zones = marshal.loads(zlib.decompress(self._zones))
        return self._open_zones


class Advice(MetaPathFinder):
    """Comes last: nobody has the module."""

    def find_spec(self, fullname, path=None, target=None):
        advice = ADVICE.get(fullname)
        if advice is None:
            return None
        raise ModuleNotFoundError(f"No module named {fullname!r} here: {advice}", name=fullname)


def install(path: str) -> Library:
    """Makes the interpreter import from the library: after what is compiled in, before files."""
    library = Library(path)
    finders = sys.meta_path
    at = finders.index(importlib.machinery.PathFinder)
    finders.insert(at, library)
    finders.append(Advice())
    return library


def use_zones(library: Library) -> None:
    """Lets zoneinfo find its data, which it looks for in files otherwise."""
    import zoneinfo
    from zoneinfo import _common

    def load_tzdata(key):
        data = library.zones().get(key)
        if data is None:
            raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
        return io.BytesIO(data)

    def available_timezones() -> set[str]:
        return set(library.zones())

    _common.load_tzdata = load_tzdata
    zoneinfo.available_timezones = available_timezones
