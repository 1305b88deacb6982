"""Arguments: what is wrong is said before anything runs."""

import json
import unittest

from loom_runtime.arguments import parse
from loom_runtime.errors import CallError


def error(**arguments) -> str:
    try:
        parse(json.dumps({"code": "1", **arguments}))
    except CallError as failed:
        return f"{failed.kind}: {failed.message}"
    return "no error"


class Arguments(unittest.TestCase):
    def test_code_alone_is_enough(self):
        parsed = parse('{"code": "1"}')
        self.assertEqual((parsed.code, parsed.stdin, parsed.session), ("1", "", None))

    def test_inputs_are_text_or_base64(self):
        files = {"inputs": {"a": "é", "b": {"base64": "AAH/"}}}
        parsed = parse(json.dumps({"code": "", "files": files}))
        self.assertEqual(parsed.inputs, {"a": "é".encode(), "b": b"\0\1\xff"})

    def test_broken_base64_names_the_file(self):
        self.assertIn("b.bin", error(files={"inputs": {"b.bin": {"base64": "!"}}}))

    def test_a_snapshot_needs_a_session(self):
        self.assertIn("needs `session`", error(snapshot="a"))
        self.assertIn("needs `session`", error(reset="a"))
        self.assertEqual(error(reset=True), "no error")

    def test_a_name_cannot_be_a_path(self):
        for name in ("..", "a/b", "", "é", "a" * 65):
            self.assertIn("INVALID_INPUT", error(session=name), name)


if __name__ == "__main__":
    unittest.main()
