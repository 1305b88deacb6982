"""Variables of a session as bytes and back: values pickled, functions and classes as source, modules
by name. Knows nothing of files."""

import importlib
import io
import pickle
import sys
import types
from typing import Any

from .definitions import Definition
from .tracebacks import remember_source

Lost = list[dict[str, str]]

# Up to here variables are written in two ways.
TWICE_BYTES = 8 * 1024 * 1024

# The code may replace them.
_dumps, _loads = pickle.dumps, pickle.loads
_PROTOCOL = pickle.HIGHEST_PROTOCOL


def save(namespace: dict[str, Any], sources: list[Definition]) -> tuple[bytes, Lost]:
    """The variables, and what cannot be kept."""
    known = {definition.name for definition in sources}
    modules, by_source, lost = {}, set(), []
    # Functions and classes of libraries, which definitions may use; and all the rest.
    imported, values = {}, {}
    for name, value in namespace.items():
        if name.startswith("__") and name.endswith("__"):
            continue
        if isinstance(value, types.ModuleType):
            modules[name] = value.__name__
        elif name in known and _is_defined_here(value):
            by_source.add(name)
        else:
            reason = _why_not(value)
            if reason is None:
                (imported if hasattr(value, "__qualname__") else values)[name] = value
            elif name in known:
                by_source.add(name)
            else:
                lost.append({"name": name, "reason": reason})
    kept = [(definition.name, definition.source) for definition in sources if definition.name in by_source]
    return _dumps((modules, _one_by_one(imported), kept, *_pickled(values)), _PROTOCOL), lost


def restore(data: bytes, namespace: dict[str, Any]) -> tuple[list[Definition], Lost]:
    """Puts the variables into an empty namespace; returns its sources, and what did not work."""
    modules, imported, kept, together, single = _loads(data)
    lost: Lost = []
    for name, module in modules.items():
        try:
            namespace[name] = importlib.import_module(module)
        except Exception as error:  # a module of the user's can do anything
            lost.append({"name": name, "reason": f"its module could not be imported: {error}"})
    for name, one in imported.items():
        lost += _load(name, one, namespace)
    sources = [Definition(name, source) for name, source in kept]
    # Some need values, for example as defaults; some values need classes. So once before, once after.
    waiting = [one for one in sources if _define(one, namespace) is not None]
    unread = [] if together is None else _load("variables", together, namespace)
    if together is None or unread:
        lost += [] if single else unread
        for name, one in single.items():
            lost += _load(name, one, namespace)
    for definition in waiting:
        error = _define(definition, namespace)
        if error is not None:
            reason = f"running its definition again failed: {type(error).__name__}: {error}"
            lost.append({"name": definition.name, "reason": reason})
    return sources, lost


def _is_defined_here(value: Any) -> bool:
    """Functions and classes, decorated ones too: pickle keeps only their names."""
    return getattr(value, "__module__", None) == "__main__" and hasattr(value, "__qualname__")


def _why_not(value: Any) -> str | None:
    """Why a value cannot be pickled; nothing if it can."""
    kind = type(value).__name__
    if isinstance(value, io.IOBase):
        return f"an open file ({kind}): open it again"
    if isinstance(value, types.GeneratorType):
        return "a generator: make it again"
    try:
        _dumps(value, _PROTOCOL)
    except Exception as error:  # pickling runs the value's own code
        return f"a {kind} cannot be pickled: {error}"
    return None


def _one_by_one(values: dict[str, Any]) -> dict[str, bytes]:
    return {name: _dumps({name: value}, _PROTOCOL) for name, value in values.items()}


def _pickled(values: dict[str, Any]) -> tuple[bytes | None, dict[str, bytes]]:
    """In one piece, so that what two variables share stays shared; and one by one, for when one of
    them cannot be read, as far as that is not too much."""
    try:
        together = _dumps(values, _PROTOCOL)
    except Exception:  # for example too deep together
        together = None
    small = together is None or len(together) < TWICE_BYTES
    return together, _one_by_one(values) if small else {}


def _load(name: str, data: bytes, namespace: dict[str, Any]) -> Lost:
    try:
        namespace.update(_loads(data))
    except Exception as error:  # unpickling runs the code's own code
        return [{"name": name, "reason": f"it could not be read: {type(error).__name__}: {error}"}]
    return []


def _define(definition: Definition, namespace: dict[str, Any]) -> Exception | None:
    filename = f"<{definition.name}>"
    remember_source(filename, definition.source)
    try:
        exec(compile(definition.source, filename, "exec", dont_inherit=True), namespace)
    except Exception as error:  # it is the user's code
        return error
    return None


def main_module(namespace_of: types.ModuleType) -> None:
    """Pickle looks up the code's classes in it."""
    sys.modules["__main__"] = namespace_of
