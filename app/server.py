"""The console process: gate, Streamlit's pages, health and API on one port.

Started as `streamlit run app/server.py` from the repository root, where its configuration lies.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402
from streamlit import config  # noqa: E402

from aineon.errors import AineonError  # noqa: E402
from aineon.runtime.access import with_setup_token  # noqa: E402
from aineon.runtime.settings import Settings  # noqa: E402
from aineon.server.app import routes  # noqa: E402
from app import mode, plotly_file  # noqa: E402
from app.gate.before import before_pages  # noqa: E402
from app.gate.desk import AccessDesk  # noqa: E402
from app.state import as_it_listens, client  # noqa: E402

_log = logging.getLogger("aineon.console")


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Load what pages need while the first visitor is on the way."""
    threading.Thread(target=load_ahead, name="aineon-load-ahead", daemon=True).start()
    yield {}
    desk.close()


def load_ahead() -> None:
    """Import what draws tables and charts, and keep all that is loaded out of collections.

    Neither the port nor the first page's text should have to wait for it.
    """
    try:
        import pyarrow as pa  # noqa: F401

        import app.actions
        import app.components.charts
        import app.components.tables  # noqa: F401

        gc.collect()
        gc.freeze()
    finally:
        # Where `python -m app` started it, it was off meanwhile.
        gc.enable()


def say_what_failed(error: Exception) -> bool:
    """Log an error of a page, and show the visitor that there was one, without its details."""
    _log.error("a page failed", exc_info=error)
    st.error(
        "This page could not be drawn because of an error in the console; its log says which. "
        "The engine is not touched by it. Reload the page to try again.",
        icon=":material/error:",
    )
    return True


def say(words: str) -> None:
    """Tell whoever reads the terminal; it is not logged, for a token may be in it."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def style_of_now() -> str:
    """Return the style sheet that a page is delivered with."""
    return "" if mode.is_live(client()) else mode.mesh(client().settings.mode)


def settings_of_now() -> Settings:
    """Return the settings of this console, in which somebody can create its first user."""
    found = as_it_listens(client().settings, config.get_option("server.address"))
    try:
        return with_setup_token(found, say)
    except AineonError as error:
        # The sign-in page says the same, and everything is looked at again there.
        _log.error("it is not known whether there is a user: %s", error)
        return found


settings = settings_of_now()
client().settings = settings
desk = AccessDesk(settings, client().clock)
open_routes = routes(settings)
app = st.App(
    "main.py",
    routes=[*open_routes, plotly_file.route()],
    lifespan=lifespan,
    middleware=before_pages(desk, open_routes, style_of_now),
    on_script_error=say_what_failed,
)
