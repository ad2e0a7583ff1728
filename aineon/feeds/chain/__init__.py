"""Following a chain: all pools at one block, then every block as it comes."""

from aineon.feeds.chain.feed import ChainFeed
from aineon.feeds.chain.upkeep import Upkeep

__all__ = ["ChainFeed", "Upkeep"]
