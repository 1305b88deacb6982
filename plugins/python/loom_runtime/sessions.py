"""What a kept session leaves for the next instance: a marker that it began, the suspended state, and
snapshots, all in the session's own directory."""

import os
import posixpath
import shutil
import types
from dataclasses import dataclass, field

from . import files, variables
from .definitions import Definition
from .errors import CallError
from .execute import new_module
from .places import Places


@dataclass
class Beginning:
    """What a call began with."""

    restored: bool = False
    lost: list[dict[str, str]] = field(default_factory=list)


class Session:
    """The variables of one instance, and where they came from."""

    def __init__(self) -> None:
        self.module: types.ModuleType = new_module()
        self.sources: list[Definition] = []
        self.calls = 0

    def begin(self, places: Places, anew: bool, back_to: str | None) -> Beginning:
        """Gets the state that the code is to see."""
        own, first = places.session, self.calls == 0
        self.calls += 1
        if back_to is not None:
            return self._go_back(back_to, places)
        if anew:
            self._anew(places)
            return Beginning()
        if first and own is not None:
            return self._resume(own)
        return Beginning()

    def suspend(self, places: Places) -> None:
        """Writes the variables for a later instance."""
        if places.session is not None and self.calls > 0:
            self._save(posixpath.join(places.session, "state"))

    def snapshot(self, name: str, places: Places) -> dict[str, str] | None:
        """Keeps variables and files; a note if that fails, since the code has run."""
        reason = "this host keeps no sessions"
        if places.session is not None:
            target = posixpath.join(places.session, "snapshots", name)
            unfinished = target + "~new"
            try:
                _remove(unfinished)
                os.makedirs(unfinished)
                if places.work is not None:
                    kept = posixpath.join(unfinished, "files")
                    os.mkdir(kept)
                    files.copy(places.work, kept)
                self._save(posixpath.join(unfinished, "state"))
                _remove(target)
                os.rename(unfinished, target)
                return None
            except OSError as error:
                reason = str(error)
                _remove(unfinished)
        return {"name": f"snapshot {name}", "reason": f"could not be kept: {reason}"}

    def _resume(self, own: str) -> Beginning:
        """Finds out what an instance before this one left."""
        marker, state = posixpath.join(own, "begun"), posixpath.join(own, "state")
        if not os.path.exists(marker):
            _write(marker, b"")
            return Beginning()
        if not os.path.exists(state):
            reason = "the interpreter that held them was stopped; files and snapshots are still there"
            return Beginning(lost=[{"name": "variables", "reason": reason}])
        lost = self._load(state)
        # If this instance crashes, it would be out of date.
        os.remove(state)
        return Beginning(True, lost)

    def _anew(self, places: Places) -> None:
        files.clear(places.work)
        files.clear(places.temporary)
        if places.session is not None:
            _remove(posixpath.join(places.session, "state"))
            _write(posixpath.join(places.session, "begun"), b"")
        self.module, self.sources = new_module(), []

    def _go_back(self, name: str, places: Places) -> Beginning:
        kept = posixpath.join(places.session or "", "snapshots")
        state = posixpath.join(kept, name, "state")
        if places.session is None or not os.path.exists(state):
            known = _snapshots(kept) if places.session else []
            there = f"there are: {', '.join(known)}" if known else "there is none; make one with `snapshot`"
            raise CallError("NOT_FOUND", f"this session has no snapshot {name}: {there}")
        self._anew(places)
        source = posixpath.join(kept, name, "files")
        if places.work is not None and os.path.isdir(source):
            files.copy(source, places.work)
        return Beginning(True, self._load(state))

    def _save(self, path: str) -> None:
        """The notes travel with the state: who takes it back wants to know what is not in it."""
        variables.main_module(self.module)
        data, lost = variables.save(self.module.__dict__, self.sources)
        _write(path + ".new", variables._dumps((lost, data)))
        os.rename(path + ".new", path)

    def _load(self, path: str) -> list[dict[str, str]]:
        with open(path, "rb") as file:
            noted, data = variables._loads(file.read())
        self.module = new_module()
        variables.main_module(self.module)
        self.sources, lost = variables.restore(data, self.module.__dict__)
        return noted + lost


def _snapshots(directory: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(directory) if "~" not in name)
    except OSError:
        return []


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _remove(path: str) -> None:
    """A file or a tree, if it is there."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)
