"""Several machines append to one audit, each beside an anchor of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.errors import AuditUnwritable, LedgerError
from aineon.ledger.audit.among import Comparison, compare_anchors
from aineon.ledger.audit.anchor import SharedAnchor
from aineon.ledger.audit.log import AuditLog
from aineon.ledger.audit.verifying import Fault, verify_audit
from aineon.ledger.connect import parse_place, writer_engine
from aineon.ledger.control import ControlStore
from aineon.runtime.auditing import audit_of
from aineon.runtime.settings import load_settings
from aineon.runtime.stop_desk import stop_desk
from tests.databases import database_url, server_of
from tests.ledger.audit.decisions import decide


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database_url(tmp_path / "control.db")


@pytest.fixture
def control(url: str) -> Iterator[ControlStore]:
    with ControlStore.open(url) as store:
        yield store


def machine(control: ControlStore, tmp_path: Path, name: str) -> AuditLog:
    return control.audit(SharedAnchor(tmp_path / name / "control.anchor"))


def is_sound(url: str, tmp_path: Path, name: str) -> bool:
    return verify_audit(parse_place(url), tmp_path / name / "control.anchor").is_sound


def change(url: str, statement: str) -> None:
    engine = writer_engine(parse_place(url))
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_each_takes_over_what_the_others_added(
    url: str, control: ControlStore, tmp_path: Path
) -> None:
    console = machine(control, tmp_path, "console")
    engine = machine(control, tmp_path, "engine")
    for each in range(9):
        # One, then several in a row by the same machine.
        decide(engine if each in {0, 4, 7, 8} else console, f"w-{each}", at=float(each))
    assert len(console.last(20)) == 9
    assert is_sound(url, tmp_path, "engine")
    assert not is_sound(url, tmp_path, "console")
    console.catch_up()
    assert is_sound(url, tmp_path, "console")
    one, other = (tmp_path / name / "control.anchor" for name in ("console", "engine"))
    # Each holds all entries, and the announcements of its own.
    kept, announced = zip(*(_lines(anchor) for anchor in (one, other)), strict=True)
    assert kept[0] == kept[1]
    assert sorted(announced[0] + announced[1]) == sorted(f"announced {each}" for each in kept[0])


def _lines(anchor: Path) -> tuple[list[str], list[str]]:
    _, *lines = anchor.read_text().splitlines()
    announced = [line for line in lines if line.startswith("announced ")]
    return [line for line in lines if line not in announced], announced


def test_an_entry_of_another_machine_that_is_not_taken_over_yet_is_no_addition(
    url: str, control: ControlStore, tmp_path: Path
) -> None:
    decide(machine(control, tmp_path, "console"), "w-0")
    anchor = tmp_path / "console" / "control.anchor"
    decide(machine(control, tmp_path, "engine"), "w-1")
    assert verify_audit(parse_place(url), SharedAnchor(anchor)).is_sound
    # The control: where this anchor is the only one, nobody else can have written it.
    finding = verify_audit(parse_place(url), anchor).finding
    assert finding is not None
    assert finding.fault is Fault.ADDED


def test_control_an_anchor_that_is_the_only_one_refuses_the_others(
    control: ControlStore, tmp_path: Path
) -> None:
    alone = control.audit(tmp_path / "alone" / "control.anchor")
    decide(alone, "w-0")
    other = machine(control, tmp_path, "other")
    for each in range(2):
        decide(other, f"w-{each}")
    with pytest.raises(AuditUnwritable, match="ahead of its anchor"):
        decide(alone, "w-4")


def test_a_machine_that_comes_later_takes_over_everything(
    url: str, control: ControlStore, tmp_path: Path
) -> None:
    for each in range(3):
        decide(machine(control, tmp_path, "first"), f"w-{each}")
    decide(machine(control, tmp_path, "later"), "w-3")
    assert is_sound(url, tmp_path, "later")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM audit WHERE number >= 3", "behind its anchor"),
        ("UPDATE audit SET hash = previous WHERE number = 4", "another entry 4"),
        ("DELETE FROM audit WHERE number = 5", "ahead of its anchor"),
        ("UPDATE audit SET previous = hash WHERE number = 6", "ahead of its anchor"),
    ],
)
def test_what_an_anchor_has_seen_cannot_be_taken_away(
    url: str, control: ControlStore, tmp_path: Path, statement: str, words: str
) -> None:
    first, other = (machine(control, tmp_path, name) for name in ("first", "other"))
    for each in range(4):
        decide(first, f"w-{each}")
    if "number = 4" not in statement:
        for each in range(3):
            decide(other, f"v-{each}")
    change(url, statement)
    with pytest.raises(AuditUnwritable, match=words):
        decide(first, "w-9")


def test_a_torn_line_is_finished_by_what_is_taken_over(
    url: str, control: ControlStore, tmp_path: Path
) -> None:
    first, other = (machine(control, tmp_path, name) for name in ("first", "other"))
    for each in range(3):
        decide(first, f"w-{each}")
    anchor = tmp_path / "first" / "control.anchor"
    anchor.write_text(anchor.read_text()[:-20])
    for each in range(2):
        decide(other, f"v-{each}")
    decide(first, "w-4")
    assert is_sound(url, tmp_path, "first")


@pytest.fixture
def anchors(control: ControlStore, tmp_path: Path) -> tuple[Path, Path]:
    """The anchors of two machines that have written three entries each, and know all six."""
    first, other = (machine(control, tmp_path, name) for name in ("first", "other"))
    for each in range(3):
        decide(first, f"w-{each}")
        decide(other, f"v-{each}")
    first.catch_up()
    return tmp_path / "first" / "control.anchor", tmp_path / "other" / "control.anchor"


def test_side_by_side_each_entry_was_announced_by_somebody(
    url: str, anchors: tuple[Path, Path]
) -> None:
    assert compare_anchors(parse_place(url), anchors) == Comparison((1, 6), None)


def test_side_by_side_an_entry_that_nobody_announced_is_found(
    url: str, control: ControlStore, tmp_path: Path, anchors: tuple[Path, Path]
) -> None:
    """Control: each anchor by itself takes it over as another machine's."""
    decide(machine(control, tmp_path, "stranger"), "w-9")
    known = compare_anchors(parse_place(url), anchors)
    assert known.finding is None
    assert "entry 7 cannot be judged" in known.notices[0]
    for name in ("first", "other"):
        machine(control, tmp_path, name).catch_up()
        assert is_sound(url, tmp_path, name)
    found = compare_anchors(parse_place(url), anchors)
    assert found.finding is not None
    assert (found.finding.fault, found.finding.number) == (Fault.ADDED, 7)
    assert "none of the 2 machines" in found.finding.words


def test_an_anchor_that_was_begun_anew_does_not_tell_of_what_was_before(
    url: str, control: ControlStore, tmp_path: Path, anchors: tuple[Path, Path]
) -> None:
    other = machine(control, tmp_path, "other")
    other.renew_anchor("anna", "its disk is gone", 9.0)
    machine(control, tmp_path, "first").catch_up()
    found = compare_anchors(parse_place(url), anchors)
    assert found.finding is None
    assert found.judged is None or found.judged[0] > 6
    assert "was begun anew" in found.notices[0]


def test_what_is_no_anchor_is_said(url: str, control: ControlStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("nothing\n")
    for path in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(LedgerError, match="is no anchor of an audit"):
            compare_anchors(parse_place(url), [path])
    with pytest.raises(LedgerError, match="cannot be read"):
        compare_anchors(parse_place(url), [tmp_path])


def test_the_setting_chooses(tmp_path: Path) -> None:
    for machines, refused in (("several", False), ("one", True)):
        folder = tmp_path / machines
        env = {"AINEON_DATA_DIR": str(folder), "AINEON_AUDIT_MACHINES": machines}
        settings = load_settings(env=env)
        with ControlStore.open(settings.control_url) as control:
            decide(audit_of(settings, control), "w-0")
            for each in range(2):
                decide(machine(control, folder, "elsewhere"), f"v-{each}")
            if refused:
                with pytest.raises(AuditUnwritable):
                    decide(audit_of(settings, control), "w-1")
            else:
                decide(audit_of(settings, control), "w-1")


def test_a_stop_on_another_machine_is_in_the_audit(tmp_path: Path) -> None:
    env = {"AINEON_DATA_DIR": str(tmp_path), "AINEON_AUDIT_MACHINES": "several"}
    env["AINEON_AUDIT_ANCHOR"] = str(tmp_path / "console" / "control.anchor")
    server = server_of(tmp_path)
    settings = load_settings(env=env if server is None else {**env, "DATABASE_URL": server})
    with ControlStore.open(settings.control_url) as control:
        decide(machine(control, tmp_path, "engine"), "w-0")
        with stop_desk(settings) as desk:
            _, trouble = desk.latch("it rained", "ada")
        assert trouble == ""
        assert control.audit(tmp_path / "any").last(1)[0].decision.action == "stop.latch"
    assert is_sound(settings.control_url, tmp_path, "console")


def test_one_machines_anchor_does_not_count_as_two(
    url: str, control: ControlStore, tmp_path: Path
) -> None:
    decide(machine(control, tmp_path, "engine"), "w-1", at=1.0)
    anchor = tmp_path / "engine" / "control.anchor"
    copied = tmp_path / "copied.anchor"
    copied.write_bytes(anchor.read_bytes())
    again = tmp_path / "engine" / ".." / "engine" / "control.anchor"
    for other in (anchor, again, copied):
        with pytest.raises(LedgerError, match="one machine's anchor"):
            compare_anchors(parse_place(url), [anchor, other])
