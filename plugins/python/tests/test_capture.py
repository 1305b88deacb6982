"""Output: bounded, from both ends, and never torn."""

import tempfile
import unittest
from pathlib import Path

from loom_runtime.capture import Kept, texts


def kept(cap: int, *pieces: bytes, whole: str | None = None) -> Kept:
    made = Kept(cap, whole)
    for piece in pieces:
        made.add(piece)
    made.close()
    return made


class Output(unittest.TestCase):
    def test_what_fits_is_whole(self):
        self.assertEqual(texts(kept(100, b"a" * 60), kept(100, b"b" * 40), 100), ("a" * 60, "b" * 40))

    def test_what_does_not_fit_keeps_its_head_and_tail(self):
        out, _ = texts(kept(10, b"0123456789", b"abcdefghij" * 50), kept(10), 10)
        self.assertTrue(out.startswith("01234\n"), out)
        self.assertTrue(out.endswith("\nfghij"), out)
        self.assertIn("500 bytes left out", out)

    def test_standard_error_is_not_crowded_out(self):
        out, err = texts(kept(100, b"a" * 1000), kept(100, b"b" * 20), 100)
        self.assertEqual(err, "b" * 20)
        self.assertEqual(out.count("a"), 80)

    def test_characters_are_not_torn(self):
        out, _ = texts(kept(11, "é".encode() * 100), kept(11), 11)
        self.assertNotIn("\ufffd", out)

    def test_the_whole_goes_to_a_file(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, ".output", "stdout.txt")
            data = [str(number).encode() * 7 for number in range(100)]
            self.assertTrue(kept(20, *data, whole=str(path)).is_whole_written)
            self.assertEqual(path.read_bytes(), b"".join(data))


if __name__ == "__main__":
    unittest.main()
