"""Audit: compares pools that were followed by their logs with what the chain says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import NamedTuple

from aineon.amm import Pool
from aineon.chain.reader import ChainReader
from aineon.chain.snapshot import PoolsAtBlock, PoolSeed, differences, read_pools
from aineon.market import PoolAppeared, PoolVanished
from aineon.primitives import Address, Block


class Compared(NamedTuple):
    """What a comparison found.

    Attributes:
        wrong: events that make pools into what the chain says.
        disputed: pools of which nodes tell different states at the same block: one of them lies.
    """

    wrong: tuple[PoolAppeared | PoolVanished, ...] = ()
    disputed: tuple[Address, ...] = ()


class Audit:
    """Compares pools with the chain, each in its turn.

    Args:
        reader: the nodes that the pools are followed through.
        witness: other nodes, where there are any: who lies steadily is contradicted by these.
    """

    def __init__(self, reader: ChainReader, witness: ChainReader | None = None) -> None:
        self._reader = reader
        self._witness = witness
        self._turn = 0

    def next_in_turn(self, pools: Sequence[Address], number: int) -> list[Address]:
        """Return the next pools to compare, at most `number`."""
        if not pools:
            return []
        start = self._turn % len(pools)
        chosen = list(islice(cycle(pools), start, start + min(number, len(pools))))
        self._turn = start + len(chosen)
        return chosen

    async def compare(
        self, seeds: Sequence[PoolSeed], pools: Mapping[Address, Pool], block: Block
    ) -> Compared:
        """Compare `pools` at `block` with fresh reads of those that `seeds` tell of.

        Raises:
            ChainError: the chain cannot be read.
        """
        place = block.hash or block.number
        if self._witness is None:
            return Compared(differences(await read_pools(self._reader, seeds, place), pools))
        said = await read_pools(self._witness, seeds, place)
        wrong = differences(said, pools)
        if not wrong:
            return Compared()
        asked = {event.address for event in wrong}
        again = await read_pools(
            self._reader, [seed for seed in seeds if seed.address in asked], place
        )
        disputed = _disputed(said, again, asked)
        return Compared(
            tuple(event for event in wrong if event.address not in disputed), tuple(disputed)
        )


def _disputed(one: PoolsAtBlock, other: PoolsAtBlock, asked: set[Address]) -> list[Address]:
    first = {pool.address: pool for pool in one.pools if pool.address in asked}
    second = {pool.address: pool for pool in other.pools}
    return sorted(address for address in asked if first.get(address) != second.get(address))
