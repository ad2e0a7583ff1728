"""The real console with sign-in: what Streamlit serves to strangers, and a person's whole way."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from aineon.access.roles import Role
from aineon.primitives import ManualClock
from aineon.runtime.settings import Settings, load_settings
from tests.console import axe, browsing
from tests.console.signed_in import PASSWORD, access

NO_CHROMIUM = "no Chromium on this machine: the walk through the pages is left out"
PATIENCE_MS = 30_000
SERVED = (
    *("/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/media/x", "/index.html"),
    *("/_stcore/upload_file/a/b", "/_stcore/script-health-check", "/component/a/index.html"),
    *("/favicon.png", "/static/js/index.js", "/auth/login", "/oauth2callback", "/health/x"),
    *("/%2e%2e/risk", "//risk", "/session"),
)


@dataclass(frozen=True)
class Started:
    """A console that was started for these tests."""

    base: str
    settings: Settings
    said: Path

    def token(self) -> str:
        """The set-up token that was printed to whoever started it."""
        found = re.findall(r"asks for the token (\S+) ", self.said.read_text(encoding="utf-8"))
        assert len(found) == 1
        return str(found[0])


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    data, home = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("home")
    port, said = browsing.free_port(), home / "said.txt"
    env = browsing.environment(data, home) | {"AINEON_SIGN_IN": "always"}
    arguments = ["app", "--server.port", str(port)]
    base = f"http://127.0.0.1:{port}"
    with said.open("wb") as stream, browsing.process(arguments, env, stderr=stream) as started:
        browsing.await_answer(f"{base}/health", started)
        yield Started(base, load_settings(env=env), said)


def test_streamlit_serves_nothing_to_strangers(console: Started) -> None:
    with httpx.Client(base_url=console.base, trust_env=False) as client:
        for path in SERVED:
            for method in ("GET", "POST", "PUT", "DELETE"):
                assert client.request(method, path).status_code == 401, (method, path)
        led = client.get("/risk", headers={"accept": "text/html"})
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Frisk")
        assert client.get("/risk", headers={"host": "evil.example"}).status_code == 400
        assert client.get("/health", headers={"host": "10.0.0.1"}).status_code == 200


def test_streamlits_socket_opens_to_no_stranger(console: Started) -> None:
    url = f"{console.base.replace('http', 'ws')}/_stcore/stream"
    forged = {"Cookie": "aineon-session=" + "A" * 43, "X-Aineon-Session": "0123456789ab"}
    for headers in ({}, forged):
        with pytest.raises(InvalidStatus), connect(url, additional_headers=headers, proxy=None):
            pass


@pytest.fixture(scope="module")
def context() -> Iterator[Any]:
    with browsing.browser() as opened:
        yield opened


def barriers(page: Any) -> list[str]:
    """What keeps people out of a page, as far as axe-core is at hand."""
    return axe.violations(page) if axe.AXE.is_complete() else []


@pytest.mark.browser
@pytest.mark.timeout(240)
@pytest.mark.skipif(browsing.CHROMIUM is None, reason=NO_CHROMIUM)
def test_a_persons_way_from_the_first_start_to_the_last_sign_out(
    console: Started, context: Any
) -> None:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    # There is nobody yet: every way leads to the first user.
    page.goto(f"{console.base}/risk")
    assert page.url == f"{console.base}/set-up"
    assert page.locator("body").evaluate("b => getComputedStyle(b, '::before').content") == (
        '"SIMULATION – play money"'
    )
    wrong = barriers(page)
    page.get_by_label("Set-up token").fill(console.token())
    page.get_by_label("Name", exact=True).fill("anna")
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password, again").fill(PASSWORD)
    page.get_by_role("button", name="Create the first user").click()

    # The second factor, from the picture of its text to recovery codes.
    page.wait_for_url(f"{console.base}/second-factor")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Show the QR code").click()
    page.locator(".qr svg").wait_for()
    wrong += barriers(page)
    totp = pyotp.TOTP(page.locator("code").inner_text().replace(" ", ""))
    at = int(time.time())
    page.get_by_label("One-time code").fill(totp.at(at))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert page.locator(".codes li").count() == 10
    page.get_by_role("link", name="To the console").click()

    # A page, with the way out in its sidebar.
    page.get_by_text("Signed in as").wait_for()
    browsing.settle(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    wrong += barriers(page)

    # In again by password and code, to where a link pointed.
    page.goto(f"{console.base}/risk")
    page.get_by_label("Name", exact=True).fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    # A code of the next half minute at least: that of the first one was taken.
    page.get_by_label("One-time code").fill(totp.at(max(at + 30, int(time.time()))))
    signing = [text for text in complaints if "401" not in text]
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{console.base}/risk")
    page.get_by_text("Signed in as").wait_for()
    browsing.settle(page)
    assert (signing, wrong) == ([], [])
    assert not [text for text in complaints if "Content Security Policy" in text]

    # What an administrator ends, ends here without a touch.
    with access(console.settings, ManualClock(time.time())) as found:
        assert found.users.get("anna").role is Role.SUPER_ADMIN
        found.users.end_sessions("anna", who="root", at=time.time())
    page.get_by_role("heading", name="Sign in").wait_for()
    assert page.url == f"{console.base}/sign-in?next=%2Frisk"
    said = console.said.read_text(encoding="utf-8")
    assert PASSWORD not in said
    assert totp.secret not in said
