"""Sweeping: what an emergency sends to the safe address, and what gives way to it."""

from __future__ import annotations

from typing import NamedTuple

from aineon.errors import DestinationRefused, WithdrawalRefused
from aineon.primitives import ETHER, Token
from aineon.treasury.destinations import Destination, Purpose, require_payable
from aineon.treasury.house import House
from aineon.treasury.rules import Holdings
from aineon.treasury.states import IN_FLIGHT, SIGNED_OR_LATER, UNSIGNED, WithdrawalState
from aineon.treasury.store import Reading
from aineon.treasury.withdrawal import Origin, Payment, Strategy, Withdrawal


class SweepPlan(NamedTuple):
    """What a sweep does: `displaced` is cancelled, and `payments` go to `safe`."""

    safe: Destination
    payments: tuple[Payment, ...]
    displaced: tuple[Withdrawal, ...]


def sweep(treasury: Reading, house: House, holdings: Holdings, at: float) -> SweepPlan:
    """Return what a sweep would do now.

    What is signed may still be paid, so its amounts stay. An asset of unknown balance is left
    out; another sweep takes it when it is known.

    Raises:
        DestinationRefused: there is no safe address whose entry has aged.
        WithdrawalRefused: a sweep is under way, or there is nothing to sweep.
    """
    safe = next((e for e in treasury.destinations() if e.purpose is Purpose.SAFE), None)
    if safe is None:
        raise DestinationRefused(
            "there is no safe address; it must be on the allow-list, and aged, before an emergency"
        )
    require_payable(safe.address, safe, at)
    open_sweeps = [e for e in treasury.in_states(IN_FLIGHT) if e.origin is Origin.EMERGENCY]
    if open_sweeps:
        raise WithdrawalRefused(
            f"a sweep is under way: withdrawal {open_sweeps[0].id} is {open_sweeps[0].state}"
        )
    payments = []
    for asset in house.assets:
        amount = _sweepable(treasury, asset, holdings)
        if amount > 0:
            payments.append(Payment(asset, amount, safe.address, Strategy.FAST))
    if not payments:
        raise WithdrawalRefused(
            "there is nothing to sweep: no balance is known that is above what is signed already "
            "and what gas will cost"
        )
    return SweepPlan(safe, tuple(payments), treasury.in_states(UNSIGNED))


def _sweepable(treasury: Reading, asset: Token, holdings: Holdings) -> int:
    balance = holdings.balances.get(asset)
    if balance is None:
        return 0
    # What is mined is not in the balance any more.
    not_mined = SIGNED_OR_LATER - {WithdrawalState.MINED}
    out = treasury.in_states(not_mined)
    signed = sum(each.amount for each in out if holdings.counts_as(asset, each.asset))
    reserve = holdings.gas_reserve_wei + len(out) * holdings.gas_each_wei
    return balance - signed - (reserve if asset == ETHER else 0)
