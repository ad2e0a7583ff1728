"""The nonce fence: what the chain has counted must be what the outbox explains.

Where the chain knows a nonce of our key that the outbox does not (a wiped disk, a restored
backup, a second engine elsewhere, a leaked key), whatever is signed next could pay twice, or
pay a thief's successor. The fence latches the emergency stop then, and a person looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aineon.chain.reader import ChainReader
from aineon.errors import AineonError
from aineon.primitives import Address, Block
from aineon.sending.slots import Slot

PATIENCE_BLOCKS: Final = 3
"""Heads for which a spent nonce may lack its receipt: one node may be behind another."""


@dataclass(frozen=True, slots=True)
class ChainNonces:
    """How many transactions of the sender the chain has counted.

    Attributes:
        head: at which block.
        latest: in blocks up to it.
        pending: with what the node's mempool would add.
    """

    head: Block
    latest: int
    pending: int


@dataclass(frozen=True, slots=True)
class FenceReport:
    """What keeps new work from being signed; `alarms` are what a person must look at."""

    alarms: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All of it in one sentence; empty where nothing is in the way."""
        return "; ".join((*self.alarms, *self.obstacles))


def inspect(
    sender: Address, seen: ChainNonces, slots: Iterable[Slot], next_nonce: int
) -> FenceReport:
    """Compare the chain's count with the outbox's.

    Args:
        sender: whose nonces.
        seen: the chain's count.
        slots: the nonces that are not spent for good, in their order.
        next_nonce: the first one that was never reserved.
    """
    alive = tuple(slots)
    spent_for_good = alive[0].nonce if alive else next_nonce
    counted = max(seen.latest, seen.pending)
    if counted > next_nonce:
        return FenceReport(
            alarms=(
                _words(
                    f"the chain has counted {counted} transactions of {sender} and the outbox",
                    f"knows of {next_nonce}: its key was used elsewhere, or this outbox is not",
                    "the newest one",
                ),
            )
        )
    if seen.latest < spent_for_good:
        return FenceReport(
            obstacles=(
                _words(
                    f"the node has counted {seen.latest} transactions of {sender} at block",
                    f"{seen.head.number}, and {spent_for_good} are spent for good: it is behind",
                ),
            )
        )
    return FenceReport()


class Unexplained:
    """Spent nonces for which no receipt of ours was found, and since which head."""

    def __init__(self) -> None:
        self._since: dict[int, int] = {}

    def inspect(self, nonces: Iterable[int], head: int) -> FenceReport:
        """Say what the nonces that are unexplained at `head` mean by now."""
        self._since = {nonce: self._since.get(nonce, head) for nonce in nonces}
        report = [
            (
                f"nonce {nonce} is spent on chain, and by none of the transactions signed for it",
                head - since >= PATIENCE_BLOCKS,
            )
            for nonce, since in self._since.items()
        ]
        return FenceReport(
            alarms=tuple(words for words, is_old in report if is_old),
            obstacles=tuple(words for words, is_old in report if not is_old),
        )


async def read_nonces(reader: ChainReader, sender: Address, head: Block) -> ChainNonces:
    """Ask the chain for its count at `head`."""
    latest, pending = await asyncio.gather(
        reader.nonce(sender, head.number if head.hash is None else head.hash),
        reader.nonce(sender, "pending"),
    )
    return ChainNonces(head, latest, pending)


@dataclass(frozen=True, slots=True)
class Spender:
    """The transaction that spent a nonce."""

    transaction_hash: str
    block_number: int


async def find_spender(
    reader: ChainReader, sender: Address, nonce: int, low: int, high: int
) -> Spender | None:
    """Return the transaction that spent `nonce` in a block after `low` and up to `high`.

    The absence of our receipts proves nothing: a node may have lost them. This looks the
    transaction up in its block, which the count of nonces finds by halving. None where it
    cannot be shown, as on nodes that have forgotten old states.
    """
    try:
        if await reader.nonce(sender, low) > nonce or await reader.nonce(sender, high) <= nonce:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            if await reader.nonce(sender, middle) > nonce:
                high = middle
            else:
                low = middle
        block = await reader.request("eth_getBlockByNumber", hex(high), True)
        return _spender_in(block, sender, nonce, high)
    except (AineonError, LookupError, TypeError, ValueError):
        # Nothing is proven by a node that does not answer properly.
        return None


def _words(*parts: str) -> str:
    return " ".join(parts)


def _spender_in(
    block: Mapping[str, Any], sender: Address, nonce: int, number: int
) -> Spender | None:
    for transaction in block["transactions"]:
        if transaction["from"].lower() == sender and int(transaction["nonce"], 16) == nonce:
            return Spender(transaction["hash"].lower(), number)
    return None
