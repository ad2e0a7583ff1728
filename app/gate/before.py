"""What stands before the pages: the gate, and the style sheet that pages are delivered with."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from aineon.runtime.hosts import allowed_hosts
from aineon.server.app import OPEN_PATHS
from app.first_paint import FirstPaint
from app.gate.answers import Style
from app.gate.desk import AccessDesk
from app.gate.doors import Doors
from app.gate.gate import Gate
from app.gate.tab import head_of


def before_pages(
    desk: AccessDesk, open_routes: Sequence[BaseRoute], style: Style
) -> list[Middleware]:
    """Return the middleware of the console, the gate first.

    Args:
        desk: knows users and sessions.
        open_routes: what answers at paths that need no session.
        style: returns what every page wears; it may block.
    """
    gate = Middleware(
        Gate,
        sessions=desk,
        hosts=allowed_hosts(desk.settings),
        doors=Doors(desk, style).by_path(),
        open_paths=OPEN_PATHS,
        open_routes=open_routes,
    )
    return [gate, Middleware(FirstPaint, style=lambda: style() + head_of(desk))]
