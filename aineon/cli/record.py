"""`aineon record`: blocks of a chain, written down so that they can be replayed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack, aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from aineon.cli.failures import COULD_NOT_RUN, OK
from aineon.cli.stopping import cancel_on_signals
from aineon.errors import FeedError, WrongChain
from aineon.feeds.base import FeedPaused, FeedStep, Rewind
from aineon.feeds.replay import Header, Recorder
from aineon.primitives import Block, Provenance
from aineon.runtime.chain_link import connect_patiently
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    from aineon.feeds.chain import ChainFeed
    from aineon.runtime.chain_link import ChainLink

Say = Callable[[str], None]


def record_chain(settings: Settings, path: Path, say: Say) -> int:
    """Record the chain of the settings until their number of blocks is reached, or to Ctrl-C.

    The recording holds all pools at one block, and then every block that came after it.

    Raises:
        ConfigurationError: no node is given, or the settings cannot be followed.
        FeedError: the file is there already or cannot be written, or the feed cannot go on.
    """
    if path.exists():
        # Known at once, and not only after all pools have been read.
        raise FeedError(f"{path} exists, a recording is never overwritten")
    with ExitStack() as stack:
        recording = _Recording(path, settings.blocks, stack)
        # What was recorded until then is a whole recording all the same.
        with suppress(asyncio.CancelledError):
            asyncio.run(_record(settings, recording))
    if recording.first is None:
        say(f"nothing was recorded: the pools of the chain had not been read yet, no {path}")
        return COULD_NOT_RUN
    say(f"recorded block {recording.first.number} and {recording.blocks} after it: {path}")
    return OK


class _Recording:
    """A file that is begun with the first step."""

    def __init__(self, path: Path, most: int | None, stack: ExitStack) -> None:
        self.first: Block | None = None
        self.blocks = 0
        self._path = path
        self._most = most
        self._stack = stack
        self._recorder: Recorder | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it holds as many blocks as were wanted."""
        return self.first is not None and self._most is not None and self.blocks >= self._most

    def write(self, item: FeedStep | Rewind, feed: ChainFeed) -> None:
        """Append a step."""
        if self._recorder is None:
            assert isinstance(item, FeedStep)
            self.first = item.update.block
            source = f"{feed.addresses.name} from block {self.first.number} on"
            header = Header.of(feed, source, feed.addresses.chain_id)
            self._recorder = self._stack.enter_context(Recorder(self._path, header))
        elif isinstance(item, FeedStep) and item.update.step == 0:
            self.blocks += 1
        self._recorder.write(item)


async def _record(settings: Settings, recording: _Recording) -> None:
    cancel_on_signals()
    connecting = connect_patiently(settings, _tell, hopeless=(WrongChain,))
    async with aclosing(await connecting) as link:
        feed = _feed(settings, link)
        async with aclosing(cast("Any", feed.steps())) as items:
            async for item in items:
                if isinstance(item, FeedPaused):
                    _tell(item.reason)
                    continue
                recording.write(item, feed)
                if isinstance(item, FeedStep):
                    block, events = item.update.block, item.update.events
                    _tell(f"block {block.number}: {len(events)} events")
                if recording.is_whole:
                    return


def _feed(settings: Settings, link: ChainLink) -> ChainFeed:
    from aineon.feeds.chain import ChainFeed

    return ChainFeed(
        link.reader,
        link.addresses,
        link.tokens,
        cache_folder=settings.data_dir / "chain",
        # On a chain of one's own the money is play money, however often it is played again.
        provenance=Provenance.LIVE if settings.chain_file is None else Provenance.SIMULATED,
        witness=link.witness,
    )


def _tell(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
