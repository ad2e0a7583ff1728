"""The supervisor's thread: what happens is seen, left, and sent, and the end waits for nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.ledger.control import ControlStore
from aineon.runtime.notices.addresses import targets_from
from aineon.runtime.notices.sending import Pace
from aineon.runtime.notices.service import notices_sent
from aineon.runtime.settings import Settings, load_given
from aineon.safety.stop import StopReason
from tests.runtime.notices.receiver import Receiver, receiving
from tests.runtime.test_supervisor import until

AT_ONCE = Pace(between=0.0, again=())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    targets_from(["json://127.0.0.1:1/"])[0].service()
    with receiving() as found:
        yield found


def settings_of(folder: Path, *urls: str) -> Settings:
    # The receiver is on this machine.
    env = {"AINEON_DATA_DIR": str(folder), "AINEON_NOTIFY_INSIDE": "on"}
    if urls:
        env["AINEON_NOTIFY_URLS"] = " ".join(urls)
    return load_given(env=env)


def test_from_what_happens_to_the_phone(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aineon.runtime.notices.service.LOOK_SECONDS", 0.02)
    said: list[str] = []
    looked = threading.Event()
    in_force: list[Settings | None] = [None]

    def settings() -> Settings | None:
        looked.set()
        return in_force[0]

    with ControlStore.open(f"sqlite:///{tmp_path / 'control.db'}") as control:
        with notices_sent(settings, said.append, AT_ONCE):
            # Nobody plays yet.
            assert looked.wait(30)
            in_force[0] = settings_of(tmp_path)
            number = control.notices.leave("test", "simulation", "to nobody", 2e9)
            until(lambda: not control.notices.waiting())
            # Targets that were saved meanwhile are used from the engine's next start on.
            in_force[0] = settings_of(tmp_path, receiver.url)
            until(lambda: [each.name for each in control.notices.targets()] == ["1 json"])
            control.notices.leave("test", "simulation", "ready", 2e9)
            receiver.wait_for(1)
            control.stops.latch(StopReason("database", "enough", "anna", 1.0))
            messages = receiver.wait_for(2)
        assert messages == [
            "[SIMULATION] ready",
            "[SIMULATION] Emergency stop set by anna: enough",
        ]
        until(lambda: control.notices.newest(1)[0].state != "waiting")
        assert {each.number: each.detail for each in control.notices.newest(9)}[number] == (
            "there is no target"
        )
    assert said == []


def test_a_database_in_trouble_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aineon.runtime.notices.service.LOOK_SECONDS", 0.01)
    (tmp_path / "control.db").write_bytes(b"this is no database, whatever its name says " * 100)
    said: list[str] = []
    tried = threading.Semaphore(0)
    found = settings_of(tmp_path)

    def settings() -> Settings:
        tried.release()
        return found

    with notices_sent(settings, said.append):
        for _ in range(3):
            assert tried.acquire(timeout=30)
    [sentence] = said
    assert sentence.startswith("notices have to wait: ")
