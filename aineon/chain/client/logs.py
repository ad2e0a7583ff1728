"""Logs of a block or of a range: split where a node refuses, checked, and put in order.

What a node may give back wrongly is dropped or refused here: logs twice, out of order, of other
blocks, or taken back. That none is missing only the block's receipts could prove.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aineon.chain.client.together import together
from aineon.chain.client.values import quantity
from aineon.chain.decoding import RawLog
from aineon.errors import InvalidValue, RangeTooWide
from aineon.primitives import Address


class LogFilter(NamedTuple):
    """Which logs are asked for: of one block by hash, or of a range."""

    block_hash: str | None
    from_block: int
    to_block: int
    addresses: tuple[Address, ...]
    topics: tuple[tuple[str, ...], ...]

    @property
    def blocks(self) -> int:
        """How many blocks it spans."""
        return 1 if self.block_hash else self.to_block - self.from_block + 1

    def parameter(self) -> dict[str, Any]:
        """Return it as `eth_getLogs` takes it; an empty place of topics allows any."""
        asked: dict[str, Any] = {}
        if self.block_hash:
            asked["blockHash"] = self.block_hash
        else:
            asked["fromBlock"], asked["toBlock"] = hex(self.from_block), hex(self.to_block)
        if self.addresses:
            asked["address"] = list(self.addresses)
        if self.topics:
            asked["topics"] = [list(place) or None for place in self.topics]
        return asked

    def halves(self) -> list[LogFilter]:
        """Return it in two: by blocks, else by addresses; alone where it cannot be divided."""
        if self.blocks > 1:
            return self.pieces((self.blocks + 1) // 2)
        middle = len(self.addresses) // 2
        if not middle:
            return [self]
        return [
            self._replace(addresses=part)
            for part in (self.addresses[:middle], self.addresses[middle:])
        ]

    def pieces(self, blocks: int) -> list[LogFilter]:
        """Return it in pieces of at most so many blocks."""
        starts = range(self.from_block, self.to_block + 1, blocks)
        return [
            self._replace(from_block=start, to_block=min(start + blocks - 1, self.to_block))
            for start in starts
        ]


def log_filter(
    block_hash: str | None,
    from_block: int | None,
    to_block: int | None,
    addresses: Sequence[Address],
    topics: Sequence[Sequence[str]],
) -> LogFilter:
    """Return the filter for these wishes.

    Raises:
        InvalidValue: neither one block nor one range is named, or both.
    """
    places = tuple(map(tuple, topics))
    if block_hash is not None:
        if from_block is not None or to_block is not None:
            raise InvalidValue("logs are asked for by block hash and by range; one is allowed")
        return LogFilter(block_hash, 0, 0, tuple(addresses), places)
    if type(from_block) is not int or type(to_block) is not int or not 0 <= from_block <= to_block:
        raise InvalidValue(
            f"logs are asked for from block {from_block!r} to {to_block!r}; allowed are a block "
            "hash, or two heights from 0 on, the lower one first"
        )
    return LogFilter(None, from_block, to_block, tuple(addresses), places)


class SplitLogs:
    """Reads a range in as many pieces as a node's limits make necessary."""

    def __init__(self, ask: Callable[[LogFilter], Awaitable[list[RawLog]]]) -> None:
        self._ask = ask
        self._widest: int | None = None

    async def read(self, wanted: LogFilter) -> list[RawLog]:
        """Return the logs in their order.

        Raises:
            RangeTooWide: one block's logs of one address are too many already.
            ChainError: no node answers.
        """
        if self._widest is not None and wanted.blocks > self._widest:
            return await self._joined(wanted.pieces(self._widest))
        try:
            return await self._ask(wanted)
        except RangeTooWide as error:
            refusal = error
        if wanted.blocks > 1:
            half = (wanted.blocks + 1) // 2
            allowed = refusal.blocks or half
            self._widest = min(self._widest or half, allowed if allowed < wanted.blocks else half)
            return await self._joined(wanted.pieces(self._widest))
        parts = wanted.halves()
        if len(parts) == 1:
            raise refusal
        return await self._joined(parts)

    async def _joined(self, parts: Sequence[LogFilter]) -> list[RawLog]:
        found = await together(self.read(part) for part in parts)
        return in_order([log for logs in found for log in logs])


def checked(wanted: LogFilter, logs: Any) -> list[RawLog]:
    """Return the logs that a node answered, in order.

    Raises:
        ValueError, KeyError, TypeError: one is of another block or range, or was taken back.
    """
    for log in logs:
        if log.get("removed"):
            raise ValueError("a log that was taken back by a reorg")
        if wanted.block_hash:
            if log["blockHash"].lower() != wanted.block_hash.lower():
                raise ValueError("a log of a block that was not asked for")
        elif not wanted.from_block <= quantity(log["blockNumber"]) <= wanted.to_block:
            raise ValueError("a log of a block that was not asked for")
    return in_order(logs)


def in_order(logs: Sequence[RawLog]) -> list[RawLog]:
    """Return logs by block and place, each once.

    Raises:
        ValueError, KeyError: two different logs claim one place.
    """
    places: dict[tuple[int, int], RawLog] = {}
    for log in logs:
        place = quantity(log["blockNumber"]), quantity(log["logIndex"])
        if places.setdefault(place, log) != log:
            raise ValueError(f"two logs at place {place[1]} of block {place[0]}")
    return [places[place] for place in sorted(places)]


def is_header(answer: Any) -> bool:
    """Whether a node knows the block it was asked for."""
    return isinstance(answer, Mapping)
