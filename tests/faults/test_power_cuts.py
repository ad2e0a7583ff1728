"""The power goes, and with it whatever was not synced; nothing is lost, nobody is paid twice."""

from __future__ import annotations

import random

import pytest

from tests.faults.counting import flaw_of
from tests.faults.power import SECTOR, Image, is_available
from tests.faults.shards import campaign, sharded

CUTS = "tests.faults.power_cuts"
GATE = 210

watched = pytest.mark.skipif(
    not is_available(), reason="the SQLite of this Python does not let itself be watched"
)


@watched
@pytest.mark.timeout(1800)
def test_power_cuts_lose_nothing_and_pay_nobody_twice() -> None:
    found = sharded(CUTS, "cuts", GATE)
    assert flaw_of(found) == "", found
    assert found["cuts"] >= GATE


@watched
@pytest.mark.timeout(900)
@pytest.mark.parametrize("trouble", ["full", "broken"])
def test_a_disk_in_trouble_loses_nothing_and_pays_nobody_twice(trouble: str) -> None:
    found = campaign(CUTS, "--cuts", 20, "--trouble", trouble)
    assert flaw_of(found) == "", found
    # Some lives could not even start, and all that was wanted came to its end all the same.
    assert found["lives"] > found["cuts"], found


@watched
@pytest.mark.timeout(1800)
def test_control_commits_that_are_not_synced_pay_twice() -> None:
    found = campaign(CUTS, "--cuts", 70, "--synchronous", "NORMAL")
    assert found["failed"] == 0, found
    # The nonce fence sees most of it; who waves that through pays twice.
    assert found["stops"] > 0, found
    assert found["double"] > 0, found


def test_a_disk_keeps_what_was_synced_and_may_lose_the_rest_in_sectors() -> None:
    image = Image("book.db", bytearray(b"old" * SECTOR))
    image.since.append(("write", 0, b"a" * 3 * SECTOR))
    assert image.after(lambda: False) == b"old" * SECTOR
    chance = random.Random(7)
    contents = {bytes(image.after(lambda: chance.random() < 0.5) or b"") for _ in range(100)}
    assert len(contents) == 8  # each of three sectors is there or not
    image.sync()
    assert image.after(lambda: False) == b"a" * 3 * SECTOR


def test_a_deleted_file_may_come_back_until_its_folder_is_synced() -> None:
    image = Image("book.db-wal", bytearray(b"log"))
    image.since.append(("delete", 0, b""))
    assert image.after(lambda: False) == b"log"
    assert image.after(lambda: True) is None
    image.sync_name()
    assert image.after(lambda: False) is None
