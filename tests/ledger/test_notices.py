"""Notices in the control database: left, settled, and not kept for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.ledger.control import ControlStore
from aineon.ledger.notices import NoticeState, NoticeTable
from tests.databases import database_url


@pytest.fixture
def table(tmp_path: Path) -> Iterator[NoticeTable]:
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        yield control.notices


def test_a_notice_waits_until_it_is_settled(table: NoticeTable) -> None:
    first = table.leave("trade", "simulation", "one", 1.0)
    second = table.leave("stop", "live", "two", 2.0)
    assert [each.number for each in table.waiting()] == [first, second]
    table.settle([first], NoticeState.FAILED, "1 json: no answer", 3.0)
    assert [each.words for each in table.waiting()] == ["two"]
    newest, oldest = table.newest(5)
    assert newest.number == second
    assert (oldest.state, oldest.detail) == (NoticeState.FAILED, "1 json: no answer")


def test_old_notices_are_forgotten_and_waiting_ones_are_not(table: NoticeTable) -> None:
    kept = table.leave("trade", "simulation", "the first waits", 1.0)
    numbers = [table.leave("trade", "simulation", "x", 1.0) for _ in range(501)]
    table.settle(numbers, NoticeState.SENT, "", 2.0)
    left = table.newest(1000)
    assert len(left) == 501
    assert left[-1].number == kept


def test_how_targets_take_notices(table: NoticeTable) -> None:
    table.keep_targets(["1 json", "2 slack"])
    assert [each.fails for each in table.targets()] == [False, False]
    table.failed("2 slack", "it was not taken", 5.0)
    table.reached("1 json", 5.0)
    json, slack = table.targets()
    assert (json.reached_at, json.fails) == (5.0, False)
    assert (slack.failed_at, slack.fails, slack.words) == (5.0, True, "it was not taken")
    table.reached("2 slack", 6.0)
    assert not table.targets()[1].fails
    table.keep_targets(["1 json"])
    assert [each.name for each in table.targets()] == ["1 json"]
