"""Requests: asked once, answered once, and looked at without standing in a writer's way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.errors import LedgerError, RequestClosed
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import RequestState, RequestTable
from tests.databases import database_url


@pytest.fixture
def requests(tmp_path: Path) -> Iterator[RequestTable]:
    with ControlStore.open(database_url(tmp_path / "control.db"), busy_timeout=0.1) as store:
        yield store.requests


def test_a_request_waits_until_it_is_taken_and_stays_with_its_answer(
    requests: RequestTable,
) -> None:
    assert requests.latest() is None
    number = requests.ask("rehearsal", "anna", 1.0)
    [waiting] = requests.waiting()
    assert waiting.number == number
    assert (waiting.mode, waiting.who, waiting.at) == ("rehearsal", "anna", 1.0)
    assert waiting.is_open
    requests.take(number, "being built", 2.0)
    assert requests.waiting() == ()
    requests.answer(number, RequestState.DONE, "begun", 3.0)
    done = requests.latest()
    assert done is not None
    assert not done.is_open
    assert (done.state, done.answer, done.changed_at) == (RequestState.DONE, "begun", 3.0)


def test_an_answer_stays(requests: RequestTable) -> None:
    number = requests.ask("rehearsal", "anna", 1.0)
    requests.answer(number, RequestState.REFUSED, "no", 2.0)
    with pytest.raises(
        RequestClosed, match="request 1 is refused; only an open one can become done"
    ):
        requests.answer(number, RequestState.DONE, "yes", 3.0)
    with pytest.raises(RequestClosed, match="request 9 is not there"):
        requests.take(9, "", 3.0)


def test_what_is_open_is_refused_and_what_was_answered_is_left(requests: RequestTable) -> None:
    done = requests.ask("rehearsal", "anna", 1.0)
    requests.answer(done, RequestState.DONE, "begun", 1.5)
    requests.take(requests.ask("simulation", "anna", 2.0), "", 2.0)
    requests.ask("rehearsal", "anna", 3.0)
    requests.refuse_open("started anew", 4.0)
    assert requests.waiting() == ()
    latest = requests.latest()
    assert latest is not None
    assert (latest.state, latest.answer) == (RequestState.REFUSED, "started anew")
    with pytest.raises(RequestClosed, match="request 1 is done"):
        requests.answer(done, RequestState.REFUSED, "", 5.0)


def test_looking_does_not_wait_for_a_writer(tmp_path: Path, requests: RequestTable) -> None:
    requests.ask("rehearsal", "anna", 1.0)
    with ControlStore.open(database_url(tmp_path / "control.db")) as other, other.engine.begin():
        assert len(requests.waiting()) == 1
        with pytest.raises(LedgerError, match="is locked by another program"):
            requests.ask("simulation", "anna", 2.0)
