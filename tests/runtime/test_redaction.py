"""No secret passes: not in logs, not in messages, in no disguise."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from aineon.runtime.logs import set_up_logging
from aineon.runtime.redaction import Redactor, hidden_from_console, secrets_of
from aineon.runtime.settings import Settings, load_settings

KEY = "0x" + "a1" * 32
ENV = {
    "PRIVATE_KEY": KEY,
    "ALCHEMY_API_KEY": "Alchemy_Key_123",
    "AINEON_RPC_URLS": "https://mainnet.example/v3/PathKey12345?token=QueryKey999,wss://u:p4ssw0rd@b.example",
    "REDIS_URL": "redis://:redispass1@host:6379/0",
    "DATABASE_URL": "sqlite:////srv/aineon.db",
}


@pytest.fixture
def settings() -> Settings:
    return load_settings(env=ENV)


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    logging.getLogger("aineon").setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "secret",
    [KEY, KEY[2:], KEY.upper(), "Alchemy_Key_123", "PathKey12345", "QueryKey999", "p4ssw0rd"],
)
def test_secrets_are_masked_wherever_they_stand(settings: Settings, secret: str) -> None:
    redactor = Redactor(secrets_of(settings))
    assert redactor.text(f"a {secret} b") == "a ******** b"
    assert redactor.value({"k": [("x", f"{secret}!")]}) == {"k": [["x", "********!"]]}


def test_what_is_no_secret_stays(settings: Settings) -> None:
    redactor = Redactor(secrets_of(settings))
    text = "mainnet.example answered; database /srv/aineon.db; v3"
    assert redactor.text(text) == text
    assert redactor.value({"n": 3, "none": None, "yes": True}) == {
        "n": 3,
        "none": None,
        "yes": True,
    }
    assert Redactor().text(KEY) == KEY


def test_shared_secrets_are_not_hidden_from_the_console(settings: Settings) -> None:
    hidden = set(hidden_from_console(settings))
    assert KEY in hidden
    assert not any("redis" in secret for secret in hidden)


@pytest.mark.usefixtures("restored_logging")
def test_log_lines_are_redacted_json() -> None:
    stream = io.StringIO()
    set_up_logging(load_settings(env=ENV | {"LOG_FORMAT": "json"}), stream)
    try:
        int("node said PathKey12345")
    except ValueError:
        structlog.get_logger("aineon.test").exception("call failed", url="x/PathKey12345")
    logging.getLogger("somebody.else").warning("key %s", KEY)
    structlog.get_logger("aineon.test").debug("not logged at this level")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["error", "warning"]
    assert lines[0]["url"] == "x/********"
    assert "'node said ********'" in lines[0]["exception"]
    assert lines[1]["event"] == "key ********"
    assert lines[1]["logger"] == "somebody.else"


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(("level", "kept"), [("DEBUG", 3), ("INFO", 2), ("ERROR", 0)])
def test_libraries_are_heard_from_warnings_on(level: str, kept: int) -> None:
    stream = io.StringIO()
    set_up_logging(load_settings(env={"LOG_LEVEL": level}), stream)
    structlog.get_logger("aineon.test").info("ours")
    logging.getLogger("library").info("theirs")
    logging.getLogger("library").warning("theirs too")
    assert len(stream.getvalue().splitlines()) == kept


@pytest.mark.usefixtures("restored_logging")
def test_log_lines_for_people() -> None:
    stream = io.StringIO()
    set_up_logging(load_settings(env=ENV), stream)
    structlog.get_logger("aineon.test").info("hello", key=KEY)
    line = stream.getvalue()
    assert "hello" in line
    assert "********" in line
    assert "a1a1" not in line
