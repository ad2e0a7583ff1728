"""The layer of saved settings: what wins, and that nothing saved ever stops a start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from aineon.errors import ConfigurationError
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.saved_settings import SavedSetting, SettingChange
from aineon.primitives.units import ETHER
from aineon.runtime.handover import console_environment, engine_environment
from aineon.runtime.saved import is_overridden, to_save, with_saved
from aineon.runtime.sections.keys import KeySettings
from aineon.runtime.settings import PARAMETERS, Settings, load_given, load_settings

SAVABLE = sorted(field for field, parameter in PARAMETERS.items() if parameter.savable)
NEVER_SAVED = (
    *("mode", "feed", "data_dir", "database_url", "audit_anchor", "redis_url", "host", "port"),
    *("allowed_hosts", "render_hostname", "on_render", "executor_address", "withdrawal_address"),
    *("live_confirmation", "emergency_stop", "rpc_urls", "relay_urls", "chain_file"),
    *("alchemy_api_key", "infura_api_key", "etherscan_api_key", *KeySettings.model_fields),
)


def saved(**values: str | None) -> dict[str, SavedSetting]:
    names = {field: PARAMETERS[field].env for field in values}
    return {
        names[field]: SavedSetting(names[field], value, 1, "anna", 1.0)
        for field, value in values.items()
    }


def keep(folder: Path, **values: str) -> None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        changes = tuple(SettingChange(PARAMETERS[f].env, v, 0) for f, v in values.items())
        control.saved_settings.change(changes, "anna", 1.0)


def loaded(folder: Path, **env: str) -> Settings:
    return load_settings(env={"AINEON_DATA_DIR": str(folder), **env})


def test_environment_before_saved_before_default(tmp_path: Path) -> None:
    assert loaded(tmp_path).max_hops == 4
    keep(tmp_path, max_hops="3", max_concurrent="2")
    settings = loaded(tmp_path, MAX_CONCURRENT="5")
    assert (settings.max_hops, settings.origin("max_hops")) == (3, "saved")
    assert (settings.max_concurrent, settings.origin("max_concurrent")) == (5, "environment")
    assert settings.ignored == ()


def test_a_caller_with_an_environment_of_his_own_names_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keep(tmp_path / "var", max_hops="3")
    assert load_settings(env={}).max_hops == 4
    assert load_given(env={"AINEON_DATA_DIR": "var"}).max_hops == 4
    assert load_settings(env={"AINEON_DATA_DIR": "var"}).max_hops == 3


def test_a_value_that_is_not_allowed_any_more_is_ignored(tmp_path: Path) -> None:
    keep(tmp_path, max_hops="99", max_concurrent="2")
    settings = loaded(tmp_path)
    assert (settings.max_hops, settings.max_concurrent) == (4, 2)
    [sentence] = settings.ignored
    assert sentence.startswith("MAX_HOPS is '99' (saved); allowed is a whole number from 2 to 6")
    assert sentence.endswith("It is ignored.")


def test_what_contradicts_the_environment_is_ignored(tmp_path: Path) -> None:
    keep(tmp_path, min_withdrawal_wei="5", max_hops="3")
    settings = loaded(tmp_path, MAX_WITHDRAWAL_ETH="2")
    assert settings.min_withdrawal_wei == ETHER // 10
    assert settings.max_hops == 3
    [sentence] = settings.ignored
    assert "MIN_WITHDRAWAL_ETH is 5 and MAX_WITHDRAWAL_ETH is 2" in sentence


def test_two_that_go_together_alone_are_both_in_force(tmp_path: Path) -> None:
    keep(tmp_path, min_withdrawal_wei="200", max_withdrawal_wei="300")
    settings = loaded(tmp_path)
    assert settings.min_withdrawal_wei == 200 * ETHER
    assert settings.ignored == ()


def test_what_is_wrong_in_the_environment_stops_the_start_all_the_same(tmp_path: Path) -> None:
    keep(tmp_path, max_hops="3")
    with pytest.raises(ConfigurationError, match="MIN_WITHDRAWAL_ETH is 5"):
        loaded(tmp_path, MIN_WITHDRAWAL_ETH="5", MAX_WITHDRAWAL_ETH="2")


def test_a_database_that_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "control.db").write_bytes(b"this is no database, whatever its name says " * 100)
    [sentence] = loaded(tmp_path).ignored
    assert "The saved settings cannot be read, and defaults stand in their place" in sentence


def test_strangers_in_the_table_are_ignored() -> None:
    found = {"NONSENSE": SavedSetting("NONSENSE", "1", 1, "anna", 1.0)}
    [sentence] = with_saved(Settings(), found).ignored
    assert sentence == "The saved value of NONSENSE is ignored: there is no such setting."


@pytest.mark.parametrize("field", NEVER_SAVED)
def test_places_keys_destinations_and_mode_are_never_taken_from_the_table(field: str) -> None:
    assert not PARAMETERS[field].savable
    settings = with_saved(Settings(), saved(**{field: "x"}))
    assert getattr(settings, field) == getattr(Settings(), field)
    assert len(settings.ignored) == 1


def test_only_targets_of_notices_are_secrets_that_can_be_saved() -> None:
    assert [f for f in SAVABLE if PARAMETERS[f].secret] == ["notify_urls"]


def test_a_secret_is_kept_sealed_and_read_again(tmp_path: Path) -> None:
    settings = load_given(env={"AINEON_DATA_DIR": str(tmp_path)})
    canary = "json://canary-of-the-targets.example/secret"
    sealed = to_save(settings, PARAMETERS["notify_urls"], canary)
    assert "canary" not in sealed
    keep(tmp_path, notify_urls=sealed)
    [url] = loaded(tmp_path).notify_urls
    assert url.get_secret_value() == canary
    assert canary.encode() not in (tmp_path / "control.db").read_bytes()


def test_a_secret_that_cannot_be_opened_is_ignored_without_being_shown(tmp_path: Path) -> None:
    settings = load_given(env={"AINEON_DATA_DIR": str(tmp_path)})
    sealed = to_save(settings, PARAMETERS["notify_urls"], "json://canary.example/secret")
    keep(tmp_path, notify_urls=sealed)
    (tmp_path / "sealing.key").unlink()
    found = loaded(tmp_path)
    assert found.notify_urls == ()
    [sentence] = found.ignored
    assert "AINEON_NOTIFY_URLS is set to a value that is not shown (saved)" in sentence
    assert sealed not in sentence


def test_processes_agree_on_values_and_on_where_they_came_from(tmp_path: Path) -> None:
    keep(tmp_path, max_hops="3")
    settings = loaded(tmp_path, MAX_CONCURRENT="5")
    for environment in (engine_environment({}, settings), console_environment({}, settings)):
        # What is saved meanwhile waits for the supervisor; both processes know what it knows.
        with ControlStore.open(sqlite_url(tmp_path / "control.db")) as control:
            version = control.saved_settings.all()["MAX_HOPS"].version
            change = SettingChange("MAX_HOPS", "5", version)
            control.saved_settings.change((change,), "ben", 2.0)
        told = load_settings(env=environment)
        assert (told.max_hops, told.origin("max_hops")) == (3, "saved")
        assert told.origin("max_concurrent") == "environment"
        assert told.origin("feed") == "default"
        assert not is_overridden(told, "max_hops")
        assert is_overridden(told, "max_concurrent")


def test_a_broken_line_of_origins_is_no_reason_to_stop() -> None:
    settings = load_settings(env={"AINEON_HANDED_OVER": "nonsense", "MAX_HOPS": "3"})
    assert settings.max_hops == 3
    assert json.loads(engine_environment({}, settings)["AINEON_HANDED_OVER"]) == {
        "MAX_HOPS": "default"
    }


TEXTS = st.one_of(
    st.text(max_size=30),
    st.integers(-5, 10**6).map(str),
    st.sampled_from(["on", "off", "single", "several", "0x" + "ab" * 20, "none", "json://x.y/z"]),
)


@profile(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(SAVABLE), TEXTS, max_size=12), st.integers(0, 3))
def test_whatever_is_saved_settings_are_built_and_hold_what_was_given(
    values: dict[str, str], given_count: int
) -> None:
    env: dict[str, Any] = dict(
        [("MAX_WITHDRAWAL_ETH", "3"), ("MAX_HOPS", "5"), ("MIN_WITHDRAWAL_ETH", "1")][:given_count]
    )
    base = load_given(env=env)
    layered = with_saved(base, saved(**values))
    for field in PARAMETERS:
        if is_overridden(base, field):
            assert getattr(layered, field) == getattr(base, field)
    in_force = {field for field in layered.given if layered.origin(field) == "saved"}
    for field in in_force:
        assert getattr(layered, field) == PARAMETERS[field].read(values[field])
    # Each saved value is in force, or overridden, or told of.
    for field in values.keys() - in_force:
        told = any(PARAMETERS[field].env in sentence for sentence in layered.ignored)
        assert told or is_overridden(base, field)
    # And again: layering what is layered changes nothing.
    assert with_saved(layered, saved(**values)) == layered
