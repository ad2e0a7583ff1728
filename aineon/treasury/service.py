"""Service: the treasury's part of the engine's loop; it asks no node and signs nothing.

Each `tend` takes what console and command line asked for, lets expire what is late, and starts
what rules want. The cashier carries out what is due then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aineon.errors import AuditUnwritable, CommandClosed, InvalidWithdrawal, TreasuryError
from aineon.ledger.commands import Command, CommandState, CommandTable
from aineon.primitives import ETHER, Address
from aineon.treasury.commands import KINDS, carry_out
from aineon.treasury.desk import Desk
from aineon.treasury.rules import OF_SETTINGS, Holdings, Rule
from aineon.treasury.store import Applied
from aineon.treasury.withdrawal import SETTINGS, Origin, Strategy, Withdrawal

_LABEL: Final = "withdrawal address of the settings"


@dataclass(frozen=True, slots=True)
class Automatic:
    """What the settings say of automatic withdrawals, in wei of native ether.

    Attributes:
        address: where profit goes where no destination has a share.
        threshold_wei: None where it is switched off.
        keep_wei: what always stays, for gas.
    """

    address: Address | None = None
    threshold_wei: int | None = None
    keep_wei: int = 0


@dataclass(frozen=True, slots=True)
class Tended:
    """What one round did.

    Attributes:
        answered: commands that were answered.
        expired, started: withdrawals.
        waiting: what of the rules and the settings is refused now, and why.
    """

    answered: tuple[int, ...] = ()
    expired: tuple[Withdrawal, ...] = ()
    started: tuple[Withdrawal, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)


class Service:
    """Serves the treasury.

    Args:
        desk: of the book that this engine keeps.
        commands: of the control database.
        automatic: what the settings say.
    """

    def __init__(self, desk: Desk, commands: CommandTable, automatic: Automatic) -> None:
        self._desk = desk
        self._commands = commands
        self._automatic = automatic

    async def tend(self, now: float, holdings: Holdings | None = None) -> Tended:
        """Do what is to be done at `now`.

        Without `holdings` no rule starts anything, and a sweep is refused: what is there is not
        known. Call it at every head, and every second between them.

        Raises:
            AuditUnwritable: nothing can be audited, so nothing is done.
            LedgerError: a database cannot be read or written.
        """
        return await asyncio.to_thread(self._tend, now, holdings)

    def _tend(self, now: float, holdings: Holdings | None) -> Tended:
        waiting = self._enter_address(now)
        answered = tuple(
            command.number
            for command in self._commands.open(KINDS)
            if self._serve(command, holdings, now)
        )
        expired = self._desk.dispatch.expire(now)
        started: tuple[Withdrawal, ...] = ()
        if holdings is not None:
            started, held_back = self._apply_rules(holdings, now)
            waiting |= held_back
        return Tended(answered, expired, started, waiting)

    # --- commands --------------------------------------------------------------------------

    def _serve(self, command: Command, holdings: Holdings | None, now: float) -> bool:
        try:
            self._commands.take(command.number, now)
            applied = self._apply(command, holdings, now)
            state = CommandState(applied.state)
            self._commands.answer(command.number, state, applied.answer, now)
        except CommandClosed:
            return False  # another engine, just replaced by this one, was a moment faster
        return True

    def _apply(self, command: Command, holdings: Holdings | None, now: float) -> Applied:
        """Apply a command to the book, together with its token, unless the book knows it.

        A refusal is kept too: what was refused once is not tried again after a crash.
        """
        store = self._desk.store
        try:
            with store.writing() as work:
                known = work.applied(command.token)
                if known is not None:
                    return known
                self._check_fresh(command, now)
                words = carry_out(self._desk, command, holdings, now)
                applied = Applied(CommandState.DONE.value, words)
                work.keep_answer(command.token, command.number, applied, now)
                return applied
        except (TreasuryError, AuditUnwritable) as error:
            applied = Applied(CommandState.REFUSED.value, str(error))
            with store.writing() as work:
                work.keep_answer(command.token, command.number, applied, now)
            return applied

    def _check_fresh(self, command: Command, now: float) -> None:
        store, limit = self._desk.store, self._desk.house.policy.expires_seconds
        if command.book is not store.book:
            raise InvalidWithdrawal(
                f"this was asked of the {command.book.value} book, and the engine keeps the "
                f"{store.book.value} book"
            )
        if now - command.at > limit:
            raise InvalidWithdrawal(
                f"this was asked {(now - command.at) / 3600:.1f} hours ago, and no engine took it "
                "in time; ask again"
            )

    # --- rules -----------------------------------------------------------------------------

    def _enter_address(self, now: float) -> dict[str, str]:
        """Enter the settings' address into the allow-list, once; it ages like any other.

        Where it is refused, commands are served all the same; returns why.
        """
        address = self._automatic.address
        if address is None or self._desk.was_ever_listed(address):
            return {}
        try:
            self._desk.add_destination(address, _LABEL, who=SETTINGS, at=now)
        except TreasuryError as error:
            return {_LABEL: str(error)}
        return {}

    def _apply_rules(
        self, holdings: Holdings, now: float
    ) -> tuple[tuple[Withdrawal, ...], dict[str, str]]:
        started: list[Withdrawal] = []
        waiting: dict[str, str] = {}
        for rule in self._rules():
            try:
                started += self._desk.apply_rule(rule, holdings, now)
            except TreasuryError as error:
                waiting[rule.id] = str(error)
                self._desk.skip_rule(rule, str(error), now)
        return tuple(started), waiting

    def _rules(self) -> tuple[Rule, ...]:
        with self._desk.store.reading() as treasury:
            rules = treasury.rules()
            shared = any(each.share for each in treasury.destinations())
        automatic = self._automatic
        if automatic.threshold_wei is None:
            return rules
        of_settings = Rule(
            id=OF_SETTINGS,
            origin=Origin.AUTOMATIC,
            asset=ETHER,
            threshold=automatic.threshold_wei,
            schedule=None,
            keep=automatic.keep_wei,
            amount=None,
            destination=None if shared else automatic.address,
            strategy=Strategy.OPTIMIZED,
            created_by=SETTINGS,
            created_at=0.0,
        )
        return (*rules, of_settings)
