"""Places of the emergency stop that need no database: a file, a variable, a reporter."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from aineon.primitives import Clock, SystemClock
from aineon.safety.stop import StopReason

STOP_FILE: Final = "STOP"
"""In the data folder, where it stops everything that signs or sends."""
REHEARSAL_STOP_FILE: Final = "STOP-rehearsal"
"""Beside it, where it stops rehearsals alone: their faults must not end what is in earnest."""
STOP_VARIABLE: Final = "AINEON_STOP"
_MOST_BYTES: Final = 1 << 16
_LATEST: Final = 1 << 33
"""Seconds since the epoch that no clock shows for two centuries."""
_OFF: Final = frozenset({"", "0", "false", "no", "off"})


class StopFile:
    """A file whose existence is the stop, whatever is in it: `touch STOP` works too.

    Lines that `latch` wrote tell reason, name and time.

    Args:
        path: in a folder that exists; where that is gone, the stop counts as set.
        name: what the place is called.
    """

    def __init__(self, path: Path, name: str = "file") -> None:
        self._path = path
        self._aside = path.with_name(f".{path.name}-cleared")
        self._name = name

    @property
    def name(self) -> str:
        """What the place is called."""
        return self._name

    def look(self) -> Sequence[StopReason]:
        """Return what the file says; nothing where it does not exist.

        A file that is being cleared counts until that is done, so a clearing that is killed on
        the way clears nothing.

        Raises:
            OSError: it, or the folder it would lie in, cannot be read.
        """
        # Again at the end: what nobody has seen goes from the second back into the first.
        paths = (self._path, self._aside, self._path)
        found = tuple(dict.fromkeys(reason for path in paths for reason in self._told(path)))
        if not found:
            # A folder that is gone, or not mounted, is no permission.
            os.stat(self._path.parent)  # noqa: PTH116 - a tenth of the time, before each signature
        return found

    def latch(self, reason: StopReason) -> None:
        """Add `reason`, durably.

        Raises:
            OSError: the file cannot be written.
        """
        line = json.dumps({"reason": reason.reason, "who": reason.who, "at": reason.at}) + "\n"
        while not self._append(line):
            # Somebody cleared the file between its opening and the line: it went with it.
            pass
        _sync_folder(self._path.parent)

    def clear(self, who: str, at: float, seen: Sequence[StopReason]) -> None:
        """Remove what was `seen`, durably; what was latched since stays.

        Raises:
            OSError: it cannot be removed.
        """
        # What cannot be read is not cleared either, and stays where people find it.
        self.look()
        # What an earlier clearing left where it was killed, before this one writes over it.
        self._forget(seen)
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._aside)
        self._forget(seen)

    def _forget(self, seen: Sequence[StopReason]) -> None:
        """Remove what was put aside; what is in it and was not `seen` goes back first."""
        aside = self._told(self._aside)
        if not aside:
            return
        for reason in aside:
            if reason not in seen:
                self.latch(reason)
        self._aside.unlink(missing_ok=True)
        _sync_folder(self._path.parent)

    def _told(self, path: Path) -> Sequence[StopReason]:
        try:
            # Not stat: a link that leads nowhere was put there by somebody too.
            os.lstat(path)
        except FileNotFoundError:
            return ()
        return tuple(_reasons(_text_of(path), self._name))

    def _append(self, line: str) -> bool:
        """Write a line, durably; False where the file is not there any more afterwards."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
            return os.path.samestat(os.fstat(descriptor), os.lstat(self._path))
        except FileNotFoundError:
            return False
        finally:
            os.close(descriptor)


class StopVariable:
    """The variable AINEON_STOP of this process: set to anything but an off word, it stops.

    Args:
        environment: where to look for it; None is this process's own.
        setting: its value among the settings, which know `.env` too; an off word in one of the
            two does not take back what the other says.
    """

    name: Final = "environment"

    def __init__(
        self, environment: Mapping[str, str] | None = None, setting: str | None = None
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._setting = setting or ""

    def look(self) -> Sequence[StopReason]:
        """Return what the variable says; it is cleared by unsetting it and starting again."""
        for value in (self._environment.get(STOP_VARIABLE, ""), self._setting):
            if value.strip().lower() not in _OFF:
                who = "whoever started the process"
                return (StopReason(self.name, f"{STOP_VARIABLE} is set", who),)
        return ()


class StopReporter:
    """A place that somebody else watches and reports on, such as a pause on chain.

    Stop looks before each signature and cannot wait for a node. Whoever reads the chain says
    what it saw at each head; silence for longer than `patience_seconds` counts as set.
    """

    def __init__(
        self, name: str, patience_seconds: float = 60.0, clock: Clock | None = None
    ) -> None:
        self._name = name
        self._patience = patience_seconds
        self._clock = clock or SystemClock()
        self._reported_at: float | None = None
        self._reasons: tuple[StopReason, ...] = ()

    @property
    def name(self) -> str:
        """What the place is called."""
        return self._name

    @property
    def is_watched(self) -> bool:
        """Whether anything has been reported yet."""
        return self._reported_at is not None

    def report_clear(self) -> None:
        """Say that the stop was not set there just now."""
        self._reported_at, self._reasons = self._clock.now(), ()

    def report_set(self, reason: str, who: str) -> None:
        """Say that the stop is set there."""
        now = self._clock.now()
        self._reported_at, self._reasons = now, (StopReason(self._name, reason, who, now),)

    def look(self) -> Sequence[StopReason]:
        """Return the last report."""
        if self._reasons:
            return self._reasons
        if self._reported_at is None:
            return (StopReason(self._name, "was never looked at", "the stop itself"),)
        silence = self._clock.now() - self._reported_at
        # Below zero where the clock was set back, which tells nothing of how long it was.
        if not 0 <= silence <= self._patience:
            words = f"was not looked at for {silence:.0f} seconds"
            return (StopReason(self._name, words, "the stop itself"),)
        return ()


def _reasons(text: str, place: str) -> Iterator[StopReason]:
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines or ["the file exists"]:
        yield _reason(line.strip(), place)


def _reason(line: str, place: str) -> StopReason:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        said = json.loads(line)
        at = said["at"]
        known = float(at) if isinstance(at, int | float) and 0 <= at < _LATEST else None
        return StopReason(place, str(said["reason"]), str(said["who"]), known)
    return StopReason(place, line[:200], "somebody with access to the folder")


def _text_of(path: Path) -> str:
    """What a file says, as far as it is read; whatever else lies there says nothing."""
    # Without waiting: somebody may have put a pipe there.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        return file.read(_MOST_BYTES).decode("utf-8", errors="replace")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no handle on a folder to sync
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
