"""Asking the engine to go back to a former version of the optimizer's models."""

from __future__ import annotations

from typing import Final

from aineon.ledger.commands import CommandState
from aineon.ledger.control import ControlStore
from aineon.runtime.model_places import ROLL_BACK
from aineon.runtime.sections.optimizer import OptimizerRole
from app.asking import Asked, Result
from app.effects.auditing import PATIENCE_SECONDS, note, refused
from app.effects.engine import answer_to, engine_listens

VERSION: Final = "version"
"""Body of a roll-back: the version that is to decide again."""
BOOK: Final = "book"
"""Body of a roll-back: the book that the page showed."""
_LONGEST: Final = 60


def roll_back(asked: Asked) -> Result:
    """Leave a command that names a former champion, and say what the engine answered.

    The engine looks whether it ever was in use and can still be read.

    Raises:
        MixedBooks: the engine keeps another book.
        AuditUnwritable, LedgerError: nothing was asked for.
    """
    version, book = asked.body.get(VERSION, ""), asked.settings.mode
    if not version or len(version) > _LONGEST:
        return refused(asked, "A roll-back names the version of a model; choose one.")
    if asked.body.get(BOOK) != book.value:
        return refused(asked, f"This form is not of the {book.value} book; load the page again.")
    if asked.settings.optimizer is OptimizerRole.OFF:
        return refused(asked, "The optimizer is off (AINEON_OPTIMIZER), so no model is in use.")
    with ControlStore.open(asked.settings.control_url, busy_timeout=PATIENCE_SECONDS) as control:
        if not engine_listens(asked, control, book):
            return refused(asked, "No engine is running, so no model is in use; start it first.")
        # First, so that what cannot be written down is not asked for.
        note(asked, "model.roll_back", version)
        number = control.commands.ask(
            ROLL_BACK,
            {VERSION: version},
            asked.visitor.name,
            asked.clock.now(),
            book=book,
            token=asked.token or None,
        )
        answer = answer_to(control, number)
    if answer is None:
        return Result(True, f"It was asked for (no. {number}); the engine has not answered yet.")
    if answer.state is CommandState.REFUSED:
        return Result(False, f"Refused: {answer.answer}.")
    return Result(True, f"{answer.answer[0].upper()}{answer.answer[1:]}.")
