"""The optimizer on screen: what it knows and what it does not, and who may roll models back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aineon.access.permissions import Action
from aineon.access.roles import Role
from aineon.ledger.commands import CommandState
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.primitives import ManualClock
from aineon.runtime.model_places import ROLL_BACK
from aineon.runtime.settings import load_settings
from app import actions, visitors
from app.actions import Asked, Result
from app.asking import LOCAL_OPERATOR, Visitor
from app.components import optimizer_versions
from app.components.optimizer import silence_words
from app.components.optimizer_score import bid, effect_words
from app.components.optimizer_told import told_in
from app.effects import engine
from app.models_seen import ModelSeen, ModelsSeen
from app.state import client
from tests.console import optimized, places
from tests.console.seeing import charts_of, open_page, stop_the_clock, text_of, turn_to
from tests.console.signed_in import people

NOW = 1_800_000_000.0
USED = ModelSeen("20260101T120000Z-aaaaaaaaaaaa", 2e9, 1e9, 3_000, {}, NOW, "beat the table")
FORMER = replace(USED, version="20260101T110000Z-bbbbbbbbbbbb", words="the first one")
BROKEN = ModelSeen(
    "20260101T100000Z-cccccccccccc", None, None, None, {}, None, "refused: it was cut"
)
MODELS = ModelsSeen((USED, FORMER, BROKEN), USED.version, (FORMER.version,))


# --- what is told ------------------------------------------------------------------------------


def test_what_the_heartbeat_holds_is_read_back() -> None:
    body = json.loads(json.dumps(optimized.told(optimized.KNOWS, "decide")))
    beat = places.heartbeat(optimizer={**body, "of a later version": 1})
    told = told_in(beat)
    assert told is not None
    assert (told.role, told.standing) == ("decide", optimized.KNOWS)
    assert told.champions == ("v-3", "v-2", "v-1")
    assert told.training == (
        "Last training: 2026-01-01 12:00:00 UTC, on 3,000 opportunities, in 7 s: "
        "not promoted\\: too close."
    )
    fresh = told_in(places.heartbeat(optimizer={**body, "training": None, "history": []}))
    assert fresh is not None
    assert fresh.training == "No training has been told of yet."


@pytest.mark.parametrize(
    "body", [None, {}, {"leading": "rule"}, {"calibration": 7}, {"training": {}}]
)
def test_what_is_not_understood_is_not_shown(body: dict[str, object] | None) -> None:
    assert told_in(places.heartbeat(optimizer=body)) is None
    assert told_in(None) is None


def test_effects_and_bids_have_sign_word_and_unit() -> None:
    assert effect_words(0.123) == "+12.3 points, raises it"
    assert effect_words(-0.05) == "-5.0 points, lowers it"
    assert effect_words(0.0) == "leaves it as it is"
    assert (bid(4_050), bid(0), bid(None)) == ("40.5 %", "0 %", "—")


# --- pages -------------------------------------------------------------------------------------


def section(test: AppTest) -> AppTest:
    return test.button_group(key="performance_section").set_value("Optimizer").run()


def parts() -> AppTest:
    """What the two pages say of the optimizer, without the pages."""

    def draw() -> None:
        from app.components import optimizer, optimizer_score
        from app.state import client

        scope = client().scope(None)
        optimizer.draw(client().heartbeat(), client().samples(scope))
        optimizer_score.draw(client().opportunities(scope, 1, None)[0])

    return AppTest.from_function(draw, default_timeout=60).run()


def test_what_it_knows_is_on_both_pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.reading.lists.look_at_models", lambda settings, run: MODELS)
    optimized.place(folder, optimized.KNOWS)
    test = section(open_page("performance"))
    text = text_of(test)
    assert not test.exception
    for words in (
        "It looks on",
        "Labels known 4,321",
        "75.0% worth an attempt",
        "Regime of the market: volatile since block 1,234 (probabilities: volatile 80%, quiet 12%)",
        "Samples in the book, simulated: 3",
        "Every bid's outcome is known of 2; only a bound of 1",
        "Attempted: 2, of which 1 landed",
        "bids that used to land do not any more",
        "26.8% would have landed",
        "Read as yes or no, 77.2% were right; a constant “fails” would have been right in 73.2%",
        "ECE): 1.2 points",
        "AINEON's own choice",
        "Most often the best bid: 40 %",
        "flashbots",
        "15 minutes",
        "beat the table",
        "refused: it was cut",
        "Last training: 2026-01-01 12:00:00 UTC",
    ):
        assert words in text, words
    assert "knows too little" not in text
    assert {"calibration", "captured", "arms"} <= set(charts_of(test))
    text = text_of(turn_to(test, "opportunities"))
    for words in (
        "Stopped by: not worth an attempt",
        "Chance to land 23.4% predicted",
        "Bid 40 % of the net profit",
        "Expected net +0.0012 ETH 90 % from 0 ETH to +0.005 ETH, simulated",
        "Decided by Mean",
        "-12.3 points, lowers it",
        "mean share that the pair's winners paid, half-life 50 blocks",
        "not in this version's list of features",
    ):
        assert words in text, words


def test_what_it_does_not_know_is_said_and_nothing_is_made_up(folder: Path) -> None:
    unknown = {"lands": None, "expected_net_wei": None, "band_low_wei": None, "reasons": {}}
    words = "no outcome is known yet, so the rule decides"
    thought = {**unknown, "decided_by": "rule", "decision_words": words, "model_version": None}
    optimized.place(folder, optimized.KNOWS_NOTHING, **thought)
    test = parts()
    text = text_of(test)
    for words in (
        "It knows too little: the plain rule decides. Why: no outcome is known yet",
        "Labels known 0",
        "Decisions 0 none yet",
        "Model version none no models in use",
        "Regime of the market: not known",
        "Too few predictions have met their outcome",
        "ways of deciding do not compare",
        "Nothing is known of any bid yet",
        "No drift was noticed",
    ):
        assert words in text, words
    assert not charts_of(test)
    assert "Chance to land — not known" in text
    assert "Expected net — band not known" in text
    assert "It knows no chances here" in text


def test_an_engine_that_tells_nothing_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.busy(folder)
    text = text_of(parts())
    assert "The optimizer was not asked about this opportunity" in text
    assert "The engine tells of no optimizer: the plain rule decides." in text
    assert "No outcome of an opportunity has been booked in this run yet (simulated)" in text
    unknown = places.heartbeat(optimizer={"leading": 3})
    assert "in a way that this console does not know" in silence_words(unknown)
    assert "No engine has told anything yet" in silence_words(None)
    monkeypatch.setattr(client(), "settings", load_settings(optimizer="off"))
    assert "The optimizer is off (AINEON_OPTIMIZER=off)" in silence_words(None)


# --- rolling back ------------------------------------------------------------------------------


@pytest.fixture
def control(folder: Path) -> Iterator[ControlStore]:
    with ControlStore.open(sqlite_url(folder / "control.db")) as store:
        yield store


def form() -> AppTest:
    """The form alone, without the page."""

    def draw() -> None:
        from app.components import optimizer_versions

        optimizer_versions.form()

    return AppTest.from_function(draw, default_timeout=60).run()


def is_offered(test: AppTest) -> bool:
    return any(button.label == "Roll back" for button in test.button)


@pytest.fixture
def two_models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    optimized.place(folder, None)
    stop_the_clock()
    monkeypatch.setattr("app.reading.lists.look_at_models", lambda settings, run: MODELS)
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 0.0)


@pytest.mark.usefixtures("two_models")
def test_who_may_roll_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    client.cache_clear()
    found = people(load_settings(), client().clock.now())
    # Every role against every action is tested where actions are.
    for role in (Role.ADMIN, Role.RISK_MANAGER, Role.VIEWER):
        be(found[role], monkeypatch)
        test = form()
        assert is_offered(test) is (role is Role.ADMIN), role
        assert ("takes another role than yours" in text_of(test)) is not is_offered(test)


def be(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the gate let this one in."""
    monkeypatch.setattr(visitors, "named_session", lambda: visitor.session_id)


@pytest.mark.usefixtures("two_models")
def test_the_form_wants_to_be_meant_and_leaves_a_command(control: ControlStore) -> None:
    test = form()
    press = next(button for button in test.button if button.label == "Roll back")
    press.click().run()
    assert "Tick that you mean it" in text_of(test)
    assert not control.commands.waiting()
    test.checkbox(key=f"{optimizer_versions._FORM}_sure").check()
    next(button for button in test.button if button.label == "Roll back").click().run()
    assert not test.exception
    (command,) = control.commands.waiting()
    assert (command.kind, command.body) == (ROLL_BACK, {"version": FORMER.version})
    assert "It was asked for" in text_of(test)
    audited = control.audit(load_settings().anchor_path).last(5)
    assert [(e.decision.action, e.decision.subject) for e in audited] == [
        ("model.roll_back", FORMER.version)
    ]


def ask(**body: str) -> Result:
    given = {"version": FORMER.version, "book": "simulation", **body}
    clock = ManualClock(client().clock.now())
    return actions.perform(
        Asked(Action.ROLL_BACK_MODEL, LOCAL_OPERATOR, load_settings(), clock, given)
    )


@pytest.mark.usefixtures("two_models")
def test_nothing_is_left_behind_for_an_optimizer_that_is_off(
    control: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AINEON_OPTIMIZER", "off")
    result = ask()
    assert not result.accepted
    assert "The optimizer is off" in result.words
    assert not control.commands.waiting()


@pytest.mark.usefixtures("two_models")
def test_the_engines_answer_is_told(control: ControlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for state, answer, told in (
        (CommandState.DONE, "model 7 is in use again", Result(True, "Model 7 is in use again.")),
        (
            CommandState.REFUSED,
            "it never was in use",
            Result(False, "Refused: it never was in use."),
        ),
    ):

        def answered(store: ControlStore, number: int, state=state, answer=answer):  # type: ignore[no-untyped-def]
            store.commands.answer(number, state, answer, NOW)
            return store.commands.find(number)

        monkeypatch.setattr("app.effects.optimizer.answer_to", answered)
        assert ask() == told


@pytest.mark.usefixtures("two_models")
def test_what_cannot_be_asked_for_is_refused(folder: Path, control: ControlStore) -> None:
    assert "choose one" in ask(version="").words
    assert "choose one" in ask(version="9" * 61).words
    assert "not of the simulation book" in ask(book="live").words
    places.beat(folder, beat_at=1.0)
    assert "No engine is running" in ask().words
    places.beat(folder, mode="rehearsal")
    assert "the engine keeps the rehearsal book now" in ask().words
    assert not control.commands.waiting()
