"""Changing saved settings: what differs, what that takes, and that it is written down first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from aineon.access.permissions import Action
from aineon.errors import AuditUnwritable, SettingMoved, SettingRefused
from aineon.ledger.control import ControlStore
from aineon.primitives import ManualClock
from aineon.runtime.auditing import audit_of, note_settings
from aineon.runtime.saved import with_saved
from aineon.runtime.saving import Proposal, Wish, propose, save, takes
from aineon.runtime.settings import PARAMETERS, Settings, load_given, load_settings

RAISE, LOWER, CHANGE = Action.RAISE_LIMIT, Action.LOWER_LIMIT, Action.CHANGE_SETTING


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_given(env={"AINEON_DATA_DIR": str(tmp_path)})


@pytest.fixture
def control(settings: Settings) -> Iterator[ControlStore]:
    with ControlStore.open(settings.control_url) as store:
        yield store


def proposed(settings: Settings, control: ControlStore, **texts: str) -> Proposal:
    saved = control.saved_settings.all()
    versions = {name: found.version for name, found in saved.items()}
    wishes = [Wish(f, text, versions.get(PARAMETERS[f].env, 0)) for f, text in texts.items()]
    return propose(settings, saved, wishes)


DIRECTIONS: tuple[tuple[str, str, Action], ...] = (
    ("max_position_wei", "2000", RAISE),
    ("max_position_wei", "10", LOWER),
    ("min_profit_wei", "0.001", RAISE),
    ("min_profit_wei", "2", LOWER),
    ("pair_cooldown_seconds", "1", RAISE),
    ("auto_withdrawal_keep_wei", "0.5", RAISE),
    ("withdrawal_cooling_minutes", "1", RAISE),
    ("withdrawal_approvers", "several", LOWER),
    ("allowed_venues", "uniswap_v2", LOWER),
    ("denied_venues", "uniswap_v2", LOWER),
    ("public_mempool", "on", RAISE),
    ("own_capital_wei", "1", RAISE),
    ("tokens", "WETH,USDC", LOWER),
    ("gas_strategy", "fast", CHANGE),
    ("seed", "8", CHANGE),
    ("notify_kinds", "stop", Action.CHANGE_NOTIFICATIONS),
)


@pytest.mark.parametrize(("field", "text", "needed"), DIRECTIONS)
def test_what_a_change_takes(
    settings: Settings, control: ControlStore, field: str, text: str, needed: Action
) -> None:
    [difference] = [
        each
        for each in proposed(settings, control, **{field: text}).differences
        if each.field == field
    ]
    assert difference.takes is needed


def test_lists_of_what_is_allowed_and_denied() -> None:
    assert takes("allowed_venues", ("a",), ()) is RAISE
    assert takes("allowed_venues", ("a",), ("a", "b")) is RAISE
    assert takes("allowed_venues", ("a", "b"), ("b",)) is LOWER
    assert takes("denied_venues", ("a", "b"), ("a",)) is RAISE
    assert takes("denied_venues", (), ("a",)) is LOWER
    assert takes("withdrawal_approvers", "several", "single") is RAISE


def test_a_default_that_rises_with_another_limit_is_among_the_differences(
    settings: Settings, control: ControlStore
) -> None:
    found = proposed(settings, control, max_concurrent="6")
    by_field = {each.field: each for each in found.differences}
    assert by_field["max_exposure_wei"].takes is RAISE
    assert by_field["max_exposure_wei"].old == "3000 ETH"
    assert by_field["max_exposure_wei"].new == "6000 ETH"


def test_every_limit_that_can_be_saved_says_which_way_lets_more_through() -> None:
    limits = [f for f, p in PARAMETERS.items() if p.limit and p.savable]
    assert len(limits) > 20
    assert [f for f in limits if PARAMETERS[f].lets_more is None] == []


def test_what_a_loan_costs_is_not_understated_without_a_code() -> None:
    assert takes("flash_loan_fee_bps", 5, 4) is RAISE
    assert takes("flash_loan_fee_bps", 5, 6) is LOWER


NUMBERS = sorted(
    f
    for f, p in PARAMETERS.items()
    if p.savable and p.lets_more and isinstance(getattr(Settings(), f), int | float)
)


@profile(max_examples=60, deadline=None)
@given(st.sampled_from(NUMBERS), st.integers(0, 1000), st.integers(0, 1000))
def test_of_a_change_and_its_opposite_one_raises_and_the_other_lowers(
    field: str, first: int, second: int
) -> None:
    if isinstance(getattr(Settings(), field), bool):
        first, second = bool(first % 2), bool(second % 2)
    if first == second:
        return
    assert {takes(field, first, second), takes(field, second, first)} == {RAISE, LOWER}


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("max_hops", "99", 0), "MAX_HOPS is '99'; allowed is a whole number from 2 to 6."),
        (Wish("mode", "live", 0), "AINEON_MODE is not changed here; set it in the environment"),
        (Wish("private_key", "0x1", 0), "PRIVATE_KEY is not changed here"),
        (Wish("nonsense", "1", 0), "'nonsense' is not a setting."),
        (Wish("min_withdrawal_wei", "500", 0), "MIN_WITHDRAWAL_ETH is 500 and MAX_WITHDRAWAL"),
        (Wish("tokens", "WETH,NOSUCHTOKEN", 0), "AINEON_TOKENS: "),
    ],
)
def test_what_is_not_allowed_is_refused_in_words(
    settings: Settings, wish: Wish, words: str
) -> None:
    with pytest.raises(SettingRefused) as refused:
        propose(settings, {}, [wish])
    assert str(refused.value).startswith(words) or words in str(refused.value)


def test_what_the_environment_gives_is_changed_there(tmp_path: Path) -> None:
    settings = load_given(env={"AINEON_DATA_DIR": str(tmp_path), "MAX_HOPS": "3"})
    with pytest.raises(SettingRefused, match="MAX_HOPS is given by environment, which goes before"):
        propose(settings, {}, [Wish("max_hops", "4", 0)])


def test_it_is_written_down_before_it_is_saved(settings: Settings, control: ControlStore) -> None:
    save(settings, control, proposed(settings, control, max_hops="3"), "anna", ManualClock(7.0))
    assert load_settings(env={"AINEON_DATA_DIR": str(settings.data_dir)}).max_hops == 3
    entry = audit_of(settings, control).latest("settings.change")
    assert entry is not None
    assert (entry.decision.who, entry.decision.subject) == ("anna", "MAX_HOPS")
    assert entry.details["changed"] == {"MAX_HOPS": {"old": "4 hops", "new": "3 hops"}}


def test_what_cannot_be_written_down_is_not_saved(
    settings: Settings, control: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise AuditUnwritable("the disk is full")

    proposal = proposed(settings, control, max_hops="3")
    monkeypatch.setattr("aineon.ledger.audit.log.AuditLog.append", refuse)
    with pytest.raises(AuditUnwritable):
        save(settings, control, proposal, "anna", ManualClock(7.0))
    assert control.saved_settings.all() == {}


def test_of_two_tabs_the_second_is_refused_and_nothing_is_written_down_of_it(
    settings: Settings, control: ControlStore
) -> None:
    first = proposed(settings, control, max_hops="3")
    second = proposed(settings, control, max_hops="5")
    save(settings, control, first, "anna", ManualClock(7.0))
    with pytest.raises(SettingMoved, match="changed by anna"):
        save(settings, control, second, "ben", ManualClock(8.0))
    entry = audit_of(settings, control).latest("settings.change")
    assert entry is not None
    assert entry.decision.who == "anna"


def test_a_start_with_what_was_saved_is_not_written_down_a_second_time(
    settings: Settings, control: ControlStore
) -> None:
    note_settings(settings, lambda _: None, ManualClock(1.0))
    save(settings, control, proposed(settings, control, max_hops="3"), "anna", ManualClock(7.0))
    after = load_settings(env={"AINEON_DATA_DIR": str(settings.data_dir)})
    note_settings(after, lambda _: None, ManualClock(9.0))
    entry = audit_of(settings, control).latest("settings.change")
    assert entry is not None
    assert (entry.decision.who, entry.decision.at) == ("anna", 7.0)


def test_back_to_the_default(settings: Settings, control: ControlStore) -> None:
    save(settings, control, proposed(settings, control, max_hops="3"), "anna", ManualClock(7.0))
    back = proposed(settings, control, max_hops="")
    assert [(each.old, each.new) for each in back.differences] == [("3 hops", "4 hops")]
    save(settings, control, back, "anna", ManualClock(8.0))
    assert with_saved(settings, control.saved_settings.all()).origin("max_hops") == "default"


def test_the_audit_keeps_no_secret(settings: Settings, control: ControlStore) -> None:
    canary = "json://user:canary-pass@canary.example/canary-path"
    save(settings, control, proposed(settings, control, notify_urls=canary), "a", ManualClock(1.0))
    [entry] = audit_of(settings, control).last(1)
    assert "canary" not in entry.decision.detail
    assert entry.details["changed"] == {"AINEON_NOTIFY_URLS": {"old": "not set", "new": "set"}}
    assert b"canary" not in (settings.data_dir / "control.db").read_bytes()
    again = proposed(settings, control, notify_urls=f"{canary}/2")
    assert [each.new for each in again.differences] == ["set to another value"]
