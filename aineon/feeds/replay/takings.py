"""What real searchers took, read from recorded arbitrages and sandwiches."""

from __future__ import annotations

from aineon.chain.addresses import mainnet
from aineon.feeds.base import Taking
from aineon.feeds.replay.fields import UINT256_MAX, Field
from aineon.feeds.replay.recorded import PlacedTaking
from aineon.primitives import Address

_LEAST_GAS = 21_000
_LEAST_GAS_PRICE = 2


def placed_taking(entry: Field, pools: tuple[Address, ...]) -> Taking:
    """Return the taking that a recorded arbitrage through `pools` is."""
    return Taking(
        reference=entry["tx"].text(),
        searcher=entry["account"].address(),
        pools=pools,
        profit_token=mainnet().token(entry["profit_token"].address()),
        profit=entry["profit_amount"].integer(-UINT256_MAX),
        gas_cost_wei=gas_cost(entry),
        builder_payment_wei=entry.optional_integer("coinbase_transfer"),
    )


def gas_cost(receipt: Field) -> int | None:
    """Gas used times gas price in wei; None where the recording holds a placeholder.

    Recordings write 0 or 1 where they do not know. No transaction uses less than 21,000 gas,
    so such figures are recognised as unknown rather than taken for a cheap transaction.
    """
    used = receipt.optional_integer("gas_used")
    price = receipt.optional_integer("effective_gas_price")
    if used is None or used < _LEAST_GAS or price is None or price < _LEAST_GAS_PRICE:
        return None
    return used * price


def placed_sandwich(entry: Field, block: Field) -> PlacedTaking | None:
    """Return a sandwich (front run and back run) as one taking.

    Neither of the two transactions earns anything alone. Its profit is what the back run got
    more than the front run paid; where that is nothing, what the front run got more than the
    back run paid. None where the two runs are not each other's opposite through one pool, or
    more was sold than bought: then what it earned cannot be told from the recording.
    """
    swaps = list(block["swaps"])
    last = len(swaps) - 1
    back_index = entry["backrun"].integer(0, last)
    front, back = swaps[entry["frontrun"].integer(0, last)], swaps[back_index]
    pool = front["pool"].address()
    ends = (front["token_in"].address(), front["token_out"].address())
    if pool != back["pool"].address() or ends != (
        back["token_out"].address(),
        back["token_in"].address(),
    ):
        return None
    surplus = {
        ends[0]: back["amount_out"].integer() - front["amount_in"].integer(),
        ends[1]: front["amount_out"].integer() - back["amount_in"].integer(),
    }
    if min(surplus.values()) < 0 or max(surplus.values()) == 0:
        return None
    token = entry["profit_token"].address()
    if surplus.get(token, 0) == 0:
        token = max(surplus, key=lambda each: surplus[each])
    hashes = (front["tx"].text(), back["tx"].text())
    taking = Taking(
        reference="+".join(hashes),
        searcher=entry["sandwicher"].address(),
        pools=(pool, pool),
        profit_token=mainnet().token(token),
        profit=surplus[token],
        gas_cost_wei=_gas_cost_of(hashes, block),
        builder_payment_wei=None,
    )
    return PlacedTaking(taking, back_index)


def _gas_cost_of(hashes: tuple[str, ...], block: Field) -> int | None:
    costs = {receipt["tx"].text(): gas_cost(receipt) for receipt in block.get("receipts") or ()}
    total = 0
    for each in hashes:
        cost = costs.get(each)
        if cost is None:
            return None
        total += cost
    return total
