"""Engines are killed at every write point; anvil's balances say who was paid how often."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect

from aineon.errors import Unavailable
from aineon.rehearsal import packages
from aineon.sending.crashpoints import CrashPoint
from tests.faults.counting import flaw_of
from tests.faults.shards import campaign, sharded
from tests.sending.engines import Life, payment
from tests.sending.fakes import FakeCarrier, FakeChain

LIVES = "tests.faults.kills"
GATE = 1_000
# By thread: a commit and its crash points share one, and the lease's beat has its own.
Traces = dict[int, list[str]]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")


@pytest.fixture(scope="module")
def anvil() -> None:
    try:
        packages.anvil()
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")


@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("anvil")
def test_a_thousand_kills_lose_nothing_and_pay_nobody_twice() -> None:
    found = sharded(LIVES, "kills", GATE)
    assert flaw_of(found) == "", found
    assert found["kills"] >= GATE
    assert found["paid"] == found["lives"]
    # Every point was one at which something died, and more than once.
    assert set(found["points"]) == {point.value for point in CrashPoint}
    assert min(found["points"].values()) >= 10


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("anvil")
def test_control_send_then_record_pays_twice() -> None:
    found = campaign(LIVES, "--kills", 60, "--engine", "naive")
    assert found["double"] > 0, found


# --- is the list complete? -----------------------------------------------------------------


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Traces:
    """Crash points and commits that changed something, in the order in which they happen."""
    seen: Traces = defaultdict(list)
    changed: dict[int, int] = {}
    commit = DefaultDialect.do_commit

    def noted(dialect: DefaultDialect, connection: Any) -> None:
        driver: sqlite3.Connection = connection.driver_connection
        commit(dialect, connection)
        if driver.total_changes > changed.get(id(driver), 0):
            seen[threading.get_ident()].append("commit")
        changed[id(driver)] = driver.total_changes

    monkeypatch.setattr(DefaultDialect, "do_commit", noted)
    return seen


async def test_every_commit_has_its_crash_points(tmp_path: Path, traces: Traces) -> None:
    chain = FakeChain()
    relay = FakeCarrier(chain, ["lost"], is_public=False)
    async with Life(tmp_path, chain, relays=(relay,)) as life:
        await life.sender.send(payment(0))

    def note(point: CrashPoint) -> None:
        traces[threading.get_ident()].append(point.name)

    traces.clear()
    carrier = FakeCarrier(chain, ["lost"] * 3)
    async with Life(tmp_path, chain, public=carrier, crash=note, lease_seconds=0.01) as life:
        await life.sender.send(payment(1))
        raised = await life.sender.reprice(payment(1), payment(1).fees.raised())
        await life.sender.cancel("withdrawal:1", raised.version.fees.raised())
        chain.mine(2)
        await life.sender.reconcile()
        chain.mine(9)
        await life.sender.reconcile()
        life.sender.outbox.adopt(0, "ada")
        await life.sender.retire("withdrawal:2")
    bare = [around for trace in traces.values() for around in uncovered(trace)]
    assert not bare, f"a commit lies between {bare}"
    seen = {name for trace in traces.values() for name in trace}
    assert seen - {"commit"} == {point.name for point in CrashPoint}


def test_control_a_commit_without_crash_points_is_noticed() -> None:
    trace = ["BEFORE_COMMIT", "commit", "AFTER_COMMIT", "commit", "BEFORE_BROADCAST"]
    assert uncovered(trace) == [("AFTER_COMMIT", "BEFORE_BROADCAST")]
    assert uncovered(["commit"]) == [("", "")]


def uncovered(trace: list[str]) -> list[tuple[str, str]]:
    """Return what came before and after each commit that has no crash points of its own."""
    steps = ["", *trace, ""]
    around = [
        (steps[place - 1], steps[place + 1]) for place, name in enumerate(steps) if name == "commit"
    ]
    return [
        (before, after)
        for before, after in around
        if (before.replace("BEFORE", "AFTER"), before[:6], before[-6:])
        != (after, "BEFORE", "COMMIT")
    ]
