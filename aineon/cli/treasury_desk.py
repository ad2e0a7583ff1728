"""The work behind `aineon withdrawals` and `aineon destinations`.

Nothing is written into a book here: a command is left for the engine, which checks everything
again, and its answer is waited for.
"""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from aineon.cli.failures import COULD_NOT_RUN, OK
from aineon.cli.proving import proof_of
from aineon.errors import ApprovalRefused, DestinationRefused, MixedBooks
from aineon.ledger.commands import Command, CommandState
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from aineon.primitives import Book, Clock, SystemClock
from aineon.primitives.units import format_ether
from aineon.runtime.settings import Settings
from aineon.treasury.approvals import TYPED_DIGITS
from aineon.treasury.destinations import Purpose
from aineon.treasury.house import sweep_digest
from aineon.treasury.store import TreasuryView
from aineon.treasury.withdrawal import Withdrawal

WAITS: Final = 3
"""Exit code where the engine has not answered yet."""

PATIENCE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.2

Say = Callable[[str], None]


def ask(
    settings: Settings,
    kind: str,
    body: Mapping[str, str],
    say: Say,
    clock: Clock | None = None,
    patience: float = PATIENCE_SECONDS,
) -> int:
    """Leave a command for the engine, wait a while for its answer and say it.

    Raises:
        MixedBooks: no book that holds more than play money is meant.
        LedgerError: the control database cannot be written.
    """
    clock = clock or SystemClock()
    with ControlStore.open(settings.control_url) as control:
        heartbeat = control.heartbeat()
        alive = _is_alive(heartbeat, settings, clock)
        book = _book_meant(settings, heartbeat if alive else None)
        number = control.commands.ask(kind, body, _whoever(), clock.now(), book=book)
        if not alive:
            say(f"No engine is running. Request {number} waits until one is started.")
            return WAITS
        return _await_answer(control, number, say, patience)


def _await_answer(control: ControlStore, number: int, say: Say, patience: float) -> int:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        command = control.commands.find(number)
        if command is not None and not command.is_open:
            return _told(command, say)
        time.sleep(_LOOK_SECONDS)
    say(f"The engine has not answered request {number} yet; `aineon withdrawals list` tells more.")
    return WAITS


def _told(command: Command, say: Say) -> int:
    if command.state is CommandState.DONE:
        say(command.answer)
        return OK
    say(f"Refused: {command.answer}.")
    return COULD_NOT_RUN


def list_withdrawals(settings: Settings, limit: int, say: Say) -> int:
    """Say which withdrawals there are, newest first."""
    clock = SystemClock()
    with _view(settings) as view, view.reading() as treasury:
        found = treasury.newest(limit)
        used = treasury.used(clock.now())
    worth = "unknown" if used.worth_wei is None else f"{format_ether(used.worth_wei)} ETH"
    most = format_ether(settings.daily_withdrawal_limit_wei)
    say(
        f"Under way or paid in 24 hours: {worth} of {most} ETH, {used.count} of "
        f"{settings.daily_withdrawal_count} withdrawals."
    )
    for each in found:
        say(f"{each.id}  {each.state:<16}  {each.payment}  by {each.requested_by}: {each.reason}")
        if each.waits_because is not None:
            say(f"    waits since {_time(each.waits_since or 0)}: {each.waits_because}")
    if not found:
        say("There are no withdrawals.")
    return OK


def show_withdrawal(settings: Settings, withdrawal_id: str, say: Say) -> int:
    """Say all that is known of a withdrawal.

    Raises:
        UnknownWithdrawal: there is none of this name.
    """
    with _view(settings) as view, view.reading() as treasury:
        found = treasury.get(withdrawal_id)
        approvals, events = treasury.approvals(found.id), treasury.events(found.id)
    _describe(found, say)
    for approval in approvals:
        void = ", void since" if approval.voided_at is not None else ""
        alone = ", alone" if approval.alone else ""
        say(f"Approved by {approval.who}{alone}, version {approval.version}, {_time(approval.at)}"
            f"{void}")  # fmt: skip
    for event in events:
        say(f"{_time(event.at)}  {event.what:<12}  {event.new:<16}  {event.who}: {event.reason}")
    return OK


def approve_shown(
    settings: Settings,
    withdrawal_id: str,
    confirm: str | None,
    say: Say,
    code: str | None = None,
) -> int:
    """Show a withdrawal, have its digest confirmed, and ask for its approval.

    Raises:
        UnknownWithdrawal: there is none of this name.
        ApprovalRefused: what was typed is not the beginning of its digest, or the second factor
            is missing; see `proof_of`.
    """
    with _view(settings) as view, view.reading() as treasury:
        found = treasury.get(withdrawal_id)
    _describe(found, say)
    typed = _confirmed(found.digest, confirm)
    proof = proof_of(settings, _whoever(), found.digest, typed, code)
    body = {"id": found.id, "digest": found.digest, "proof": proof}
    return ask(settings, "withdrawal.approve", body, say)


def sweep_shown(settings: Settings, confirm: str | None, say: Say, code: str | None = None) -> int:
    """Show where everything would go, have that confirmed, and ask for it.

    Raises:
        DestinationRefused: there is no safe address.
        ApprovalRefused: as `approve_shown`.
    """
    with _view(settings) as view, view.reading() as treasury:
        book = view.book
        safe = next((e for e in treasury.destinations() if e.purpose is Purpose.SAFE), None)
    if safe is None:
        raise DestinationRefused(
            "there is no safe address on the allow-list; `aineon destinations add --safe` enters "
            "one, and it must age"
        )
    digest = sweep_digest(book, safe.address)
    say(f"EVERYTHING goes to {safe.address} ({safe.label}); what is not signed is cancelled.")
    say(f"Digest: {digest}")
    typed = _confirmed(digest, confirm)
    proof = proof_of(settings, _whoever(), digest, typed, code)
    return ask(settings, "withdrawal.sweep", {"proof": proof}, say)


def show_destinations(settings: Settings, say: Say) -> int:
    """Say which addresses may be paid, and from when on."""
    now = SystemClock().now()
    with _view(settings) as view, view.reading() as treasury:
        found = treasury.destinations()
    for each in found:
        usable = "can be paid" if each.may_be_paid(now) else f"from {_time(each.usable_from)} on"
        purpose = "safe address" if each.purpose is Purpose.SAFE else f"share {each.share}"
        say(f"{each.address}  {usable}  {purpose}  {each.label} (by {each.added_by})")
    if not found:
        say("The allow-list is empty: nothing can be withdrawn.")
    return OK


def show_rules(settings: Settings, say: Say) -> int:
    """Say which rules are in force, besides the one that the settings make."""
    with _view(settings) as view, view.reading() as treasury:
        found = treasury.rules()
    for each in found:
        say(f"{each.id}  {each} (by {each.created_by}): {each.words or 'not looked at yet'}")
    if not found:
        say("There are no rules; AUTO_WITHDRAWAL_ENABLED makes one of its own.")
    return OK


def _describe(found: Withdrawal, say: Say) -> None:
    worth = "unknown" if found.worth_wei is None else f"{format_ether(found.worth_wei)} ETH"
    say(f"Withdrawal {found.id}, version {found.version}, {found.origin}, {found.strategy}")
    say(f"  pays       {found.payment}")
    say(f"  worth      {worth}")
    say(f"  asked by   {found.requested_by}" + (f", edited by {found.edited_by}"
        if found.edited_by else ""))  # fmt: skip
    say(f"  is         {found.state}: {found.reason}")
    if found.waits_because is not None:
        say(f"  waits      since {_time(found.waits_since or 0)}: {found.waits_because}")
    if found.batch_id is not None:
        say(f"  together   with others by one transaction ({found.batch_id})")
    if found.transaction_hash:
        say(f"  on chain   {found.transaction_hash}")
    if found.gas_wei is not None:
        say(f"  gas        {format_ether(found.gas_wei)} ETH")
    say(f"  digest     {found.digest}")


def _confirmed(digest: str, given: str | None) -> str:
    """Return what an operator typed, where it is the beginning of `digest`."""
    if given is None:
        if not sys.stdin.isatty():
            raise ApprovalRefused(
                f"nobody can type here; give the first {TYPED_DIGITS} characters of the digest "
                "by --confirm"
            )
        sys.stdout.write(f"Type the first {TYPED_DIGITS} characters of the digest: ")
        sys.stdout.flush()
        given = sys.stdin.readline()
    typed = given.strip().lower()
    if typed != digest[:TYPED_DIGITS]:
        raise ApprovalRefused(
            f"{typed[:20]!r} is not the beginning of the digest; nothing was asked for"
        )
    return typed


def _view(settings: Settings) -> TreasuryView:
    with ControlStore.open(settings.control_url) as control:
        heartbeat = control.heartbeat()
    alive = _is_alive(heartbeat, settings, SystemClock())
    book = _book_meant(settings, heartbeat if alive else None)
    return TreasuryView.open(settings.model_copy(update={"mode": book}).book_url, book)


def _book_meant(settings: Settings, heartbeat: Heartbeat | None) -> Book:
    """Return the settings' book; where that is play money, the one that the engine keeps."""
    book = settings.mode
    if book is Book.SIMULATION and heartbeat is not None:
        book = Book(heartbeat.mode)
    if book is Book.SIMULATION:
        raise MixedBooks(
            "nothing can be withdrawn in simulation: what the trades earned is play money. Start "
            "`aineon rehearse`, or name another book by --mode"
        )
    return book


def _is_alive(heartbeat: Heartbeat | None, settings: Settings, clock: Clock) -> bool:
    if heartbeat is None:
        return False
    return clock.now() - heartbeat.beat_at <= settings.heartbeat_stale_seconds


def _whoever() -> str:
    """The name of this process's user, as the operating system, not the environment, knows it."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return getpass.getuser()


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%F %T} UTC"
