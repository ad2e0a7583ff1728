"""MarketState: all that a market knows at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from aineon.amm import Pool
from aineon.market.changes import Changes
from aineon.market.followers import Followers, check_apart
from aineon.market.graph import TokenGraph
from aineon.market.transitions import Lost
from aineon.market.versions import VersionedMap
from aineon.primitives import Address, Block

NOTHING_LOST: Mapping[Address, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MarketState:
    """All that a market knows at one moment.

    It is never changed, only replaced. So an update that fails half-way leaves nothing
    behind, and undoing a block is putting its predecessor back.

    Attributes:
        changed_at: for each pool the number of the block in which it last changed.
        lost: why the pools vanished whose state is no longer known.
        followers: which pools change with others.
    """

    block: Block | None
    step: int
    pools: VersionedMap[Pool]
    changed_at: VersionedMap[int | None]
    graph: TokenGraph
    lost: Mapping[Address, str]
    followers: Followers

    def changed(self, changes: Changes, block: Block, step: int) -> MarketState:
        """Return this state with `changes` made at `block`.

        Raises:
            SharedBasePool: see `check_apart`.
        """
        moved, anew = changes
        if anew:
            return self._changed_anew(anew, block, step)
        if not moved:
            return replace(self, block=block, step=step)
        return MarketState(
            block,
            step,
            self.pools.changed(moved),
            self.changed_at.changed(dict.fromkeys(moved, block.number)),
            self.graph,
            self.lost,
            self.followers,
        )

    def _changed_anew(
        self, changes: Mapping[Address, Pool | Lost], block: Block, step: int
    ) -> MarketState:
        """Return this state with changes of which some may be of the topology."""
        pools, changed_at, lost = self.pools.copy(), self.changed_at.copy(), dict(self.lost)
        gone: list[Pool] = []
        come: list[Pool] = []
        for address, after in changes.items():
            old = pools.get(address)
            tokens = () if isinstance(after, Lost) else after.tokens
            if old is not None and old.tokens != tokens:
                gone.append(old)
            lost.pop(address, None)
            if isinstance(after, Lost):
                del pools[address], changed_at[address]
                if after.reason:
                    lost[address] = after.reason
                continue
            if old is None or old.tokens != tokens:
                come.append(after)
            pools[address], changed_at[address] = after, block.number
        present = [pool for pool in changes.values() if not isinstance(pool, Lost)]
        followers = self.followers.changed(changes.keys(), present)
        check_apart(pools, followers)
        return MarketState(
            block,
            step,
            VersionedMap(pools),
            VersionedMap(changed_at),
            self.graph.changed(gone, come) if gone or come else self.graph,
            MappingProxyType(lost),
            followers,
        )
