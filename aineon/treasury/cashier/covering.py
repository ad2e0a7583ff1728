"""Covering: whether the account has what is to leave, beside all that is on its way out."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.chain.reader import ChainReader
from aineon.primitives import ETHER, Address, Block, TokenAmount
from aineon.sending import Fees
from aineon.treasury.cashier.leaving import Leaving
from aineon.treasury.cashier.payouts import Payout
from aineon.treasury.cashier.scene import PAYMENT_GAS
from aineon.treasury.cashier.trying import balance_of
from aineon.treasury.cashier.unwrapping import UNWRAP_GAS


@dataclass(frozen=True, slots=True)
class Cover:
    """What an account has for a payout.

    Attributes:
        missing: in words, what is not there; empty where nothing is missing.
        ether: how much ether unwrapping would have to bring, in wei; 0 where that helps nobody.
    """

    missing: str = ""
    ether: int = 0


async def cover(
    reader: ChainReader,
    account: Address,
    payout: Payout,
    fees: Fees,
    leaving: Leaving,
    head: Block,
) -> Cover:
    """Compare what an account has at block `head` with what a payout and its gas take.

    Raises:
        ChainError: no node answers.
    """
    one, native = payout.first, payout.first.is_native
    if not native:
        held = await balance_of(reader, account, one, head)
        free = held - leaving.of(one.asset)
        if free < payout.amount:
            return Cover(
                f"the account has {TokenAmount(one.asset, max(free, 0))} that is not leaving "
                "already, less than this"
            )
    gas = fees.max_fee_wei * (PAYMENT_GAS * len(payout.members) + UNWRAP_GAS)
    free = await reader.balance(account, head.hash or head.number) - leaving.of(ETHER)
    needed = gas + (payout.amount if native else 0)
    if free >= needed:
        return Cover()
    return Cover(
        f"the account has {TokenAmount(ETHER, max(free, 0))} that is not leaving already, and "
        f"{TokenAmount(ETHER, needed)} are needed, gas at its dearest included",
        needed - free if native and free >= gas else 0,
    )
