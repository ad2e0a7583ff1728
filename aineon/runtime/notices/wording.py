"""Texts that no messenger takes for anything but text.

Names of tokens and reasons come from outside: a name may be a link, a mention of everybody, or
Markdown. What is told here begins with a word in brackets and holds nothing that Telegram, Slack,
Discord or a mail program would follow, fold or format.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from aineon.primitives import Token
from aineon.primitives.units import format_units

_LONGEST_NAME: Final = 24
_LONGEST_LINE: Final = 400
_MEANINGLESS: Final = str.maketrans(
    {
        "<": "‹",
        ">": "›",
        "`": "'",
        "*": "∗",
        "~": "∼",
        "|": "¦",
        "@": "(at)",
        "&": "+",
        "\\": "/",
    }
)


def line(text: str) -> str:
    """Return `text` as one line that means nothing but itself."""
    visible = "".join(part if _is_plain(part) else " " for part in text)
    plain = " ".join(visible.split()).translate(_MEANINGLESS)
    plain = plain.replace("://", ": //").replace("](", "] (")
    return plain if len(plain) <= _LONGEST_LINE else f"{plain[:_LONGEST_LINE]}…"


def name(text: str) -> str:
    """Return a name that somebody else chose: short, without what could be a link or a mention."""
    kept = "".join(part if part.isalnum() or part in "+-" else "·" for part in text)
    short = kept if len(kept) <= _LONGEST_NAME else f"{kept[:_LONGEST_NAME]}…"
    return line(short) or "nameless"


def pair(text: str) -> str:
    """Return a traded pair, both of whose names somebody else chose."""
    return "/".join(map(name, text.split("/", 1)))


def amount(raw: int, token: Token) -> str:
    """Return an amount of a token, in smallest units where its decimals are not known."""
    called = name(token.symbol) if token.symbol else f"{token.address[:6]}…{token.address[-4:]}"
    if token.decimals is None:
        return f"{raw:,} smallest units of {called}"
    return f"{format_units(raw, token.decimals, min(token.decimals, 6))} {called}"


def ether(wei: int) -> str:
    """Return money with its sign."""
    return f"{'+' if wei > 0 else ''}{format_units(wei, 18, 6)} ETH"


def prefixed(mode: str, words: str) -> str:
    """Return words with the book that they are about in front: nobody takes play for real."""
    return f"[{mode.upper()}] {words}"


def _is_plain(part: str) -> bool:
    # Control and format characters turn text round or hide it; surrogates cannot be sent.
    return unicodedata.category(part)[0] != "C" and part.isprintable()
