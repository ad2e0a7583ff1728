"""Reading and playing snapshots: two pairs of the same tokens, seen in one block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aineon.amm import ConstantProductPool
from aineon.amm.constant_product import MAX_RESERVE
from aineon.chain.addresses import mainnet
from aineon.errors import InvalidRecording, PoolError
from aineon.feeds.base import FeedStep
from aineon.feeds.replay.fields import Field
from aineon.market.events import MarketEvent, MarketUpdate, PoolAppeared, PoolVanished
from aineon.primitives import Address, Block, Token


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The states of some pairs at one block."""

    block: Block
    pools: tuple[ConstantProductPool, ...]


def read_snapshots(document: Field) -> list[Snapshot]:
    """Read a document of snapshots (`snapshots`)."""
    snapshots = [_snapshot(each) for each in document["snapshots"]]
    if not snapshots:
        raise InvalidRecording(f"{document.file}: it holds no snapshot, allowed is one or more")
    for before, after in zip(snapshots, snapshots[1:], strict=False):
        if after.block.number < before.block.number:
            raise InvalidRecording(
                f"{document.file}: a snapshot of block {after.block.number} follows one of "
                f"block {before.block.number}, allowed are block numbers that do not fall"
            )
    return snapshots


def play_snapshots(snapshots: Sequence[Snapshot]) -> Iterator[FeedStep]:
    """Yield one step a snapshot, in which the pools of the one before are gone.

    Snapshots of one block were not read at one moment, so they are never mixed.
    """
    present: set[Address] = set()
    block: Block | None = None
    step = 0
    for snapshot in snapshots:
        same = block is not None and block.number == snapshot.block.number
        step = step + 1 if same else 0
        block = block if same and block is not None else snapshot.block
        seen = {pool.address for pool in snapshot.pools}
        events: list[MarketEvent] = [PoolVanished(gone) for gone in sorted(present - seen)]
        events += [PoolAppeared(pool) for pool in snapshot.pools]
        present = seen
        yield FeedStep(MarketUpdate(block, tuple(events), step))


def _snapshot(entry: Field) -> Snapshot:
    known = mainnet()
    venues = entry["venues"].fixed(2)
    pools = entry["pools"].fixed(2)
    reserves = entry["reserves"].fixed(2)
    if pools[0].address() == pools[1].address():
        raise entry["pools"].refuse("two different pools")
    return Snapshot(
        Block(
            entry["block"].integer(0, 2**63 - 1),
            base_fee_wei=entry.optional_integer("base_fee_per_gas") or None,
        ),
        tuple(
            _pool(
                pool.address(),
                (known.token(entry["token0"].address()), known.token(entry["token1"].address())),
                held,
                venue,
            )
            for pool, held, venue in zip(pools, reserves, venues, strict=True)
        ),
    )


def _pool(
    address: Address, tokens: tuple[Token, Token], held: Field, venue: Field
) -> ConstantProductPool:
    deployment = mainnet().venues.get(venue.text())
    if deployment is None or deployment.fee_pips is None:
        known = [each.name for each in mainnet().venues.values() if each.fee_pips is not None]
        raise venue.refuse(f"a venue whose fee is known: {', '.join(known)}")
    reserve0, reserve1 = (each.integer(1, MAX_RESERVE) for each in held.fixed(2))
    try:
        return ConstantProductPool(
            address=address,
            token0=tokens[0],
            token1=tokens[1],
            reserve0=reserve0,
            reserve1=reserve1,
            fee_pips=deployment.fee_pips,
            venue=deployment.name,
        )
    except PoolError as error:
        raise InvalidRecording(f"{held.file}: {held.place} cannot be a pool: {error}") from error
