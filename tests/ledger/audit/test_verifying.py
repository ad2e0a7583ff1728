"""Verification: every way to change history is found and named, and an honest audit is sound."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.errors import AuditUnwritable, LedgerError
from aineon.ledger.audit.anchor import HEADER, Anchor, Head
from aineon.ledger.audit.verifying import Fault
from aineon.ledger.connect import parse_place
from aineon.ledger.store import BookStore
from aineon.primitives import Book
from tests.databases import database_url, files_only
from tests.ledger.audit.decisions import COLUMNS, Audited, decide


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    """An audit of seven entries, which is sound."""
    audited = Audited(tmp_path)
    audited.write(7)
    assert audited.verify().is_sound
    return audited


def edit(audited: Audited) -> None:
    audited.sql("UPDATE audit SET detail = replace(detail, '1', '2') WHERE number = 3")


def edit_with_its_hash(audited: Audited) -> None:
    edit(audited)
    last = audited.rows()[3:]
    audited.recompute(3)
    for row in last:
        audited.sql("UPDATE audit SET previous = ?, hash = ? WHERE number = ?", *row[-2:], row[0])


def delete(audited: Audited) -> None:
    audited.sql("DELETE FROM audit WHERE number = 3")


def delete_the_first(audited: Audited) -> None:
    audited.sql("DELETE FROM audit WHERE number < 3")


def delete_and_close_the_gap(audited: Audited) -> None:
    delete(audited)
    for number in range(4, 8):
        audited.sql("UPDATE audit SET number = ? WHERE number = ?", number - 1, number)
    audited.recompute()


def swap(audited: Audited) -> None:
    for former, now in ((3, 99), (5, 3), (99, 5)):
        audited.sql("UPDATE audit SET number = ? WHERE number = ?", now, former)


def swap_contents(audited: Audited) -> None:
    rows = audited.rows()
    for number, other in ((3, rows[4]), (5, rows[2])):
        audited.sql("UPDATE audit SET subject = ?, at = ? WHERE number = ?", "x", other[1], number)


def cut_the_tail(audited: Audited) -> None:
    audited.sql("DELETE FROM audit WHERE number > 5")


def cut_everything(audited: Audited) -> None:
    audited.sql("DELETE FROM audit")


def drop_the_table(audited: Audited) -> None:
    audited.sql("DROP TABLE audit")


def recompute_all(audited: Audited) -> None:
    audited.sql("UPDATE audit SET who = 'mallory' WHERE number = 1")
    audited.recompute()


def recompute_the_rest(audited: Audited) -> None:
    edit(audited)
    audited.recompute(3)


def recompute_the_newest(audited: Audited) -> None:
    audited.sql("UPDATE audit SET who = 'mallory' WHERE number = 7")
    audited.recompute(7)


def add_behind_the_back(audited: Audited) -> None:
    for number in (8, 9):
        audited.sql(
            "INSERT INTO audit SELECT ?, at, who, action, subject, detail, previous, hash "
            "FROM audit WHERE number = 7",
            number,
        )
    audited.recompute(8)


def add_one_that_fits(audited: Audited) -> None:
    audited.sql(
        "INSERT INTO audit SELECT 8, at, 'mallory', action, subject, detail, previous, hash "
        "FROM audit WHERE number = 7"
    )
    audited.recompute(8)


def add_before_the_first(audited: Audited) -> None:
    audited.sql(
        "INSERT INTO audit SELECT 0, at, who, action, subject, detail, previous, hash "
        "FROM audit WHERE number = 7"
    )


def lose_the_anchor(audited: Audited) -> None:
    audited.anchor.unlink()


def cut_the_anchor(audited: Audited) -> None:
    audited.anchor.write_text("\n".join(audited.anchored()[:-4]) + "\n")


def cut_one_entry_from_the_anchor(audited: Audited) -> None:
    audited.anchor.write_text("\n".join(audited.anchored()[:-2]) + "\n")


def edit_the_anchor(audited: Audited) -> None:
    audited.anchor.write_text(audited.anchor.read_text().replace("\n4 ", "\n44 "))


def another_file(audited: Audited) -> None:
    audited.anchor.write_text("dear diary\n")


CHANGES: list[tuple[Callable[[Audited], None], Fault, int, str]] = [
    (edit, Fault.EDITED, 3, "entry 3 is not what was written"),
    (edit_with_its_hash, Fault.EDITED, 3, "entry 3 fits its hash, and the anchor remembers"),
    (delete, Fault.DELETED, 3, "entry 3 is missing; entry 4 is there"),
    (delete_the_first, Fault.DELETED, 1, "entry 1 is missing; entry 3 is there"),
    (delete_and_close_the_gap, Fault.RECOMPUTED, 3, "it and what follows were recomputed"),
    (swap, Fault.SWAPPED, 3, "entry 3 is what was written as entry 5"),
    (swap_contents, Fault.EDITED, 3, "entry 3 is not what was written"),
    (cut_the_tail, Fault.TRUNCATED, 6, "missing: entries 6 to 7; the tail was cut off"),
    (cut_everything, Fault.TRUNCATED, 1, "missing: entries 1 to 7; the tail was cut off"),
    (drop_the_table, Fault.TRUNCATED, 1, "missing: entries 1 to 7; the tail was cut off"),
    (recompute_all, Fault.RECOMPUTED, 1, "the whole chain was recomputed"),
    (recompute_the_rest, Fault.RECOMPUTED, 3, "it and what follows were recomputed"),
    (recompute_the_newest, Fault.RECOMPUTED, 7, "the anchor remembers another"),
    (add_behind_the_back, Fault.ANCHOR_BEHIND, 8, "the anchor ends with entry 7"),
    (add_one_that_fits, Fault.ADDED, 8, "entry 8 was never announced"),
    (add_before_the_first, Fault.ADDED, 0, "entry 0 is none of the chain's"),
    (lose_the_anchor, Fault.ANCHOR_MISSING, 0, "the anchor is missing"),
    (cut_the_anchor, Fault.ANCHOR_BEHIND, 6, "lines were cut off from the anchor"),
    (cut_one_entry_from_the_anchor, Fault.ADDED, 7, "or lines were cut off from the anchor"),
    (edit_the_anchor, Fault.ANCHOR_DAMAGED, 0, "its line 9 holds entry 44 after entry 3"),
    (another_file, Fault.ANCHOR_DAMAGED, 0, "its first line is not that of an audit anchor"),
]


@pytest.mark.parametrize(
    ("change", "fault", "number", "words"), CHANGES, ids=[change[0].__name__ for change in CHANGES]
)
def test_a_change_of_history_is_found_and_named(
    audited: Audited, change: Callable[[Audited], None], fault: Fault, number: int, words: str
) -> None:
    change(audited)
    finding = audited.verify().finding
    assert finding is not None
    assert (finding.fault, finding.number) == (fault, number)
    assert words in finding.words


def test_without_the_anchor_a_recomputed_chain_would_pass(audited: Audited) -> None:
    """The control: the chain alone cannot tell, so it is the anchor that does."""
    recompute_all(audited)
    audited.anchor.write_text(f"{HEADER}\n")
    for number, *_, of in audited.rows():
        with audited.anchor.open("a") as file:
            file.write(f"{number} {of}\n")
    assert audited.verify().is_sound


def test_an_entry_that_was_added_is_never_taken_for_ours(audited: Audited) -> None:
    """One after each genuine one would otherwise be anchored by the next."""
    add_one_that_fits(audited)
    with audited.log() as log, pytest.raises(AuditUnwritable, match="entry 8 was never announced"):
        decide(log)
    assert len(audited.rows()) == 8
    assert audited.verify().finding is not None


def test_an_entry_in_place_of_one_that_was_announced_is_found(audited: Audited) -> None:
    Anchor(audited.anchor).announce(Head(8, "a" * 64))
    assert audited.verify().is_sound
    add_one_that_fits(audited)
    finding = audited.verify().finding
    assert finding is not None
    assert (finding.fault, finding.number) == (Fault.ADDED, 8)


def test_without_its_announcement_an_added_entry_would_pass(audited: Audited) -> None:
    """The control: chain and hashes are right, so it is the announcement that tells."""
    add_one_that_fits(audited)
    Anchor(audited.anchor).announce(Head(8, audited.rows()[7][-1]))
    assert audited.verify().is_sound
    with audited.log() as log:
        assert decide(log) == 9


def test_a_head_that_was_noted_down_is_an_anchor_of_its_own(audited: Audited) -> None:
    head = audited.verify().head
    audited.write(2)
    assert audited.verify(head).is_sound
    recompute_all(audited)
    audited.anchor.unlink()
    finding = audited.verify(head).finding
    assert finding is not None
    assert finding.fault is Fault.RECOMPUTED
    assert "another was noted down" in finding.words
    audited.sql("DELETE FROM audit WHERE number > 4")
    finding = audited.verify(head).finding
    assert finding is not None
    assert (finding.fault, finding.number) == (Fault.TRUNCATED, 5)


def test_nothing_is_appended_to_a_history_that_was_changed(audited: Audited) -> None:
    cut_the_tail(audited)
    with audited.log() as log, pytest.raises(AuditUnwritable, match=r"behind its anchor \(entry 5"):
        decide(log)
    audited.anchor.unlink()
    with audited.log() as log, pytest.raises(AuditUnwritable, match="is missing; put it back"):
        decide(log)
    assert len(audited.rows()) == 5


def test_an_audit_that_has_not_begun_is_sound(tmp_path: Path) -> None:
    audited = Audited(tmp_path)
    with audited.log():
        pass
    report = audited.verify()
    assert report.is_sound
    assert (report.entries, report.head.number) == (0, 0)
    assert not audited.anchor.exists()


def test_a_database_that_is_not_the_control_database_is_refused(tmp_path: Path) -> None:
    audited = Audited(tmp_path)
    BookStore.open(audited.url, Book.SIMULATION).close()
    with pytest.raises(LedgerError, match="is not AINEON's control database"):
        audited.verify()


@pytest.mark.parametrize("value", [None, 7, b"anna", "anna "])
def test_a_value_of_another_kind_is_an_edit(audited: Audited, value: object) -> None:
    audited.sql("CREATE TABLE loose AS SELECT * FROM audit")
    audited.sql("DROP TABLE audit")
    audited.sql("ALTER TABLE loose RENAME TO audit")
    assert audited.verify().is_sound
    audited.sql("UPDATE audit SET who = ? WHERE number = 4", value)
    finding = audited.verify().finding
    assert finding is not None
    assert (finding.fault, finding.number) == (Fault.EDITED, 4)


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    audited = Audited(tmp_path_factory.mktemp("audit"))
    audited.write(3)
    return audited


# A server stores nothing in a column of text that is no text.
@files_only
@settings(max_examples=150)
@given(data=st.data())
def test_any_single_byte_of_any_column_is_protected(
    long_lived: Audited, data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, 3), label="entry")
    column = data.draw(st.sampled_from(COLUMNS[2:]), label="column")
    [[text]] = long_lived.sql(f"SELECT {column} FROM audit WHERE number = ?", number)
    raw = text.encode()
    place = data.draw(st.integers(0, len(raw) - 1), label="place")
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != raw[place]), label="byte")
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
    query = f"UPDATE audit SET {column} = CAST(? AS TEXT) WHERE number = ?"
    long_lived.sql(query, changed, number)
    finding = long_lived.verify().finding
    long_lived.sql(query, raw, number)
    assert finding is not None
    # The hash of the last entry is the only thing that nothing after it could contradict.
    assert finding.number == number
    assert long_lived.verify().is_sound


@settings(max_examples=60)
@given(number=st.integers(1, 3), bit=st.integers(0, 62))
def test_any_bit_of_the_time_is_protected(long_lived: Audited, number: int, bit: int) -> None:
    [[at]] = long_lived.sql("SELECT at FROM audit WHERE number = ?", number)
    changed = struct.unpack(">d", (int.from_bytes(struct.pack(">d", at)) ^ 1 << bit).to_bytes(8))[0]
    long_lived.sql("UPDATE audit SET at = ? WHERE number = ?", changed, number)
    finding = long_lived.verify().finding
    long_lived.sql("UPDATE audit SET at = ? WHERE number = ?", at, number)
    assert finding is not None
    assert (finding.fault, finding.number) == (Fault.EDITED, number)


def test_a_number_that_was_changed_is_found(audited: Audited) -> None:
    for former, now, fault, first in ((7, 8, Fault.DELETED, 7), (1, -1, Fault.ADDED, -1)):
        audited.sql("UPDATE audit SET number = ? WHERE number = ?", now, former)
        finding = audited.verify().finding
        audited.sql("UPDATE audit SET number = ? WHERE number = ?", former, now)
        assert finding is not None
        assert (finding.fault, finding.number) == (fault, first)


def test_verification_changes_nothing(audited: Audited) -> None:
    before = {path.name: path.read_bytes() for path in audited.folder.iterdir()}
    audited.verify(Head(7, "0" * 64))
    assert {path.name: path.read_bytes() for path in audited.folder.iterdir()} == before


def test_the_anchor_may_lie_elsewhere(tmp_path: Path) -> None:
    from aineon.ledger.audit.verifying import verify_audit
    from aineon.ledger.control import ControlStore

    url, anchor = database_url(tmp_path / "control.db"), tmp_path / "other" / "disk" / "head"
    with ControlStore.open(url) as control:
        decide(control.audit(anchor))
    assert verify_audit(parse_place(url), anchor).is_sound
    assert not verify_audit(parse_place(url), tmp_path / "control.anchor").is_sound
