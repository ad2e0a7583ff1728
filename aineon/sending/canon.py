"""Canon: which blocks lie on the way to a head, asked once and remembered.

A receipt counts where its block is the canonical one of its height, and that is looked at again
at every head until the block is final: for some sixty blocks. Where a head stands on the one
before it, by the hashes of parents, what lay on the way to that one lies on the way to this one
too, and no node has to be asked again. What a head says of itself and of its parent is not asked
at all: what was mined just now mostly lies there, and the next signature waits for the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.primitives import Block

MOST_BLOCKS: Final = 16
"""Blocks between two heads that are followed by their parents; further apart all is asked anew."""


class Canon:
    """The canonical hashes that were asked for, as of one head."""

    def __init__(self) -> None:
        self._head: Block | None = None
        self._hashes: dict[int, str] = {}

    async def at(self, reader: ChainReader, head: Block, heights: Iterable[int]) -> dict[int, str]:
        """Return the canonical hashes of `heights` as of `head`; those that a node knows.

        Raises:
            ChainError: no node answers.
        """
        way = await self._way_to(reader, head)
        known = _told_by(head) if way is None else {**self._hashes, **way}
        wanted = sorted(set(heights))
        missing = [height for height in wanted if height not in known]
        for height in missing:
            header = await reader.block(height)
            if header is not None and header.hash:
                known[height] = header.hash
        found = {height: known[height] for height in wanted if height in known}
        # A node asked by height answers for the chain it follows by then.
        if not missing or await _is_still(reader, head):
            self._head, self._hashes = head, {n: h for n, h in found.items() if n <= head.number}
        else:
            self._head, self._hashes = None, {}
        return found

    async def _way_to(self, reader: ChainReader, head: Block) -> dict[int, str] | None:
        """The hashes from the head before to `head`; None where it does not stand on that one."""
        last = self._head
        if last is None or last.hash is None:
            return None
        way, block = _told_by(head), head
        for _ in range(min(head.number - last.number, MOST_BLOCKS) - 1):
            if block.parent_hash is None or block.parent_hash == last.hash:
                break
            parent = await reader.block(block.parent_hash)
            if parent is None:
                return None
            block = parent
            way |= _told_by(block)
        return way if last.hash in {block.hash, block.parent_hash} else None


def _told_by(header: Block) -> dict[int, str]:
    """The hashes that a header names: its own, and its parent's."""
    named = {header.number - 1: header.parent_hash, header.number: header.hash}
    return {number: hash_ for number, hash_ in named.items() if hash_}


async def _is_still(reader: ChainReader, head: Block) -> bool:
    again = await reader.block(head.number)
    return again is not None and again.hash is not None and again.hash == head.hash
