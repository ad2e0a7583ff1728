"""What buttons do: who may, what is asked for, and what is said where nobody listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import ModeRequest
from aineon.primitives import ManualClock
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.settings import load_settings
from app import actions
from app.actions import RULES, Action, Result, Role, Visitor

ANNA = Visitor("anna", Role.OPERATOR)
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _supervised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")


def perform(action: Action, visitor: Visitor = ANNA) -> Result:
    return actions.perform(action, visitor, load_settings(), ManualClock(NOW))


def latest(folder: Path) -> ModeRequest | None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        return control.requests.latest()


def test_every_action_has_a_rule_and_an_effect() -> None:
    assert set(RULES) == set(Action)
    assert set(actions._EFFECTS) == set(Action)
    assert all(RULES.values())


@pytest.mark.parametrize("action", Action)
def test_nobody_may_what_has_no_rule(action: Action, monkeypatch: pytest.MonkeyPatch) -> None:
    assert actions.may(ANNA, action)
    monkeypatch.setattr(actions, "RULES", {})
    assert not actions.may(ANNA, action)
    assert perform(action) == Result(False, f"anna may not {action}: that takes another role.")


def test_who_may_not_leaves_no_request(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "RULES", {})
    perform(Action.REHEARSE)
    assert latest(folder) is None


@pytest.mark.parametrize(
    ("action", "mode"), [(Action.REHEARSE, "rehearsal"), (Action.SIMULATE, "simulation")]
)
def test_a_request_says_who_asked_for_what_and_when(
    folder: Path, action: Action, mode: str
) -> None:
    assert perform(action) == Result(True, f"The {mode} was asked for.")
    request = latest(folder)
    assert request is not None
    assert (request.mode, request.who, request.at, request.state) == (mode, "anna", NOW, "asked")


def test_pressing_twice_asks_once(folder: Path) -> None:
    assert perform(Action.REHEARSE).accepted
    assert perform(Action.REHEARSE) == Result(False, "The rehearsal has been asked for already.")
    request = latest(folder)
    assert request is not None
    assert request.number == 1


def test_live_is_refused_with_its_reason(folder: Path) -> None:
    result = perform(Action.GO_LIVE)
    assert not result.accepted
    assert result.words.startswith("Live mode stays closed until")
    assert latest(folder) is None


def test_without_a_supervisor_nothing_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SUPERVISED_VARIABLE)
    result = perform(Action.REHEARSE)
    assert not result.accepted
    assert "was not started by `aineon up`" in result.words
    assert latest(folder) is None


def test_a_database_that_cannot_be_written_is_said_in_words(folder: Path) -> None:
    (folder / "control.db").write_bytes(b"no database " * 100)
    result = perform(Action.REHEARSE)
    assert not result.accepted
    assert "is not a database" in result.words


def audited(folder: Path) -> list[tuple[str, str, str]]:
    settings = load_settings()
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        entries = control.audit(settings.anchor_path).last(100)
    return [(e.decision.who, e.decision.action, e.decision.subject) for e in entries]


def test_whatever_is_asked_for_or_tried_is_in_the_audit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform(Action.REHEARSE)
    perform(Action.GO_LIVE)
    monkeypatch.setattr(actions, "RULES", {})
    perform(Action.SIMULATE)
    assert audited(folder) == [
        ("anna", "mode.request", "rehearsal"),
        ("anna", "action.refuse", "go live"),
        ("anna", "action.refuse", "simulate"),
    ]


def test_what_cannot_be_audited_is_not_asked_for(folder: Path) -> None:
    perform(Action.GO_LIVE)
    (folder / "control.anchor").unlink()
    result = perform(Action.REHEARSE)
    assert not result.accepted
    assert "the audit's anchor" in result.words
    assert latest(folder) is None
    # A refusal needs no audit, and says that it has none.
    refused = perform(Action.GO_LIVE)
    assert not refused.accepted
    assert "Live mode stays closed" in refused.words
    assert "could not be written down: the audit's anchor" in refused.words
