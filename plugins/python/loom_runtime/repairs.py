"""What this interpreter or WASI does otherwise than programs expect, and can be put right."""

import hashlib
import hmac
import os
import posixpath

# The code may replace them.
_chdir, _getcwd, _open = os.chdir, os.getcwd, os.open

_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR


def install() -> None:
    """Replaces the functions."""
    os.chdir = chdir
    os.open = open_descriptor
    if not hasattr(hashlib, "pbkdf2_hmac"):
        hashlib.pbkdf2_hmac = pbkdf2_hmac


def chdir(path) -> None:
    """The C library only appends to the current directory: `..` would stay in it."""
    if isinstance(path, int):
        return _chdir(path)
    path = os.fsdecode(path)
    # An empty path is an error, which it would not be any more.
    _chdir(posixpath.normpath(posixpath.join(_getcwd(), path)) if path else path)


def open_descriptor(path, flags, mode=0o777, *, dir_fd=None) -> int:
    """Elsewhere reading is the absence of a flag, and readers may make files; in WASI neither."""
    if flags & _ACCESS in (0, os.O_RDONLY):
        flags |= os.O_RDWR if flags & os.O_CREAT else os.O_RDONLY
    return _open(path, flags, mode, dir_fd=dir_fd)


def pbkdf2_hmac(hash_name: str, password, salt, iterations: int, dklen: int | None = None) -> bytes:
    """Key derivation of RFC 8018, 5.2, which hashlib has from OpenSSL alone."""
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    size = hashlib.new(hash_name).digest_size
    length = size if dklen is None else dklen
    if length < 1:
        raise ValueError("key length must be greater than 0.")
    keyed = hmac.new(password, digestmod=hash_name)

    def digest(data: bytes) -> bytes:
        one = keyed.copy()
        one.update(data)
        return one.digest()

    derived = bytearray()
    for block in range(1, -(-length // size) + 1):
        last = digest(bytes(salt) + block.to_bytes(4, "big"))
        mixed = int.from_bytes(last, "big")
        for _ in range(iterations - 1):
            last = digest(last)
            mixed ^= int.from_bytes(last, "big")
        derived += mixed.to_bytes(size, "big")
    return bytes(derived[:length])
