"""ReplayFeed: plays recorded blocks through the same engine as any other feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from aineon.chain.addresses import mainnet
from aineon.errors import InvalidRecording
from aineon.feeds.base import FeedItem, FeedStep, Rewind
from aineon.feeds.replay.block_player import play_blocks
from aineon.feeds.replay.fields import Field
from aineon.feeds.replay.files import parse_json, read_whole
from aineon.feeds.replay.mainnet_json import read_arbitrages, read_blocks, read_swaps
from aineon.feeds.replay.reader import RecordingReader, is_recording
from aineon.feeds.replay.snapshots import play_snapshots, read_snapshots
from aineon.primitives import Provenance, Token

_Played = Iterator[FeedStep | Rewind]

_KINDS = (
    "AINEON recordings (JSON lines), mainnet blocks ('blocks' with 'swaps'), V2 swaps with "
    "reserves ('swaps'), two-venue snapshots ('snapshots') and executed arbitrages "
    "('arbitrages' with 'swaps')"
)


class ReplayFeed:
    """A recording as a feed; which kind it is, is told by its content.

    Steps can be taken any number of times, each time from the beginning. JSON documents are
    read and checked completely when the feed is built; AINEON recordings, which can be long,
    are checked to be closed and then read as they play.

    Raises:
        InvalidRecording: the file is missing, broken off, of an unknown kind, or holds values
            that cannot be; the message says where and what is allowed.
    """

    name = "replay"

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.provenance = Provenance.REPLAYED
        self.base_tokens: Sequence[Token] = (mainnet().native_token,)
        self.native_token: Token | None = mainnet().native_token
        self.complete = False
        self.source = self.path.name
        self._play: Callable[[], _Played]
        if is_recording(self.path):
            reader = RecordingReader(self.path)
            header = reader.header
            self.provenance = header.replayed_provenance
            self.base_tokens = header.base_tokens
            self.native_token = header.native_token
            self.complete = header.complete
            self.source = header.source or self.path.name
            self._play = reader.steps
        else:
            self._play = _read_document(self.path)

    def blocks(self) -> _Played:
        """Yield the steps in order, from the first to the last, without an event loop.

        Raises:
            InvalidRecording: a line of an AINEON recording is broken.
        """
        return self._play()

    async def steps(self) -> AsyncIterator[FeedItem]:
        """Deliver the steps in order, as fast as they are taken.

        None is droppable, even where it was when it was recorded: a recording waits, and what is
        found in it must not depend on the speed of the machine.
        """
        for step in self.blocks():
            if isinstance(step, FeedStep) and step.droppable:
                yield replace(step, droppable=False)
            else:
                yield step
            # A recording is never short of steps: others must get their turn.
            await asyncio.sleep(0)


def _read_document(path: Path) -> Callable[[], _Played]:
    text = read_whole(path)
    if not text.strip():
        raise InvalidRecording(f"{path} is empty, a recording holds at least one block")
    document = Field(parse_json(path, text), path)
    content = document.value
    if isinstance(content, dict):
        if isinstance(content.get("blocks"), list):
            blocks = read_blocks(document)
            return lambda: play_blocks(blocks)
        if isinstance(content.get("snapshots"), list):
            snapshots = read_snapshots(document)
            return lambda: play_snapshots(snapshots)
        if _first_has(content.get("swaps"), "reserves_before"):
            swaps = read_swaps(document)
            return lambda: play_blocks(swaps)
        if _first_has(content.get("arbitrages"), "swaps"):
            arbitrages = read_arbitrages(document)
            return lambda: play_blocks(arbitrages)
    raise InvalidRecording(f"{path} is not a kind of recording that is known; known are {_KINDS}")


def _first_has(entries: object, key: str) -> bool:
    """Whether `entries` is a list whose first entry has `key`; told apart by what is in it."""
    return (
        isinstance(entries, list)
        and bool(entries)
        and isinstance(entries[0], dict)
        and key in entries[0]
    )
