"""Trying: what a payment would do if it were mined now; nothing is signed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aineon.chain.reader import Call, ChainReader, SimulatedCall
from aineon.errors import ChainError, NodeRefused
from aineon.primitives import Address, Block
from aineon.treasury.cashier.multisend import Multisend
from aineon.treasury.cashier.payments import balance_data, batch_of, transaction_of
from aineon.treasury.withdrawal import Withdrawal

_MOST_GAS: Final = 1_000_000
"""More than any transfer needs: what asks for more does something else."""

_TRUE: Final = (1).to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class Tried:
    """What a payment would do.

    Attributes:
        gas_used: units.
        failure: in words, why it must not be made; empty where nothing speaks against it.
    """

    gas_used: int
    failure: str = ""

    @property
    def gas_limit(self) -> int:
        """What is allowed to it: a quarter more than it used, because states move."""
        return self.gas_used + self.gas_used // 4 if self.gas_used > 21_000 else self.gas_used


async def try_payment(
    reader: ChainReader, account: Address, withdrawal: Withdrawal, head: Block
) -> Tried:
    """Return what a payment would do on top of block `head`.

    It is refused where it reverts, where the token says no, and where the destination would end
    up with another amount than was approved.

    Raises:
        ChainError: no node answers, or none can simulate.
    """
    to, value, data = transaction_of(withdrawal)
    payment = {"from": account, "to": to, "value": hex(value), "data": "0x" + data.hex()}
    transactions: list[dict[str, str]] = [{**payment, "gas": hex(_MOST_GAS)}]
    if not withdrawal.is_native:
        asked = "0x" + balance_data(withdrawal.destination).hex()
        look = {"from": account, "to": withdrawal.asset.address, "data": asked}
        transactions = [look, *transactions, look]
    block = head.hash or head.number
    try:
        done = await reader.simulate(transactions, block)
    except NodeRefused as error:
        raise ChainError(f"the payment cannot be tried: {error}") from error
    if withdrawal.is_native:
        return _native(done[0], withdrawal)
    return _token(done[0], done[1], done[2], withdrawal)


async def try_batch(
    reader: ChainReader,
    account: Address,
    members: Sequence[Withdrawal],
    multisend: Multisend,
    head: Block,
) -> Tried:
    """Return what a batch would do on top of block `head`; it pays all of them or none.

    Raises:
        ChainError: no node answers, or none can simulate.
    """
    to, value, data = batch_of(members, multisend)
    payment = {"from": account, "to": to, "value": hex(value), "data": "0x" + data.hex()}
    gas = hex(_MOST_GAS * len(members))
    try:
        (done,) = await reader.simulate([{**payment, "gas": gas}], head.hash or head.number)
    except NodeRefused as error:
        raise ChainError(f"the batch cannot be tried: {error}") from error
    return Tried(done.gas_used, "" if done.succeeded else f"the batch fails: {_why(done)}")


async def balance_of(
    reader: ChainReader, account: Address, withdrawal: Withdrawal, head: Block
) -> int:
    """Return what an account has of a withdrawal's asset at block `head`.

    Raises:
        ChainError: no node answers, or the token does not tell.
    """
    block = head.hash or head.number
    if withdrawal.is_native:
        return await reader.balance(account, block)
    told = await reader.call(Call(withdrawal.asset.address, balance_data(account)), block)
    return _number(told)


def _native(payment: SimulatedCall, withdrawal: Withdrawal) -> Tried:
    if payment.succeeded:
        return Tried(payment.gas_used)
    return Tried(
        payment.gas_used,
        f"{withdrawal.destination} cannot be paid ether: {_why(payment)}",
    )


def _token(
    before: SimulatedCall, payment: SimulatedCall, after: SimulatedCall, withdrawal: Withdrawal
) -> Tried:
    token = withdrawal.asset
    if not payment.succeeded:
        return Tried(payment.gas_used, f"{token} does not move: {_why(payment)}")
    if payment.output and payment.output != _TRUE:
        return Tried(payment.gas_used, f"{token} says that it did not move")
    arrived = _number(after.output) - _number(before.output)
    if arrived != withdrawal.amount:
        return Tried(
            payment.gas_used,
            f"{arrived} units of {token} would arrive, where {withdrawal.amount} were approved",
        )
    return Tried(payment.gas_used)


def _why(call: SimulatedCall) -> str:
    return call.failure or "it reverts without a reason"


def _number(output: bytes) -> int:
    if len(output) != 32:
        raise ChainError(f"a token told a balance of {len(output)} bytes, not 32")
    return int.from_bytes(output, "big")
