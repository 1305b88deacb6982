"""What is put right, against what this machine's Python does by itself."""

import hashlib
import os
import tempfile
import unittest

from loom_runtime import repairs


class Repairs(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        self.root = os.path.realpath(temporary.name)
        os.chdir(self.root)

    def test_keys_are_those_of_openssl(self):
        for name in ("sha256", "sha1", "sha512"):
            for length in (None, 1, 20, 100):
                arguments = (name, b"password", b"salt", 7, length)
                self.assertEqual(repairs.pbkdf2_hmac(*arguments), hashlib.pbkdf2_hmac(*arguments))

    def test_wrong_numbers_are_refused(self):
        for iterations, length in ((0, 1), (1, 0), (-1, 1)):
            with self.assertRaises(ValueError):
                repairs.pbkdf2_hmac("sha256", b"", b"", iterations, length)

    def test_directories_are_changed_up_and_down(self):
        os.makedirs("a/b")
        for path, there in (("a/b", "a/b"), ("..", "a"), ("../a/./b", "a/b"), (b"../..", "")):
            repairs.chdir(path)
            self.assertEqual(os.getcwd(), os.path.join(self.root, there).rstrip("/"))
        for path in ("", "missing"):
            with self.assertRaises(FileNotFoundError):
                repairs.chdir(path)

    def test_a_file_is_made_for_a_reader_once(self):
        os.close(repairs.open_descriptor("lock", os.O_CREAT | os.O_EXCL))
        with self.assertRaises(FileExistsError):
            repairs.open_descriptor("lock", os.O_CREAT | os.O_EXCL)
