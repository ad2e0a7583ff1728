"""Entries made of what is known: a trade, gas, a withdrawal, a conversion."""

from __future__ import annotations

from collections.abc import Iterator

from aineon.ledger.accounts.entries import EntryKind, JournalEntry, Posting, gathered
from aineon.ledger.accounts.names import (
    BUILDER,
    CONVERSION,
    FLASH_FEE,
    GAS,
    INCOME,
    NATIVE,
    SUSPENSE,
    wallet,
    withdrawn,
)
from aineon.ledger.records import SettlementRecord
from aineon.primitives import Address, Token, TokenAmount


def trade_entry(settlement: SettlementRecord, base_token: Token) -> JournalEntry | None:
    """Return the entry of a settlement that is final on a chain; None where nothing moved.

    The treasury gets what the route left after flash fee and builder payment, in the base token;
    the operator pays for gas, whether the trade went through or not. Where it is not known whose
    account it was, the other side stands in `suspense`.
    """
    if not settlement.finalised or settlement.chain_id is None or settlement.settled_block is None:
        return None
    postings = gathered([*_income(settlement, base_token), *_gas(settlement)])
    if not postings:
        return None
    name = settlement.transaction_hash or settlement.attempt_id
    return JournalEntry(
        reference=f"trade:{settlement.chain_id}:{name}",
        kind=EntryKind.TRADE,
        at=settlement.settled_at,
        chain_id=settlement.chain_id,
        block=settlement.settled_block,
        transaction_hash=settlement.transaction_hash,
        postings=postings,
        detail=f"attempt {settlement.attempt_id}, {settlement.outcome}",
    )


def _income(settlement: SettlementRecord, token: Token) -> Iterator[Posting]:
    gross = settlement.gross_profit
    if gross is None:
        return
    # Builders are paid in ether that the contract unwraps, so only from wrapped ether's profit.
    builder = settlement.builder_payment.wei if settlement.builder_payment else 0
    yield Posting(INCOME, token, -gross)
    yield Posting(FLASH_FEE, token, settlement.flash_fee)
    yield Posting(BUILDER, token, builder)
    account = wallet(settlement.treasury) if settlement.treasury else SUSPENSE
    yield Posting(account, token, gross - settlement.flash_fee - builder)


def _gas(settlement: SettlementRecord) -> Iterator[Posting]:
    if settlement.gas_cost is not None:
        account = wallet(settlement.operator) if settlement.operator else SUSPENSE
        yield Posting(account, NATIVE, -settlement.gas_cost.wei)
        yield Posting(GAS, NATIVE, settlement.gas_cost.wei)


def gas_entry(
    *,
    chain_id: int,
    payer: Address,
    transaction_hash: str,
    block: int,
    gas_wei: int,
    purpose: str,
    at: float,
) -> JournalEntry:
    """Return the entry of the gas of a transaction that is no trade.

    `purpose` is what the transaction was for: `approval`, `cancel`, `withdrawal`.
    """
    return JournalEntry(
        reference=f"gas:{chain_id}:{transaction_hash}",
        kind=EntryKind.GAS,
        at=at,
        chain_id=chain_id,
        block=block,
        transaction_hash=transaction_hash,
        postings=(Posting(wallet(payer), NATIVE, -gas_wei), Posting(GAS, NATIVE, gas_wei)),
        detail=f"gas of a transaction for {purpose}",
    )


def withdrawal_entry(
    *,
    chain_id: int,
    source: Address,
    destination: Address,
    asset: Token,
    amount: int,
    transaction_hash: str,
    block: int,
    withdrawal_id: str,
    at: float,
    detail: str = "",
) -> JournalEntry:
    """Return the entry of money that was paid out; several withdrawals may share a transaction."""
    return JournalEntry(
        reference=f"withdrawal:{chain_id}:{transaction_hash}:{withdrawal_id}",
        kind=EntryKind.WITHDRAWAL,
        at=at,
        chain_id=chain_id,
        block=block,
        transaction_hash=transaction_hash,
        postings=(
            Posting(wallet(source), asset, -amount),
            Posting(withdrawn(destination), asset, amount),
        ),
        detail=f"withdrawal {withdrawal_id}{detail}",
    )


def conversion_entry(
    *,
    chain_id: int,
    holder: Address,
    given: TokenAmount,
    got: TokenAmount,
    transaction_hash: str,
    block: int,
    at: float,
) -> JournalEntry:
    """Return the entry of one token turned into another one: unwrapped, or swapped."""
    return JournalEntry(
        reference=f"conversion:{chain_id}:{transaction_hash}",
        kind=EntryKind.CONVERSION,
        at=at,
        chain_id=chain_id,
        block=block,
        transaction_hash=transaction_hash,
        postings=(
            Posting(wallet(holder), given.token, -given.raw),
            Posting(CONVERSION, given.token, given.raw),
            Posting(CONVERSION, got.token, -got.raw),
            Posting(wallet(holder), got.token, got.raw),
        ),
        detail=f"{given} turned into {got}",
    )
