"""What engine and console are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.runtime.handover import (
    SUPERVISED_VARIABLE,
    console_environment,
    engine_environment,
)
from aineon.runtime.settings import PARAMETERS, load_settings

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


def test_the_engine_gets_everything() -> None:
    told = engine_environment(ENV, load_settings(env=ENV))
    assert told["PRIVATE_KEY"] == KEY
    assert told["AINEON_RPC_URLS"] == ENV["AINEON_RPC_URLS"]
    assert told["WEB3_PROVIDER_URI"] == ENV["WEB3_PROVIDER_URI"]


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
        assert (understood.private_key is None) == ("PRIVATE_KEY" not in told)
        monkeypatch.chdir(tmp_path)
    assert "PRIVATE_KEY" not in console_environment({}, settings)


def test_an_override_beats_the_variable_it_overrides() -> None:
    settings = load_settings(env=ENV, pace_seconds=2)
    assert engine_environment(ENV, settings)["AINEON_PACE"] == "2"


def test_the_console_gets_a_home_it_can_read(tmp_path: Path) -> None:
    settings = load_settings(env={}, data_dir=tmp_path)
    assert console_environment({"HOME": str(tmp_path)}, settings)["HOME"] == str(tmp_path)
    assert console_environment({}, settings)["HOME"] == str(tmp_path)
    assert console_environment({"HOME": "/no/such"}, settings)["HOME"] == str(tmp_path)


def test_every_setting_that_was_given_is_handed_over() -> None:
    told = engine_environment({}, load_settings(env=ENV))
    names = {parameter.env for parameter in PARAMETERS.values()}
    assert {name for name in ENV if name in names} <= set(told)
