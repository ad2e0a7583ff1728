"""The form for live mode: who sees it, and what it takes before anything is asked for."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aineon.access.permissions import Action, may
from aineon.access.roles import Role
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import ModeRequest
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.live_word import phrase, written_phrase
from aineon.runtime.settings import load_settings
from app import state, visitors
from tests.console import places
from tests.console.seeing import open_page, text_of
from tests.console.signed_in import access, code_of, enrol, people

EXECUTOR = "0x" + "e8" * 20
GO = "Go live"


@pytest.fixture(autouse=True)
def supervised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")
    monkeypatch.setenv("AINEON_EXECUTOR", EXECUTOR)


@pytest.fixture
def sign_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Role, int]:
    """Session numbers of somebody of each role, behind a sign-in."""
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    state.client.cache_clear()
    places.busy(folder)
    found = people(load_settings(), time.time())
    return {role: visitor.session_id or 0 for role, visitor in found.items()}


def mode_section() -> AppTest:
    test = open_page("settings")
    return test.button_group(key="settings_section").set_value("Mode").run()


def offered(test: AppTest) -> bool:
    return any(button.label == GO for button in test.button)


def asked(folder: Path) -> ModeRequest | None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        return control.requests.latest()


def go(test: AppTest, typed: str, code: str) -> AppTest:
    """Fill the form in and send it."""
    [words] = [field for field in test.text_input if field.label.startswith("Type “trade with")]
    [digits] = [field for field in test.text_input if field.label == "One-time code to go live"]
    words.set_value(typed)
    digits.set_value(code)
    [button] = [button for button in test.button if button.label == GO]
    test = button.click().run()
    assert not test.exception
    return test


def test_it_is_for_those_who_may_and_have_signed_in(
    folder: Path, sign_in: dict[Role, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for role, number in sign_in.items():
        monkeypatch.setattr(visitors, "named_session", lambda number=number: number)
        assert offered(mode_section()) is may(role, Action.GO_LIVE), role


def test_whoever_has_not_signed_in_is_told_how(folder: Path) -> None:
    places.busy(folder)
    test = mode_section()
    assert not offered(test)
    assert "start AINEON with AINEON_SIGN_IN=always" in text_of(test)


def test_a_phrase_and_a_code_ask_for_it(
    folder: Path, sign_in: dict[Role, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "named_session", lambda: sign_in[Role.ADMIN])
    now = time.time()
    with access(load_settings()) as found:
        # A code works once, so it was enrolled with one of a while ago.
        secret = enrol(found, Role.ADMIN.name.lower(), now - 120)
    test = go(mode_section(), "yes", code_of(secret, now))
    assert "is not 'trade with real money on chain 1" in text_of(test)
    assert asked(folder) is None
    test = go(test, phrase(1), "000000")
    assert asked(folder) is None
    test = go(test, phrase(1), code_of(secret, time.time() + 30))
    assert "Live mode was asked for." in text_of(test)
    request = asked(folder)
    assert request is not None
    assert (request.mode, request.who) == ("live", Role.ADMIN.name.lower())
    assert request.word == written_phrase(1, EXECUTOR)
