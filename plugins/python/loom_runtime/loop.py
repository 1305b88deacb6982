"""asyncio without sockets: an event loop that has only timers and what is ready."""

import asyncio
import errno
import time

from .refusals import PROCESSES, SOCKETS, THREADS

# The code may replace it.
_sleep = time.sleep


class _Sleeper:
    """Stands where the loop expects a selector."""

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError(
                "deadlock: every task waits for something that no other task will do, "
                "and there is nothing else that could wake them"
            )
        if timeout > 0:
            _sleep(timeout)
        return []

    def close(self) -> None:
        pass


class Loop(asyncio.BaseEventLoop):
    """The only event loop there is."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Sleeper()

    def _process_events(self, event_list) -> None:
        pass

    def _write_to_self(self) -> None:
        """Nothing to wake: no other thread is there."""

    def run_in_executor(self, executor, func, *args):
        raise RuntimeError(THREADS)

    async def getaddrinfo(self, *_arguments, **_named):
        raise PermissionError(errno.EACCES, SOCKETS)

    async def create_connection(self, *_arguments, **_named):
        raise PermissionError(errno.EACCES, SOCKETS)

    async def create_server(self, *_arguments, **_named):
        raise PermissionError(errno.EACCES, SOCKETS)

    async def create_datagram_endpoint(self, *_arguments, **_named):
        raise PermissionError(errno.EACCES, SOCKETS)

    async def subprocess_exec(self, *_arguments, **_named):
        raise OSError(errno.ENOTSUP, PROCESSES)

    async def subprocess_shell(self, *_arguments, **_named):
        raise OSError(errno.ENOTSUP, PROCESSES)


def install() -> None:
    """Makes it the loop that asyncio starts."""
    asyncio.unix_events._DefaultEventLoopPolicy._loop_factory = Loop
    asyncio.SelectorEventLoop = asyncio.EventLoop = Loop
    asyncio.unix_events.SelectorEventLoop = asyncio.unix_events.EventLoop = Loop
