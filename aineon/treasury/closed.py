"""ClosedDesk: answers what is asked of a treasury from which nothing can be withdrawn."""

from __future__ import annotations

from aineon.errors import CommandClosed
from aineon.ledger.commands import CommandState, CommandTable
from aineon.treasury.commands import KINDS, PREVIEW


class ClosedDesk:
    """Refuses every command, so that nobody waits for an answer that will not come.

    Args:
        commands: of the control database.
    """

    def __init__(self, commands: CommandTable) -> None:
        self._commands = commands

    def refuse_all(self, why: str, at: float) -> tuple[int, ...]:
        """Refuse what is asked, with a sentence; returns the numbers of the commands.

        A command that was taken is left alone: its effect may be in a book, which only whoever
        keeps that book knows.

        Raises:
            LedgerError: the control database cannot be read or written.
        """
        refused = []
        for command in self._commands.open(KINDS | {PREVIEW}):
            if command.state is not CommandState.ASKED:
                continue
            try:
                self._commands.answer(command.number, CommandState.REFUSED, why, at)
            except CommandClosed:
                continue  # another engine was a moment faster
            refused.append(command.number)
        return tuple(refused)
