"""What cannot work in the sandbox fails with an error that says so and what to use instead. Without
this the errors come from deep inside the library and name nothing."""

import _thread
import errno
import os
import socket
import subprocess
import sys
import threading
from typing import Any, Callable

THREADS = (
    "threads cannot be started here: call the function directly, or use asyncio with coroutines "
    "(concurrent.futures, threading.Timer and asyncio.to_thread need threads too)"
)
PROCESSES = (
    "processes cannot be started here: use Python's own modules (shutil, pathlib, zipfile, …), or the "
    "tool run_bash for shell commands"
)
SOCKETS = "there are no sockets here: use the tools web_fetch or http_request"


def _refusing(make: Callable[[], Exception]) -> Callable[..., Any]:
    def refuse(*_arguments, **_named):
        raise make()

    return refuse


def _no_process() -> OSError:
    return OSError(errno.ENOTSUP, PROCESSES)


def _no_socket() -> OSError:
    return PermissionError(errno.EACCES, SOCKETS)


def install() -> None:
    """Replaces the functions that would fail without a reason."""
    no_thread = _refusing(lambda: RuntimeError(THREADS))
    _thread.start_new_thread = _thread.start_new = no_thread
    _thread.start_joinable_thread = threading._start_joinable_thread = no_thread
    threading._start_new_thread = no_thread
    no_process, no_socket = _refusing(_no_process), _refusing(_no_socket)
    subprocess.Popen.__init__ = no_process
    for name in ("system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "execv", "execve"):
        setattr(os, name, no_process)
    socket.socket.__init__ = no_socket
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection", "socketpair"):
        setattr(socket, name, no_socket)
    os._exit = os.abort = _exit


def _exit(status: int = 134) -> None:
    """Ends the code and not the interpreter, which has the result still to give."""
    sys.exit(status)
