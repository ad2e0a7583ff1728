"""Branch: the blocks that were followed last, and how a new head joins them."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from aineon.chain.reader import ChainReader
from aineon.errors import UnknownBlock
from aineon.market.market import REMEMBERED_BLOCKS
from aineon.primitives import Block

MOST_BACKFILLED = 64
"""Blocks that are made up for one by one; after more of them all is read anew sooner."""


class Path(NamedTuple):
    """How to come to a head.

    Attributes:
        ancestor: the followed block that it builds on; None where it builds on none.
        blocks: from the ancestor's child to the head.
    """

    ancestor: Block | None
    blocks: tuple[Block, ...]


class Branch:
    """The last blocks that were followed, each the child of the one before.

    Args:
        tip: the first of them.
    """

    def __init__(self, tip: Block) -> None:
        # As far back as a market can be rewound.
        self._blocks: deque[Block] = deque([tip], maxlen=REMEMBERED_BLOCKS + 1)

    @property
    def tip(self) -> Block:
        """The newest block."""
        return self._blocks[-1]

    @property
    def oldest(self) -> Block:
        """The oldest block that is remembered."""
        return self._blocks[0]

    def holds(self, block: Block) -> bool:
        """Whether the block has been followed."""
        return any(each.hash == block.hash for each in self._blocks)

    def extend(self, block: Block) -> None:
        """Follow one more block."""
        self._blocks.append(block)

    def rewind(self, to: Block) -> None:
        """Forget what came after a block."""
        while self._blocks[-1].hash != to.hash:
            self._blocks.pop()

    async def path_to(self, reader: ChainReader, head: Block) -> Path:
        """Return how to come to `head`, going back by the parents' hashes.

        Raises:
            UnknownBlock: a block between is not known any more.
            ChainError: the chain cannot be read.
        """
        known = {block.hash: block for block in self._blocks}
        blocks = [head]
        while True:
            lowest = blocks[-1]
            ancestor = known.get(lowest.parent_hash)
            if ancestor is not None:
                return Path(ancestor, tuple(reversed(blocks)))
            if lowest.number - 1 <= self.oldest.number or lowest.parent_hash is None:
                return Path(None, (head,))
            parent = await reader.block(lowest.parent_hash)
            if parent is None:
                raise UnknownBlock(f"no node knows block {lowest.parent_hash}")
            blocks.append(parent)
