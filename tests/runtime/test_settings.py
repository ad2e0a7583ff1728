"""Settings: what is read, what is refused, and in which words."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from aineon.errors import ConfigurationError
from aineon.primitives import Book
from aineon.primitives.units import format_units
from aineon.runtime.agreement import missing_for_live
from aineon.runtime.kinds import PUBLISHED_KEY_DIGESTS
from aineon.runtime.settings import PARAMETERS, FeedName, Settings, load_given, load_settings
from tests.operator_names import OPERATOR_NAMES

ETHER = 10**18
FIRST_ANVIL_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
A_KEY = "0x" + "1f" * 32
# The test address of EIP-55.
CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def refusal(**env: str) -> str:
    """The message that refuses these variables."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(env=env)
    return str(caught.value)


def test_every_name_operators_expect_is_there_once() -> None:
    names = [parameter.env for parameter in PARAMETERS.values()]
    assert set(names) >= OPERATOR_NAMES
    assert len(names) == len(set(names)) >= 25


def test_defaults() -> None:
    settings = load_settings(env={})
    assert settings == Settings()
    assert settings.mode is Book.SIMULATION
    assert settings.feed is FeedName.SANDBOX
    assert settings.min_profit_wei == ETHER // 100
    assert settings.max_gas_price_wei == 50 * 10**9
    assert settings.confidence_threshold == 0.7
    assert settings.max_position_wei == 1000 * ETHER
    assert settings.scan_interval_seconds == 5
    assert settings.max_concurrent == 3
    assert settings.min_withdrawal_wei == ETHER // 10
    assert settings.max_withdrawal_wei == 100 * ETHER
    assert settings.auto_withdrawal_threshold_wei == 10 * ETHER
    assert settings.auto_withdrawal_enabled is False
    assert settings.daily_withdrawal_limit_wei == 1000 * ETHER
    assert settings.port == 8501
    assert settings.host == "127.0.0.1"


def test_defaults_that_depend_on_something_else() -> None:
    replay = load_settings(env={"AINEON_FEED": "replay", "AINEON_REPLAY_FILE": "blocks.json"})
    assert replay.min_profit_wei == ETHER // 2
    render = load_settings(env={"RENDER": "true"})
    assert render.daily_withdrawal_limit_wei == 100 * ETHER
    assert render.host == "0.0.0.0"
    explicit = load_settings(env={"RENDER": "true", "DAILY_WITHDRAWAL_LIMIT": "7"})
    assert explicit.daily_withdrawal_limit_wei == 7 * ETHER


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_building_settings_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("SEED", "9999")
    assert Settings().port == 8501
    assert Settings().seed == 7
    assert load_settings().port == 9999


@given(st.integers(min_value=0, max_value=10**24))
@profile(max_examples=50)
def test_money_is_read_to_the_wei(wei: int) -> None:
    text = format_units(wei, 18).replace(",", "")
    assert load_settings(env={"MIN_PROFIT_THRESHOLD": text}).min_profit_wei == wei


@pytest.mark.parametrize("text", ["0.1", ".1", "1e-1", " 0.10 ", "+0.1", "100000000000000e-15"])
def test_ways_to_write_an_amount(text: str) -> None:
    assert load_settings(env={"MIN_WITHDRAWAL_ETH": text}).min_withdrawal_wei == ETHER // 10


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "nan",
        "inf",
        "1e400",
        "1e999999999",
        "0.1234567890123456789",
        "1,000",
        "1_000",
        "0x10",
        "ten",
        "\uff11",
        "1 ETH",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    assert refusal(MIN_PROFIT_THRESHOLD=text) == (
        f"MIN_PROFIT_THRESHOLD is {text!r} (environment); allowed is an amount of ETH from 0 to "
        "1000000 with at most 18 decimals."
    )


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("CONFIDENCE_THRESHOLD", "nan", "a number from 0 to 1"),
        ("CONFIDENCE_THRESHOLD", "1.01", "a number from 0 to 1"),
        ("MAX_CONCURRENT", "2.5", "a whole number from 1 to 100"),
        ("MAX_CONCURRENT", "0", "a whole number from 1 to 100"),
        ("PORT", "65536", "a whole number from 1 to 65535"),
        ("PORT", "http", "a whole number from 1 to 65535"),
        ("AINEON_FEED", "chian", "sandbox or replay"),
        ("AINEON_FEED", "ether", "sandbox or replay or chain"),
        ("AINEON_MODE", "test", "simulation"),
        ("AUTO_WITHDRAWAL_ENABLED", "maybe", "on or off"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("MAX_GAS_PRICE", "0.0000000001", "an amount of gwei from 0.000000001 to 100000 with"),
        ("AINEON_SEED", "9" * 5000, "a whole number from 0 to 4294967295"),
        ("REDIS_URL", "http://x", "an address such as redis://host:6379/0"),
        ("REDIS_URL", "redis://x/0?socket_timeout=9999", "an address such as redis://host"),
        ("REDIS_URL", "redis://x/books", "an address such as redis://host:6379/0"),
        ("REDIS_URL", "redis://x:99999/0", "an address such as redis://host:6379/0"),
    ],
)
def test_what_is_refused_names_variable_and_range(name: str, text: str, allowed: str) -> None:
    message = refusal(**{name: text})
    assert message.startswith(f"{name} is ")
    assert f"allowed is {allowed}" in message
    assert "\n" not in message
    assert len(message) < 250


def test_all_problems_are_told_at_once() -> None:
    lines = refusal(PORT="0", MAX_HOPS="1", AINEON_FEED="", LOG_LEVEL="loud").splitlines()
    assert [line.split()[0] for line in lines] == ["MAX_HOPS", "PORT", "LOG_LEVEL"]


def test_problems_between_settings_are_told_beside_others() -> None:
    lines = refusal(PORT="0", MIN_WITHDRAWAL_ETH="5", MAX_WITHDRAWAL_ETH="4").splitlines()
    assert len(lines) == 2
    assert lines[1] == (
        "MIN_WITHDRAWAL_ETH is 5 and MAX_WITHDRAWAL_ETH is 4; allowed is a minimum that is not "
        "above the maximum."
    )
    # Where one of the two could not be read, nothing is claimed about the pair.
    assert len(refusal(MIN_WITHDRAWAL_ETH="5", MAX_WITHDRAWAL_ETH="x").splitlines()) == 1


def test_settings_that_do_not_go_together() -> None:
    assert "AINEON_REPLAY_FILE is not set" in refusal(AINEON_FEED="replay")
    assert "WITHDRAWAL_ADDRESS is not set" in refusal(AUTO_WITHDRAWAL_ENABLED="on")
    assert "DAILY_WITHDRAWAL_LIMIT is 0.01" in refusal(DAILY_WITHDRAWAL_LIMIT="0.01")
    with pytest.raises(ValidationError, match="AINEON_REPLAY_FILE"):
        Settings(feed=FeedName.REPLAY)


def test_what_live_mode_lacks_is_named() -> None:
    """Settings can be read all the same: the console and the doctor have to show them."""
    assert [line.split()[0] for line in missing_for_live(load_settings(env={}, mode="live"))] == [
        "AINEON_KEYSTORE",
        "WITHDRAWAL_ADDRESS",
        "AINEON_EXECUTOR",
        "None",
    ]


def test_live_mode_looks_at_the_chain() -> None:
    given = {"AINEON_RPC_URLS": "http://127.0.0.1:9", "AINEON_MODE": "live"}
    told = missing_for_live(load_settings(env={**given, "AINEON_FEED": "sandbox"}))
    assert told[-1] == "AINEON_FEED is 'sandbox'; live mode looks at the chain."
    # The control: with a node the chain is what is looked at, unless something else is said.
    assert not any("AINEON_FEED" in line for line in missing_for_live(load_settings(env=given)))


def test_a_published_test_key_is_named_as_live_modes_flaw() -> None:
    def told(key: str) -> str:
        return "\n".join(missing_for_live(load_settings(env={"PRIVATE_KEY": key})))

    assert "one of the ten test keys" in told(FIRST_ANVIL_KEY)
    assert FIRST_ANVIL_KEY not in told(FIRST_ANVIL_KEY)
    assert "test keys" not in told(A_KEY)


def test_the_published_keys_are_ten_digests() -> None:
    assert len(PUBLISHED_KEY_DIGESTS) == 10
    digest = hashlib.sha256(bytes.fromhex(FIRST_ANVIL_KEY)).hexdigest()
    assert digest in PUBLISHED_KEY_DIGESTS


@pytest.mark.parametrize(
    "key",
    [
        "",
        "0x",
        "f" * 64,  # above the order of the curve
        "0" * 64,
        "1f" * 31,
        "zz" * 32,
        "0x" + "1f" * 33,
    ],
)
def test_a_malformed_private_key_is_not_repeated(key: str) -> None:
    if not key:
        assert load_settings(env={"PRIVATE_KEY": key}).private_key is None
        return
    message = refusal(PRIVATE_KEY=key)
    assert message == (
        "PRIVATE_KEY is set to a value that is not shown (environment); allowed is a private "
        "key, 64 hexadecimal digits with or without 0x."
    )


def test_addresses() -> None:
    read = load_settings(env={"WITHDRAWAL_ADDRESS": CHECKSUMMED})
    assert read.withdrawal_address == CHECKSUMMED.lower()
    assert load_settings(env={"WITHDRAWAL_ADDRESS": CHECKSUMMED.lower()}) == read.model_copy()
    wrong_case = CHECKSUMMED.replace("A", "a", 1)
    assert "EIP-55 checksum" in refusal(WITHDRAWAL_ADDRESS=wrong_case)
    assert "zero address" in refusal(WITHDRAWAL_ADDRESS="0x" + "0" * 40)
    assert "40 hexadecimal digits" in refusal(WITHDRAWAL_ADDRESS="0x123")


def test_secrets_are_in_no_text_of_the_settings() -> None:
    env = {
        "PRIVATE_KEY": A_KEY,
        "ALCHEMY_API_KEY": "alchemy-secret-1",
        "AINEON_RPC_URLS": "https://node.example/v2/rpc-secret-1",
    }
    settings = load_settings(env=env)
    texts = [repr(settings), str(settings), settings.model_dump_json()]
    texts += [PARAMETERS[f].show_with_unit(getattr(settings, f)) for f in PARAMETERS]
    for secret in (A_KEY, "alchemy-secret-1", "rpc-secret-1"):
        assert not any(secret in text for text in texts)
    assert settings.rpc_urls[0].get_secret_value().endswith("rpc-secret-1")


def test_a_secret_in_a_refused_url_is_not_repeated() -> None:
    assert "hush" not in refusal(AINEON_RPC_URLS="https://a.example/hush1234, ftp://hush1234")


@pytest.mark.parametrize(
    ("url", "book", "control"),
    [
        ("sqlite:////srv/x/aineon.db", "/srv/x/aineon-simulation.db", "/srv/x/aineon-control.db"),
        ("sqlite:////srv/x/aineon", "/srv/x/aineon-simulation", "/srv/x/aineon-control"),
    ],
)
def test_databases_by_url(url: str, book: str, control: str) -> None:
    settings = load_settings(env={"DATABASE_URL": url})
    assert settings.book_url == f"sqlite:///{book}"
    assert settings.control_url == f"sqlite:///{control}"


def test_databases_in_the_data_folder(tmp_path: Path) -> None:
    settings = load_settings(env={}, data_dir=tmp_path)
    assert settings.book_url == f"sqlite:///{tmp_path}/simulation.db"
    assert settings.control_url == f"sqlite:///{tmp_path}/control.db"


@pytest.mark.parametrize("query", ["", "?sslmode=require"])
def test_databases_on_a_server(query: str) -> None:
    settings = load_given(env={"DATABASE_URL": f"postgresql://me:hush@db.local/play{query}"})
    joint = "&" if query else "?"
    base = f"postgresql://me:hush@db.local/play{query}{joint}schema="
    assert settings.book_url == f"{base}aineon_simulation"
    assert settings.control_url == f"{base}aineon_control"
    assert settings.book_file is None
    assert settings.anchor_path == settings.data_dir.absolute() / "control.anchor"
    assert "hush" not in repr(settings)


NOT_TO_BE_HAD = (
    "mysql://x/y",
    "sqlite://",
    "a.db",
    "postgresql://x",
    "postgresql:///y",
    "postgresql://x/y?schema=z",
)


@pytest.mark.parametrize("url", NOT_TO_BE_HAD)
def test_databases_that_are_not_to_be_had(url: str) -> None:
    assert "allowed is an SQLite URL" in refusal(DATABASE_URL=url)


def test_overrides_win_and_are_text_or_typed() -> None:
    env = {"MIN_PROFIT_THRESHOLD": "9", "PORT": "1"}
    settings = load_settings(env=env, min_profit_wei="0.02", port=2, seed=None)
    assert settings.min_profit_wei == ETHER // 50
    assert load_settings(env=env, min_profit_wei=5).min_profit_wei == 5
    assert (settings.port, settings.seed) == (2, 7)
    assert settings.origin("port") == "override"
    assert settings.origin("seed") == "default"


def test_overrides_are_checked_and_named() -> None:
    with pytest.raises(ConfigurationError, match=r"PORT is True \(--port\); allowed is a whole"):
        load_settings(env={}, override_origins={"port": "--port"}, port=True)
    with pytest.raises(ConfigurationError, match="nonsense is not a setting"):
        load_settings(env={}, nonsense=1)
    with pytest.raises(ConfigurationError, match="CONFIDENCE_THRESHOLD is nan"):
        load_settings(env={}, confidence_threshold=float("nan"))


def test_limits_in_force_are_words() -> None:
    limits = load_settings(env={"MAX_GAS_PRICE": "12.5"}).limits_in_force()
    assert limits["Maximum gas price"] == "12.5 gwei"
    assert limits["Minimum profit"] == "0.01 ETH"
    assert limits["Automatic withdrawal"] == "off"


_TEXTS: dict[str, Any] = {
    "AINEON_REPLAY_FILE": "/tmp/x.json",
    "AINEON_RPC_URLS": "https://a.example/k,wss://b.example",
    "WITHDRAWAL_ADDRESS": CHECKSUMMED.lower(),
    "DATABASE_URL": "sqlite:////srv/a.db",
    "REDIS_URL": "redis://:pass@host:6379/0",
    "PRIVATE_KEY": A_KEY,
    "AINEON_ALLOWED_HOSTS": "a.example,*.b.example",
}


@pytest.mark.parametrize("field", PARAMETERS)
def test_text_reads_back_to_the_same_value(field: str) -> None:
    parameter = PARAMETERS[field]
    env = {parameter.env: _TEXTS[parameter.env]} if parameter.env in _TEXTS else {}
    value = getattr(load_settings(env=env), field)
    text = parameter.text(value)
    if value is None or value == ():
        assert text == ""
    else:
        assert parameter.read(text) == value
        assert parameter.read(value) == value


def test_secret_fields_are_secret_types() -> None:
    for field, parameter in PARAMETERS.items():
        annotation = str(Settings.model_fields[field].annotation)
        assert parameter.secret == (SecretStr.__name__ in annotation), field
