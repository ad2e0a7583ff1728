"""The answers that the gate gives itself: plain pages, which need no script."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from app.gate.incoming import cookie_name

_STYLE: Final = (Path(__file__).parent / "gate.css").read_text(encoding="utf-8")
_NO_STORE: Final = {"Cache-Control": "no-store"}
_EVERYWHERE: Final = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it a browser would hide the origin of our own forms.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_OF_THE_CONSOLE: Final = (
    "frame-ancestors 'self'; object-src 'none'; base-uri 'self'; form-action 'self'"
)
_YEAR_SECONDS: Final = 31_536_000

Style = Callable[[], str]


def protect(headers: MutableHeaders, is_secure: bool) -> None:
    """Add to an answer what keeps browsers from misusing it."""
    for name, value in _EVERYWHERE.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", _OF_THE_CONSOLE)
    if is_secure:
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_SECONDS}")


def page(title: str, body: Sequence[str], style: str, status: int = 200) -> Response:
    """Return a whole page.

    Args:
        title: plain text.
        body: pieces of HTML; whatever came from outside is escaped in them.
        style: a style sheet with its tags, or nothing; what every page wears.
        status: of the answer.
    """
    nonce = secrets.token_urlsafe(16)
    worn = style.replace("<style ", f'<style nonce="{nonce}" ')
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)} · AINEON</title>"
        f'<style nonce="{nonce}">{_STYLE}</style>{worn}</head>'
        f'<body><main><p class="brand">AINEON</p><h1>{escape(title)}</h1>{"".join(body)}</main>'
        "</body></html>"
    )
    return HTMLResponse(html, status, headers=_page_headers(nonce))


def _page_headers(nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return _NO_STORE | {"Content-Security-Policy": policy, "X-Frame-Options": "DENY"}


def bounce() -> Response:
    """Return a page that asks for the same place again, now from this site.

    A browser that follows a link of another site holds strict cookies back, and sends them when
    our own page leads on.
    """
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="0"><title>AINEON</title></head>'
        "<body></body></html>"
    )
    return HTMLResponse(html, headers=_page_headers(secrets.token_urlsafe(16)))


def go_to(target: str) -> Response:
    """Lead to a place on this site that `safe_target` has let pass, or that is ours."""
    return Response(status_code=303, headers={"Location": target, **_NO_STORE})


def words(text: str, status: int) -> Response:
    """Return a sentence for programs, and for people who look at them."""
    return PlainTextResponse(f"{text}\n", status, headers=_NO_STORE)


def set_cookie(
    response: Response, name: str, value: str, is_secure: bool, seconds: int = 0
) -> None:
    """Set a cookie of ours; without `seconds` it goes when the browser is closed."""
    response.set_cookie(
        cookie_name(name, is_secure),
        value,
        max_age=seconds or None,
        path="/",
        secure=is_secure,
        httponly=True,
        samesite="strict",
    )


def drop_cookie(response: Response, name: str, is_secure: bool) -> None:
    """Have the browser forget a cookie of ours."""
    response.delete_cookie(
        cookie_name(name, is_secure), path="/", secure=is_secure, httponly=True, samesite="strict"
    )
