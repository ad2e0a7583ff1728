"""What stands behind an action that a press alone is not enough for: a one-time code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aineon.access.permissions import NEEDS_CODE, Action
from app.asking import Asked
from app.effects.own import access

DIGEST: Final = "digest"
"""Body of what the engine wants proof for: the code is given for exactly this."""
_WORDS: Final[Mapping[Action, str]] = {
    Action.CLEAR_STOP: "clear",
    Action.RESET_BREAKER: "reset",
    Action.SWEEP: "sweep",
}


def typed_word(action: Action) -> str:
    """Return the word that stands in place of a one-time code where nobody has signed in."""
    return _WORDS.get(action, "confirm")


def confirmed(asked: Asked) -> tuple[Asked, str]:
    """Check the code of an action that needs one, which uses it up.

    Returns:
        What was asked, with the proof that a code was given where the engine wants one; and why
        it is not confirmed, or nothing.

    Raises:
        AccessError: too many codes were tried.
        LedgerError: the control database cannot be read or written.
    """
    if asked.action not in NEEDS_CODE:
        return asked, ""
    if asked.visitor.is_local_operator:
        word = typed_word(asked.action)
        said = (asked.code or "").strip().lower() == word
        return asked, "" if said else f"To {asked.action}, type the word “{word}”."
    return _by_code(asked)


def _by_code(asked: Asked) -> tuple[Asked, str]:
    name, code, at = asked.visitor.name, asked.code or "", asked.clock.now()
    with access(asked) as found:
        factor = found.second_factor
        if not factor.is_enrolled(name):
            return asked, (
                f"To {asked.action} takes a one-time code, and you have not set up a second factor "
                "yet: follow the link beside your name."
            )
        if not code.strip():
            return asked, f"To {asked.action}, give a one-time code of your authenticator app."
        subject = asked.body.get(DIGEST, "")
        proof = factor.vouch(name, subject, code, at) if subject else ""
        taken = proof is not None if subject else factor.check(name, code, at)
    if not taken:
        return asked, "That is no one-time code that holds now; each is taken once."
    return replace(asked, proof=proof or ""), ""
