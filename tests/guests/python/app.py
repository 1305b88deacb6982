"""A Loom plugin in Python. `word_count` is an ordinary tool; the others try what they should not,
and report exactly what they got."""

# Only modules that are imported here, while the component is built, exist when it runs.
import encodings.idna  # socket looks it up by name
import json
import os
import socket

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.tool import Definition, Safety
from wit_world.imports.types import Content_Json, Content_Text, Error, ErrorKind

# What can be expected becomes an error value; any other exception ends the call as a bug.
KINDS = {FileNotFoundError: ErrorKind.NOT_FOUND, PermissionError: ErrorKind.DENIED}

TOOLS = {}


def tool(safety, **parameters):
    """Makes a tool of a function. Its docstring becomes the description that the model reads;
    `parameters` describe its arguments, which are all texts."""

    def register(function):
        schema = {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": description}
                for name, description in parameters.items()
            },
            "required": list(parameters),
            "additionalProperties": False,
        }
        definition = Definition(
            name=function.__name__,
            title=None,
            description=function.__doc__,
            input_schema=json.dumps(schema),
            output_schema=None,
            safety=safety,
            idempotent=safety is Safety.SAFE,
            accesses=[],
            examples=[],
        )
        TOOLS[definition.name] = (definition, function)
        return function

    return register


@tool(Safety.SAFE, text="The text.")
def word_count(text):
    """Count the words, lines and characters of a text."""
    return {
        "words": len(text.split()),
        "lines": len(text.splitlines()),
        "characters": len(text),
    }


@tool(Safety.CAUTIOUS, path="The path.")
def py_read(path):
    """Read a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


@tool(Safety.CAUTIOUS, path="The path.", text="What to write.")
def py_write(path, text):
    """Write a file."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return "written"


@tool(Safety.SAFE)
def py_environment():
    """Show the environment."""
    return dict(os.environ)


@tool(Safety.CAUTIOUS, address="Host and port.")
def py_connect(address):
    """Open a raw socket."""
    host, _, port = address.rpartition(":")
    with socket.socket() as connection:
        connection.connect((host, int(port)))
    return "connected"


@tool(Safety.SAFE)
def py_fail():
    """Raise an exception that nothing in this plugin catches."""
    raise ValueError("this tool fails on purpose")


class Tool(exports.Tool):
    """The interface `loom:plugin/tool`."""

    def definitions(self):
        return [definition for definition, _ in TOOLS.values()]

    def call(self, name, arguments, context):
        _, function = TOOLS[name]
        try:
            result = function(**json.loads(arguments))
        except OSError as error:
            kind = KINDS.get(type(error), ErrorKind.INTERNAL)
            raise Err(Error(kind, str(error), None, None, None)) from error
        if isinstance(result, str):
            return [Content_Text(result)]
        return [Content_Json(json.dumps(result))]
