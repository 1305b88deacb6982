"""The directories of a call, and where a path lies. Opens no file."""

import os
import posixpath
from dataclasses import dataclass, field

from .errors import CallError, invalid

WORK, TEMPORARY, SESSION = "/work", "/tmp", "/session"


@dataclass(frozen=True)
class Places:
    """The directories that are there. Tests give their own."""

    # The scratch directory.
    work: str | None = None
    # For temporary files.
    temporary: str | None = None
    # What outlives an instance of a kept session.
    session: str | None = None
    # The user's directories by path, and whether they can be written.
    grants: dict[str, bool] = field(default_factory=dict)

    @property
    def working(self) -> str | None:
        """The working directory: scratch, else the first grant."""
        return self.work or next(iter(self.grants), None)

    def names(self) -> str:
        """The directories that code may use, for a message."""
        own = [path for path in (self.work, self.temporary) if path]
        granted = [path if writable else f"{path} (read-only)" for path, writable in self.grants.items()]
        return ", ".join(own + granted) or "none"

    def locate(self, given: str) -> str:
        """The absolute path, without `..`, of a path that a call names."""
        if not given or "\0" in given:
            raise invalid(f"{given!r} is no path")
        if self.working is None:
            raise CallError(
                "DENIED",
                f"{given}: there are no files: no directory was granted and there is no scratch directory",
            )
        path = posixpath.normpath(posixpath.join(self.working, given))
        roots = [root for root in (self.work, self.temporary, *self.grants) if root]
        if not any(path.startswith(root.rstrip("/") + "/") for root in roots):
            raise CallError(
                "DENIED", f"{given}: outside of the directories that there are: {self.names()}"
            )
        return path

    def shown(self, path: str) -> str:
        """The path as the user knows it: relative in the working directory."""
        working = self.working
        inside = working is not None and path.startswith(working.rstrip("/") + "/")
        return posixpath.relpath(path, working) if inside else path


def of_preopens(preopens: list[tuple[str, bool]]) -> Places:
    """From the directories of this instance, as (path, can it be written)."""
    known = dict(preopens)
    own = {name: name if name in known else None for name in (WORK, TEMPORARY, SESSION)}
    # A relative one is the first grant once more.
    grants = {path: writable for path, writable in known.items() if path.startswith("/") and path not in own}
    return Places(own[WORK], own[TEMPORARY], own[SESSION], grants)


def enter(places: Places) -> None:
    """Makes the working directory current."""
    if places.working is not None:
        try:
            os.chdir(places.working)
        except OSError as error:
            raise CallError("INTERNAL", f"{places.working} cannot be entered: {error}") from error
