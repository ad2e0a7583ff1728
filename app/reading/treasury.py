"""What the treasury holds and pays."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from aineon.errors import LedgerError, LedgerNotFound
from aineon.ledger.commands import Command, CommandState
from aineon.ledger.exporting import Export
from aineon.primitives import Book
from aineon.treasury.commands import KINDS, PREVIEW
from aineon.treasury.exporting import withdrawals_csv, withdrawals_json
from aineon.treasury.preview import Preview
from aineon.treasury.snapshot import History, Snapshot, history, look
from aineon.treasury.store import TreasuryView
from aineon.treasury.withdrawal import Withdrawal
from app.reading.keeping import Kept, kept

_PREVIEWS_LOOKED_AT: Final = 20


class TreasuryRead(Kept):
    """Withdrawals, commands, answers."""

    @kept
    def treasury(self, limit: int) -> Snapshot:
        """Return the book's treasury with its newest withdrawals.

        Raises:
            MixedBooks: the book is a simulation, which has none.
        """
        return look(TreasuryView(self.reader()), self.clock.now(), limit)

    @kept
    def treasury_of(self, book: Book, limit: int) -> Snapshot:
        """Return the treasury of another book in the same place."""
        url = self.settings.model_copy(update={"mode": book}).book_url
        with TreasuryView.open(url, book) as view:
            return look(view, self.clock.now(), limit)

    def withdrawals_of(self, batch_id: str) -> tuple[Withdrawal, ...]:
        """Return all parts of a batch, ended or not.

        It is not kept: beside a newer treasury it would stand there until the next change.
        """
        with TreasuryView(self.reader()).reading() as treasury:
            return treasury.batch(batch_id)

    def withdrawal_history(self, withdrawal_id: str) -> History:
        """Return everything that happened to a withdrawal.

        It is not kept: beside a newer treasury it would stand there until the next change.
        """
        return history(TreasuryView(self.reader()), withdrawal_id)

    def export_withdrawals(self, ending: str) -> Export:
        """Return the book's withdrawals as a file, `json` or `csv`."""
        make = {"json": withdrawals_json, "csv": withdrawals_csv}[ending]
        return make(TreasuryView(self.reader()), self.clock.now())

    @kept
    def treasury_commands(self, limit: int) -> tuple[Command, ...]:
        """Return what was asked of the treasury last, newest first."""
        try:
            return self.control.store().commands.newest(KINDS, limit)
        except LedgerNotFound:
            return ()

    @kept
    def treasury_account(self) -> str | None:
        """Return the account that money leaves from, as the engine told it last; None before."""
        try:
            found = self.control.store().commands.newest({PREVIEW}, _PREVIEWS_LOOKED_AT)
        except LedgerNotFound:
            return None
        for each in found:
            if each.state is CommandState.DONE and each.book is self.settings.mode:
                # One that another version answered tells nothing.
                with suppress(LedgerError):
                    return Preview.from_answer(each.answer).account
        return None

    def command(self, token: str) -> Command | None:
        """Return what was asked under a token, answered or not; None where nothing was.

        It is not kept: whoever waits for an answer looks for it anew.
        """
        try:
            return self.control.store().commands.of_token(token)
        except LedgerNotFound:
            return None
