"""Forms of the gate: written as HTML, and read from requests that nobody vouches for."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qsl

import anyio
from starlette.requests import ClientDisconnect, Request

from app.gate.incoming import FORM, Incoming

TOKEN_FIELD: Final = "form"  # noqa: S105 (a field's name)
_MOST_BYTES: Final = 8_192
_MOST_FIELDS: Final = 12
_PATIENCE_SECONDS: Final = 10.0
_KIND: Final = "application/x-www-form-urlencoded"


class FormRefused(Exception):
    """A form is not one that a page of ours has sent.

    Attributes:
        status: of the answer.
    """

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a form.

    Attributes:
        name, label: what programs and people call it.
        kind: of the input.
        autocomplete: what a browser or password manager may fill in.
        hint: a sentence below it.
        value: what stands in it at first.
    """

    name: str
    label: str
    kind: str = "text"
    autocomplete: str = "off"
    hint: str = ""
    value: str = ""
    required: bool = True
    longest: int = 200

    def html(self) -> str:
        """Return the field with its label."""
        name = escape(self.name)
        attributes = {
            "id": self.name,
            "name": self.name,
            "type": self.kind,
            "autocomplete": self.autocomplete,
            "maxlength": str(self.longest),
            "spellcheck": "false",
            "autocapitalize": "none",
            "value": self.value,
        }
        if self.hint:
            attributes["aria-describedby"] = f"{self.name}-hint"
        if self.autocomplete == "one-time-code":
            attributes["class"] = "code"
        written = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items())
        required = " required" if self.required else ""
        hint = f'<p class="hint" id="{name}-hint">{escape(self.hint)}</p>' if self.hint else ""
        return f'<label for="{name}">{escape(self.label)}</label><input {written}{required}>{hint}'


def form(
    action: str, fields: Sequence[Field], button: str, token: str, hidden: Mapping[str, str]
) -> str:
    """Return a form that is sent to `action`, with the token that makes it ours."""
    kept = {**hidden, TOKEN_FIELD: token}
    lines = [
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in kept.items()
    ]
    lines += [field.html() for field in fields]
    lines.append(f'<button type="submit">{escape(button)}</button>')
    return f'<form method="post" action="{escape(action)}">{"".join(lines)}</form>'


def token_for(incoming: Incoming) -> str:
    """Return the token of this browser's forms: that of its cookie, or a new one."""
    return incoming.cookie(FORM) or secrets.token_urlsafe(32)


async def read_form(request: Request, incoming: Incoming) -> dict[str, str]:
    """Return the fields of a form that a page of ours has sent.

    Raises:
        FormRefused: it came from elsewhere, is too large, or is no form.
    """
    if not incoming.is_of_this_site:
        raise FormRefused("This form was sent by another site; nothing was done.", 403)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise FormRefused("That is not a form of this page; nothing was done.", 415)
    fields = _fields(await _body(request))
    known = incoming.cookie(FORM)
    given = fields.pop(TOKEN_FIELD, "")
    if known is None or not hmac.compare_digest(known.encode(), given.encode()):
        raise FormRefused("This form is too old. Open the page again and fill it in anew.", 403)
    return fields


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        with anyio.fail_after(_PATIENCE_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > _MOST_BYTES:
                    raise FormRefused("This form is too large; nothing was done.", 413)
    except (TimeoutError, ClientDisconnect) as error:
        raise FormRefused("This form did not arrive in time; nothing was done.", 408) from error
    return bytes(body)


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise FormRefused("This form cannot be read; nothing was done.", 400) from error
    fields = dict(pairs)
    if len(fields) != len(pairs) or not all(map(_is_a_line, fields.values())):
        raise FormRefused("This form cannot be read; nothing was done.", 400)
    return fields


def _is_a_line(text: str) -> bool:
    return not any(ord(character) < 0x20 or ord(character) == 0x7F for character in text)
