"""From recorded blocks to steps: V2-style pairs move swap by swap through recorded reserves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from aineon.amm import ConstantProductPool
from aineon.feeds.base import FeedStep, Taking
from aineon.feeds.replay.fees import pair_fees
from aineon.feeds.replay.mainnet_json import V2_PROTOCOL
from aineon.feeds.replay.recorded import PairState, RecordedBlock, RecordedSwap
from aineon.market.events import (
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    ReservesChanged,
)
from aineon.primitives import Address

_Reserves = tuple[int, int]


def play_blocks(blocks: Sequence[RecordedBlock]) -> Iterator[FeedStep]:
    """Yield the steps of `blocks`, which must rise."""
    fees = pair_fees(swap for block in blocks for swap in block.swaps)
    pairs = _Pairs(fees)
    last: int | None = None
    for block in blocks:
        follows = last is not None and block.block.number == last + 1
        yield from _BlockPlayer(block, pairs).steps(follows)
        last = block.block.number


class _Pairs:
    """The pairs whose state is known at present, and the events that move them."""

    def __init__(self, fees: Mapping[Address, int | None]) -> None:
        self._fees = fees
        self._present: dict[Address, _Reserves] = {}

    def __contains__(self, pool: Address) -> bool:
        return pool in self._present

    def fee(self, pool: Address) -> int | None:
        return self._fees.get(pool)

    def appear(self, swap: RecordedSwap, state: PairState) -> MarketEvent:
        """Set the pair to the state before `swap`, as if seen for the first time."""
        fee = self._fees[swap.pool]
        assert fee is not None
        self._present[swap.pool] = state.before
        return PoolAppeared(
            ConstantProductPool(
                address=swap.pool,
                token0=state.token0,
                token1=state.token1,
                reserve0=state.before[0],
                reserve1=state.before[1],
                fee_pips=fee,
                venue=swap.venue,
            )
        )

    def correct(self, swap: RecordedSwap, state: PairState) -> list[MarketEvent]:
        """Bring the pair to the state before `swap` where it is not there already."""
        if swap.pool not in self._present:
            return [self.appear(swap, state)]
        return self.move(swap.pool, state.before)

    def move(self, pool: Address, reserves: _Reserves) -> list[MarketEvent]:
        """Set the reserves of a present pair; no event where they stand so already."""
        if self._present[pool] == reserves:
            return []
        self._present[pool] = reserves
        return [ReservesChanged(pool, *reserves)]

    def vanish(self, pool: Address) -> list[MarketEvent]:
        if self._present.pop(pool, None) is None:
            return []
        return [PoolVanished(pool)]

    def vanish_all_but(self, kept: Iterable[Address]) -> list[MarketEvent]:
        gone = sorted(self._present.keys() - set(kept))
        return [event for pool in gone for event in self.vanish(pool)]


@dataclass(slots=True)
class _Draft:
    """A step before it has its number."""

    events: list[MarketEvent]
    mid_transaction: bool
    takings: list[Taking]
    not_replayable: Counter[str]


class _BlockPlayer:
    def __init__(self, block: RecordedBlock, pairs: _Pairs) -> None:
        self._block = block
        self._pairs = pairs
        self._drafts: list[_Draft] = []
        self._takings: list[Taking] = []
        self._not_replayable: Counter[str] = Counter()

    def steps(self, follows: bool) -> Iterator[FeedStep]:
        """Yield the block's steps; `follows` says that it is the next one after the last."""
        self._draft(self._opening(follows))
        indexed = list(enumerate(self._block.swaps))
        for _, swaps in groupby(indexed, key=lambda each: each[1].transaction):
            self._transaction(list(swaps))
        # What came after the last state of the block is told with that state.
        self._drafts[-1].takings += self._takings
        self._drafts[-1].not_replayable += self._not_replayable
        for step, draft in enumerate(self._drafts):
            yield FeedStep(
                update=MarketUpdate(self._block.block, tuple(draft.events), step),
                mid_transaction=draft.mid_transaction,
                takings=tuple(draft.takings),
                not_replayable=dict(draft.not_replayable),
            )

    def _opening(self, follows: bool) -> list[MarketEvent]:
        """The states with which the block begins, as far as they are recorded."""
        first: dict[Address, RecordedSwap] = {}
        for swap in self._block.swaps:
            if not swap.failed and swap.protocol == V2_PROTOCOL:
                first.setdefault(swap.pool, swap)
        opening = [
            (swap, swap.state)
            for swap in first.values()
            if swap.state is not None and self._reason(swap) is None
        ]
        if follows:
            return [event for each in opening for event in self._pairs.correct(*each)]
        # Between blocks far apart anything may have happened: nothing old is known any more.
        events = self._pairs.vanish_all_but(swap.pool for swap, _ in opening)
        return events + [self._pairs.appear(*each) for each in opening]

    def _transaction(self, swaps: list[tuple[int, RecordedSwap]]) -> None:
        before = self._corrections(swap for _, swap in swaps)
        if before:
            self._draft(before)
        first_inside = len(self._drafts)
        for index, swap in swaps:
            events, inside = self._swap(swap)
            if inside:
                self._draft(inside)
            self._takings += [
                placed.taking for placed in self._block.takings if placed.last_swap == index
            ]
            if events:
                self._draft(events)
        for draft in self._drafts[first_inside:-1]:
            draft.mid_transaction = True

    def _corrections(self, swaps: Iterable[RecordedSwap]) -> list[MarketEvent]:
        """What happened to the transaction's pairs before it, without a recorded swap."""
        events: list[MarketEvent] = []
        seen: set[Address] = set()
        for swap in swaps:
            if swap.failed or swap.pool in seen:
                continue
            seen.add(swap.pool)
            if swap.state is not None and self._reason(swap) is None:
                events += self._pairs.correct(swap, swap.state)
        return events

    def _swap(self, swap: RecordedSwap) -> tuple[list[MarketEvent], list[MarketEvent]]:
        """Return the events of `swap` and, to come before them, a correction."""
        reason = self._reason(swap)
        if reason is not None:
            self._not_replayable[f"{swap.venue} swap: {reason}"] += 1
            return ([] if swap.failed else self._pairs.vanish(swap.pool)), []
        assert swap.state is not None
        inside = self._pairs.correct(swap, swap.state)
        return self._pairs.move(swap.pool, swap.state.after), inside

    def _reason(self, swap: RecordedSwap) -> str | None:
        """Why the swap cannot be turned into a state; None where it can."""
        if swap.failed:
            return "reverted, moved nothing"
        if swap.protocol != V2_PROTOCOL:
            return "state not recorded"
        if swap.state is None:
            return "reserves not recorded"
        if self._pairs.fee(swap.pool) is None:
            return "fee unknown"
        return None

    def _draft(self, events: list[MarketEvent]) -> None:
        self._drafts.append(_Draft(events, False, self._takings, self._not_replayable))
        self._takings, self._not_replayable = [], Counter()
