"""ControlStore: the heartbeat, between processes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from aineon.errors import LedgerError
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from tests.databases import database_url, files_only
from tests.ledger.booked import NOON

BEAT = Heartbeat(
    state="running",
    detail="",
    mode="simulation",
    feed="sandbox",
    provenance="simulated",
    run_id=3,
    pid=4711,
    started_at=NOON,
    beat_at=NOON + 1.5,
    block_number=20_000_000,
    block_time=NOON,
    base_fee_wei=2**70,
    warm_up_done=10,
    warm_up_total=600,
    pools=42,
    in_flight=1,
    scans_dropped=2,
    last_scan_seconds=0.01,
    not_replayable={"uniswap_v3 swap: no state recorded": 2},
    limits={"MIN_PROFIT_THRESHOLD": "0.01 ETH"},
)


def test_the_latest_heartbeat_is_kept(tmp_path: Path) -> None:
    url = database_url(tmp_path / "control.db")
    with ControlStore.open(url) as store, ControlStore.open_reader(url) as reader:
        assert store.heartbeat() is None
        assert reader.heartbeat() is None
        store.beat(BEAT)
        assert reader.heartbeat() == BEAT
        later = replace(BEAT, beat_at=NOON + 2, block_number=None, base_fee_wei=None)
        store.beat(later)
        assert reader.heartbeat() == store.heartbeat() == later
    with ControlStore.open(url) as store:
        assert store.heartbeat() == later


@files_only
@pytest.mark.skipif(os.name != "posix", reason="this system has no modes of files")
def test_nobody_else_on_the_machine_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    before = os.umask(0o022)
    try:
        with ControlStore.open(database_url(path)) as control:
            control.beat(BEAT)
            files = sorted(tmp_path.glob("control.db*"))
            # What was written last lies beside the file until it is taken over.
            assert len(files) > 1
            assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    finally:
        os.umask(before)


def test_read_only_mappings_can_be_told(tmp_path: Path) -> None:
    with ControlStore.open(database_url(tmp_path / "control.db")) as store:
        store.beat(replace(BEAT, limits=MappingProxyType({"SCAN_INTERVAL": "5 s"})))
        beat = store.heartbeat()
        assert beat is not None
        assert beat.limits == {"SCAN_INTERVAL": "5 s"}


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    with ControlStore.open(database_url(tmp_path / "control.db")) as store:
        store.beat(BEAT)
        with pytest.raises(LedgerError, match="the heartbeat cannot be stored"):
            store.beat(replace(BEAT, limits={"a": object()}))  # type: ignore[dict-item]
        assert store.heartbeat() == BEAT


def test_a_reader_of_the_control_database_cannot_beat(tmp_path: Path) -> None:
    url = database_url(tmp_path / "control.db")
    ControlStore.open(url).close()
    with (
        ControlStore.open_reader(url) as reader,
        pytest.raises(LedgerError, match="is read-only"),
    ):
        reader.beat(BEAT)
