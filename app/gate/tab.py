"""What a tab is told in its head: where the server is, and what to do when its session ends.

The gate closes the tab's WebSocket; Streamlit would then try to connect for ever, over figures that
are no longer true. A page asks now and then, and is loaded anew once it has no session.
"""

from __future__ import annotations

from typing import Final, Protocol

from starlette.responses import Response

from app.gate.answers import words

SESSION_PATH: Final = "/session"
SCRIPT_PATH: Final = "/session.js"
_NO_STORE: Final = {"Cache-Control": "no-store"}
_SCRIPT: Final = """\
"use strict";
setInterval(async () => {
  try {
    const answer = await fetch("/session", { cache: "no-store", redirect: "error" });
    if (answer.status === 401) location.reload();
  } catch {
    // The console is down or unreachable: the page itself says so.
  }
}, 5000);
"""


# Below a page's own path Streamlit would look for its server first, and write two errors into the
# browser's console before it looks at the root.
_SERVER: Final = "<script>window.__streamlit={BACKEND_BASE_URL:location.origin}</script>"


class _Desk(Protocol):
    @property
    def is_needed(self) -> bool: ...


def head_of(desk: _Desk) -> str:
    """Return what a page's head holds for it."""
    watch = f'<script src="{SCRIPT_PATH}" defer></script>' if desk.is_needed else ""
    return _SERVER + watch


def script() -> Response:
    """Return the script."""
    return Response(_SCRIPT, media_type="text/javascript", headers=_NO_STORE)


def standing(stands: bool) -> Response:
    """Tell a page whether its session stands."""
    if stands:
        return Response(status_code=204, headers=_NO_STORE)
    return words("Your session has ended.", 401)
