"""`aineon stop`: the emergency stop from the command line, with console and database down too."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from aineon.cli.failures import COULD_NOT_RUN, OK
from aineon.errors import ConfigurationError
from aineon.runtime.settings import Settings
from aineon.runtime.stop_desk import (
    Landing,
    StopDesk,
    landings,
    make_folder,
    stop_desk,
    was_at_work,
    word_of,
)
from aineon.runtime.stop_desk import latch as set_stop
from aineon.safety import StopReason, StopState

STOP_IS_SET: Final = 3
"""Exit code where the stop is set: of `--status`, and of `--clear` where a place still holds it."""
NOBODY_HERE: Final = 4
"""Exit code where no AINEON was ever at work in the data folder: most likely it is another's."""
_NOT_ASKED: Final = "A pause of the contract on chain is not asked for here; the engine does."

Say = Callable[[str], None]


def latch(settings: Settings, reason: str, who: str | None, say: Say) -> int:
    """Set the stop, and say where, for whom, and what may still land.

    Raises:
        SafetyError: no place could keep it.
    """
    make_folder(settings.data_dir.absolute())
    name = who or _whoever()
    state, not_audited = set_stop(settings, reason, name)
    say(f"The emergency stop is set in {_folder(settings)}.")
    was_here = was_at_work(settings)
    if was_here:
        say("Nothing is signed or sent from now on by an AINEON of this data folder.")
    else:
        _tell_nobody(settings, say)
    _tell(state.reasons, say)
    if not_audited:
        say(f"  It is not in the audit: {not_audited}")
    _tell_landings(landings(settings), say)
    return OK if was_here else NOBODY_HERE


def status(settings: Settings, say: Say) -> int:
    """Say whether the stop is set, by whom and why, and what may still land."""
    with stop_desk(settings) as desk:
        state = desk.stop.state()
    was_here = was_at_work(settings)
    _tell_state(settings, state, say)
    if not was_here:
        _tell_nobody(settings, say)
    say(_NOT_ASKED)
    _tell_landings(landings(settings), say)
    if state.is_set:
        return STOP_IS_SET
    return OK if was_here else NOBODY_HERE


def clear(settings: Settings, who: str | None, word: str | None, say: Say) -> int:
    """Show the reasons, ask for the word, and clear the stop in the operator's name.

    Raises:
        ConfigurationError: nobody is named.
        SafetyError: a reason came up that was not shown, or a place cannot be written.
    """
    if not (who or "").strip():
        raise ConfigurationError(
            "--who is not given; the stop is cleared in somebody's name: --clear --who NAME"
        )
    with stop_desk(settings) as desk:
        seen = desk.all_places.state()
        _tell_state(settings, seen, say)
        if not seen.is_set:
            return OK
        needed = word_of(seen)
        if (word if word is not None else _asked(needed)) != needed:
            say(f"Not cleared; the word for these reasons is {needed!r} (--word {needed} where")
            say("nobody can type it).")
            return COULD_NOT_RUN
        return _cleared(desk, who or "", seen, say)


def _cleared(desk: StopDesk, who: str, seen: StopState, say: Say) -> int:
    left = desk.clear(who, seen)
    if not left.is_set:
        say("The emergency stop is cleared.")
        return OK
    say("Cleared where that can be done from here; it is still set:")
    _tell(left.reasons, say)
    return STOP_IS_SET


def _asked(word: str) -> str:
    if not sys.stdin.isatty():
        return ""
    sys.stdout.write(f"Type {word!r} to clear it: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip()


def _whoever() -> str:
    try:
        return getpass.getuser()
    except Exception:  # noqa: BLE001 - a stop must not wait for a name
        return "an operator"


def _folder(settings: Settings) -> str:
    return f"the data folder {settings.data_dir.absolute()}"


def _tell_nobody(settings: Settings, say: Say) -> None:
    say("No AINEON was ever at work there: ONE THAT RUNS ELSEWHERE IS NOT STOPPED BY THIS.")
    say("Say which data folder is meant by --data-dir, or go to where it was started.")


def _tell_state(settings: Settings, state: StopState, say: Say) -> None:
    if not state.is_set:
        say(f"The emergency stop is not set in {_folder(settings)}.")
        return
    say(f"The emergency stop is set in {_folder(settings)}: nothing is signed or sent.")
    _tell(state.reasons, say)


def _tell(reasons: Iterable[StopReason], say: Say) -> None:
    for reason in reasons:
        at = "" if reason.at is None else f", {datetime.fromtimestamp(reason.at, UTC):%F %T} UTC"
        said = f"{reason.reason} (by {reason.who}{at})"
        say(f"  {reason.place}: {''.join(c if c.isprintable() else '�' for c in said)}")


def _tell_landings(found: Iterable[Landing], say: Say) -> None:
    found = list(found)
    if not found:
        say("No book of a chain is here: what may still land of others is not known here.")
    for landing in found:
        if landing.trouble:
            say(f"What may still land of the {landing.book} book is not known: {landing.trouble}")
        elif not landing.open:
            say(f"Nothing that the {landing.book} book knows may still land.")
        else:
            say(f"What was handed out before may still be mined, of the {landing.book} book:")
            for transaction in landing.open:
                say(f"  {transaction}")
