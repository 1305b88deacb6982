"""Imports what code usually imports, while the component is built: then it is in the memory that every
instance starts with, and importing it costs nothing."""

import importlib

MODULES = """
abc argparse array ast asyncio atexit base64 binascii bisect calendar cmath cmd collections.abc
colorsys configparser contextlib contextvars copy csv dataclasses datetime decimal difflib dis
encodings.ascii encodings.idna encodings.latin_1 encodings.utf_16 encodings.utf_8_sig enum errno
fnmatch fractions functools gc getpass glob graphlib gzip hashlib heapq hmac html html.parser http
importlib.metadata inspect io ipaddress itertools json keyword linecache locale logging math
mimetypes numbers operator os pathlib pickle pprint queue random re reprlib sched secrets shlex
shutil signal sqlite3 stat statistics string string.templatelib struct subprocess tempfile textwrap
threading time timeit tokenize tomllib traceback types typing unicodedata unittest urllib.parse
urllib.request uuid warnings weakref xml.dom.minidom xml.etree.ElementTree zipfile zlib zoneinfo
_strptime
""".split()


def preload() -> None:
    """Imports them all."""
    for name in MODULES:
        importlib.import_module(name)
    importlib.invalidate_caches()
