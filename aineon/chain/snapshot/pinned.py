"""A chain as it stood at one block, read in few large requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from aineon.chain.reader import BlockRef, Call, ChainReader
from aineon.chain.snapshot.calls import Answer, Read
from aineon.chain.snapshot.programs import (
    MOST_CODE,
    MOST_RETURNED,
    READ_BITMAPS,
    READ_EACH,
)
from aineon.errors import CallReverted, NodeRefused, NodeUnavailable, UnknownBlock
from aineon.primitives import Address, Block

Progress = Callable[[int, int, str], None]
"""Told how many reads of how many are done, and of what: for a progress bar."""

MOST_AT_ONCE = 4
"""Requests in flight: enough to hide the way to a node, few enough not to be throttled."""

# Each word costs the node some 2,400 gas, and many give a call fifty million.
_WORDS_A_REQUEST = 8_000
_HEAD, _FRAME, _RECORD, _FOUND = 27, 3, 24, 36

_Result = TypeVar("_Result")


class WordRange(NamedTuple):
    """Consecutive words of a pool's tick bitmap."""

    pool: Address
    first: int
    words: int


class FoundWord(NamedTuple):
    """A word of a pool's tick bitmap that is not empty; bits of 0 say that it cannot be read."""

    pool: Address
    word: int
    bits: int


class PinnedChain:
    """One chain at one block: every read is answered as of that block's hash, or not at all.

    Attributes:
        block: the block.
    """

    def __init__(self, reader: ChainReader, block: Block, progress: Progress | None = None) -> None:
        assert block.hash is not None
        self.block = block
        self._hash = block.hash
        self._reader = reader
        self._progress = progress
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    @classmethod
    async def at(
        cls, reader: ChainReader, block: BlockRef, progress: Progress | None = None
    ) -> PinnedChain:
        """Return the chain as it stands at `block`, whatever becomes of that name later.

        Raises:
            UnknownBlock: there is no such block.
            ChainError: the chain cannot be read.
        """
        found = await reader.block(block)
        if found is None or found.hash is None:
            raise UnknownBlock(f"there is no block {block!r} to read the chain at")
        return cls(reader, found, progress)

    @property
    def timestamp(self) -> int:
        """The block's time, in seconds; 0 where the node does not say."""
        return self.block.timestamp or 0

    async def read(self, reads: Sequence[Read], what: str) -> list[Answer]:
        """Return the answers to `reads`, in their order; `what` is for the progress bar.

        Raises:
            ChainError: the chain cannot be read.
        """
        tell = _Counting(self._progress, len(reads), what)
        parts = await together(
            tell.after(partial(self._each, part), len(part)) for part in _parts(reads)
        )
        said = [each for part in parts for each in part]
        return [Answer(*each) for each in zip(reads, said, strict=True)]

    async def bitmaps(self, ranges: Sequence[WordRange], what: str) -> list[FoundWord]:
        """Return all words of pools' tick bitmaps that are not empty, in no order.

        Raises:
            ChainError: the chain cannot be read.
        """
        tell = _Counting(self._progress, _words_in(ranges), what)
        parts = await together(
            tell.after(partial(self._bitmaps, part), _words_in(part)) for part in _by_words(ranges)
        )
        return [each for part in parts for each in part]

    async def _each(self, reads: Sequence[Read]) -> list[bytes | None]:
        try:
            said = await self._run(READ_EACH + b"".join(map(_encoded, reads)))
        except (CallReverted, NodeRefused):
            # Nodes differ in the gas they grant: half as much at once may do.
            if len(reads) == 1:
                raise
            middle = len(reads) // 2
            return [*await self._each(reads[:middle]), *await self._each(reads[middle:])]
        return _split(said, len(reads))

    async def _bitmaps(self, ranges: Sequence[WordRange]) -> list[FoundWord]:
        parameters = b"".join(
            bytes.fromhex(each.pool[2:])
            + each.first.to_bytes(2, "big", signed=True)
            + each.words.to_bytes(2, "big")
            for each in ranges
        )
        try:
            said = await self._run(READ_BITMAPS + parameters)
        except (CallReverted, NodeRefused):
            # Too many words of them are not empty, or the node grants less gas.
            halves = _halves(ranges)
            if halves is None:
                raise
            return [*await self._bitmaps(halves[0]), *await self._bitmaps(halves[1])]
        return _found_words(said, ranges)

    async def _run(self, program: bytes) -> bytes:
        async with self._turns:
            return await self._reader.call(Call(None, program), self._hash)


def _encoded(read: Read) -> bytes:
    return b"".join(
        (
            bytes.fromhex(read.to[2:]),
            read.gas.to_bytes(3, "big"),
            read.most.to_bytes(2, "big"),
            len(read.data).to_bytes(2, "big"),
            read.data,
        )
    )


def _split(said: bytes, count: int) -> list[bytes | None]:
    answers: list[bytes | None] = []
    at = 0
    for _ in range(count):
        head = said[at : at + _FRAME]
        length = int.from_bytes(head[1:], "big")
        content = said[at + _FRAME : at + _FRAME + length]
        if len(head) < _FRAME or len(content) < length:
            break
        answers.append(content if head[0] else None)
        at += _FRAME + length
    if len(answers) < count or at < len(said):
        raise _no_answer(f"{count} reads", said)
    return answers


def _found_words(said: bytes, ranges: Sequence[WordRange]) -> list[FoundWord]:
    found = [_found_word(said[at : at + _FOUND], ranges) for at in range(0, len(said), _FOUND)]
    if len(said) % _FOUND or None in found:
        raise _no_answer(f"{len(ranges)} tick bitmaps", said)
    return [each for each in found if each is not None]


def _found_word(record: bytes, ranges: Sequence[WordRange]) -> FoundWord | None:
    place = int.from_bytes(record[:2], "big") // _RECORD
    word = int.from_bytes(record[2:4], "big", signed=True)
    if place >= len(ranges):
        return None
    return FoundWord(ranges[place].pool, word, int.from_bytes(record[4:], "big"))


def _no_answer(what: str, said: bytes) -> NodeUnavailable:
    return NodeUnavailable(
        f"a node answers {what} with {len(said)} bytes that are no answer: "
        "it does not run the code of a call that creates a contract"
    )


def _parts(reads: Sequence[Read]) -> list[Sequence[Read]]:
    """Cut reads into those that fit into one request each, and whose answers do."""
    parts: list[Sequence[Read]] = []
    start, asked, answered = 0, len(READ_EACH), 0
    for place, read in enumerate(reads):
        more_asked, more_answered = _HEAD + len(read.data), _FRAME + read.most
        asked, answered = asked + more_asked, answered + more_answered
        if asked > MOST_CODE or answered > MOST_RETURNED:
            parts.append(reads[start:place])
            start = place
            asked, answered = len(READ_EACH) + more_asked, more_answered
    if start < len(reads):
        parts.append(reads[start:])
    return parts


def _by_words(ranges: Sequence[WordRange]) -> list[Sequence[WordRange]]:
    parts: list[Sequence[WordRange]] = []
    start, words = 0, 0
    most = (MOST_CODE - len(READ_BITMAPS)) // _RECORD
    for place, each in enumerate(ranges):
        words += each.words
        if place > start and (words > _WORDS_A_REQUEST or place - start >= most):
            parts.append(ranges[start:place])
            start, words = place, each.words
    if start < len(ranges):
        parts.append(ranges[start:])
    return parts


def _halves(ranges: Sequence[WordRange]) -> tuple[Sequence[WordRange], Sequence[WordRange]] | None:
    if len(ranges) > 1:
        middle = len(ranges) // 2
        return ranges[:middle], ranges[middle:]
    (only,) = ranges
    if only.words < 2:
        return None
    words = only.words // 2
    rest = WordRange(only.pool, only.first + words, only.words - words)
    return (only._replace(words=words),), (rest,)


def _words_in(ranges: Sequence[WordRange]) -> int:
    return sum(each.words for each in ranges)


async def together(jobs: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """Do jobs at the same time; where one fails, end the others and raise what it raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


class _Counting:
    """Tells a progress bar how far one kind of reads has come."""

    def __init__(self, progress: Progress | None, total: int, what: str) -> None:
        self._progress, self._total, self._what = progress, total, what
        self._done = 0

    async def after(self, job: Callable[[], Coroutine[Any, Any, _Result]], count: int) -> _Result:
        result = await job()
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total, self._what)
        return result
