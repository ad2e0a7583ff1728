"""What goes into the audit by itself: settings that changed, changes of mode, tried refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.errors import AuditUnwritable
from aineon.ledger.audit import AuditEntry
from aineon.ledger.audit.verifying import verify_audit
from aineon.ledger.connect import parse_place
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import RequestState
from aineon.primitives import Book, ManualClock
from aineon.runtime.auditing import audit_of, note_settings, open_audit
from aineon.runtime.carrying import rehearsal_stop_of, stop_of
from aineon.runtime.desk import open_desk
from aineon.runtime.settings import Settings, load_settings
from aineon.safety import REHEARSAL_STOP_FILE

KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
CLOCK = ManualClock(1_800_000_000.0)


def settings_in(folder: Path, **env: str) -> Settings:
    return load_settings(env, data_dir=folder)


def note(settings: Settings) -> list[str]:
    said: list[str] = []
    note_settings(settings, said.append, CLOCK)
    return said


def entries(folder: Path) -> tuple[AuditEntry, ...]:
    settings = settings_in(folder)
    with ControlStore.open_reader(settings.control_url) as control:
        return control.audit(settings.anchor_path).last(100)


def test_the_first_start_keeps_all_settings_and_the_next_what_changed(tmp_path: Path) -> None:
    assert note(settings_in(tmp_path)) == []
    note(settings_in(tmp_path))
    note(settings_in(tmp_path, MIN_PROFIT_THRESHOLD="0.25", MAX_HOPS="2"))
    note(settings_in(tmp_path, MIN_PROFIT_THRESHOLD="0.25", MAX_HOPS="2"))
    first, second = entries(tmp_path)
    assert first.decision.action == "settings.change"
    assert first.decision.subject == "first start"
    changed = second.details["changed"]
    assert isinstance(changed, dict)
    assert changed["MIN_PROFIT_THRESHOLD"]["new"] == "0.25 ETH"
    assert changed["MIN_PROFIT_THRESHOLD"]["old"].endswith(" ETH")
    assert changed["MIN_PROFIT_THRESHOLD"]["old"] != "0.25 ETH"
    assert set(changed) == {"MIN_PROFIT_THRESHOLD", "MAX_HOPS"}
    assert second.decision.at == CLOCK.now()


def test_a_secret_is_set_or_not_set_and_nothing_else(tmp_path: Path) -> None:
    note(settings_in(tmp_path))
    note(settings_in(tmp_path, PRIVATE_KEY=KEY, ETHERSCAN_API_KEY="ABCDEFGH12345678"))
    for path in tmp_path.iterdir():
        assert KEY.encode() not in path.read_bytes()
        assert b"ABCDEFGH12345678" not in path.read_bytes()
    changed = entries(tmp_path)[-1].details["changed"]
    assert isinstance(changed, dict)
    assert changed["PRIVATE_KEY"] == {"old": "not set", "new": "set"}


def test_a_secret_in_a_text_is_masked(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, PRIVATE_KEY=KEY)
    with open_audit(settings) as audit:
        words = f"https://node/{KEY} refused"
        audit.append(
            who="anna", action="stop.latch", subject="stop", detail={"reason": words}, at=1.0
        )
    [entry] = entries(tmp_path)
    assert KEY not in entry.decision.detail
    assert entry.details == {"reason": "https://node/******** refused"}


def test_a_start_goes_on_where_the_audit_cannot_be_written(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    note(settings)
    settings.anchor_path.unlink()
    [said] = note(settings_in(tmp_path, MAX_HOPS="2"))
    assert said.startswith("the settings of this start are not in the audit: the audit's anchor")
    (tmp_path / "control.db").write_bytes(b"no database " * 100)
    [said] = note(settings)
    assert "is not a database" in said
    with pytest.raises(AuditUnwritable, match="is not a database"), open_audit(settings):
        pass


def test_the_anchor_lies_beside_the_control_database_or_where_it_is_put(tmp_path: Path) -> None:
    assert settings_in(tmp_path).anchor_path == tmp_path / "control.anchor"
    elsewhere = settings_in(tmp_path, AINEON_AUDIT_ANCHOR=str(tmp_path / "disk" / "head"))
    assert elsewhere.anchor_path == tmp_path / "disk" / "head"
    named = settings_in(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/a.db")
    assert named.anchor_path == tmp_path / "a-control.anchor"
    server = settings_in(tmp_path, DATABASE_URL="postgresql://me@localhost/play")
    assert server.anchor_path == tmp_path / "control.anchor"


def test_changes_of_mode_and_refusals_are_kept_with_who_asked(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)

    def audit_in(control: ControlStore) -> object:
        return audit_of(settings, control)

    with (
        open_desk(settings.control_url, [].append, CLOCK, audit_in) as desk,  # type: ignore[arg-type]
        ControlStore.open(settings.control_url) as control,
    ):
        for mode in ("rehearsal", "live"):
            control.requests.ask(mode, "anna", 1.0)
        rehearse, live = desk.waiting(0.0)
        desk.done(rehearse, "the rehearsal was begun")
        desk.refuse(live, "live is closed")
        desk.tell(Book.SIMULATION, "the rehearsal ended by itself")
    found = [(e.decision.action, e.decision.subject, e.decision.who) for e in entries(tmp_path)]
    assert found == [
        ("mode.change", "rehearsal", "anna"),
        ("mode.refuse", "live", "anna"),
        ("mode.change", "simulation", "aineon"),
    ]
    assert verify_audit(parse_place(settings.control_url), settings.anchor_path).is_sound


def test_a_change_of_mode_is_answered_where_it_cannot_be_audited(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.anchor_path.mkdir(parents=True)
    said: list[str] = []

    def audit_in(control: ControlStore) -> object:
        return audit_of(settings, control)

    with (
        open_desk(settings.control_url, said.append, CLOCK, audit_in) as desk,  # type: ignore[arg-type]
        ControlStore.open(settings.control_url) as control,
    ):
        control.requests.ask("rehearsal", "anna", 1.0)
        [request] = desk.waiting(0.0)
        desk.done(request, "begun")
        latest = control.requests.latest()
        assert latest is not None
        assert latest.state is RequestState.DONE
    assert len(said) == 1
    assert "mode.change to rehearsal by anna is not in the audit" in said[0]


def test_a_stop_that_the_engine_latches_is_in_the_audit_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_in(tmp_path)
    with ControlStore.open(settings.control_url) as control:
        for make in (stop_of, rehearsal_stop_of):
            stop = make(settings, control, CLOCK)
            for _ in range(2):
                stop.latch("nonce 7 is not ours", "outbox")
        settings.anchor_path.unlink()
        state = stop_of(settings, control, CLOCK).latch("another reason", "engine")
        assert "another reason" in str(state)
    found = entries(tmp_path)
    assert [entry.details["place"] for entry in found] == ["database", REHEARSAL_STOP_FILE]
    assert {entry.decision.who for entry in found} == {"outbox"}
    assert [entry.decision.action for entry in found] == ["stop.latch"] * 2
    [record] = caplog.records
    assert "stop.latch of emergency stop by engine is not in the audit" in record.message
