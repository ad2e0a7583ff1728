"""Names of users: one spelling each, so that no two look alike and none is taken for another.

A name is folded (Unicode's NFKC form, without case) and then has to be plain ASCII: full-width or
styled letters become the plain ones, and letters of other scripts that merely look like them are
refused. People's own spelling is kept as the display name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from aineon.errors import InvalidUser

LOCAL_OPERATOR: Final = "operator"
"""What whoever uses a console without sign-in is called; no user has this name."""

LONGEST_NAME: Final = 64
_LONGEST_EMAIL: Final = 254
_LONGEST_DISPLAY_NAME: Final = 100
_LONGEST_TYPED: Final = 1000
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@+-]*[a-z0-9])?", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+", re.ASCII)
# These stand in the audit for parts of AINEON.
_RESERVED: Final = frozenset(
    {LOCAL_OPERATOR, "engine", "cashier", "settings", "supervisor", "sign-in", "set-up"}
)


def folded(text: str) -> str:
    """Return the one spelling of what was typed as a name, whether or not it can be one."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST_TYPED]).casefold()
    return unicodedata.normalize("NFKC", text).strip()


def is_name(text: str) -> bool:
    """Whether a folded text can be the name of a user."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def parse_name(text: str) -> str:
    """Return the name that `text` spells.

    Raises:
        InvalidUser: it is none, or one that no user may have.
    """
    name = folded(text)
    if not is_name(name):
        raise InvalidUser(
            f"name {text!r:.80} is not 1 to {LONGEST_NAME} letters a to z, digits and . _ - + @ "
            "that begins and ends with a letter or digit; other letters may stand in the display "
            "name"
        )
    if name in _RESERVED:
        raise InvalidUser(f"name {name!r} stands for a part of AINEON; choose another one")
    return name


def parse_email(text: str) -> str:
    """Return an e-mail address; empty where there is none.

    Raises:
        InvalidUser: it is something else.
    """
    email = text.strip()
    if email and (len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email)):
        raise InvalidUser(f"e-mail address {text!r:.80} is not of the form name@example.org")
    return email


def parse_display_name(text: str, name: str) -> str:
    """Return how a user's name is shown; `name` where nothing was given.

    Raises:
        InvalidUser: it is too long, or holds what cannot be printed.
    """
    shown = unicodedata.normalize("NFC", text).strip() or name
    if len(shown) > _LONGEST_DISPLAY_NAME or not shown.isprintable():
        raise InvalidUser(
            f"display name {text!r:.80} is not up to {_LONGEST_DISPLAY_NAME} printable characters"
        )
    return shown
