"""The logs of one block, all of them: so that one which is missing is noticed.

A block's logs are asked for whole, not only those of known pools. They are numbered through, so a
gap shows; and the header holds a bloom filter of their addresses and topics (Yellow Paper,
4.3.1), which the logs that came must fill exactly. A filter of thousands of addresses could
hide what a node leaves out, and would be a larger request than the answer is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from eth_hash.auto import keccak

from aineon.chain.decoding import RawLog
from aineon.chain.reader import ChainReader
from aineon.errors import RangeTooWide, UnknownBlock
from aineon.primitives import Block

_PAUSES_SECONDS = (0.1, 0.3, 0.6)
"""Between reads of logs that are not complete: a node may need a moment for a new block."""

# Addresses and topics come again and again; a hash takes 7 us, and a block has hundreds.
_REMEMBERED = 1 << 16


class BlockLogs(NamedTuple):
    """What a node tells of a block's logs.

    Attributes:
        logs: in their order.
        flaw: why they cannot be all, in words; empty where nothing is missing.
    """

    logs: Sequence[RawLog]
    flaw: str = ""


class LogReader:
    """Reads the logs of blocks, and sees that they are complete."""

    def __init__(
        self, reader: ChainReader, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._reader = reader
        self._sleep = sleep
        self._bits = lru_cache(_REMEMBERED)(bloom_bits)

    async def read(self, block: Block) -> BlockLogs:
        """Return the logs of a block; those that are not complete are read again a few times.

        Raises:
            UnknownBlock: no node knows the block.
            ChainError: the chain cannot be read.
        """
        if block.hash is None:
            raise UnknownBlock(f"block {block.number} has no hash to read its logs by")
        found = await self._once(block, block.hash)
        for pause in _PAUSES_SECONDS:
            if not found.flaw:
                break
            await self._sleep(pause)
            found = await self._once(block, block.hash)
        return found

    async def _once(self, block: Block, block_hash: str) -> BlockLogs:
        try:
            logs = await self._reader.logs(block_hash=block_hash)
        except RangeTooWide as error:
            return BlockLogs((), f"they are more than a node tells: {error}")
        return BlockLogs(logs, self.flaw(logs, block))

    def flaw(self, logs: Sequence[RawLog], block: Block) -> str:
        """Return why `logs` cannot be all logs of `block`; empty where nothing speaks against it.

        Where the header's bloom filter is not known, a gap alone can show it.
        """
        try:
            for place, log in enumerate(logs):
                if _quantity(log["logIndex"]) != place:
                    return f"log {place} of {len(logs)} or more is missing"
            if block.logs_bloom is None or self._filled(logs) == int(block.logs_bloom, 16):
                return ""
        except (LookupError, TypeError, ValueError) as error:
            return f"one is not in the form of a log: {error}"
        return f"the {len(logs)} logs told do not add up to the block's bloom filter"

    def _filled(self, logs: Sequence[RawLog]) -> int:
        bits = 0
        for value in {each for log in logs for each in (log["address"], *log["topics"])}:
            bits |= self._bits(value)
        return bits


def bloom_bits(value: str | bytes) -> int:
    """Return the three bits that an address or a topic sets in a bloom filter of 2048."""
    content = value if isinstance(value, bytes) else bytes.fromhex(value[2:])
    digest = keccak(content)
    bits = 0
    for place in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[place : place + 2], "big") & 2047)
    return bits


def _quantity(value: Any) -> int:
    return value if isinstance(value, int) else int(value, 16)
