"""Advice that follows an error: what it means in this sandbox, and what to do."""

import re

from .places import Places


def about(error: BaseException, where: Places) -> list[str]:
    """Lines of advice; mostly none."""
    if isinstance(error, FileNotFoundError | PermissionError) and error.filename is not None:
        return [f"directories that are there: {where.names()}{_working(where)}"]
    if isinstance(error, EOFError) and "reading a line" in str(error):
        return ["give the input as the argument `stdin`"]
    if isinstance(error, MemoryError):
        return ["memory is limited: work on smaller pieces, or read files line by line"]
    if isinstance(error, RuntimeError) and _is_nested_loop(error):
        return ["a top-level `await` has started the loop: write `await main()` alone, or asyncio.run alone"]
    return []


def _is_nested_loop(error: BaseException) -> bool:
    return re.search("running event loop", str(error)) is not None


def _working(where: Places) -> str:
    return f"; relative paths start in {where.working}" if where.working else ""
