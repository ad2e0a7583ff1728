"""Payments: the transactions that withdrawals become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aineon.errors import WithdrawalRefused
from aineon.primitives import Address, Token
from aineon.sending.intent import Fees, Intent, IntentKind
from aineon.treasury.cashier.multisend import Multisend, multisend_data
from aineon.treasury.cashier.payouts import Payout
from aineon.treasury.withdrawal import Withdrawal

UNWRAPPING: Final = "unwrap:"
"""How the outbox's names of unwrappings begin."""

_TRANSFER: Final = bytes.fromhex("a9059cbb")
"""`transfer(address,uint256)` of ERC-20 (EIP-20)."""
_WITHDRAW: Final = bytes.fromhex("2e1a7d4d")
"""`withdraw(uint256)` of WETH9: unwraps."""
_BALANCE_OF: Final = bytes.fromhex("70a08231")


def transaction_of(withdrawal: Withdrawal) -> tuple[Address, int, bytes]:
    """Return whom a withdrawal's transaction calls, with how much ether and with what data."""
    if withdrawal.is_native:
        return withdrawal.destination, withdrawal.amount, b""
    data = _TRANSFER + _word(int(withdrawal.destination, 16)) + _word(withdrawal.amount)
    return withdrawal.asset.address, 0, data


def batch_of(
    members: Sequence[Withdrawal], multisend: Multisend | None
) -> tuple[Address, int, bytes]:
    """Return whom a batch's transaction calls, with how much ether and with what data.

    Raises:
        WithdrawalRefused: no contract is known that would pay it.
    """
    if multisend is None:
        raise WithdrawalRefused("there is no contract here that pays several at once")
    amount = sum(each.amount for each in members)
    return multisend.address, amount, multisend_data(members)


def payment_of(payout: Payout, multisend: Multisend | None, gas_limit: int, fees: Fees) -> Intent:
    """Return the intent that pays a payout; of the same versions it is always the same.

    Raises:
        WithdrawalRefused: it is a batch, and no contract is known that would pay it.
    """
    if payout.batch_id is None:
        to, value, data = transaction_of(payout.first)
    else:
        to, value, data = batch_of(payout.members, multisend)
    return Intent(
        payout.intent_id,
        IntentKind.WITHDRAWAL,
        to,
        gas_limit,
        fees,
        value=value,
        data=data,
        digest=payout.digest,
    )


def unwrapping_of(
    withdrawal: Withdrawal,
    intent_id: str,
    wrapped: Token,
    amount: int,
    gas_limit: int,
    fees: Fees,
) -> Intent:
    """Return the intent that turns wrapped ether into the ether that a withdrawal lacks."""
    return Intent(
        intent_id,
        IntentKind.WITHDRAWAL,
        wrapped.address,
        gas_limit,
        fees,
        data=unwrap_data(amount),
        digest=withdrawal.digest,
        memo=str(amount),
    )


def unwrapping_id(withdrawal: Withdrawal, ordinal: int) -> str:
    """Return the outbox's name for an unwrapping that a withdrawal needs, the first one being 0."""
    return f"{UNWRAPPING}{withdrawal.id}:{withdrawal.version}:{ordinal}"


def unwrap_data(amount: int) -> bytes:
    """Return what WETH9 is called with to unwrap an amount."""
    return _WITHDRAW + _word(amount)


def balance_data(holder: Address) -> bytes:
    """Return what a token is called with to tell a balance."""
    return _BALANCE_OF + _word(int(holder, 16))


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")
