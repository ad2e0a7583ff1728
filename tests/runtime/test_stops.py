"""Whom a latch stops: a rehearsal's faults stop rehearsals, an operator's word stops everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.ledger.control import ControlStore
from aineon.primitives import ManualClock
from aineon.runtime.carrying import rehearsal_stop_of, stop_of
from aineon.runtime.settings import Settings
from aineon.safety import REHEARSAL_STOP_FILE, STOP_FILE, Stop
from tests.runtime.onchain import settings_in

CLOCK = ManualClock(5.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def control(settings: Settings) -> Iterator[ControlStore]:
    with ControlStore.open(settings.control_url) as opened:
        yield opened


@pytest.fixture
def stops(settings: Settings, control: ControlStore) -> tuple[Stop, Stop]:
    """The installation's, and a rehearsal's."""
    return stop_of(settings, control, CLOCK), rehearsal_stop_of(settings, control, CLOCK)


def test_a_rehearsals_faults_stop_rehearsals_alone(
    stops: tuple[Stop, Stop], settings: Settings, control: ControlStore, tmp_path: Path
) -> None:
    common, rehearsal = stops
    rehearsal.latch("3 trades in a row reverted by faults of ours", "execution")
    assert not common.state().is_set
    assert not (tmp_path / STOP_FILE).exists()
    # It survives the process, and says where it is kept.
    assert str(rehearsal_stop_of(settings, control, CLOCK).state()) == (
        f"3 trades in a row reverted by faults of ours ({REHEARSAL_STOP_FILE}, by execution)"
    )


def test_the_installations_stop_stops_rehearsals_as_well(
    stops: tuple[Stop, Stop], settings: Settings, control: ControlStore
) -> None:
    common, rehearsal = stops
    common.latch("enough", "ada")
    assert rehearsal.state().is_set
    # A rehearsal cannot clear what it did not latch.
    rehearsal.clear("ada", rehearsal.state())
    assert common.state().is_set
    assert rehearsal.state().is_set
    common.clear("ada", common.state())
    assert not rehearsal.state().is_set


@pytest.mark.parametrize("name", [STOP_FILE, REHEARSAL_STOP_FILE])
def test_a_touched_file_is_enough(name: str, stops: tuple[Stop, Stop], tmp_path: Path) -> None:
    (tmp_path / name).touch()
    common, rehearsal = stops
    assert rehearsal.state().is_set
    assert common.state().is_set is (name == STOP_FILE)
    (tmp_path / name).unlink()
    assert not rehearsal.state().is_set
