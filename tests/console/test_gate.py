"""The gate: who passes, who does not, and what it makes of requests that nobody vouches for."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import bcrypt
import pyotp
import pytest
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.ledger.control import ControlStore
from aineon.primitives import ManualClock
from aineon.runtime.settings import load_settings
from app.gate import desk
from app.gate.incoming import SESSION_HEADER, Incoming, safe_target
from app.gate.socket import GuardedSocket
from tests.console.gated import SOCKET, SOCKET_URL, Behind, TestClient, fill_in, gated, send
from tests.console.signed_in import PASSWORD, access, add_user, code_of, enrol, open_session

NOW = 1_800_000_000.0
SETUP_TOKEN = "canary-setup-token-of-this-installation"
TO_PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}
PATHS = (
    *("/", "/risk", "/withdrawals?run=3", "/session", "/auth/login", "/media/x"),
    *("/_stcore/health", "/_stcore/host-config", "/_stcore/upload_file/s/f"),
    *("/static/js/index.js", "/component/x/index.html"),
    *("/health/x", "/health/../risk", "//health", "/metrics/.."),
)


@pytest.fixture(autouse=True)
def _gate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    monkeypatch.setenv("AINEON_SETUP_TOKEN", SETUP_TOKEN)
    # Sessions are looked up each time: these tests are about what is true at this moment.
    monkeypatch.setattr(desk, "KEPT_SECONDS", 0.0)
    # What bcrypt costs is the business of its own tests.
    monkeypatch.setattr(PasswordHasher.__init__, "__defaults__", (4,))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder where `anna`, a trader, and `root` may sign in."""
    folder = tmp_path_factory.mktemp("peopled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AINEON_DATA_DIR", str(folder))
        patch.setenv("AINEON_ENV_FILE", "off")
        patch.setattr(PasswordHasher.__init__, "__defaults__", (4,))
        with access(load_settings()) as found:
            add_user(found, "anna", Role.TRADER, NOW)
    return folder


@pytest.fixture
def browser(
    folder: Path, peopled: Path, clock: ManualClock, behind: Behind
) -> Iterator[TestClient]:
    shutil.copytree(peopled, folder, dirs_exist_ok=True)
    with gated(clock, behind) as client:
        yield client


def sign_in(browser: TestClient, path: str = "/sign-in", **fields: str) -> Any:
    return fill_in(browser, path, **({"name": "anna", "password": PASSWORD} | fields))


# --- without a session ---------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_passes_without_a_session(browser: TestClient, behind: Behind, method: str) -> None:
    forged = {"cookie": "aineon-session=" + "A" * 43, SESSION_HEADER: "0123456789ab"}
    for path in PATHS:
        for headers in ({}, forged):
            assert browser.request(method, path, headers=headers).status_code == 401, path
    assert behind.requests == []


def test_a_person_is_led_to_the_sign_in_page_and_back(browser: TestClient, behind: Behind) -> None:
    led = browser.get("/risk?run=3&x=%2F", headers=TO_PAGE)
    assert led.status_code == 303
    assert led.headers["location"] == "/sign-in?next=%2Frisk%3Frun%3D3%26x%3D%252F"
    entered = sign_in(browser, led.headers["location"])
    assert entered.status_code == 303
    assert entered.headers["location"] == "/risk?run=3&x=%2F"
    assert browser.get("/risk?run=3", headers=TO_PAGE).json() == {"path": "/risk"}


def test_health_answers_to_everybody_under_any_name(browser: TestClient, behind: Behind) -> None:
    assert browser.get("/health", headers={"host": "10.1.2.3:10000"}).status_code == 200
    assert browser.get("/risk", headers={"host": "evil.example"}).status_code == 400
    assert browser.get("/sign-in", headers={"host": "evil.example"}).status_code == 400
    assert [path for path, _ in behind.requests] == ["/health"]


def test_a_socket_is_refused_without_a_session(browser: TestClient, behind: Behind) -> None:
    for headers in ({}, {"cookie": "aineon-session=" + "A" * 43}, {SESSION_HEADER: "0123456789ab"}):
        with (
            pytest.raises(WebSocketDisconnect),
            browser.websocket_connect(SOCKET_URL, headers=headers),
        ):
            pass
    assert behind.requests == []


def test_where_no_sign_in_is_needed_all_pass_but_strangers(
    folder: Path, clock: ManualClock, behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AINEON_SIGN_IN", "auto")
    with gated(clock, behind) as browser:
        forged = {SESSION_HEADER: "0123456789ab"}
        assert browser.get("/risk", headers=forged).status_code == 200
        assert SESSION_HEADER not in behind.requests[0][1]
        assert browser.get("/sign-in").headers["location"] == "/"
        assert browser.get("/risk", headers={"host": "evil.example"}).status_code == 400
        with browser.websocket_connect(
            SOCKET_URL, headers={"origin": "http://localhost"}
        ) as socket:
            socket.send_bytes(b"x")
            assert socket.receive_bytes() == b"x"
        for origin in ("http://evil.example", "null", "http://localhost.evil.example", "http://["):
            stranger = {"origin": origin}
            with (
                pytest.raises(WebSocketDisconnect),
                browser.websocket_connect(SOCKET_URL, headers=stranger),
            ):
                pass
        # A proxy may have put another name into `Host`.
        named = {"origin": "https://console.example"}
        with browser.websocket_connect(SOCKET_URL, headers=named):
            pass
    assert not (folder / "control.db").exists()


@pytest.mark.parametrize(
    "origin",
    [
        # Another program of this machine, or another one at another port of the same name.
        *("http://localhost:3000", "http://127.0.0.1:9999", "https://localhost:1"),
        "http://console.example:8080",
    ],
)
def test_a_page_at_another_port_opens_no_socket(browser: TestClient, origin: str) -> None:
    assert sign_in(browser).status_code == 303
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    host = "console.example" if "console" in origin else "localhost"
    url = f"ws://{host}{SOCKET}"
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect(url, headers={"origin": origin, "cookie": cookie}),
    ):
        pass
    own = {"origin": f"https://{host}", "cookie": cookie}
    with browser.websocket_connect(url, headers=own):
        pass


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_where_nobody_signs_in_nothing_comes_through_a_proxy(
    clock: ManualClock, behind: Behind, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("AINEON_SIGN_IN", "auto")
    proxied = {name: "203.0.113.7"}
    with gated(clock, behind) as browser:
        refused = browser.get("/risk", headers=proxied)
        assert refused.status_code == 403
        assert "AINEON_SIGN_IN=always" in refused.text
        with (
            pytest.raises(WebSocketDisconnect),
            browser.websocket_connect(SOCKET_URL, headers=proxied),
        ):
            pass
        assert behind.requests == []
        assert browser.get("/health", headers=proxied).status_code == 200


# --- signing in and out --------------------------------------------------------------------


def test_the_session_is_in_a_strict_cookie_that_scripts_do_not_see(browser: TestClient) -> None:
    cookies = sign_in(browser).headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("aineon-session="))
    for flag in ("HttpOnly", "Path=/", "SameSite=strict"):
        assert flag in session
    assert "Secure" not in session
    assert "Domain" not in session


def test_by_tls_cookies_are_bound_to_their_host(
    browser: TestClient, clock: ManualClock, behind: Behind
) -> None:
    with gated(clock, behind, base_url="https://console.example") as secure:
        cookies = sign_in(secure).headers.get_list("set-cookie")
        session = next(cookie for cookie in cookies if cookie.startswith("__Host-aineon-session="))
        assert "Secure" in session
        assert secure.get("/risk").status_code == 200
        assert "strict-transport-security" in secure.get("/risk").headers
        # A cookie without the prefix may have been set by a sibling of the host.
        token = secure.cookies["__Host-aineon-session"]
        secure.cookies.clear()
        assert secure.get("/risk", headers={"cookie": f"aineon-session={token}"}).status_code == 401
    proxied = browser.get("/sign-in", headers={"x-forwarded-proto": "https"})
    assert proxied.headers["set-cookie"].startswith("__Host-aineon-form=")


def test_pages_behind_learn_the_session_and_never_its_token(
    browser: TestClient, behind: Behind
) -> None:
    sign_in(browser)
    token = browser.cookies["aineon-session"]
    forged = {SESSION_HEADER: "0123456789ab", "cookie": f"aineon-session={token}; other=1"}
    assert browser.get("/risk", headers=forged).status_code == 200
    headers = behind.requests[-1][1]
    with access(load_settings()) as found:
        session = found.sessions.look(token, NOW)
    assert session is not None
    assert headers[SESSION_HEADER] == session.number
    assert headers["cookie"] == "other=1"
    assert token not in str(behind.requests)


EVIL = (
    *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil", "/a\\b"),
    *("https://evil.example", "javascript:alert(1)", "evil", "", "?x", "/" + "a" * 2_000),
    *("/\t/evil.example", "/\r\nset-cookie: a=b", "/a\x00b", "/\u2028x", "/[::1", "/\x85"),
)


@pytest.mark.parametrize("target", EVIL)
def test_only_places_on_this_site_are_gone_to(target: str) -> None:
    assert safe_target(target) in {"/", "/[::1"}
    assert safe_target(f"/risk?next={target}")[:11] in {"/", "/risk?next="}


def test_nobody_is_led_elsewhere(browser: TestClient) -> None:
    page = browser.get("/sign-in", params={"next": "//evil.example"})
    assert "evil" not in page.text
    fields = {"name": "anna", "password": PASSWORD, "next": "/\\evil.example"}
    assert send(browser, "/sign-in", page, **fields).headers["location"] == "/"
    # Whoever is signed in already is led on at once.
    assert browser.get("/sign-in?next=//evil.example").headers["location"] == "/"
    split = browser.get("/sign-in?next=/%250d%250aset-cookie:a=b")
    assert split.headers["location"] == "/%0d%0aset-cookie:a=b"
    assert "a" not in browser.cookies


def test_what_is_wrong_is_not_told(browser: TestClient) -> None:
    with access(load_settings()) as found:
        enrol(found, "root", NOW)
    answers = [
        sign_in(browser, password="another-" + PASSWORD),
        sign_in(browser, name="nobody-of-this-name"),
        sign_in(browser, name="root", code="000000"),
        sign_in(browser, name="root"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    said = {re.findall(r'role="alert">([^<]*)<', answer.text)[0] for answer in answers}
    assert said == {"Name, password and one-time code do not belong together."}
    assert browser.get("/risk").status_code == 401


def test_a_flood_hashes_five_times_an_account_and_as_often_for_nobody(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[bytes] = []
    compare = bcrypt.checkpw

    def count(password: bytes, kept: bytes) -> bool:
        hashed.append(password)
        return compare(password, kept)

    monkeypatch.setattr(bcrypt, "checkpw", count)
    page = browser.get("/sign-in")
    for name, place in (("anna", 1), ("no-such-user", 2)):
        hashed.clear()
        answers = []
        for number in range(40):
            # From everywhere, as far as a proxy tells.
            browser.headers["x-forwarded-for"] = f"198.51.{place}.{number}"
            fields = {"name": name, "password": f"wrong {number}"}
            answers.append(send(browser, "/sign-in", page, **fields))
        assert len(hashed) <= 5
        statuses = [answer.status_code for answer in answers]
        assert statuses == [401] * len(hashed) + [429] * (40 - len(hashed))
        assert int(answers[-1].headers["retry-after"]) <= 901


@pytest.mark.parametrize(
    ("peer", "told", "source"),
    [
        ("8.8.8.8", "", "8.8.8.8"),
        # Whoever comes from outside says what he likes.
        ("8.8.8.8", "198.51.100.1", "8.8.8.8"),
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("unix", "198.51.100.1", "unix"),
    ],
)
def test_a_try_counts_for_where_it_comes_from(peer: str, told: str, source: str) -> None:
    headers = [(b"x-forwarded-for", told.encode())] if told else []
    scope = {"type": "http", "path": "/", "scheme": "http", "client": (peer, 1), "headers": headers}
    assert Incoming(scope).source == source


def test_an_unknown_name_costs_as_many_hashes_as_a_known_one(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[bytes] = []
    compare = bcrypt.checkpw

    def count(password: bytes, kept: bytes) -> bool:
        hashed.append(kept[:7])
        return compare(password, kept)

    monkeypatch.setattr(bcrypt, "checkpw", count)
    sign_in(browser, password="wrong, and long enough")
    known = list(hashed)
    hashed.clear()
    sign_in(browser, name="no-such-user", password="wrong, and long enough")
    assert len(known) == len(hashed) == 1


def test_signing_out_ends_the_session_at_the_server(browser: TestClient) -> None:
    sign_in(browser)
    token = browser.cookies["aineon-session"]
    assert browser.get("/sign-out").status_code == 200
    assert browser.get("/session").status_code == 204
    left = fill_in(browser, "/sign-out")
    assert left.headers["location"] == "/sign-in"
    assert browser.get("/risk", headers={"cookie": f"aineon-session={token}"}).status_code == 401
    assert browser.get("/session").status_code == 401


def test_signing_in_and_out_is_written_down(browser: TestClient, folder: Path) -> None:
    sign_in(browser, password="wrong, and long enough")
    sign_in(browser)
    fill_in(browser, "/sign-out")
    settings = load_settings()
    with ControlStore.open(settings.control_url) as control:
        entries = [entry.decision for entry in control.audit(settings.anchor_path).last(100)]
    told = [(entry.who, entry.action) for entry in entries if entry.subject == "anna"]
    assert told[-3:] == [
        ("sign-in", "session.refuse"),
        ("anna", "session.open"),
        ("anna", "session.close"),
    ]


def test_signing_in_anew_ends_the_session_before(browser: TestClient) -> None:
    page = browser.get("/sign-in")
    sign_in(browser)
    before = browser.cookies["aineon-session"]
    browser.cookies.set("aineon-form", re.findall(r'name="form" value="([^"]+)"', page.text)[0])
    send(browser, "/sign-in", page, name="anna", password=PASSWORD)
    assert browser.get("/risk").status_code == 200
    with access(load_settings()) as found:
        assert found.sessions.look(before, NOW) is None


def test_a_link_from_elsewhere_finds_the_session_all_the_same(browser: TestClient) -> None:
    # A browser holds strict cookies back when another site leads here.
    elsewhere = TO_PAGE | {"sec-fetch-site": "cross-site"}
    bounced = browser.get("/risk", headers=elsewhere)
    assert bounced.status_code == 200
    assert '<meta http-equiv="refresh" content="0">' in bounced.text
    again = browser.get("/risk", headers=TO_PAGE | {"sec-fetch-site": "same-origin"})
    assert again.status_code == 303


# --- forms ---------------------------------------------------------------------------------


def post(browser: TestClient, body: Any, **headers: str) -> Any:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return browser.post("/sign-in", content=body, headers=kind | headers)


def test_a_form_that_no_page_of_ours_has_sent_does_nothing(browser: TestClient) -> None:
    browser.get("/sign-in")
    token = browser.cookies["aineon-form"]
    right = f"form={token}&name=anna&password={PASSWORD.replace(' ', '+')}&code=&next=/"
    assert post(browser, right.replace(token, "A" * 43)).status_code == 403
    assert post(browser, right.replace("form=", "nothing=")).status_code == 403
    assert post(browser, right, origin="http://evil.example").status_code == 403
    assert post(browser, right, origin="null").status_code == 403
    assert post(browser, right, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert post(browser, right, **{"sec-fetch-site": "same-site"}).status_code == 403
    assert post(browser, right, **{"content-type": "text/plain"}).status_code == 415
    assert post(browser, right, cookie="aineon-form=" + "B" * 43).status_code == 403
    assert "aineon-session" not in browser.cookies
    assert post(browser, right).status_code == 303


BAD_FORMS = (
    (b"", 403),
    (b"\xff\xfe\x00", 400),
    (b"name=%ff%fe", 400),
    (b"name=a%00b&form=x", 400),
    (b"name=a%0d%0aSet-Cookie:x=y&form=x", 400),
    (b"name=a&name=b&form=x", 400),
    (b"a&b&c", 400),
    (b"&".join(b"f%d=1" % number for number in range(50)), 400),
    (b"name=" + b"a" * 10_000, 413),
    (b"a=1;b=2" * 3, 403),
)


def test_bad_forms_are_refused_in_words(browser: TestClient) -> None:
    browser.get("/sign-in")
    for body, status in BAD_FORMS:
        answer = post(browser, body)
        assert answer.status_code == status, body[:40]
        assert "Not done" in answer.text
    assert set(browser.cookies) == {"aineon-form"}


def test_a_body_without_end_is_cut_off(browser: TestClient) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1_000):
            taken += 1
            yield b"a" * 1_024

    browser.get("/sign-in")
    assert post(browser, endless()).status_code == 413


def test_what_was_typed_comes_back_as_text(browser: TestClient) -> None:
    said = fill_in(browser, "/sign-in?next=/%22%3E%3Cscript%3E", name="<script>", password="x")
    assert said.status_code == 401
    assert "<script>" not in said.text


def test_pages_need_no_script_and_allow_none(browser: TestClient) -> None:
    page = browser.get("/sign-in")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    nonce = re.findall(r"'nonce-([^']+)'", policy)[0]
    assert len(re.findall(f'<style nonce="{nonce}"', page.text)) == page.text.count("<style")
    # Simulated, as the mesh and its words say.
    assert "SIMULATION – play money" in page.text
    assert page.headers["x-frame-options"] == "DENY"
    sign_in(browser)
    through = browser.get("/risk").headers
    assert "frame-ancestors 'self'" in through["content-security-policy"]
    assert through["x-content-type-options"] == "nosniff"


def test_other_methods_are_not_for_these_pages(browser: TestClient) -> None:
    for method in ("PUT", "DELETE", "TRACE", "PATCH"):
        assert browser.request(method, "/sign-in").status_code == 405


# --- the first user ------------------------------------------------------------------------


@pytest.fixture
def empty(folder: Path, clock: ManualClock, behind: Behind) -> Iterator[TestClient]:
    with gated(clock, behind) as client:
        yield client


def set_up(browser: TestClient, **fields: str) -> Any:
    given = {"token": SETUP_TOKEN, "name": "Anna", "password": PASSWORD, "again": PASSWORD}
    return fill_in(browser, "/set-up", **(given | fields))


def test_whoever_holds_the_token_creates_the_first_user(empty: TestClient) -> None:
    assert empty.get("/sign-in").headers["location"] == "/set-up"
    created = set_up(empty)
    assert created.headers["location"] == "/second-factor"
    assert empty.get("/risk").status_code == 200
    with access(load_settings()) as found:
        assert found.users.get("anna").role is Role.SUPER_ADMIN
    # From then on the page is gone.
    other = {"token": SETUP_TOKEN, "name": "eve", "password": PASSWORD, "again": PASSWORD}
    assert empty.get("/set-up").headers["location"] == "/sign-in"
    empty.cookies.delete("aineon-session")
    page = empty.get("/sign-in")
    refused = send(empty, "/set-up", page, **other)
    assert "there are users already" in refused.text.lower()
    with access(load_settings()) as found:
        assert found.users.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"token": "another token altogether"}, "not the set-up token"),
        ({"again": "something else"}, "Both passwords are not the same"),
        ({"password": "short", "again": "short"}, "5 characters long"),
        ({"name": "operator"}, "stands for a part of AINEON"),
    ],
)
def test_without_all_that_nobody_is_created(
    empty: TestClient, fields: dict[str, str], words: str
) -> None:
    refused = set_up(empty, **fields)
    assert refused.status_code == 400
    assert words in refused.text
    assert SETUP_TOKEN not in refused.text
    with access(load_settings()) as found:
        assert found.users.is_empty()


# --- what is one's own ---------------------------------------------------------------------


def test_a_second_factor_is_set_up_by_its_code_and_asked_from_then_on(
    browser: TestClient, clock: ManualClock
) -> None:
    sign_in(browser)
    # Whoever comes upon an open session does not make himself the one who gives its codes.
    for guess in ("", "another password"):
        refused = fill_in(browser, "/second-factor", present=guess)
        assert refused.status_code == 400
        assert "<svg" not in refused.text
    shown = fill_in(browser, "/second-factor", present=PASSWORD)
    assert "<svg" in shown.text
    assert "style=" not in shown.text
    secret = re.findall(r"<code>([A-Z2-7 ]+)</code>", shown.text)[0].replace(" ", "")
    wrong = send(browser, "/second-factor", shown, code="000000")
    assert wrong.status_code == 400
    assert secret not in wrong.text
    done = send(browser, "/second-factor", wrong, code=pyotp.TOTP(secret).at(int(NOW)))
    codes = re.findall(r"<li>([a-z2-7-]+)</li>", done.text)
    assert len(codes) == 10
    assert codes[0] not in browser.get("/second-factor").text
    browser.cookies.delete("aineon-session")
    clock.advance(60)
    assert sign_in(browser).status_code == 401
    assert sign_in(browser, code=code_of(secret, NOW + 60)).status_code == 303
    browser.cookies.delete("aineon-session")
    assert sign_in(browser, code=codes[0]).status_code == 303
    # Replacing it takes a code of the present one.
    refused = fill_in(browser, "/second-factor", code="000000")
    assert refused.status_code == 400
    assert "<svg" not in refused.text


def test_another_password_takes_the_present_one_and_ends_all_sessions(browser: TestClient) -> None:
    sign_in(browser)
    new = "another-" + PASSWORD
    wrong = fill_in(browser, "/password", present="wrong", password=new, again=new)
    assert "The present password is another one." in wrong.text
    changed = fill_in(browser, "/password", present=PASSWORD, password=new, again=new)
    assert changed.status_code == 200
    assert browser.get("/risk").status_code == 401
    assert sign_in(browser).status_code == 401
    assert sign_in(browser, password=new).status_code == 303


def test_these_pages_are_for_whoever_is_signed_in(browser: TestClient) -> None:
    for path in ("/second-factor", "/password"):
        led = browser.get(path).headers["location"]
        assert led == f"/sign-in?next=%2F{path[1:]}"
        page = browser.get("/sign-in")
        assert send(browser, path, page).headers["location"] == led
    assert browser.get("/sign-out").headers["location"] == "/sign-in"


# --- sockets -------------------------------------------------------------------------------


def by_hand(auto: bool) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.is_auto_rerun = auto
    return message.SerializeToString()


@pytest.mark.parametrize("ending", ["revoked", "role", "password", "old"])
def test_a_socket_is_closed_when_its_session_ends(
    browser: TestClient, behind: Behind, clock: ManualClock, ending: str
) -> None:
    sign_in(browser)
    with browser.websocket_connect(SOCKET_URL) as socket:
        socket.send_bytes(by_hand(auto=False))
        assert socket.receive_bytes() == by_hand(auto=False)
        with access(load_settings()) as found:
            match ending:
                case "revoked":
                    found.sessions.revoke_all("anna")
                case "role":
                    found.users.set_role("anna", Role.VIEWER, who="root", at=NOW)
                case "password":
                    found.users.set_password("anna", "new " + PASSWORD, who="root", at=NOW)
                case "old":
                    clock.advance(12 * 3600)
        socket.send_bytes(b"after the end")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()
        assert closed.value.code == 1008
    assert behind.messages == [by_hand(auto=False)]


async def test_the_closing_is_sent_even_where_the_application_ends_first() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.receive", "bytes": b""}

    async def slowly(message: Message) -> None:
        await anyio.wait_all_tasks_blocked()
        sent.append(message)

    async def stands() -> bool:
        return False

    async def seen() -> None:
        raise AssertionError("nobody was seen")

    async def application(_: Scope, receive: Receive, __: Send) -> None:
        await anyio.lowlevel.checkpoint()
        while (await receive())["type"] != "websocket.disconnect":
            pass

    with anyio.fail_after(30):
        await GuardedSocket(receive, slowly, stands, seen, 2.0).run(application, {})
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_page_that_renews_itself_keeps_nobody_signed_in(
    browser: TestClient, clock: ManualClock
) -> None:
    sign_in(browser)
    token = browser.cookies["aineon-session"]

    def seen_at() -> float:
        with access(load_settings()) as found:
            session = found.sessions.look(token, clock.now())
        assert session is not None
        return session.seen_at

    with browser.websocket_connect(SOCKET_URL) as socket:
        for message in (by_hand(auto=True), b"\xff", b""):
            clock.advance(100)
            socket.send_bytes(message)
            socket.receive_bytes()
            assert seen_at() == NOW
        browser.get("/_stcore/health")
        browser.get("/session")
        assert seen_at() == NOW
        socket.send_bytes(by_hand(auto=False))
        socket.receive_bytes()
        assert seen_at() == clock.now()


# --- secrets -------------------------------------------------------------------------------


def test_no_secret_gets_into_pages_logs_or_the_database(
    empty: TestClient, folder: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    pages = [set_up(empty, token="wrong " + SETUP_TOKEN), set_up(empty)]
    shown = fill_in(empty, "/second-factor", present=PASSWORD)
    secret = re.findall(r"<code>([A-Z2-7 ]+)</code>", shown.text)[0].replace(" ", "")
    done = send(empty, "/second-factor", shown, code=pyotp.TOTP(secret).at(int(NOW)))
    recovery = re.findall(r"<li>([a-z2-7-]+)</li>", done.text)[0]
    token = empty.cookies["aineon-session"]
    pages += [empty.get(path) for path in ("/", "/second-factor", "/password", "/sign-out")]
    empty.cookies.delete("aineon-session")
    pages += [sign_in(empty, name=PASSWORD), sign_in(empty, code="000000")]
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    with sqlite3.connect(folder / "control.db") as connection:
        kept += "\n".join(connection.iterdump()).encode()
    connection.close()
    for canary in (PASSWORD, SETUP_TOKEN, secret, recovery, recovery.replace("-", ""), token):
        assert canary not in caplog.text
        assert not any(canary in page.text for page in pages)
        assert canary.encode() not in kept


def test_the_session_store_is_asked_for_who_is_there(browser: TestClient, folder: Path) -> None:
    # The control: a session that was opened elsewhere counts here, and one that ended does not.
    with access(load_settings()) as found:
        token, _ = open_session(found, "anna", NOW)
        cookie = {"cookie": f"aineon-session={token}"}
        assert browser.get("/risk", headers=cookie).status_code == 200
        found.sessions.revoke(token)
    assert browser.get("/risk", headers=cookie).status_code == 401


# --- while nobody can be looked up ---------------------------------------------------------


def test_a_session_that_stood_goes_on_for_a_while_and_no_other_begins(
    folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings()
    with access(settings, clock) as found:
        add_user(found, "anna", Role.TRADER, NOW)
        token, _ = open_session(found, "anna", NOW)
        ended, _ = open_session(found, "root", NOW)
    sessions = desk.AccessDesk(settings, clock)
    assert sessions.standing(token) is not None
    assert sessions.standing(ended) is not None
    with access(settings, clock) as found:
        found.users.end_sessions("root", who="test", at=NOW)
    assert sessions.standing(ended) is None
    sessions.close()
    for path in folder.glob("control.db*"):
        path.unlink()
    (folder / "control.db").write_bytes(b"no database " * 1_000)
    session = sessions.standing(token)
    assert session is not None
    assert session.name == "anna"
    # Whoever was out stays out, strangers as well; and nothing goes on for ever.
    assert sessions.standing(ended) is None
    assert sessions.standing("A" * 43) is None
    monkeypatch.setattr(desk, "THROUGH_TROUBLE_SECONDS", 0.0)
    assert sessions.standing(token) is None
    sessions.close()
