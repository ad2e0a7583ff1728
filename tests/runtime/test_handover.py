"""What engine and console are told."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from aineon.errors import StartError
from aineon.runtime.handover import (
    SUPERVISED_VARIABLE,
    console_environment,
    engine_environment,
    engine_secrets,
    read_secrets,
    trainer_environment,
    without_withheld,
)
from aineon.runtime.keys import without_keys
from aineon.runtime.redaction import hidden_from_console
from aineon.runtime.settings import PARAMETERS, load_given, load_settings

KEY = "0x" + "a1" * 32
ENV = {
    "PATH": "/bin",
    "HOME": "/",
    "PRIVATE_KEY": KEY,
    "ALCHEMY_API_KEY": "Alchemy_Key_123",
    "INFURA_API_KEY": "Infura_Key_1234",
    "ETHERSCAN_API_KEY": "Etherscan_Key_1",
    "AINEON_RPC_URLS": "https://mainnet.example/v3/PathKey12345",
    "WEB3_PROVIDER_URI": "https://other.example/v3/pathkey12345",
    "MY_NOTES": f"the key is {KEY[2:].upper()}",
    "REDIS_URL": "redis://:redispass1@host:6379/0",
    "AINEON_PACE": "0.5",
}


def test_the_console_gets_no_secret_under_any_name() -> None:
    told = console_environment(ENV, load_settings(env=ENV))
    everything = "\n".join(f"{name}={value}" for name, value in told.items()).lower()
    for secret in (KEY[2:], "alchemy_key", "infura_key", "etherscan_key", "pathkey"):
        assert secret.lower() not in everything
    assert told["PATH"] == "/bin"
    assert told["AINEON_PACE"] == "0.5"
    assert told["REDIS_URL"] == ENV["REDIS_URL"]
    assert told[SUPERVISED_VARIABLE]


def test_the_engines_environment_holds_no_secret_under_any_name() -> None:
    told = engine_environment(ENV, load_settings(env=ENV))
    everything = "\n".join(f"{name}={value}" for name, value in told.items()).lower()
    for secret in (KEY[2:], "alchemy_key", "infura_key", "etherscan_key", "pathkey"):
        assert secret.lower() not in everything
    assert told["REDIS_URL"] == ENV["REDIS_URL"]


def test_training_is_handed_what_it_needs_and_no_secret_under_any_name() -> None:
    canaries = {
        "AINEON_SETUP_TOKEN": "canary-setup-0123456789abcdef0123456789abcdef",
        "AINEON_METRICS_TOKEN": "canary-metrics-0123456789abcdef0123456789",
        "AINEON_API_TOKEN": "canary-api-0123456789abcdef0123456789abcd",
        "AINEON_NOTIFY_URLS": "json://canary-notify.example/topic",
        "AINEON_RELAYS": "https://relay.example/canary-relay",
        "AINEON_RPC_URLS": "https://mainnet.example/v3/canary-node",
        "REDIS_URL": "redis://:canary-redis@host:6379/0",
    }
    env = ENV | canaries | {"MY_TOKEN": canaries["AINEON_SETUP_TOKEN"]}
    env |= {
        "DATABASE_URL": "postgresql://aineon:python@db.example/books",
        "PATH": "/opt/python/bin",
        "AINEON_FEED": "replay",
        "AINEON_REPLAY_FILE": "/a/day.json",
        "AINEON_SEED": "11",
        "AINEON_SANDBOX_RIVALS": "mixed",
        "AINEON_OPTIMIZER_CYCLE_MINUTES": "20",
        "PUBLIC_MEMPOOL": "on",
        "LOG_LEVEL": "WARNING",
        "WITHDRAWAL_ADDRESS": "0x" + "c4" * 20,
    }
    settings = load_given(env=env)
    told = trainer_environment(env, settings)
    everything = "\n".join(f"{name}={value}" for name, value in told.items()).lower()
    for secret in ("canary", KEY[2:], "alchemy_key", "infura_key", "etherscan_key", "c4c4"):
        assert secret.lower() not in everything
    for name in (*canaries, "AINEON_PACE", "MY_TOKEN"):
        assert name not in everything.upper(), "not even that it was given"
    assert told["PATH"] == "/opt/python/bin", "the password of the database stands in it, too"
    assert told["OMP_NUM_THREADS"] == "1"
    understood = load_settings(env=told)
    assert (understood.book_url, understood.control_url) == (
        settings.book_url,
        settings.control_url,
    )
    for field in (
        "mode",
        "feed",
        "replay_file",
        "seed",
        "sandbox_rivals",
        "optimizer",
        "optimizer_training",
        "optimizer_cycle_minutes",
        "public_mempool",
        "log_level",
        "log_format",
    ):
        assert getattr(understood, field) == getattr(settings, field)
    assert understood.data_dir == settings.data_dir.absolute()


def test_the_engine_is_handed_what_is_not_in_its_environment() -> None:
    settings = load_settings(env=ENV, mode="rehearsal")
    told = engine_environment(ENV, settings) | engine_secrets(settings)
    assert told["PRIVATE_KEY"] == KEY
    understood = load_settings(env=told).model_dump()
    assert understood == settings.model_dump() | {"data_dir": settings.data_dir.absolute()}


def test_a_simulation_is_handed_no_key_and_nothing_that_opens_one() -> None:
    env = ENV | {
        "AINEON_GUARDIAN_KEYSTORE": "guardian.json",
        "AINEON_GUARDIAN_KEYSTORE_PASSWORD": "correct horse",
    }
    settings = load_settings(env=env)
    simulated, rehearsed = engine_secrets(without_keys(settings)), engine_secrets(settings)
    assert rehearsed.keys() - simulated.keys() == {
        "PRIVATE_KEY",
        "AINEON_GUARDIAN_KEYSTORE",
        "AINEON_GUARDIAN_KEYSTORE_PASSWORD",
    }
    console = console_environment(env, load_settings(env=env))
    assert not [name for name in console if "KEYSTORE" in name], "it is not told where to look"
    assert simulated["AINEON_RPC_URLS"] == ENV["AINEON_RPC_URLS"]


def test_what_one_process_hands_over_another_reads() -> None:
    handed = engine_secrets(load_settings(env=ENV, mode="rehearsal"))
    assert read_secrets(io.StringIO(json.dumps(handed) + "\n")) == handed
    assert read_secrets(io.StringIO("{}\n")) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        f'{{"PRIVATE_KEY": "{KEY}"',
        "[]",
        f'["{KEY}"]',
        f'{{"PATH": "{KEY}"}}',
        f'{{"PORT": "{KEY}"}}',
        f'{{"PRIVATE_KEY": ["{KEY}"]}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_handover_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(StartError, match="does not hold the secrets") as refused:
        read_secrets(io.StringIO(text))
    assert KEY not in str(refused.value)


def test_both_understand_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        f"PRIVATE_KEY={KEY}\nMAX_HOPS=3\nDATABASE_URL=sqlite:///a/b.db\n"
        "AINEON_FEED=replay\nAINEON_REPLAY_FILE=blocks.json\n"
    )
    settings = load_settings(min_profit_wei="0.25", data_dir="there")
    for told in (engine_environment({}, settings), console_environment({}, settings)):
        # A child reads no `.env`: what it says was said already.
        assert told["AINEON_ENV_FILE"] == "off"
        monkeypatch.chdir("/")
        understood = load_settings(env=told)
        assert understood.book_url == f"sqlite:///{tmp_path}/a/b-simulation.db"
        assert understood.data_dir == tmp_path / "there"
        assert understood.replay_file == tmp_path / "blocks.json"
        assert understood.max_hops == 3
        assert understood.min_profit_wei == 10**18 // 4
        assert understood.private_key is None
        monkeypatch.chdir(tmp_path)
    assert "PRIVATE_KEY" not in console_environment({}, settings)


def test_a_console_that_reads_the_settings_itself_keeps_no_secret() -> None:
    env = ENV | {"AINEON_GUARDIAN_KEYSTORE": "guardian.json"}
    settings = load_settings(env=env)
    kept = without_withheld(settings)
    for field, parameter in PARAMETERS.items():
        if not parameter.is_withheld:
            assert getattr(kept, field) == getattr(settings, field)
    assert kept.private_key is kept.guardian_keystore is kept.alchemy_api_key is None
    assert kept.rpc_urls == ()
    assert list(hidden_from_console(kept)) == list(hidden_from_console(load_settings(env={})))


def test_an_override_beats_the_variable_it_overrides() -> None:
    settings = load_settings(env=ENV, pace_seconds=2)
    assert engine_environment(ENV, settings)["AINEON_PACE"] == "2"


def test_the_console_gets_a_home_it_can_read(tmp_path: Path) -> None:
    settings = load_settings(env={}, data_dir=tmp_path)
    assert console_environment({"HOME": str(tmp_path)}, settings)["HOME"] == str(tmp_path)
    assert console_environment({}, settings)["HOME"] == str(tmp_path)
    assert console_environment({"HOME": "/no/such"}, settings)["HOME"] == str(tmp_path)


def test_every_setting_that_was_given_is_handed_over() -> None:
    settings = load_settings(env=ENV, mode="rehearsal")
    told = engine_environment({}, settings) | engine_secrets(settings)
    names = {parameter.env for parameter in PARAMETERS.values()}
    assert {name for name in ENV if name in names} <= set(told)
