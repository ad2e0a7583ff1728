"""Who may ask as a program: whoever shows the token, and on this machine everybody where none is.

A console that only this machine reaches shows its pages without a sign-in, and figures too. As
soon as it listens to others, stands behind a proxy, or trades in earnest, a token is needed.
"""

from __future__ import annotations

import secrets
from typing import Final

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from aineon.runtime.access import sign_in_required
from aineon.runtime.hosts import allowed_hosts, host_is_allowed, is_direct, is_own_origin
from aineon.runtime.settings import Settings

_SCHEME: Final = "bearer "
POLICY_VIOLATION: Final = 1008


class TokenGuard:
    """ASGI wrapper: lets those through who show `token`, and tells the others what is missing.

    Args:
        token: None where none is set.
        variable: the setting that holds it, which the refusal names.
        settings: say whether the pages ask for a sign-in; if not, neither is a token asked for.
    """

    def __init__(
        self, app: ASGIApp, token: SecretStr | None, variable: str, settings: Settings
    ) -> None:
        self._app = app
        self._token = None if token is None else token.get_secret_value().encode()
        self._variable = variable
        self._is_open = not sign_in_required(settings)
        # Where only this machine reaches it, these are its own names and those that were given.
        self._names = allowed_hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self.refusal(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            headers = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
            answer = JSONResponse({"detail": refusal}, status_code=401, headers=headers)
            await answer(scope, receive, send)
        else:
            await WebSocketClose(POLICY_VIOLATION, refusal)(scope, receive, send)

    def refusal(self, headers: Headers) -> str | None:
        """Return why a request with `headers` is refused; None where it is not."""
        if self._token is not None:
            if secrets.compare_digest(_shown(headers), self._token):
                return None
            return f"show the token of {self._variable} as `Authorization: Bearer TOKEN`"
        if self._is_open and is_direct(headers) and self._is_named(headers):
            return None
        return (
            f"this needs a token: set {self._variable} and show it as `Authorization: Bearer TOKEN`"
        )

    def _is_named(self, headers: Headers) -> bool:
        # A page from elsewhere whose name was made to lead here (DNS rebinding) sends that name;
        # one that opens a WebSocket here sends its own, as its origin.
        host = headers.get("host")
        return host_is_allowed(host, self._names) and is_own_origin(headers.get("origin"), host)


def _shown(headers: Headers) -> bytes:
    given = headers.get("authorization", "")
    if given[: len(_SCHEME)].lower() != _SCHEME:
        return b""
    return given[len(_SCHEME) :].strip().encode("utf-8", "replace")
