"""Live mode with the processes that an operator runs, from the doctor to the stop.

    python3 dev.py nightly

`aineon up` begins in the simulation, somebody with a second factor asks for live mode, trades are
made and become final, and the stop ends it. The chain is one that trades real money for all that
the engine can know; the money is a test's. What an operator would look at is looked at: the
doctor, the command line, /health, and the page in a browser. It takes about two minutes, so that
it is no part of `test`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from aineon.access.permissions import Action
from aineon.access.roles import Role
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.reading import BookReader
from aineon.ledger.requests import ModeRequest, RequestState
from aineon.ledger.views import Trade
from aineon.primitives import Book, SystemClock
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.live_word import phrase
from aineon.runtime.settings import PARAMETERS, Settings
from app.actions import Result, perform
from app.asking import Asked, Visitor
from app.effects.mode import live_body
from app.gate.incoming import SESSION
from tests.console import browsing
from tests.console.signed_in import PASSWORD, access, code_of, enrol, open_session
from tests.rehearsal.test_live_mode import (
    CHAIN_ID,
    Chain,
    a_chain,
    books_and_chain_agree,
)

T = TypeVar("T")
PATIENCE = 300.0
BLOCK_SECONDS = 1.5
pytestmark = [pytest.mark.usefixtures("at_hand"), pytest.mark.timeout(1_200)]


async def until(found: Callable[[], T], what: str) -> T:
    """Wait until something is there, which another process makes, and return it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := await asyncio.to_thread(found):
            return answer
        await asyncio.sleep(0.2)
    raise AssertionError(f"waited in vain for {what}")


@dataclass
class Operator:
    """Somebody with a second factor, who is signed in at the console."""

    settings: Settings
    token: str
    visitor: Visitor
    secret: str

    @classmethod
    def enrolled(cls, settings: Settings) -> Operator:
        now = time.time()
        with access(settings) as found:
            found.users.add("anna", PASSWORD, Role.SUPER_ADMIN, who="test", at=now)
            secret = enrol(found, "anna", now - 120)
            token, visitor = open_session(found, "anna", now)
        return cls(settings, token, visitor, secret)

    def press(self, action: Action, **given: Any) -> Result:
        return perform(Asked(action, self.visitor, self.settings, SystemClock(), **given))

    def go_live(self, typed: str) -> Result:
        code = code_of(self.secret, time.time() + 30)
        return self.press(Action.GO_LIVE, body=live_body(self.settings, typed), code=code)


@dataclass
class Walk:
    """What is seen from outside of the processes."""

    chain: Chain
    operator: Operator
    port: int

    @property
    def settings(self) -> Settings:
        return self.operator.settings

    def heartbeat(self, mode: str, *states: str) -> Heartbeat | None:
        """The engine's heartbeat, where it is of this mode and in one of these states."""
        with ControlStore.open(self.settings.control_url) as control:
            beat = control.heartbeat()
        fits = beat is not None and beat.mode == mode and (not states or beat.state in states)
        return beat if fits else None

    def answered(self) -> ModeRequest | None:
        with ControlStore.open(self.settings.control_url) as control:
            request = control.requests.latest()
        return None if request is None or request.is_open else request

    def trades(self) -> Sequence[Trade]:
        with BookReader.open(self.live.book_url, Book.LIVE) as book:
            return tuple(book.trades(limit=500))

    def included(self) -> Sequence[Trade]:
        return [each for each in self.trades() if each.outcome == "included"]

    def is_all_final(self) -> bool:
        with BookReader.open(self.live.book_url, Book.LIVE) as book:
            return not book.pending() and all(each.outcome for each in book.trades(limit=500))

    @property
    def live(self) -> Settings:
        return self.chain.settings(self.settings.data_dir)

    def has_live_book(self) -> bool:
        return (self.settings.data_dir / "live.db").exists()

    def signed(self) -> int:
        """How many transactions the outbox holds."""
        import sqlite3

        with sqlite3.connect(self.settings.data_dir / "live.db") as book:
            return int(book.execute("SELECT count(*) FROM outbox_transactions").fetchone()[0])

    def health(self) -> dict[str, Any]:
        answer = httpx.get(f"http://127.0.0.1:{self.port}/health")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def page(self) -> dict[str, Any]:
        """What the first page shows to somebody who is signed in."""
        address = f"http://127.0.0.1:{self.port}"
        if browsing.CHROMIUM is None:
            text = httpx.get(address, cookies={SESSION: self.operator.token}).text
            return {"mesh": "aineon-mesh" in text, "play money": "play money" in text}
        with browsing.browser() as context:
            context.add_cookies([{"name": SESSION, "value": self.operator.token, "url": address}])
            page, complaints = browsing.open_page(context, address)
            assert not complaints
            seen = "getComputedStyle(document.body, '::before').content"
            return {
                "mesh": page.locator("#aineon-mesh").count() > 0,
                "play money": "play money" in page.evaluate(seen),
                "title": page.title(),
                "text": page.inner_text("body"),
            }


def environment(given: dict[str, Any]) -> dict[str, str]:
    """The environment of a program that is told these settings, and no others."""
    names = {parameter.env for parameter in PARAMETERS.values()}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    told = {PARAMETERS[field].env: str(value) for field, value in given.items()}
    return kept | {"AINEON_ENV_FILE": "off", "NO_COLOR": "1"} | told


@contextmanager
def up(given: dict[str, Any], port: int, log: Path) -> Iterator[None]:
    """Run `aineon up`, and stop it by the signal that a service manager sends."""
    with log.open("wb") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", "aineon", "up", "--port", str(port)],
            cwd=browsing.ROOT, env=environment(given), stdout=out, stderr=out,
        )  # fmt: skip
        try:
            yield
        finally:
            started.terminate()
            try:
                assert started.wait(60) == 0, log.read_text()
            finally:
                started.kill()


def aineon(
    command: str, given: dict[str, Any], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "aineon", command, *arguments],
        cwd=browsing.ROOT, env=environment(given), timeout=PATIENCE,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


async def test_an_operator_goes_live_and_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The button belongs to a console that `aineon up` has started.
    monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")
    async with a_chain(tmp_path) as chain:
        given = {**chain.given, "data_dir": tmp_path / "var", "sign_in": "always"}
        given["min_profit_wei"] = "0.000001"
        in_simulation = {**given, "mode": "simulation"}
        del in_simulation["live_confirmation"]
        console = chain.settings(
            tmp_path / "var", mode="simulation", live_confirmation=None, sign_in="always"
        )
        walk = Walk(chain, await asyncio.to_thread(Operator.enrolled, console), 0)
        walk.port = browsing.free_port()
        chain.rehearsal.run(BLOCK_SECONDS)
        await the_doctor_agrees_and_objects(given)
        with up(in_simulation, walk.port, tmp_path / "up.log"):
            await the_simulation_wears_the_mesh(walk)
            await what_is_mistyped_leads_nowhere(walk)
            await live_mode_begins_and_trades(walk)
            await the_stop_ends_it(walk)
        await asyncio.to_thread(books_and_chain_agree, chain, walk.live)
        said = (tmp_path / "up.log").read_text()
        assert "LIVE, with real money, on the word of anna" in said
        assert Counter(said.splitlines())["stopped"] == 1
        for secret in ("private_key", "withdrawal_private_key"):
            assert chain.given[secret][2:] not in said


async def the_doctor_agrees_and_objects(given: dict[str, Any]) -> None:
    fine = await asyncio.to_thread(aineon, "doctor", given, "--live")
    assert fine.returncode == 0, fine.stdout + fine.stderr
    # The control: a key that is not the operator's, on an account without ether.
    poor = await asyncio.to_thread(
        aineon, "doctor", given | {"private_key": "0x" + "5a" * 32}, "--live"
    )
    assert poor.returncode == 1, poor.stdout + poor.stderr
    words = " ".join(poor.stdout.split())
    assert "the contract's operator is" in words
    assert "0 ETH for gas" in words


async def the_simulation_wears_the_mesh(walk: Walk) -> None:
    await until(lambda: walk.heartbeat("simulation", "running"), "the simulation")
    page = await asyncio.to_thread(walk.page)
    assert page["mesh"], page
    assert page["play money"]
    if "text" in page:
        assert "simulated" in page["text"]
        assert "live" not in page["text"]
        assert "Simulated" in page["title"]
    assert walk.health()["status"] == "alive"


async def what_is_mistyped_leads_nowhere(walk: Walk) -> None:
    said = await asyncio.to_thread(walk.operator.go_live, phrase(1))
    assert not said.accepted
    assert walk.answered() is None
    assert not await asyncio.to_thread(walk.has_live_book)


async def live_mode_begins_and_trades(walk: Walk) -> None:
    said = await asyncio.to_thread(walk.operator.go_live, phrase(CHAIN_ID))
    assert said.accepted, said.words
    request = await until(walk.answered, "an answer")
    assert request.state is not RequestState.REFUSED, request.answer
    await until(lambda: walk.heartbeat("live", "running"), "live mode")
    page = await asyncio.to_thread(walk.page)
    assert not page["mesh"], page
    assert not page["play money"]
    if "text" in page:
        # Beside each amount stands where it comes from.
        assert ", live" in page["text"]
        assert "simulated" not in page["text"]
        assert "Simulated" not in page["title"]
    await until(walk.included, "a trade")


async def the_stop_ends_it(walk: Walk) -> None:
    words = "enough for today"
    said = await asyncio.to_thread(
        walk.operator.press, Action.STOP, body={"reason": words, "words": words}
    )
    assert said.accepted, said.words
    beat = await until(lambda: walk.heartbeat("live", "paused"), "the pause")
    assert "the emergency stop is set" in beat.detail
    assert words in beat.detail
    await until(walk.is_all_final, "the last outcome")
    await nothing_is_signed_for(walk, 5)
    assert walk.health()["status"] == "alive"


async def nothing_is_signed_for(walk: Walk, blocks: int) -> None:
    signed = await asyncio.to_thread(walk.signed)
    head = walk.chain.rehearsal.world.anvil.ask
    then = int(await asyncio.to_thread(head, "eth_blockNumber"), 16)
    await until(lambda: int(head("eth_blockNumber"), 16) > then + blocks, f"{blocks} blocks more")
    assert await asyncio.to_thread(walk.signed) == signed
