"""Commands: what console and command line may ask of the treasury, checked from the bottom up.

A body is JSON that somebody else wrote. Whatever is in it is read here and nowhere else: amounts
are text, read exactly; what a command does not know, it refuses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from aineon.errors import InvalidValue, InvalidWithdrawal, WithdrawalRefused
from aineon.ledger.commands import Command
from aineon.primitives import Token
from aineon.primitives.units import parse_units
from aineon.treasury.addresses import parse_destination
from aineon.treasury.desk import Desk
from aineon.treasury.destinations import Purpose
from aineon.treasury.rules import Holdings, Rule
from aineon.treasury.states import UNSIGNED
from aineon.treasury.withdrawal import (
    Origin,
    Payment,
    Strategy,
    Withdrawal,
    refuse_reserved,
)

_DECIMAL: Final = re.compile(r"\d{1,78}(\.\d{1,78})?", re.ASCII)
_LONGEST_TEXT: Final = 300

Body = Mapping[str, Any]


def carry_out(desk: Desk, command: Command, holdings: Holdings | None, now: float) -> str:
    """Do what a command asks, and return what came of it in a sentence.

    Raises:
        TreasuryError: it is refused; the message says why.
        AuditUnwritable, LedgerError: nothing was changed.
    """
    refuse_reserved(command.who)
    required, optional, effect = _EFFECTS[command.kind]
    body = _checked(command, required, optional)
    return effect(_Call(desk, command, body, holdings, now))


def read_request(desk: Desk, command: Command) -> Payment:
    """Return the payment that a command describes, checked as `withdrawal.request` is.

    Raises:
        InvalidWithdrawal, DestinationRefused: as `carry_out`.
    """
    refuse_reserved(command.who)
    return _payment(desk, _checked(command, _PAYMENT, _OF_PAYMENT))


def is_plain_number(text: str) -> bool:
    """Whether `text` is plain digits with at most one point, as amounts are written."""
    return _DECIMAL.fullmatch(text.strip()) is not None


def parse_amount(text: object, asset: Token) -> int:
    """Return the smallest units in a decimal number such as `1.5`.

    Raises:
        InvalidWithdrawal: not plain digits with at most one point, no more than zero, or more
            decimals than the asset has.
    """
    if asset.decimals is None:
        raise InvalidWithdrawal(f"the decimals of {asset} are not known, so no amount can be read")
    if not isinstance(text, str) or not is_plain_number(text):
        raise InvalidWithdrawal(
            f"amount {text!r:.60} is not a plain decimal number such as 1.5, without sign, "
            "exponent or separator"
        )
    try:
        amount = parse_units(text.strip(), asset.decimals)
    except InvalidValue as error:
        raise InvalidWithdrawal(f"amount {text!r:.60} of {asset}: {error}") from error
    if amount <= 0:
        raise InvalidWithdrawal(f"amount {text!r:.60} of {asset} is zero; nothing would leave")
    return amount


def find_asset(desk: Desk, name: str) -> Token:
    """Return the asset that a symbol or an address names.

    Raises:
        InvalidWithdrawal: none that is withdrawn here, or several of this symbol.
    """
    assets = desk.house.assets
    found = [
        each
        for each in assets
        if name.lower() == each.address or name.casefold() == each.symbol.casefold()
    ]
    if len(found) != 1:
        raise InvalidWithdrawal(
            f"asset {name!r:.60} is not one of {', '.join(map(str, assets))}, by symbol or address"
        )
    return found[0]


class _Call:
    """A command that is being carried out."""

    def __init__(
        self, desk: Desk, command: Command, body: Body, holdings: Holdings | None, now: float
    ) -> None:
        self.desk = desk
        self.who = command.who
        self.token = command.token
        self.body = body
        self.holdings = holdings
        self.now = now

    def text(self, name: str, default: str = "") -> str:
        """Return a text of the body."""
        return str(self.body.get(name, default))

    def payment(self) -> Payment:
        """Return the payment that the body describes."""
        return _payment(self.desk, self.body)


def _payment(desk: Desk, body: Body) -> Payment:
    asset = find_asset(desk, str(body.get("asset", "ETH")))
    return Payment(
        asset,
        parse_amount(body["amount"], asset),
        parse_destination(body["destination"]),
        _word(Strategy, str(body.get("strategy", Strategy.STANDARD))),
    )


def _checked(command: Command, required: frozenset[str], optional: frozenset[str]) -> Body:
    body = command.body
    missing, unknown = required - body.keys(), body.keys() - required - optional
    if missing or unknown:
        raise InvalidWithdrawal(
            f"command {command.kind} has the fields {_names(body)}; needed are {_names(required)}, "
            f"allowed besides are {_names(optional)}"
        )
    for name, value in body.items():
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
            raise InvalidWithdrawal(
                f"{name} {value!r:.60} of a command is not printable text of at most "
                f"{_LONGEST_TEXT} characters"
            )
    return body


def _names(names: Any) -> str:
    return ", ".join(sorted(map(str, names)))[:200] or "none"


def _word(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise InvalidWithdrawal(f"{text!r:.40} is none of {', '.join(kind)}") from None


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise InvalidWithdrawal(f"{name} {text!r:.40} is not a whole number")
    return int(text)


# --- effects -------------------------------------------------------------------------------


def _request(call: _Call) -> str:
    return _told(call.desk.request(call.payment(), who=call.who, at=call.now, token=call.token))


def _draft(call: _Call) -> str:
    return _told(call.desk.draft(call.payment(), who=call.who, at=call.now, token=call.token))


def _submit(call: _Call) -> str:
    return _told(call.desk.submit(call.text("id"), who=call.who, at=call.now))


def _edit(call: _Call) -> str:
    return _told(call.desk.edit(call.text("id"), call.payment(), who=call.who, at=call.now))


def _approve(call: _Call) -> str:
    return _told(
        call.desk.approve(
            call.text("id"),
            call.text("digest"),
            who=call.who,
            at=call.now,
            proof=call.text("proof"),
        )
    )


def _reject(call: _Call) -> str:
    reason = call.text("reason")
    return _told(call.desk.reject(call.text("id"), who=call.who, at=call.now, reason=reason))


def _cancel(call: _Call) -> str:
    reason = call.text("reason")
    found = call.desk.cancel(call.text("id"), who=call.who, at=call.now, reason=reason)
    if found.cancel_asked_by is not None:
        return (
            f"Withdrawal {found.id} is {found.state}, so it may still be paid: its nonce is to be "
            "spent on nothing, and the chain decides which of the two is first."
        )
    return _told(found)


def _sweep(call: _Call) -> str:
    if call.holdings is None:
        raise WithdrawalRefused("what is there is not known now, because no node tells; try again")
    proof = call.text("proof")
    swept = call.desk.sweep(call.holdings, who=call.who, at=call.now, proof=proof, token=call.token)
    whole = "; ".join(str(each.payment) for each in swept)
    return f"Everything that is known to be there leaves for the safe address: {whole}."


def _add_destination(call: _Call) -> str:
    entry = call.desk.add_destination(
        call.text("address"),
        call.text("label"),
        who=call.who,
        at=call.now,
        share=_whole("share", call.text("share", "0")),
        purpose=_word(Purpose, call.text("purpose", Purpose.PAYMENTS)),
    )
    hours = (entry.usable_from - call.now) / 3600
    when = f"in {hours:.1f} h" if hours > 0 else "from now on"
    return f"{entry.address} ({entry.label}) is on the allow-list and can be paid {when}."


def _set_share(call: _Call) -> str:
    share = _whole("share", call.text("share"))
    entry = call.desk.set_share(call.text("address"), share, who=call.who, at=call.now)
    return f"{entry.address} ({entry.label}) has share {entry.share} of automatic withdrawals."


def _remove_destination(call: _Call) -> str:
    entry = call.desk.remove_destination(call.text("address"), who=call.who, at=call.now)
    return f"{entry.address} ({entry.label}) is off the allow-list."


def _add_rule(call: _Call) -> str:
    asset = find_asset(call.desk, call.text("asset", "ETH"))

    def amount(name: str) -> int | None:
        return parse_amount(call.body[name], asset) if name in call.body else None

    rule = Rule(
        id=f"r-{hashlib.sha256(call.token.encode()).hexdigest()[:32]}",
        origin=_word(Origin, call.text("origin")),
        asset=asset,
        threshold=amount("threshold"),
        schedule=call.body.get("schedule"),
        keep=amount("keep") or 0,
        amount=amount("amount"),
        destination=call.body.get("destination"),
        strategy=_word(Strategy, call.text("strategy", Strategy.OPTIMIZED)),
        created_by=call.who,
        created_at=call.now,
    )
    call.desk.add_rule(rule, who=call.who, at=call.now)
    return f"Rule {rule.id} is in force: {rule}."


def _remove_rule(call: _Call) -> str:
    rule = call.desk.remove_rule(call.text("id"), who=call.who, at=call.now)
    return f"Rule {rule.id} is no longer in force."


def _told(withdrawal: Withdrawal) -> str:
    digest = f", digest {withdrawal.digest}" if withdrawal.state in UNSIGNED else ""
    return (
        f"Withdrawal {withdrawal.id} ({withdrawal.payment}) is {withdrawal.state}: "
        f"{withdrawal.reason}{digest}."
    )


_Effect = tuple[frozenset[str], frozenset[str], Callable[[_Call], str]]
_PAYMENT: Final = frozenset({"amount", "destination"})
_OF_PAYMENT: Final = frozenset({"asset", "strategy"})
_ID: Final = frozenset({"id"})
_NONE: Final[frozenset[str]] = frozenset()

_EFFECTS: Final[Mapping[str, _Effect]] = {
    "withdrawal.request": (_PAYMENT, _OF_PAYMENT, _request),
    "withdrawal.draft": (_PAYMENT, _OF_PAYMENT, _draft),
    "withdrawal.submit": (_ID, _NONE, _submit),
    "withdrawal.edit": (_PAYMENT | _ID, _OF_PAYMENT, _edit),
    "withdrawal.approve": (frozenset({"id", "digest"}), frozenset({"proof"}), _approve),
    "withdrawal.reject": (_ID, frozenset({"reason"}), _reject),
    "withdrawal.cancel": (_ID, frozenset({"reason"}), _cancel),
    "withdrawal.sweep": (frozenset({"proof"}), _NONE, _sweep),
    "destination.add": (
        frozenset({"address", "label"}),
        frozenset({"share", "purpose"}),
        _add_destination,
    ),
    "destination.share": (frozenset({"address", "share"}), _NONE, _set_share),
    "destination.remove": (frozenset({"address"}), _NONE, _remove_destination),
    "rule.add": (
        frozenset({"origin"}),
        frozenset({"asset", "threshold", "schedule", "keep", "amount", "destination", "strategy"}),
        _add_rule,
    ),
    "rule.remove": (_ID, _NONE, _remove_rule),
}

KINDS: Final = frozenset(_EFFECTS)
"""The commands that change something at the desk."""

PREVIEW: Final = "withdrawal.preview"
"""Asks what a request would come to; its body is that of `withdrawal.request`."""
