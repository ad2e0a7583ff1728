"""Live mode starts only on the operator's own word, and with everything in order."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from aineon.cli.confirming import confirmed_at_terminal
from aineon.errors import ConfigurationError
from aineon.execution.live.readiness import Expectations, Finding
from aineon.primitives import Book
from aineon.runtime import build, going_live
from aineon.runtime.going_live import (
    confirmation_finding,
    require_given,
    require_ready,
    require_real_money,
)
from aineon.runtime.handover import engine_environment
from aineon.runtime.live_word import confirmed, phrase, written_phrase
from aineon.runtime.settings import Settings
from tests.runtime.onchain import a_link, settings_in

EXECUTOR = "0x" + "e8" * 20
WRITTEN = f"trade with real money on chain 1 through {EXECUTOR}"
NEVER = ("", "yes", "y", "trade", "TRADE WITH REAL MONEY ON CHAIN 1", WRITTEN + "0")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path, executor_address=EXECUTOR)


# --- the word ----------------------------------------------------------------------------------


def test_the_phrase_names_chain_and_contract() -> None:
    assert phrase(1) == "trade with real money on chain 1"
    assert written_phrase(1, EXECUTOR.upper().replace("0X", "0x")) == WRITTEN


def test_the_typed_phrase_confirms_this_chain_and_this_contract(settings: Settings) -> None:
    assert not confirmation_finding(settings, 1).ok
    sure = confirmed(settings, 1, " trade with real money on chain 1\n")
    assert confirmation_finding(sure, 1).ok
    # The control: it is a word for nothing else.
    assert not confirmation_finding(sure, 10).ok
    other = sure.model_copy(update={"executor_address": "0x" + "e9" * 20})
    assert confirmation_finding(other, 1).words.startswith(
        "AINEON_LIVE_CONFIRMATION names something else; type 'trade with real money on chain 1' at"
    )


@pytest.mark.parametrize("typed", [*NEVER, "trade with real money on chain 10"])
def test_nothing_else_that_is_typed_confirms(typed: str, settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="real money is not traded without it"):
        confirmed(settings, 1, typed)


def test_without_a_contract_there_is_nothing_to_confirm(tmp_path: Path) -> None:
    bare = settings_in(tmp_path, executor_address=None)
    with pytest.raises(ConfigurationError, match="AINEON_EXECUTOR is not set"):
        confirmed(bare, 1, phrase(1))
    assert not confirmation_finding(bare, 1).ok


def test_the_setting_confirms_as_well(tmp_path: Path) -> None:
    given = settings_in(tmp_path, executor_address=EXECUTOR, live_confirmation=WRITTEN)
    assert confirmation_finding(given, 1).ok
    assert confirmation_finding(given, 1).words == f"the operator's word: {WRITTEN}"


@pytest.mark.parametrize("value", [*NEVER[1:], phrase(1), WRITTEN.replace("chain 1", "chain 0")])
def test_a_setting_that_is_not_the_phrase_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_in(tmp_path, live_confirmation=value)
    words = str(refused.value)
    assert words.startswith("AINEON_LIVE_CONFIRMATION is")
    assert "\n" not in words


def test_what_was_typed_is_handed_to_the_engine(settings: Settings) -> None:
    handed = engine_environment({}, confirmed(settings, 1, phrase(1)))
    assert handed["AINEON_LIVE_CONFIRMATION"] == WRITTEN
    assert "AINEON_LIVE_CONFIRMATION" not in engine_environment({}, settings)


# --- at the terminal ---------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "ok"), [(phrase(1), True), ("yes", False), ("", False)])
def test_somebody_at_a_terminal_is_asked(
    typed: str, ok: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n" if typed else ""))
    monkeypatch.setattr(sys, "stdout", shown)
    assert confirmation_finding(confirmed_at_terminal(settings), 1).ok is ok
    assert "Live mode trades with real money, which can be lost." in shown.getvalue()
    assert ("real money is not traded without it" in shown.getvalue()) is not ok


def test_nobody_is_asked_where_nobody_can_type(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{phrase(1)}\n"))
    assert confirmed_at_terminal(settings) is settings
    assert capsys.readouterr().out == ""


# --- the start ---------------------------------------------------------------------------------


def found(*findings: Finding) -> Any:
    async def readiness(*_: object, **__: object) -> Sequence[Finding]:
        return findings

    return readiness


async def test_all_that_stands_in_the_way_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine, warning = Finding("a", True, "fine"), Finding("b", True, "look", is_warning=True)
    link = a_link(chain_id=1)
    monkeypatch.setattr(going_live, "readiness", found(fine, Finding("c", False, "it is paused")))
    with pytest.raises(ConfigurationError) as refused:
        await require_ready(settings, link)
    words = str(refused.value)
    assert words.startswith("live mode does not start: it is paused; AINEON_LIVE_CONFIRMATION is")
    sure = confirmed(settings, 1, phrase(1))
    with pytest.raises(ConfigurationError, match="live mode does not start: it is paused$"):
        await require_ready(sure, link)
    # The control: with everything in order it starts, and a warning holds nothing up.
    monkeypatch.setattr(going_live, "readiness", found(fine, warning))
    await require_ready(sure, link)


async def test_gas_money_is_enough_for_a_trade_at_the_highest_price(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def readiness(_: object, expected: Expectations, **__: object) -> Sequence[Finding]:
        asked.append(expected.least_balance_wei)
        return ()

    monkeypatch.setattr(going_live, "readiness", readiness)
    await going_live.live_findings(settings, a_link(chain_id=1))
    assert asked == [150_000 * settings.max_gas_price_wei]


@pytest.mark.parametrize(("mode", "looks"), [(Book.LIVE, True), (Book.REHEARSAL, False)])
async def test_the_start_of_live_looks_before_anything_is_composed(
    mode: Book, looks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path, feed="chain", rpc_urls="http://127.0.0.1:9")
    done: list[str] = []

    async def connected(_: Settings) -> Any:
        link: Any = type("Link", (), {"aclose": AsyncExitStack().aclose})()
        return link

    async def refuse(*_: object) -> None:
        done.append("looked")
        raise ConfigurationError("live mode does not start: nobody confirmed it")

    def compose(*_: object, **__: object) -> Any:
        done.append("composed")
        raise ConfigurationError("far enough")

    monkeypatch.setattr(build, "require_given", lambda _: None)
    monkeypatch.setattr(build, "connect", connected)
    monkeypatch.setattr(build, "require_ready", refuse)
    monkeypatch.setattr(build, "build_engine", compose)
    with pytest.raises(ConfigurationError):
        async with build.running(settings.model_copy(update={"mode": mode})):
            pass
    assert done == (["looked"] if looks else ["composed"])


async def test_what_can_be_told_without_a_chain_is_told_at_once(settings: Settings) -> None:
    live = settings.model_copy(update={"mode": Book.LIVE})
    with pytest.raises(ConfigurationError) as refused:
        async with build.running(live):
            pass
    words = str(refused.value)
    assert words.startswith("live mode does not start: WITHDRAWAL_ADDRESS is not set; ")
    for missing in ("needs an Ethereum node", "AINEON_LIVE_CONFIRMATION", "no admin has set up"):
        assert missing in words
    assert "\n" not in words
    with pytest.raises(ConfigurationError, match="no admin has set up.*its code$"):
        require_given(_complete(live))


def _complete(settings: Settings) -> Settings:
    given = {"withdrawal_address": "0x" + "5a" * 20, "rpc_urls": "http://127.0.0.1:9"}
    settings = settings_in(settings.data_dir, executor_address=EXECUTOR, feed="chain", **given)
    return confirmed(settings, 1, phrase(1))


@pytest.mark.parametrize(
    ("chain_id", "word", "refusal"),
    [
        (31_337, 31_337, "the chain 31337 is a rehearsal's, with play money"),
        (31_337_000_000_007, 31_337_000_000_007, "is a rehearsal's"),
        (1, 10, "AINEON_LIVE_CONFIRMATION names something else"),
        (1, None, "AINEON_LIVE_CONFIRMATION is not set"),
        (1, 1, ""),
    ],
)
def test_no_caller_composes_live_mode_without_the_word_or_on_play_money(
    chain_id: int, word: int | None, refusal: str, settings: Settings
) -> None:
    link = a_link(chain_id=chain_id)
    live = settings.model_copy(update={"mode": Book.LIVE})
    if word is not None:
        live = confirmed(live, word, phrase(word))
    if not refusal:
        # The control: this chain, with the operator's word.
        require_real_money(live, link)
        return
    with pytest.raises(ConfigurationError, match=refusal):
        build.build_engine(live, link=link, book_url=live.book_url, control_url=live.control_url)
    assert not (settings.data_dir / "live.db").exists()
