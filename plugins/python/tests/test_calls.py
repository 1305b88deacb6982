"""Calls as a whole, on this machine's Python: results, files and sessions."""

import json
import os
import sys
import tempfile
import unittest

from loom_runtime.arguments import parse
from loom_runtime.errors import CallError
from loom_runtime.interpreter import Interpreter
from loom_runtime.places import Places


class Instance:
    """An interpreter and its directories. A second one in the same place is a later instance."""

    def __init__(self, root: str) -> None:
        names = [os.path.join(root, name) for name in ("work", "tmp", "session")]
        for name in names:
            os.makedirs(name, exist_ok=True)
        self.places = Places(*names)
        self.interpreter = Interpreter()

    def call(self, code: str, **arguments) -> dict:
        return self.whole(code, **arguments)[0]

    def whole(self, code: str, **arguments):
        cap = arguments.pop("cap", 1000)
        parsed = parse(json.dumps({"code": code, **arguments}))
        result = self.interpreter.call(parsed, self.places, cap)
        return json.loads(result.json), result.outputs


class Calls(unittest.TestCase):
    def setUp(self):
        kept = sys.path[:], sys.modules["__main__"], os.getcwd(), os.write
        streams = sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__
        # What is written through to the host is none of the test's output.
        from loom_runtime import capture

        self.addCleanup(setattr, capture, "_write", capture._write)
        capture._write = lambda descriptor, data: len(data)
        temporary = tempfile.TemporaryDirectory()
        self.root = os.path.realpath(temporary.name)
        self.instance = Instance(self.root)

        def restore():
            sys.path[:], sys.modules["__main__"], directory, os.write = kept
            os.chdir(directory)
            sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__ = streams
            temporary.cleanup()

        self.addCleanup(restore)

    def call(self, code: str, **arguments) -> dict:
        return self.instance.call(code, **arguments)

    def error(self, code: str) -> dict:
        return self.call(code)["error"]

    def test_output_and_value(self):
        result = self.call("import sys\nprint('a')\nprint('b', file=sys.stderr)\n{1: 'é'}")
        self.assertEqual(result["stdout"], "a\n")
        self.assertEqual(result["stderr"], "b\n")
        self.assertEqual(result["value"], "{1: 'é'}")
        self.assertEqual(result["exit_status"], 0)

    def test_none_and_statements_have_no_value(self):
        for code in ("None", "x = 1", "", "# nothing"):
            self.assertNotIn("value", self.call(code), code)

    def test_a_false_value_is_a_value(self):
        self.assertEqual(self.call("''")["value"], "''")

    def test_descriptors_come_in_order(self):
        result = self.call("import os, sys\nprint('a')\nos.write(1, b'b\\n')\nsys.__stdout__.write('c')")
        self.assertEqual(result["stdout"], "a\nb\nc")

    def test_a_traceback_has_only_the_codes_frames(self):
        error = self.error("import json\n\ndef f(x):\n    return json.loads(x)\n\nf('{')")
        self.assertEqual(error["type"], "json.decoder.JSONDecodeError")
        self.assertIn('File "<code>", line 4, in f\n    return json.loads(x)', error["traceback"])
        self.assertNotIn("loom_runtime", error["traceback"])

    def test_chained_exceptions_are_all_there(self):
        error = self.error("try:\n    1/0\nexcept Exception as e:\n    raise KeyError('k') from e")
        self.assertIn("ZeroDivisionError", error["traceback"])
        self.assertIn("direct cause", error["traceback"])

    def test_a_syntax_error_points_at_its_place(self):
        error = self.error("x = (1,\ny = 2")
        self.assertEqual(error["type"], "SyntaxError")
        self.assertIn("^", error["traceback"])

    def test_exceptions_that_resist_are_described(self):
        code = "class E(Exception):\n    def __str__(self): raise ValueError\nraise E"
        self.assertEqual(self.error(code)["type"], "E")

    def test_exit_is_a_status_and_no_error(self):
        for code, status in (("3", 3), ("", 0), ("None", 0), ("'text'", 1), ("-1", 255)):
            result = self.call(f"import sys; sys.exit({code})")
            self.assertEqual(result["exit_status"], status)
            self.assertNotIn("error", result)
        self.assertEqual(self.call("raise SystemExit('why')")["stderr"], "why\n")

    def test_input_comes_from_stdin(self):
        code = "import sys\nprint(input('? '), sys.stdin.read())"
        self.assertEqual(self.call(code, stdin="a\nb")["stdout"], "? a b\n")
        self.assertIn("`stdin`", self.error("input()")["traceback"])

    def test_await_works_at_the_top_level(self):
        code = "import asyncio\nasync def f(): return 7\nx = await f()\nawait asyncio.sleep(0, x)"
        self.assertEqual(self.call(code)["value"], "7")

    def test_it_is_the_main_module(self):
        self.assertEqual(self.call("if __name__ == '__main__': print('main')")["stdout"], "main\n")

    def test_sources_can_be_inspected(self):
        code = "import inspect\ndef f():\n    return 1\nclass A: pass\ninspect.getsource(f) + inspect.getsource(A)"
        self.assertIn("return 1", self.call(code)["value"])

    def test_what_the_code_breaks_stays_its_own(self):
        code = "import builtins, sys, json\nbuiltins.repr = builtins.isinstance = None\n"
        code += "print('x')\nsys.stdout = None\njson.dumps = None\nsys.setrecursionlimit(5000)\n1"
        dumps = json.dumps
        self.addCleanup(setattr, json, "dumps", dumps)
        parsed = parse('{"code": %s}' % dumps(code))
        result = json.loads(self.instance.interpreter.call(parsed, self.instance.places, 1000).json)
        self.assertEqual((result["stdout"], result.get("value")), ("x\n", "1"), result)

    def test_long_output_says_how_to_see_the_rest(self):
        result = self.call("print('a' * 5000)")
        self.assertEqual(result["truncated"]["stdout_bytes"], 5001)
        self.assertIn("session", result["truncated"]["hint"])
        kept = self.call("print('a' * 5000)", session="s")["truncated"]
        self.assertIn(".output/stdout.txt", kept["hint"])
        self.assertEqual(self.call("len(open('.output/stdout.txt').read())", session="s")["value"], "5001")

    def test_files_go_in_and_out(self):
        files = {"inputs": {"in/a.csv": "1,2"}, "outputs": ["out/*.txt", "b.bin", "none"]}
        code = "import os\nos.mkdir('out')\nopen('out/x.txt','w').write(open('in/a.csv').read())\n"
        code += "open('b.bin','wb').write(b'\\0')"
        result, outputs = self.instance.whole(code, files=files)
        self.assertEqual(outputs, [("text/plain", b"1,2"), ("application/octet-stream", b"\0")])
        self.assertEqual([one["path"] for one in result["outputs"]], ["out/x.txt", "b.bin"])
        self.assertEqual([one["name"] for one in result["missing"]], ["none"])
        self.assertEqual(result["files"], [{"path": "b.bin", "bytes": 1}, {"path": "out/x.txt", "bytes": 3}])

    def test_reading_is_not_writing(self):
        files = {"inputs": {"a": "x"}}
        self.assertNotIn("files", self.call("open('a').read(); open('/dev/null')", files=files))

    def test_paths_outside_are_denied(self):
        for path in ("../x", "/etc/passwd", "a/../../x"):
            with self.assertRaises(CallError) as raised:
                self.call("1", files={"outputs": [path]})
            self.assertEqual(raised.exception.kind, "DENIED")

    def test_a_session_keeps_variables(self):
        self.call("x = 1", session="s")
        self.assertEqual(self.call("x", session="s")["value"], "1")
        self.assertIn("NameError", str(self.call("x", session="s", reset=True)))

    def test_a_session_outlives_its_instance(self):
        code = """
import math as m, io, functools
from collections import Counter
class P:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return self.x == other.x
def f(n, base=Counter('ab')):
    return n + m.floor(base['a'])
@functools.cache
def slow(n): return n * 2
double = lambda n: n * 2
p = P(3); a = [p]; b = a
g = (i for i in a)
h = open('h', 'w')
"""
        self.call(code, session="s")
        self.instance.interpreter.suspend(self.instance.places)
        self.instance = Instance(self.root)
        result = self.call("[f(1), double(4), slow(3), p == P(3), a is b, a[0] is p]", session="s")
        self.assertEqual(result.get("value"), "[2, 8, 6, True, True, True]", result)
        self.assertTrue(result["restored"])
        self.assertEqual(sorted(one["name"] for one in result["lost"]), ["g", "h"])

    def test_a_session_that_was_killed_says_so(self):
        self.call("x = 1", session="s")
        self.instance = Instance(self.root)
        lost = self.call("1", session="s")["lost"]
        self.assertIn("stopped", lost[0]["reason"])

    def test_a_snapshot_brings_variables_and_files_back(self):
        self.call("x = [1]\nopen('f', 'w').write('1')", session="s", snapshot="one")
        self.call("x = 2\nopen('f', 'w').write('2')\nopen('g', 'w').write('2')", session="s")
        result = self.call("import os\n[x, open('f').read(), os.path.exists('g')]", session="s", reset="one")
        self.assertEqual(result["value"], "[[1], '1', False]")
        with self.assertRaises(CallError) as raised:
            self.call("1", session="s", reset="two")
        self.assertIn("there are: one", raised.exception.message)

    def test_modules_can_be_imported_from_files(self):
        files = {"inputs": {"my_own_module.py": "def f(): return 1/0"}}
        error = self.call("import my_own_module\nmy_own_module.f()", files=files)["error"]
        self.assertIn("my_own_module.py", error["traceback"])
        sys.modules.pop("my_own_module", None)


if __name__ == "__main__":
    unittest.main()
