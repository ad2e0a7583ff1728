"""FolderLock: one process of a kind in a data folder, one engine at a book.

The operating system lets go of the lock when its holder dies, so a lock file that a crash left
behind is stale by itself; the pid in it is for the message only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aineon.errors import StartError
from aineon.primitives import Book, SystemClock
from aineon.primitives.file_lock import take
from aineon.runtime.settings import Settings
from aineon.safety import STOP_FILE, StopFile, StopReason

LOOK_SECONDS: Final = 5.0
ENGINE: Final = "engine"
SUPERVISOR: Final = "supervisor"


@contextmanager
def engine_lock(settings: Settings) -> Iterator[None]:
    """Be the only engine of the data folder, and of the book where that lies elsewhere.

    A second engine at one book would settle the first one's open attempts as left over.

    Raises:
        StartError: another engine is at work there.
    """
    with ExitStack() as stack:
        stack.enter_context(FolderLock(settings.data_dir, ENGINE, "another engine"))
        if settings.database_url is not None:
            stack.enter_context(_book_lock(settings))
        yield


@contextmanager
def every_book_lock(settings: Settings) -> Iterator[None]:
    """Be the only one at all books, wherever they lie, as who puts databases back must be.

    Raises:
        StartError: an engine is at work at one of them.
    """
    with ExitStack() as stack:
        stack.enter_context(FolderLock(settings.data_dir, ENGINE, "another engine"))
        if settings.database_url is not None:
            for book in Book:
                of_book = settings.model_copy(update={"mode": book})
                stack.enter_context(_book_lock(of_book))
        yield


def _book_lock(settings: Settings) -> AbstractContextManager[object]:
    book = settings.book_file
    if book is None:
        return _server_lock(settings)
    return FolderLock(book.parent, book.name, "another engine", f"database {book}", "DATABASE_URL")


@contextmanager
def _server_lock(settings: Settings) -> Iterator[None]:
    """Hold a book on a server; the emergency stop is latched where that is lost on the way."""
    from aineon.ledger.connect import sole_user

    def latch() -> None:
        file = StopFile(settings.data_dir.absolute() / STOP_FILE)
        words = (
            f"the lock on the {settings.mode} book was lost with its connection to the database's "
            "server: another engine may be at work there"
        )
        file.latch(StopReason(file.name, words, "the engine's lock", SystemClock().now()))

    with (
        sole_user(settings.book_url, "another engine", "DATABASE_URL") as is_ours,
        watched(is_ours, latch),
    ):
        yield


@contextmanager
def watched(
    is_ours: Callable[[], bool], lost: Callable[[], None], seconds: float = LOOK_SECONDS
) -> Iterator[None]:
    """Look every so many seconds, in a thread, whether a lock is ours still; say when it is not.

    Args:
        is_ours: asks.
        lost: called once, where it is not.
        seconds: between two looks.
    """
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(seconds):
            if not is_ours():
                lost()
                return

    thread = threading.Thread(target=look, name="the lock on the book", daemon=True)
    thread.start()
    try:
        yield
    finally:
        # The connection is closed after this, by the thread that ends: never by two at once.
        ended.set()
        thread.join()


def was_at_work(folder: Path) -> bool:
    """Whether an engine or a supervisor ever held a lock of `folder`; the files stay."""
    return any(_lock_file(folder, name).exists() for name in (ENGINE, SUPERVISOR))


def _lock_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"


class FolderLock:
    """Holds `folder`/`name`.lock as long as it is open; use it with `with`.

    Args:
        folder: where the lock file lies.
        name: of the lock file, without its ending.
        holder: what messages call the process that holds it.
        place: what messages call the thing that is locked; the data folder where not given.
        setting: the variable that names another such thing.

    Raises:
        StartError: on entering, where another process holds it, or the folder cannot be
            written.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        holder: str,
        place: str | None = None,
        setting: str = "AINEON_DATA_DIR",
    ) -> None:
        self._path = _lock_file(folder, name)
        self._holder = holder
        self._place = place or f"data folder {folder}"
        self._setting = setting
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartError(
                f"{self._place} cannot be written: {error.strerror or error}; "
                f"name another one in {self._setting}."
            ) from error
        try:
            take(descriptor)
        except OSError as error:
            pid = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            raise StartError(
                f"{self._holder}{f' (process {pid})' if pid else ''} already works in "
                f"{self._place}; stop it, or name another one in {self._setting}."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
