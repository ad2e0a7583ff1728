"""The gate's own pages: sign in and out, the first user, second factor and password."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, ParamSpec, TypeVar

import anyio.to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from aineon.access.permissions import Action
from aineon.access.sessions import Session
from aineon.errors import AineonError, SignInRefused, SignInThrottled
from app.asking import Asked, Result, Visitor
from app.gate import answers, pieces
from app.gate.answers import go_to
from app.gate.desk import AccessDesk, Opened
from app.gate.forms import Field, FormRefused, form, read_form, token_for
from app.gate.incoming import DEVICE, FORM, HOME, SESSION, Incoming, safe_target, sign_in_path
from app.gate.tab import SCRIPT_PATH, SESSION_PATH, script, standing

SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
SET_UP: Final = "/set-up"
PASSWORD: Final = "/password"  # noqa: S105 (a path)
_DEVICE_SECONDS: Final = 90 * 86_400
_AT_A_TIME: Final = 4

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for one of the gate's own pages.

    Attributes:
        session: the visitor's; None where none stands.
    """

    scope: Scope
    receive: Receive
    incoming: Incoming
    session: Session | None


Door = Callable[[Visit], Awaitable[Response]]
_Shown = Callable[[Visit], Awaitable[Response]]
_Sent = Callable[[Visit, dict[str, str]], Awaitable[Response]]


class Doors:
    """Answers for the gate's own pages.

    Args:
        desk: knows users and sessions.
        style: returns what every page wears; it may block.
    """

    def __init__(self, desk: AccessDesk, style: answers.Style) -> None:
        self._desk = desk
        self._style = style
        # Whoever floods these pages waits for himself, and not the pages for him.
        self._turns = anyio.CapacityLimiter(_AT_A_TIME)

    def by_path(self) -> Mapping[str, Door]:
        """Return what answers where."""
        return {
            SIGN_IN: self._door(self._show_sign_in, self._sign_in),
            SIGN_OUT: self._door(self._show_sign_out, self._sign_out),
            SET_UP: self._door(self._show_set_up, self._set_up),
            pieces.SECOND_FACTOR: self._door(self._show_second_factor, self._second_factor),
            PASSWORD: self._door(self._show_password, self._password),
            SESSION_PATH: _tell_session,
            SCRIPT_PATH: _give_script,
        }

    def _door(self, show: _Shown, send: _Sent) -> Door:
        async def answer(visit: Visit) -> Response:
            if not self._desk.is_needed:
                return go_to(HOME)
            try:
                match visit.scope["method"]:
                    case "GET" | "HEAD":
                        return await show(visit)
                    case "POST":
                        request = Request(visit.scope, visit.receive)
                        return await send(visit, await read_form(request, visit.incoming))
                return Response(status_code=405, headers={"Allow": "GET, HEAD, POST"})
            except FormRefused as error:
                return await self._page(
                    visit, "Not done", [pieces.said(str(error)), pieces.BACK], error.status
                )
            except AineonError as error:
                words = pieces.said(f"This cannot be done now: {error}.")
                return await self._page(visit, "Not now", [words, pieces.BACK], 503)

        return answer

    # --- in and out ------------------------------------------------------------------------

    async def _show_sign_in(self, visit: Visit) -> Response:
        if await run_in_threadpool(self._desk.is_open):
            return go_to(SET_UP)
        request = Request(visit.scope)
        target = safe_target(request.query_params.get("next", HOME))
        if visit.session is not None:
            return go_to(target)
        return await self._sign_in_page(visit, target)

    async def _sign_in_page(
        self, visit: Visit, target: str, said: str = "", status: int = 200
    ) -> Response:
        fields = [
            Field("name", "Name", autocomplete="username"),
            Field("password", "Password", "password", autocomplete="current-password"),
            Field(
                "code",
                "One-time code",
                autocomplete="one-time-code",
                hint="From your authenticator app, or a recovery code. Leave it empty where you "
                "have not set one up.",
                required=False,
                longest=40,
            ),
        ]
        token = token_for(visit.incoming)
        body = [said, form(SIGN_IN, fields, "Sign in", token, {"next": target})]
        return await self._form_page(visit, "Sign in", body, token, status)

    async def _sign_in(self, visit: Visit, fields: dict[str, str]) -> Response:
        target = safe_target(fields.get("next", HOME))
        try:
            opened = await self._in_turn(
                self._desk.sign_in,
                fields.get("name", ""),
                fields.get("password", ""),
                fields.get("code", ""),
                source=visit.incoming.source,
                device=visit.incoming.cookie(DEVICE),
            )
        except SignInRefused as error:
            return await self._sign_in_page(visit, target, pieces.said(pieces.sentence(error)), 401)
        except SignInThrottled as error:
            answer = await self._sign_in_page(
                visit, target, pieces.said(pieces.sentence(error)), 429
            )
            answer.headers["Retry-After"] = str(int(error.wait) + 1)
            return answer
        await self._leave(visit)
        return self._entered(visit, opened, target)

    def _entered(self, visit: Visit, opened: Opened, target: str) -> Response:
        answer, secure = go_to(target), visit.incoming.is_secure
        answers.set_cookie(answer, SESSION, opened.session, secure)
        answers.set_cookie(answer, DEVICE, opened.device, secure, _DEVICE_SECONDS)
        answers.drop_cookie(answer, FORM, secure)
        return answer

    async def _show_sign_out(self, visit: Visit) -> Response:
        if visit.session is None:
            return go_to(SIGN_IN)
        token = token_for(visit.incoming)
        who = f"<p>You are signed in as <strong>{escape(visit.session.name)}</strong>.</p>"
        body = [who, form(SIGN_OUT, [], "Sign out", token, {}), pieces.BACK]
        return await self._form_page(visit, "Sign out?", body, token)

    async def _sign_out(self, visit: Visit, _: dict[str, str]) -> Response:
        await self._leave(visit)
        answer = go_to(SIGN_IN)
        answers.drop_cookie(answer, SESSION, visit.incoming.is_secure)
        return answer

    async def _leave(self, visit: Visit) -> None:
        token = visit.incoming.cookie(SESSION)
        if token is not None:
            await run_in_threadpool(self._desk.sign_out, token)

    # --- the first user --------------------------------------------------------------------

    async def _show_set_up(self, visit: Visit) -> Response:
        if not await run_in_threadpool(self._desk.is_open):
            return go_to(SIGN_IN)
        return await self._set_up_page(visit, {})

    async def _set_up_page(
        self, visit: Visit, given: Mapping[str, str], said: str = "", status: int = 200
    ) -> Response:
        fields = [
            Field(
                "token",
                "Set-up token",
                "password",
                hint="AINEON_SETUP_TOKEN of this installation. Where none was set, the terminal "
                "in which the console was started shows one.",
            ),
            Field("name", "Name", autocomplete="username", value=given.get("name", "")),
            *pieces.new_password(),
        ]
        token = token_for(visit.incoming)
        about = (
            "<p>Nobody can sign in here yet. Whoever holds the set-up token creates the first "
            "user, a super admin, who adds the others.</p>"
        )
        body = [about, said, form(SET_UP, fields, "Create the first user", token, {})]
        return await self._form_page(visit, "Set up", body, token, status)

    async def _set_up(self, visit: Visit, fields: dict[str, str]) -> Response:
        if fields.get("password") != fields.get("again"):
            words = pieces.said("Both passwords are not the same.")
            return await self._set_up_page(visit, fields, words, 400)
        try:
            opened = await self._in_turn(
                self._desk.set_up,
                fields.get("token", ""),
                fields.get("name", ""),
                fields.get("password", ""),
                source=visit.incoming.source,
            )
        except AineonError as error:
            return await self._set_up_page(visit, fields, pieces.said(pieces.sentence(error)), 400)
        return self._entered(visit, opened, pieces.SECOND_FACTOR)

    # --- what is one's own -----------------------------------------------------------------

    async def _show_second_factor(self, visit: Visit) -> Response:
        if visit.session is None:
            return go_to(sign_in_path(pieces.SECOND_FACTOR))
        return await self._factor_page(visit, visit.session)

    async def _factor_page(
        self, visit: Visit, session: Session, said: str = "", status: int = 200
    ) -> Response:
        has_one = await run_in_threadpool(self._desk.is_enrolled, session.name)
        token = token_for(visit.incoming)
        about = pieces.HAS_ONE if has_one else pieces.HAS_NONE
        button = "Replace it" if has_one else "Show the QR code"
        asked_for = pieces.CODE if has_one else pieces.PRESENT
        begin = form(pieces.SECOND_FACTOR, [asked_for], button, token, {"step": "begin"})
        body = [said, f"<p>{about}</p>", begin, pieces.BACK]
        return await self._form_page(visit, "Second factor", body, token, status)

    async def _second_factor(self, visit: Visit, fields: dict[str, str]) -> Response:
        if visit.session is None:
            return go_to(sign_in_path(pieces.SECOND_FACTOR))
        body = {name: fields.get(name, "") for name in ("step", "code", "present")}
        result = await self._perform(visit.session, Action.ENROL_SECOND_FACTOR, body)
        token = token_for(visit.incoming)
        if result.accepted and body["step"] == "begin":
            shown = pieces.scan(result, token)
        elif result.accepted:
            shown = pieces.recovery(result)
        elif body["step"] == "confirm":
            shown = [pieces.said(result.words), pieces.confirm_form(token), pieces.AGAIN]
        else:
            return await self._factor_page(visit, visit.session, pieces.said(result.words), 400)
        status = 200 if result.accepted else 400
        return await self._form_page(visit, "Second factor", shown, token, status)

    async def _show_password(self, visit: Visit) -> Response:
        if visit.session is None:
            return go_to(sign_in_path(PASSWORD))
        return await self._password_page(visit)

    async def _password_page(self, visit: Visit, said: str = "", status: int = 200) -> Response:
        token = token_for(visit.incoming)
        about = "<p>All your sessions end with it, this one too.</p>"
        fields = [pieces.PRESENT, *pieces.new_password()]
        body = [about, said, form(PASSWORD, fields, "Change the password", token, {}), pieces.BACK]
        return await self._form_page(visit, "Change your password", body, token, status)

    async def _password(self, visit: Visit, fields: dict[str, str]) -> Response:
        if visit.session is None:
            return go_to(sign_in_path(PASSWORD))
        if fields.get("password") != fields.get("again"):
            return await self._password_page(
                visit, pieces.said("Both passwords are not the same."), 400
            )
        body = {"present": fields.get("present", ""), "new": fields.get("password", "")}
        result = await self._perform(visit.session, Action.CHANGE_OWN_PASSWORD, body)
        if not result.accepted:
            return await self._password_page(visit, pieces.said(result.words), 400)
        body_html = [pieces.done(result.words), f'<nav><a href="{SIGN_IN}">Sign in</a></nav>']
        answer = await self._page(visit, "Password changed", body_html)
        answers.drop_cookie(answer, SESSION, visit.incoming.is_secure)
        return answer

    async def _perform(self, session: Session, action: Action, body: dict[str, str]) -> Result:
        visitor = Visitor(session.name, session.role, session.number)
        asked = Asked(action, visitor, self._desk.settings, self._desk.clock, body)
        return await self._in_turn(_perform, asked)

    # --- how -------------------------------------------------------------------------------

    async def _in_turn(self, ask: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do in a thread what hashes, and so computes for a while."""
        task = functools.partial(ask, *arguments, **named)
        return await anyio.to_thread.run_sync(task, limiter=self._turns)

    async def _form_page(
        self, visit: Visit, title: str, body: list[str], token: str, status: int = 200
    ) -> Response:
        answer = await self._page(visit, title, body, status)
        answers.set_cookie(answer, FORM, token, visit.incoming.is_secure)
        return answer

    async def _page(self, visit: Visit, title: str, body: list[str], status: int = 200) -> Response:
        style = await run_in_threadpool(self._style)
        return answers.page(title, body, style, status)


def _perform(asked: Asked) -> Result:
    # All that the console can do comes with it, for which the first page should not have to wait.
    from app.actions import perform

    return perform(asked)


async def _tell_session(visit: Visit) -> Response:
    return standing(visit.session is not None)


async def _give_script(_: Visit) -> Response:
    return script()
