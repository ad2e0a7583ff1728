"""How withdrawals, addresses and waiting times are written on the page."""

from __future__ import annotations

from typing import Final

from aineon.primitives import ETHER, Token
from aineon.primitives.units import format_units
from aineon.treasury.destinations import Destination, Purpose
from aineon.treasury.rules import Rule
from aineon.treasury.snapshot import Snapshot
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Withdrawal
from app import format as fmt

_S: Final = WithdrawalState
_STATES: Final = {
    _S.DRAFT: "draft",
    _S.PENDING_APPROVAL: "waits for approval",
    _S.APPROVED: "approved",
    _S.COOLING: "cools",
    _S.SIGNED: "signed",
    _S.BROADCAST: "sent",
    _S.REPLACED: "replaced",
    _S.MINED: "in a block, not final",
    _S.CONFIRMED: "paid",
    _S.FAILED: "failed",
    _S.CANCELLED: "cancelled",
    _S.REJECTED: "rejected",
    _S.EXPIRED: "expired",
}


def grouped(address: str) -> str:
    """Return an address with its checksum, in groups of four digits that people can compare."""
    # It takes 0.1 s to import, and most pages show no address.
    from eth_utils.address import to_checksum_address

    digits = to_checksum_address(address)[2:]
    return " ".join(["0x" + digits[:4], *(digits[at : at + 4] for at in range(4, 40, 4))])


def named(address: str, seen: Snapshot) -> str:
    """Return an address with its label, where it has one."""
    entry = seen.entry(address)
    return f"{entry.label} · {grouped(address)}" if entry else f"not listed · {grouped(address)}"


def asset_amount(asset: Token, amount: int) -> str:
    """Return an exact amount with its asset; smallest units where its decimals are not known."""
    if asset.decimals is None:
        return f"{amount:,} smallest units of {asset}"
    return f"{format_units(amount, asset.decimals)} {asset}"


def asset_name(asset: Token) -> str:
    """Return an asset's symbol, with its address where it is a token."""
    return "ETH" if asset == ETHER else fmt.token_name(asset)


def countdown(seconds: float) -> str:
    """Return how long something still takes, to the second in the last hours."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} days"


def state_of(withdrawal: Withdrawal) -> str:
    """Return a withdrawal's state in words."""
    if withdrawal.cancel_asked_by is not None and withdrawal.state not in _ENDED:
        return f"{_STATES[withdrawal.state]}, cancel asked"
    return _STATES[withdrawal.state]


_ENDED: Final = {_S.CONFIRMED, _S.FAILED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED}


def next_of(withdrawal: Withdrawal, now: float) -> str:
    """Return what happens to a withdrawal next, with the time that is left."""
    state, cools, ends = withdrawal.state, withdrawal.cooling_until, withdrawal.expires_at
    if state is _S.COOLING and cools is not None and now < cools:
        return f"may be signed in {countdown(cools - now)}"
    if state is _S.PENDING_APPROVAL and ends is not None:
        return f"expires in {countdown(ends - now)}"
    if state is _S.COOLING:
        return "may be signed now"
    return "waits for its final block" if state is _S.MINED else fmt.UNKNOWN


def why_of(withdrawal: Withdrawal) -> str:
    """Return why a withdrawal is what it is, and why it waits where it does."""
    if withdrawal.waits_because:
        return f"waits: {withdrawal.waits_because}"
    return withdrawal.reason


def usable_of(entry: Destination, now: float) -> str:
    """Return from when on a destination can be paid."""
    if entry.may_be_paid(now):
        return "can be paid"
    return f"in {countdown(entry.usable_from - now)}"


def purpose_of(entry: Destination) -> str:
    """Return what a destination is for."""
    return "safe address" if entry.purpose is Purpose.SAFE else "payments"


def rule_when(rule: Rule) -> str:
    """Return when a rule starts something."""
    if rule.threshold is not None:
        return f"from {asset_amount(rule.asset, rule.threshold)} on"
    return f"at {rule.schedule} (UTC)"


def rule_what(rule: Rule) -> str:
    """Return how much a rule sends."""
    if rule.amount is not None:
        return asset_amount(rule.asset, rule.amount)
    return f"all but {asset_amount(rule.asset, rule.keep)}" if rule.keep else f"all {rule.asset}"
