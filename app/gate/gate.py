"""ASGI middleware in front of everything: hosts, sessions, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aineon.access.sessions import Session
from aineon.runtime.hosts import host_is_allowed, is_direct, is_of_this_machine, name_of
from app.gate.answers import bounce, go_to, protect, words
from app.gate.doors import Door, Visit
from app.gate.incoming import SESSION, SESSION_HEADER, Incoming, sign_in_path, without_own
from app.gate.socket import LOOK_SECONDS, GuardedSocket, refuse

_SIGNED_OUT: Final = "Your session has ended. Open this page again to sign in."
_IN_THE_OPEN: Final = (
    "This console asks nobody who they are, and this request came through a proxy, so that it may "
    "be anybody's. Set AINEON_SIGN_IN=always or AINEON_ALLOWED_HOSTS, and start it again."
)
_HEALTH: Final = "/health"


class Sessions(Protocol):
    """What the gate asks about sessions; every answer may take a database's time."""

    @property
    def is_needed(self) -> bool:
        """Whether nobody passes without a session."""

    def standing(self, token: str) -> Session | None:
        """Return the session that a token opens; None where it opens none."""

    def seen(self, token: str) -> None:
        """Note that a person was active in a session."""


class Gate:
    """Lets pass who may.

    Args:
        app: what stands behind it.
        sessions: tells whose they are.
        hosts: names that browsers may reach the console by.
        doors: the gate's own pages, by path.
        open_paths: paths that need no session, where one of `open_routes` answers them.
        open_routes: what answers there, and checks by itself who asks.
        look_seconds: how often an open WebSocket's session is looked at.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        hosts: Sequence[str],
        doors: Mapping[str, Door],
        open_paths: Sequence[str],
        open_routes: Sequence[BaseRoute],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._hosts = hosts
        self._doors = doors
        self._open_paths = open_paths
        self._open_routes = open_routes
        self._look = look_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or socket pass, or answer it."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    # --- requests --------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Incoming(scope)
        send = _Protected(send, incoming.is_secure).send
        # A host that asks whether we live does so by an address that no browser would use.
        if incoming.path != _HEALTH and not self._host_is_known(incoming):
            answer = words("This console does not answer to that name.", 400)
            await answer(scope, receive, send)
            return
        if self._is_open(scope):
            await self._app(_passed_on(scope), receive, send)
            return
        if self._is_exposed(incoming):
            await words(_IN_THE_OPEN, 403)(scope, receive, send)
            return
        session = await self._session(incoming)
        door = self._doors.get(incoming.path)
        if door is not None:
            answer = await door(Visit(scope, receive, incoming, session))
            await answer(scope, receive, send)
        elif session is None and self._sessions.is_needed:
            await self._turned_away(incoming, scope, receive, send)
        else:
            await self._note(incoming, session)
            await self._app(_passed_on(scope, session), receive, send)

    async def _turned_away(
        self, incoming: Incoming, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not incoming.is_page_visit or scope["method"] not in {"GET", "HEAD"}:
            answer = words(_SIGNED_OUT, 401)
        elif incoming.came_from_elsewhere:
            answer = bounce()
        else:
            answer = go_to(sign_in_path(incoming.target))
        await answer(scope, receive, send)

    async def _note(self, incoming: Incoming, session: Session | None) -> None:
        token = incoming.cookie(SESSION)
        if session is not None and token is not None and incoming.is_page_visit:
            await run_in_threadpool(self._sessions.seen, token)

    # --- sockets ---------------------------------------------------------------------------

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Incoming(scope)
        if not self._host_is_known(incoming) or not self._origin_is_known(incoming):
            await refuse(receive, send)
            return
        if self._is_exposed(incoming) and not self._is_open(scope):
            await refuse(receive, send)
            return
        if self._is_open(scope) or not self._sessions.is_needed:
            await self._app(_passed_on(scope), receive, send)
            return
        token = incoming.cookie(SESSION)
        session = await self._session(incoming)
        if session is None or token is None:
            await refuse(receive, send)
            return

        async def stands() -> bool:
            return await run_in_threadpool(self._sessions.standing, token) is not None

        async def seen() -> None:
            await run_in_threadpool(self._sessions.seen, token)

        socket = GuardedSocket(receive, send, stands, seen, self._look)
        await socket.run(self._app, _passed_on(scope, session))

    # --- what is asked of both -------------------------------------------------------------

    async def _session(self, incoming: Incoming) -> Session | None:
        token = incoming.cookie(SESSION)
        if token is None or not self._sessions.is_needed:
            return None
        return await run_in_threadpool(self._sessions.standing, token)

    def _host_is_known(self, incoming: Incoming) -> bool:
        return host_is_allowed(incoming.headers.get("host"), self._hosts)

    def _origin_is_known(self, incoming: Incoming) -> bool:
        """Whether a page of this console opens the socket; what is no browser tells no origin."""
        if incoming.has_own_origin:
            return True
        origin = incoming.headers.get("origin", "").partition("://")[2]
        if name_of(origin) in {None, name_of(incoming.headers.get("host"))}:
            # What is served at another port of this name is not ours.
            return False
        # A proxy in between may have put another name into `Host`; but whoever has a name of
        # this machine is just another program here.
        named = [host for host in self._hosts if host != "*" and not is_of_this_machine(host)]
        return host_is_allowed(origin, named)

    def _is_exposed(self, incoming: Incoming) -> bool:
        """Whether anybody may be asking, where everybody on this machine is taken for its owner."""
        return not self._sessions.is_needed and not is_direct(incoming.headers)

    def _is_open(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if not any(path == each or path.startswith(f"{each}/") for each in self._open_paths):
            return False
        return any(route.matches(scope)[0] is not Match.NONE for route in self._open_routes)


def _passed_on(scope: Scope, session: Session | None = None) -> Scope:
    """Return a request for what stands behind; the session is named to it, and no token."""
    headers = without_own(scope["headers"])
    if session is not None:
        headers.append((SESSION_HEADER.encode(), session.number.encode("ascii")))
    return {**scope, "headers": headers}


class _Protected:
    """Puts the protecting headers on an answer."""

    def __init__(self, send: Send, is_secure: bool) -> None:
        self._send = send
        self._is_secure = is_secure

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            protect(MutableHeaders(scope=message), self._is_secure)
        await self._send(message)
