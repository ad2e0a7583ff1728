"""What real searchers took, read from recorded arbitrages and sandwiches."""

from __future__ import annotations

from typing import Final, NamedTuple

from aineon.chain.addresses import mainnet
from aineon.feeds.base import Taking
from aineon.feeds.replay.fields import UINT256_MAX, Field
from aineon.feeds.replay.recorded import PlacedTaking
from aineon.primitives import Address, Block

LONDON: Final = 12_965_000
"""Mainnet's first block with a base fee (EIP-1559); before it all gas was the builder's."""

_LEAST_GAS = 21_000
_LEAST_GAS_PRICE = 2


class GasPaid(NamedTuple):
    """What the gas of a transaction cost, in wei.

    Attributes:
        burnt: gas used times the block's base fee: whoever takes the gap has to leave that.
        tip: gas used times what the price was above the base fee, which the builder got.
    """

    burnt: int
    tip: int


def placed_taking(entry: Field, pools: tuple[Address, ...], block: Block) -> Taking:
    """Return the taking that a recorded arbitrage through `pools` is.

    The builder was paid by transfer and by the price of gas: both are what was bid.
    """
    gas = gas_paid(entry, block)
    transfer = entry.optional_integer("coinbase_transfer")
    return Taking(
        reference=entry["tx"].text(),
        searcher=entry["account"].address(),
        pools=pools,
        profit_token=mainnet().token(entry["profit_token"].address()),
        profit=entry["profit_amount"].integer(-UINT256_MAX),
        gas_cost_wei=None if gas is None else gas.burnt,
        builder_payment_wei=None if gas is None or transfer is None else transfer + gas.tip,
    )


def gas_paid(receipt: Field, block: Block) -> GasPaid | None:
    """Return what the gas of a transaction in `block` cost; None where that is not known.

    Recordings write 0 or 1 where they do not know. No transaction uses less than 21,000 gas or
    pays less than its block's base fee, so such figures are recognised as unknown rather than
    taken for a cheap transaction.
    """
    used = receipt.optional_integer("gas_used")
    price = receipt.optional_integer("effective_gas_price")
    base = 0 if block.base_fee_wei is None and block.number < LONDON else block.base_fee_wei
    if used is None or used < _LEAST_GAS or price is None or base is None:
        return None
    if price < max(base, _LEAST_GAS_PRICE):
        return None
    return GasPaid(used * base, used * (price - base))


def placed_sandwich(entry: Field, recorded: Field, block: Block) -> PlacedTaking | None:
    """Return a sandwich (front run and back run) as one taking.

    Neither of the two transactions earns anything alone. Its profit is what the back run got
    more than the front run paid; where that is nothing, what the front run got more than the
    back run paid. None where the two runs are not each other's opposite through one pool, or
    more was sold than bought: then what it earned cannot be told from the recording.
    """
    swaps = list(recorded["swaps"])
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
        gas_cost_wei=_burnt_by(hashes, recorded, block),
        builder_payment_wei=None,
    )
    return PlacedTaking(taking, back_index)


def _burnt_by(hashes: tuple[str, ...], recorded: Field, block: Block) -> int | None:
    receipts = recorded.get("receipts") or ()
    paid = {receipt["tx"].text(): gas_paid(receipt, block) for receipt in receipts}
    total = 0
    for each in hashes:
        gas = paid.get(each)
        if gas is None:
            return None
        total += gas.burnt
    return total
