"""Reading recorded mainnet blocks: classified swaps, arbitrages, sandwiches, receipts.

Three kinds of JSON documents hold them (see docs/recording-format.md): whole blocks, swaps
alone, and single arbitrages with their swaps. All become `RecordedBlock`s.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from aineon.amm.constant_product import MAX_RESERVE
from aineon.chain.addresses import mainnet
from aineon.errors import InvalidRecording
from aineon.feeds.base import Taking
from aineon.feeds.replay.fields import Field
from aineon.feeds.replay.recorded import PairState, PlacedTaking, RecordedBlock, RecordedSwap
from aineon.feeds.replay.takings import placed_sandwich, placed_taking
from aineon.primitives import Block

V2_PROTOCOL = "uniswap_v2"
_MAX_BLOCK = 2**63 - 1


def read_blocks(document: Field) -> list[RecordedBlock]:
    """Read a document of whole blocks (`blocks`)."""
    return _in_order(document, [_block(each) for each in document["blocks"]])


def read_swaps(document: Field) -> list[RecordedBlock]:
    """Read a document of swaps alone (`swaps`, each with its `block`)."""
    blocks = []
    for number, entries in groupby(document["swaps"], key=lambda each: _number(each["block"])):
        swaps = tuple(_bare_swap(entry) for entry in entries)
        blocks.append(RecordedBlock(Block(number), swaps))
    return _in_order(document, blocks)


def read_arbitrages(document: Field) -> list[RecordedBlock]:
    """Read a document of arbitrages (`arbitrages`, each with its `block` and `swaps`)."""
    blocks = []
    for number, entries in groupby(document["arbitrages"], key=lambda each: _number(each["block"])):
        swaps: list[RecordedSwap] = []
        takings: list[PlacedTaking] = []
        header = Block(number)
        for entry in entries:
            header = Block(number, base_fee_wei=_base_fee(entry))
            hops = [_swap(each) for each in entry["swaps"]]
            if not hops:
                raise entry["swaps"].refuse("a list of at least one swap")
            swaps += hops
            taking = _taking(entry, hops, header)
            if taking is not None:
                takings.append(PlacedTaking(taking, len(swaps) - 1))
        blocks.append(RecordedBlock(header, tuple(swaps), tuple(takings)))
    return _in_order(document, blocks)


def _in_order(document: Field, blocks: list[RecordedBlock]) -> list[RecordedBlock]:
    if not blocks:
        raise InvalidRecording(f"{document.file}: it holds no block, allowed is one or more")
    for before, after in zip(blocks, blocks[1:], strict=False):
        if after.block.number <= before.block.number:
            raise InvalidRecording(
                f"{document.file}: block {after.block.number} follows block "
                f"{before.block.number}, allowed are rising block numbers, each once"
            )
    _check_pairs(document, blocks)
    return blocks


def _check_pairs(document: Field, blocks: Iterable[RecordedBlock]) -> None:
    seen: dict[str, tuple[str, str, str]] = {}
    for block in blocks:
        for swap in block.swaps:
            if swap.state is None:
                continue
            pair = (swap.venue, swap.state.token0.address, swap.state.token1.address)
            if seen.setdefault(swap.pool, pair) != pair:
                raise InvalidRecording(
                    f"{document.file}: pool {swap.pool} in block {block.block.number} is "
                    f"{pair}, and was {seen[swap.pool]} before; a pool keeps venue and tokens"
                )


def _block(entry: Field) -> RecordedBlock:
    header = Block(
        number=_number(entry["block_number"]),
        base_fee_wei=_base_fee(entry),
        timestamp=entry.optional_integer("block_timestamp", 0, _MAX_BLOCK),
    )
    swaps = tuple(_swap(each) for each in entry["swaps"])
    return RecordedBlock(header, swaps, tuple(_takings(entry, swaps, header)))


def _takings(entry: Field, swaps: tuple[RecordedSwap, ...], block: Block) -> Iterable[PlacedTaking]:
    for each in entry.get("arbitrages") or ():
        indexes = [index.integer(0, len(swaps) - 1) for index in each["swap_indexes"]]
        if not indexes:
            raise each["swap_indexes"].refuse("a list of at least one index")
        taking = _taking(each, [swaps[index] for index in indexes], block)
        if taking is not None:
            yield PlacedTaking(taking, max(indexes))
    for each in entry.get("sandwiches") or ():
        placed = placed_sandwich(each, entry, block)
        if placed is not None:
            yield placed


def _taking(entry: Field, hops: list[RecordedSwap], block: Block) -> Taking | None:
    if entry.has("error"):
        return None
    return placed_taking(entry, tuple(hop.pool for hop in hops), block)


def _number(field: Field) -> int:
    return field.integer(0, _MAX_BLOCK)


def _base_fee(entry: Field) -> int | None:
    """The base fee; None where absent or 0, which no block since London has had."""
    return entry.optional_integer("base_fee_per_gas") or None


def _swap(entry: Field) -> RecordedSwap:
    error = entry.get("error")
    if error is not None:
        error.text()
    recorded = entry.get("v2")
    return RecordedSwap(
        transaction=entry["tx"].text(),
        protocol=entry["protocol_by_abi"].text(),
        venue=entry["venue"].text(),
        pool=entry["pool"].address(),
        failed=error is not None,
        state=None if recorded is None else _state(recorded, entry),
    )


def _bare_swap(entry: Field) -> RecordedSwap:
    return RecordedSwap(
        transaction=entry["tx"].text(),
        protocol=V2_PROTOCOL,
        venue=entry["venue"].text(),
        pool=entry["pool"].address(),
        failed=False,
        state=_state(entry, entry),
    )


def _state(recorded: Field, swap: Field) -> PairState:
    known = mainnet()
    token0, token1 = recorded["token0"].address(), recorded["token1"].address()
    if not token0 < token1:
        raise recorded["token1"].refuse(f"an address above token0 ({token0})")
    token_in = swap["token_in"].address()
    if token_in not in (token0, token1):
        raise swap["token_in"].refuse(f"one of the pair's tokens {token0} and {token1}")
    before = _reserves(recorded["reserves_before"])
    after = _reserves(recorded["reserves_after"])
    if after[0] * after[1] < before[0] * before[1]:
        raise recorded["reserves_after"].refuse(
            "reserves whose product is not below that of reserves_before (the contract's K)"
        )
    outs = (
        recorded["amount0_out"].integer(0, MAX_RESERVE),
        recorded["amount1_out"].integer(0, MAX_RESERVE),
    )
    return PairState(
        token0=known.token(token0),
        token1=known.token(token1),
        before=before,
        after=after,
        amount_in=recorded["amount_in_contract"].integer(0, MAX_RESERVE),
        amount_out=outs[1] if token_in == token0 else outs[0],
        sells_token0=token_in == token0,
    )


def _reserves(field: Field) -> tuple[int, int]:
    reserve0, reserve1 = (each.integer(1, MAX_RESERVE) for each in field.fixed(2))
    return reserve0, reserve1
