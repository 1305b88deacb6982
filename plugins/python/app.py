"""The plugin `python`: run_python. Here is only what knows the contract; loom_runtime does the work."""

import gc
import json
import os
import sys

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.tool import Definition, Safety
from wit_world.imports import config, preopens
from wit_world.imports.loom_plugin_types import Blob, Content_Blob, Content_Json, Content_Text, Error, ErrorKind
from wit_world.imports.wasi_filesystem_types import DescriptorFlags

# First of all, so that nothing else is compiled from source.
from loom_runtime import library

LIBRARY = library.install(os.path.join(os.path.dirname(__file__), "library.bin"))

from loom_runtime import arguments, files, interpreter, loop, places, preload, refusals, repairs
from loom_runtime.errors import CallError

DESCRIPTION = """\
Run Python 3.14 code in a sandbox and get its output, the value of its last expression, and files.

The standard library is there (json, csv, sqlite3, re, statistics, decimal, datetime, zoneinfo, xml, \
zipfile, asyncio, …), and nothing else: no numpy, pandas or pip. No threads, no subprocess, no network: \
use asyncio, run_bash, and web_fetch or http_request. For charts write SVG. Top-level `await` works.

The working directory /work is empty at first; /tmp is for temporary files. The user's directories are \
at their own paths, mostly read-only. `files.inputs` puts files into /work, `files.outputs` returns them.

With `session` variables, functions and files stay for later calls with the same name; without it \
nothing does. `snapshot` keeps a state that `reset` goes back to.

The result is JSON: stdout, stderr, value, error (type, message, traceback), exit_status, files written, \
duration_ms. Long output is cut, and the result says how to see the rest."""


def definition() -> Definition:
    """What the model and the host know of the tool."""
    return Definition(
        name="run_python",
        title="Run Python",
        description=DESCRIPTION,
        input_schema=json.dumps(arguments.SCHEMA),
        output_schema=None,
        safety=Safety.CAUTIOUS,
        idempotent=False,
        accesses=[],
        examples=[],
    )


def error(failed: CallError) -> Err:
    """A failure as the contract has it."""
    return Err(Error(ErrorKind[failed.kind], failed.message, None, None, None))


def directories() -> places.Places:
    """Where this instance may work."""
    return places.of_preopens([(path, _can_be_changed(handle)) for handle, path in preopens.get_directories()])


def _can_be_changed(handle) -> bool:
    with handle:
        try:
            return DescriptorFlags.MUTATE_DIRECTORY in handle.get_flags()
        except Err:
            return False


def content(mime: str, data: bytes):
    """An output: as text if it is text."""
    text = files.text(data)
    return Content_Blob(Blob(mime, data)) if text is None else Content_Text(text)


def output_bytes() -> int:
    """The setting of that name."""
    given = config.get("output_bytes")
    if given is None:
        return interpreter.DEFAULT_OUTPUT_BYTES
    if not given.isdecimal() or int(given) < 256:
        message = f"the setting `output_bytes` is {given!r}; it must be a number of bytes of at least 256"
        raise CallError("INVALID_INPUT", message)
    return int(given)


class Tool(exports.Tool):
    """The interface `loom:plugin/tool`."""

    def definitions(self):
        return [definition()]

    def call(self, name, arguments_json, context):
        try:
            parsed = arguments.parse(arguments_json)
            result = INTERPRETER.call(parsed, directories(), output_bytes())
        except CallError as failed:
            raise error(failed) from failed
        return [Content_Json(result.json), *(content(*output) for output in result.outputs)]


class Session(exports.Session):
    """The interface `loom:plugin/session`."""

    def suspend(self):
        try:
            INTERPRETER.suspend(directories())
        except OSError as failed:
            raise error(CallError("INTERNAL", f"the session could not be kept: {failed}")) from failed


def prepare() -> interpreter.Interpreter:
    """Brings the interpreter into the state that every instance starts with."""
    preload.preload()
    library.use_zones(LIBRARY)
    refusals.install()
    repairs.install()
    loop.install()
    sys.dont_write_bytecode = True
    sys.path[:] = []
    made = interpreter.Interpreter()
    # What is here stays: neither the collector nor what it would write has to touch its pages.
    gc.collect()
    gc.freeze()
    return made


INTERPRETER = prepare()
