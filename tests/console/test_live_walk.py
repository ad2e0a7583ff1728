"""A live console in a browser: no mesh while its engine says live too, and the mesh without that.

No chain and no engine stand behind it: a book and a heartbeat are what the pages go by.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from aineon.access.roles import Role
from aineon.primitives import Book
from aineon.runtime.settings import load_settings
from app.gate.incoming import SESSION
from tests.console import browsing, places
from tests.console.signed_in import access, add_user, open_session

SEEN = "([part, what]) => getComputedStyle(document.body, part)[what]"
NOT_CONFIRMED = "LIVE – not confirmed by the engine"


def seen(page: Any, part: str, what: str) -> str:
    return str(page.evaluate(SEEN, [part, what]))


def play_money(page: Any) -> list[str]:
    """What on the page, in its title or laid over it would be said of play money alone."""
    told = "\n".join((page.title(), page.inner_text("body"), seen(page, "::before", "content")))
    return [words for words in ("play money", "simulated") if words in told.lower()]


def token_of_somebody(env: dict[str, str]) -> str:
    now = time.time()
    with access(load_settings(env=env)) as found:
        add_user(found, "anna", Role.SUPER_ADMIN, now)
        return open_session(found, "anna", now)[0]


@pytest.mark.browser
@pytest.mark.timeout(240)
@pytest.mark.skipif(browsing.CHROMIUM is None, reason="no Chromium on this machine")
def test_the_mesh_is_gone_while_the_engine_says_live_and_no_longer(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    places.beat(tmp_path, mode="live", feed="chain", provenance="live")
    with places.open_book(tmp_path, Book.LIVE) as store:
        places.fill_from_chain(store)
    token = token_of_somebody(browsing.environment(tmp_path, home))
    with (
        browsing.console(tmp_path, home, AINEON_MODE="live") as (address, _),
        browsing.browser() as context,
    ):
        context.add_cookies([{"name": SESSION, "value": token, "url": address}])
        page, complaints = browsing.open_page(context, address)
        assert (page.title(), page.locator("h1").inner_text()) == ("Overview · AINEON", "Overview")
        for part in ("::after", "::before"):
            assert seen(page, part, "content") == "none", part
            assert seen(page, part, "backgroundImage") == "none", part
        assert ", live" in page.inner_text("body")
        assert play_money(page) == []

        # The control: nobody touches the page, and the mesh comes back.
        places.beat(tmp_path, mode="simulation")
        worn = "getComputedStyle(document.body, '::after').backgroundImage.includes('svg')"
        page.wait_for_function(worn)
        page.wait_for_selector('h1:has-text("Overview · Live, not confirmed")')
        assert seen(page, "::before", "content") == f'"{NOT_CONFIRMED}"'
        page.locator(f"text={NOT_CONFIRMED} >> visible=true").first.wait_for()
        assert "play money" not in play_money(page)
        assert complaints == []
