"""The arguments of a call: their schema, and what the schema cannot say. Touches no file."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from .errors import invalid

# Longest name of a session or a snapshot.
NAME_CHARACTERS = 64
DEFAULT_TIMEOUT_MS = 30_000

_NAME = {"type": "string", "pattern": r"^[A-Za-z0-9_.-]+$", "maxLength": NAME_CHARACTERS}

SCHEMA = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "description": "The code to run."},
        "stdin": {
            "type": "string",
            "description": "What the code reads from its standard input.",
        },
        "timeout_ms": {
            "type": "integer",
            "minimum": 1,
            "default": DEFAULT_TIMEOUT_MS,
            "description": "How long the code may run.",
        },
        "files": {
            "type": "object",
            "description": "Files to put into the working directory before, and to return after.",
            "properties": {
                "inputs": {
                    "type": "object",
                    "description": 'Path to contents: text, or `{"base64": "…"}` for bytes.',
                    "additionalProperties": {
                        "anyOf": [
                            {"type": "string"},
                            {
                                "type": "object",
                                "properties": {"base64": {"type": "string"}},
                                "required": ["base64"],
                                "additionalProperties": False,
                            },
                        ]
                    },
                },
                "outputs": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Paths or globs (`*.png`, `out/**`) of files to return with the result.",
                },
            },
            "additionalProperties": False,
        },
        "session": {
            **_NAME,
            "description": "Keep variables and files under this name for later calls: letters, digits, "
            "`_`, `-`, `.`, at most 64. Without it nothing is kept.",
        },
        "reset": {
            "anyOf": [{"type": "boolean"}, _NAME],
            "description": "`true`: begin the session anew, without variables and files. A name: go back "
            "to that snapshot first.",
        },
        "snapshot": {
            **_NAME,
            "description": "After the code, keep the session's variables and files under this name for a "
            "later `reset`.",
        },
    },
    "required": ["code"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Arguments:
    """What a call asks for."""

    code: str
    stdin: str = ""
    inputs: dict[str, bytes] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    session: str | None = None
    # Begin anew, before the code.
    anew: bool = False
    # Go back to this snapshot, before the code.
    back_to: str | None = None
    snapshot: str | None = None


def parse(text: str) -> Arguments:
    """Reads the arguments. The host has validated them against the schema."""
    given = json.loads(text)
    session, reset, snapshot = given.get("session"), given.get("reset"), given.get("snapshot")
    back_to = reset if isinstance(reset, str) else None
    for name, value in (("session", session), ("snapshot", snapshot), ("reset", back_to)):
        _check_name(name, value)
        if value is not None and session is None:
            raise invalid(f"`{name}` needs `session`: snapshots belong to a session; name one")
    files = given.get("files") or {}
    return Arguments(
        code=given["code"],
        stdin=given.get("stdin") or "",
        inputs={path: _contents(path, value) for path, value in files.get("inputs", {}).items()},
        outputs=files.get("outputs", []),
        session=session,
        anew=reset is True,
        back_to=back_to,
        snapshot=snapshot,
    )


def _check_name(argument: str, name: str | None) -> None:
    if name is None:
        return
    plain = all(c.isascii() and (c.isalnum() or c in "_-.") for c in name)
    if not plain or not name.strip(".") or len(name) > NAME_CHARACTERS:
        raise invalid(
            f"`{argument}` can't be {name!r}: use letters, digits, `_`, `-` and `.`, "
            f"at most {NAME_CHARACTERS}"
        )


def _contents(path: str, value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(value["base64"], validate=True)
    except binascii.Error as error:
        raise invalid(f"`files.inputs` has no valid base64 for {path}: {error}") from error
