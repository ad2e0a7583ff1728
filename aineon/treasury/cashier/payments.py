"""Payments: the transactions that withdrawals become."""

from __future__ import annotations

from typing import Final

from aineon.primitives import Address, Token
from aineon.sending.intent import Fees, Intent, IntentKind
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


def payment_of(withdrawal: Withdrawal, gas_limit: int, fees: Fees) -> Intent:
    """Return the intent that pays a withdrawal; of the same version it is always the same."""
    to, value, data = transaction_of(withdrawal)
    return Intent(
        withdrawal.intent_id or withdrawal.own_intent_id,
        IntentKind.WITHDRAWAL,
        to,
        gas_limit,
        fees,
        value=value,
        data=data,
        digest=withdrawal.digest,
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
