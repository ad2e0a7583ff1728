"""The books of a run: the stores behind it, opened and closed together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aineon.feeds.base import Feed
from aineon.primitives import Clock
from aineon.runtime.sections.market import SandboxRivals
from aineon.runtime.settings import FeedName, Settings
from aineon.search.costs import CostModel

if TYPE_CHECKING:
    from aineon.engine.booking import Booking, RunInfo
    from aineon.ledger.control import ControlStore
    from aineon.ledger.heartbeat import NodeTold
    from aineon.ledger.records import RunRecord
    from aineon.ledger.store import BookStore

Nodes = Callable[[], "tuple[NodeTold, ...]"]


@dataclass(frozen=True, slots=True)
class Books:
    """A book and the control store, with a run that has begun.

    Attributes:
        control: what the processes tell each other.
        book: of the settings' mode.
        run: what stays the same during the run.
        begun: the same as the book keeps it.
    """

    control: ControlStore
    book: BookStore
    run: RunInfo
    begun: RunRecord

    def booking(self, costs: CostModel, clock: Clock, nodes: Nodes = tuple) -> Booking:
        """Return what writes the engine's events into them, and how nodes are; it closes both."""
        from aineon.engine.booking import Booking

        return Booking(self.book, self.control, self.run, costs, clock, nodes)

    def close(self) -> None:
        """Close both."""
        try:
            self.book.close()
        finally:
            self.control.close()


def open_books(
    settings: Settings, feed: Feed, clock: Clock, book_url: str, control_url: str
) -> Books:
    """Open both stores and begin a run.

    Raises:
        LedgerError: a database cannot be opened or written.
    """
    from aineon.engine.booking import RunInfo
    from aineon.ledger.control import ControlStore
    from aineon.ledger.records import RunRecord
    from aineon.ledger.store import BookStore

    control = ControlStore.open(control_url)
    try:
        book = BookStore.open(book_url, settings.mode)
    except BaseException:
        control.close()
        raise
    started_at = clock.now()
    begun = RunRecord(
        feed=feed.name,
        provenance=feed.provenance,
        seed=settings.seed if feed.name == FeedName.SANDBOX else None,
        detail=_detail(settings, feed),
        started_at=started_at,
        native_token=feed.native_token,
    )
    run_id = book.begin_run(begun)
    run = RunInfo(
        run_id=run_id,
        mode=str(settings.mode),
        feed=feed.name,
        provenance=feed.provenance,
        started_at=started_at,
        limits=settings.limits_in_force(),
    )
    return Books(control, book, run, begun)


def _detail(settings: Settings, feed: Feed) -> str:
    """What people should know about the feed: which recording, or whose sandbox it is."""
    if feed.name == FeedName.REPLAY and settings.replay_file is not None:
        return settings.replay_file.name
    if feed.name == FeedName.SANDBOX and settings.sandbox_rivals is not SandboxRivals.NONE:
        return f"rivals: {settings.sandbox_rivals.value}"
    return ""
