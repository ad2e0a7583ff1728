"""The registry: which model is the champion, which ones were, and the way back."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from aineon.errors import ChampionChanged, ModelRefused, OptimizerError
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.models.storing import (
    load,
    read_manifest,
    remove,
    remove_unfinished,
    versions,
)
from aineon.primitives.file_lock import locked
from aineon.primitives.private_files import replace_private

POINTER: Final = "champion.json"
LOCK: Final = "champion.lock"
KEPT: Final = 20
"""Models that are kept besides the champion and its predecessor."""
REMEMBERED: Final = 200

_MOST_BYTES: Final = 2**20
_LONGEST_SAVE: Final = 3_600.0
# Naming a champion takes the time to read one model.
_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Reign:
    """One entry of the history.

    Attributes:
        version: the model that became champion.
        at: seconds, when it did.
        words: why, in one sentence.
    """

    version: str
    at: float
    words: str


class Registry:
    """The models of one folder, and a file that points at the champion.

    The pointer is replaced in one step, so a reader sees the old champion or the new one. It is
    small: an engine looks at its modification time (`stamp`) every block, and reads on a change.

    Who names a champion, or deletes models, holds a lock meanwhile: a training and an operator
    who rolls back are two processes, and neither may undo what the other has just done.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pointer = folder / POINTER

    def stamp(self) -> int | None:
        """Return what changes whenever the pointer does; None while there is none."""
        try:
            return self._pointer.stat().st_mtime_ns
        except OSError:
            return None

    def history(self) -> tuple[Reign, ...]:
        """Return all champions that are remembered, the present one last.

        Raises:
            ModelRefused: the pointer is damaged.
        """
        try:
            with self._pointer.open("rb") as file:
                told = json.loads(file.read(_MOST_BYTES))
            return tuple(_reign(entry) for entry in told["history"])
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ModelRefused(f"{self._pointer} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelRefused(f"{self._pointer} is damaged: {error}") from error

    def champion(self) -> str | None:
        """Return the champion's version; None where there is none yet."""
        history = self.history()
        return history[-1].version if history else None

    def load_champion(self) -> Ensemble | None:
        """Return the champion; None where there is none yet.

        Raises:
            ModelRefused: pointer or model are damaged.
        """
        version = self.champion()
        return None if version is None else load(self.folder, version)

    def standing(self) -> str | None:
        """Return the champion's version; None where there is none, or nobody can tell."""
        history = self._remembered()
        return history[-1].version if history else None

    def promote(self, version: str, at: float, words: str, *, over: str | None) -> None:
        """Make a model the champion, once all of it has proved readable.

        Args:
            version: the model.
            at: seconds, now.
            words: why, in one sentence.
            over: the champion that it competed with, as `standing` told it then.

        Raises:
            ChampionChanged: another one is the champion by now; it stays.
            ModelRefused: it is not there or damaged; the champion stays.
            OptimizerError: the pointer cannot be written, or the folder not be locked.
        """
        with self._alone():
            history = self._remembered()
            if history and history[-1].version != over:
                newest = history[-1]
                rival = "the live table alone" if over is None else f"model {over}"
                raise ChampionChanged(
                    f"it competed with {rival}, and model {newest.version} became the champion "
                    f"meanwhile ({newest.words})"
                )
            self._crown(version, at, words)

    def roll_back(self, version: str, at: float, who: str) -> str | None:
        """Make a former champion the champion again, because `who` wants it; once is enough.

        Returns:
            The model that was in use until then; None where it was this very one.

        Raises:
            ModelRefused: it never was one, or is not there any more.
            OptimizerError: the pointer cannot be written, or the folder not be locked.
        """
        with self._alone():
            history = self.history()
            if version not in {reign.version for reign in history}:
                raise ModelRefused(
                    f"model {version[:60]} never was in use, so there is no way back to it"
                )
            champion = history[-1].version
            if version == champion:
                return None
            self._crown(version, at, f"rolled back from {champion} by {who}")
            return champion

    def predecessor(self) -> str | None:
        """Return the newest former champion that is another model and can still be read."""
        history = self.history()
        for reign in reversed(history):
            if reign.version == history[-1].version:
                continue
            try:
                read_manifest(self.folder, reign.version)
            except ModelRefused:
                continue
            return reign.version
        return None

    def prune(self, kept: int = KEPT) -> None:
        """Delete all but the newest models, the champion and its predecessor.

        What a save left that was ended in the middle goes as well, after an hour.

        Raises:
            ModelRefused: the pointer is damaged, so nobody knows which model is in use.
            OptimizerError: one cannot be deleted, or the folder not be locked.
        """
        with self._alone():
            remove_unfinished(self.folder, time.time() - _LONGEST_SAVE)
            needed = {self.champion(), self.predecessor()}
            others = [version for version in versions(self.folder) if version not in needed]
            for version in others[: max(0, len(others) - kept)]:
                remove(self.folder, version)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one who names a champion or deletes models of this folder."""
        lock = self.folder / LOCK
        with ExitStack() as held:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(locked(lock, _PATIENCE))
            except TimeoutError as error:
                raise OptimizerError(
                    f"another process names the champion of {self.folder} at this moment; try again"
                ) from error
            except OSError as error:
                raise OptimizerError(f"{lock} cannot be locked: {error.strerror}") from error
            # What fails from here on is no matter of the lock, and says itself what it is.
            yield

    def _crown(self, version: str, at: float, words: str) -> None:
        """Point at a model, once all of it has proved readable."""
        load(self.folder, version)
        history = [*self._remembered(), Reign(version, at, words)][-REMEMBERED:]
        told = {"history": [asdict(reign) for reign in history]}
        content = json.dumps(told, indent=1, allow_nan=False).encode() + b"\n"
        try:
            # Nobody else may write what decides about money.
            replace_private(self._pointer, content)
        except OSError as error:
            raise OptimizerError(f"{self._pointer} cannot be written: {error.strerror}") from error

    def _remembered(self) -> tuple[Reign, ...]:
        try:
            return self.history()
        except ModelRefused:
            # A new champion is the way out of a damaged pointer, so it must be possible.
            return ()


def _reign(entry: dict[str, object]) -> Reign:
    at = float(entry["at"])  # type: ignore[arg-type]
    if not math.isfinite(at):
        raise ValueError(f"{at} is no time")
    return Reign(str(entry["version"]), at, str(entry["words"]))
