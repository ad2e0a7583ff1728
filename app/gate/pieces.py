"""Pieces of the gate's pages, as HTML; whatever comes from outside is escaped in them."""

from __future__ import annotations

from html import escape
from typing import Final

from aineon.errors import AineonError
from app.asking import Result
from app.gate.forms import Field, form

SECOND_FACTOR: Final = "/second-factor"
CODE: Final = Field("code", "One-time code", autocomplete="one-time-code", longest=40)
PRESENT: Final = Field("present", "Present password", "password", autocomplete="current-password")
BACK: Final = '<nav><a href="/">To the console</a></nav>'
HAS_NONE: Final = (
    "An authenticator app on your telephone shows a new code every half minute. With it, a stolen "
    "password alone opens nothing; withdrawals, raised limits and live mode ask for such a code. "
    "Setting it up begins with your password."
)
HAS_ONE: Final = (
    "You have a second factor. To replace it, for instance with that of a new telephone, give a "
    "code of the present one or a recovery code. Where you have neither, a super admin resets it."
)
_KEEP_THEM: Final = (
    "They are shown this once. Each stands in for one code, once; keep them where you keep what "
    "must not be lost, and not on the telephone."
)
AGAIN: Final = f'<nav><a href="{SECOND_FACTOR}">Begin again</a><a href="/">To the console</a></nav>'


def scan(result: Result, token: str) -> list[str]:
    """What is shown once of a new second factor: QR code, its text, and the form that confirms."""
    import segno

    uri, secret = result.once
    drawn = segno.make(uri, error="m", micro=False).svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff", title="QR code of the second factor"
    )
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return [
        "<p>Scan this with your authenticator app, or type the text below it.</p>",
        f'<div class="qr">{drawn}</div>',
        f"<p><code>{escape(grouped)}</code></p>",
        '<p class="soft">A time-based code of six digits, SHA-1, every 30 seconds.</p>',
        confirm_form(token),
        AGAIN,
    ]


def confirm_form(token: str) -> str:
    """Return the form for the code that makes a new second factor count."""
    return form(SECOND_FACTOR, [CODE], "Confirm", token, {"step": "confirm"})


def recovery(result: Result) -> list[str]:
    """What is shown once of recovery codes."""
    codes = "".join(f"<li>{escape(code)}</li>" for code in result.once)
    return [
        done(result.words),
        "<h2>Recovery codes</h2>",
        f"<p>{_KEEP_THEM}</p>",
        f'<ul class="codes">{codes}</ul>',
        BACK,
    ]


def new_password() -> list[Field]:
    """Return the two fields of a new password."""
    return [
        Field(
            "password",
            "New password",
            "password",
            autocomplete="new-password",
            hint="12 characters or more; several words are easiest to keep in mind.",
        ),
        Field("again", "New password, again", "password", autocomplete="new-password"),
    ]


def said(words: str) -> str:
    """Return a sentence that says what is wrong."""
    return f'<p class="said" role="alert">{escape(words)}</p>'


def done(words: str) -> str:
    """Return a sentence that says what was done."""
    return f'<p class="said done" role="status">{escape(words)}</p>'


def sentence(error: AineonError) -> str:
    """Return an error's message as a sentence."""
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
