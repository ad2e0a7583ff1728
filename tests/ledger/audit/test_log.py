"""Appending: durable, one after the other in any number of processes, refused where it fails."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import AuditUnwritable
from aineon.ledger.audit import note
from aineon.ledger.audit.anchor import Anchor, Head, Kind, Line
from aineon.ledger.audit.entry import GENESIS, Decision, canonical, hash_of
from aineon.ledger.audit.log import AuditLog
from aineon.ledger.audit.verifying import Fault, verify_audit
from aineon.ledger.connect import parse_place, postgres_url, writer_engine
from aineon.ledger.control import ControlStore
from tests.ledger.audit.decisions import Audited, decide
from tests.postgres_server import postgres_server

ROOT = Path(__file__).parents[3]


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    return Audited(tmp_path)


@pytest.fixture
def log(audited: Audited) -> Iterator[AuditLog]:
    with audited.log(busy_timeout=0.05) as log:
        yield log


# --- what is kept ------------------------------------------------------------------------------


def test_entries_are_numbered_chained_and_anchored(audited: Audited, log: AuditLog) -> None:
    assert [decide(log, "w-1"), decide(log, "w-2")] == [1, 2]
    first, second = log.last(10)
    assert (first.previous, second.previous) == (GENESIS, first.hash)
    assert second.decision.subject == "w-2"
    assert second.details == {"amount": "1000000000000000000", "to": "0x" + "ab" * 20}
    heads = [f"1 {first.hash}", f"2 {second.hash}"]
    assert audited.anchored()[1:] == [
        line for head in heads for line in (f"announced {head}", head)
    ]
    assert log.last(1) == (second,)
    assert log.latest("withdrawal.request") == second
    assert log.latest("stop.clear") is None


def test_the_hash_is_what_the_handbook_says() -> None:
    """A value computed by hand, so that the form never changes unnoticed."""
    decision = Decision(1.5, "anna", "stop.latch", "stop", '{"reason":"smoke"}')
    # printf '["aineon audit 1",1,"00…","1.5","anna",…]' | sha256sum
    assert hash_of(1, GENESIS, decision) == HASH_BY_HAND


HASH_BY_HAND = "1b3a6db357df9b183588c2a3b079fa6b70b20bb5431ccc2d7a58df31d57cc42e"

_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _texts | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
_details = st.dictionaries(_texts, _values, max_size=4)


@given(detail=_details, who=_texts.filter(bool), subject=_texts)
def test_what_can_be_written_is_read_back_as_it_was(
    detail: dict[str, object], who: str, subject: str
) -> None:
    decision = Decision.of(who, "stop.latch", subject, detail, 0)  # type: ignore[arg-type]
    assert (decision.who, decision.subject, decision.at) == (who, subject, 0.0)
    assert canonical(detail) == decision.detail  # type: ignore[arg-type]
    assert decision.detail.isascii()


@given(st.tuples(_texts, _texts, _texts), st.tuples(_texts, _texts, _texts))
def test_no_two_decisions_look_alike_to_the_hash(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    """Moving characters from one column to the next would be an edit that a plain join hides."""
    hashes = {
        hash_of(1, GENESIS, Decision(1.0, who, "a.b", subject, detail))
        for who, subject, detail in (one, other)
    }
    assert len(hashes) == (1 if one == other else 2)


def test_text_that_looks_like_a_statement_stays_text(audited: Audited, log: AuditLog) -> None:
    text = "x'); DROP TABLE audit; --"
    log.append(who=text, action="stop.latch", subject=text, detail={text: text}, at=1.0)
    decide(log)
    first, _ = log.last(2)
    assert (first.decision.who, first.decision.subject, first.details) == (text, text, {text: text})
    assert audited.verify().entries == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"action": "latch"}, "is not dotted words"),
        ({"action": "Stop.latch"}, "is not dotted words"),
        ({"who": ""}, "name of an audit entry has 0 characters"),
        ({"who": "a" * 201}, "allowed are 1 to 200"),
        ({"subject": "a\0b"}, "holds a character that is no text"),
        ({"subject": "\ud800"}, "holds a character that is no text"),
        ({"detail": {"amount": 10**18}}, "amounts are written as decimal strings"),
        ({"detail": {"a": {"b": float("nan")}}}, "detail.a.b .* is no figure"),
        ({"detail": {"a": [object()]}}, "is a object, not JSON"),
        ({"detail": {1: "a"}}, "has the name 1, not a text"),
        ({"detail": {"a": "b" * 70_000}}, "allowed are 0 to 65536"),
        ({"at": float("inf")}, "is not seconds since 1970"),
        ({"at": -1.0}, "is not seconds since 1970"),
    ],
)
def test_what_cannot_be_kept_as_it_is_is_refused(
    audited: Audited, log: AuditLog, change: dict[str, object], words: str
) -> None:
    plain = {"who": "anna", "action": "stop.latch", "subject": "stop", "detail": {}, "at": 1.0}
    with pytest.raises(AuditUnwritable, match=words):
        log.append(**(plain | change))  # type: ignore[arg-type]
    assert audited.rows() == []


def test_secrets_are_masked_in_every_text(audited: Audited, tmp_path: Path) -> None:
    with ControlStore.open(audited.url) as control:
        log = control.audit(audited.anchor, lambda text: text.replace("hunter2", "***"))
        log.append(
            who="hunter2",
            action="stop.latch",
            subject="of hunter2",
            detail={"url": ["https://hunter2@node", {"deep": 'say "hunter2"'}], "count": 3},
            at=1.0,
        )
        [entry] = log.last(1)
    assert "hunter2" not in str(entry)
    assert entry.details == {"url": ["https://***@node", {"deep": 'say "***"'}], "count": 3}
    assert audited.verify().is_sound


# --- where it cannot be written ----------------------------------------------------------------


def test_a_locked_database_refuses(audited: Audited, log: AuditLog) -> None:
    decide(log)
    other = writer_engine(parse_place(audited.url))
    with (
        other.begin(),
        pytest.raises(AuditUnwritable, match="cannot be written: .* is locked by another"),
    ):
        decide(log)
    other.dispose()
    assert decide(log) == 2
    assert audited.verify().is_sound


def test_an_anchor_that_cannot_be_created_refuses(tmp_path: Path) -> None:
    audited = Audited(tmp_path)
    audited.anchor.mkdir()
    with audited.log() as log, pytest.raises(AuditUnwritable, match="anchor .* cannot be written"):
        decide(log)
    assert audited.rows() == []


def test_a_stop_is_not_refused_and_is_told(audited: Audited, log: AuditLog) -> None:
    said: list[str] = []
    what = {"who": "anna", "action": "stop.latch", "subject": "stop", "detail": {}, "at": 1.0}
    assert note(log, said.append, **what) == 1  # type: ignore[arg-type]
    audited.anchor.unlink()
    assert note(log, said.append, **what) is None  # type: ignore[arg-type]
    assert len(said) == 1
    assert "stop.latch of stop by anna is not in the audit: the audit's anchor" in said[0]


def full_after(bytes_left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the anchor's disk take so many bytes more, and then be full."""
    write = os.write
    left = [bytes_left]

    def limited(descriptor: int, content: bytes) -> int:
        if not left[0]:
            raise OSError(28, "No space left on device")
        written = write(descriptor, content[: left[0]])
        left[0] -= written
        return written

    monkeypatch.setattr("aineon.ledger.audit.anchor.os.write", limited)


ANNOUNCEMENT = len(f"announced 2 {GENESIS}\n")


@pytest.mark.parametrize("room", [0, 1, 11, 30, ANNOUNCEMENT - 1])
def test_a_disk_too_full_for_the_announcement_keeps_nothing(
    audited: Audited, log: AuditLog, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(log)
    with monkeypatch.context() as full:
        full_after(room, full)
        with pytest.raises(AuditUnwritable, match="No space left on device; make room"):
            decide(log)
    assert len(audited.rows()) == 1
    assert audited.verify().is_sound
    # Another decision under the same number: what was cut off is no beginning of its line.
    assert decide(log, "another") == 2
    report = audited.verify()
    assert (report.is_sound, report.entries, report.notices) == (True, 2, ())


@pytest.mark.parametrize("room", [0, 1, 30, 66])
def test_a_full_disk_refuses_and_nothing_is_damaged(
    audited: Audited, log: AuditLog, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(log)
    with monkeypatch.context() as full:
        full_after(ANNOUNCEMENT + room, full)
        with pytest.raises(AuditUnwritable, match="No space left on device; make room"):
            decide(log)
        # The second one finds the anchor lagging, and keeps nothing.
        with pytest.raises(AuditUnwritable, match="No space left"):
            decide(log)
    assert len(audited.rows()) == 2
    report = audited.verify()
    assert report.is_sound
    told = ["entry 2 is not anchored yet" in notice for notice in report.notices]
    assert told == [True]
    assert decide(log) == 3
    report = audited.verify()
    assert (report.is_sound, report.notices) == (True, ())


# --- crashes -----------------------------------------------------------------------------------

LIVES = """
import os, sys
from pathlib import Path
from sqlalchemy import event
from aineon.ledger.audit import anchor
from tests.ledger.audit.decisions import Audited, decide

def die(*_):
    os._exit(9)

def at_second(function, then):
    called = []
    return lambda *given: then(*given) if called else (called.append(1), function(*given))[1]

def live(point, trail):
    write = os.write
    if point == "before the announcement":
        anchor._write = die
    if point == "in the announcement":
        os.write = lambda to, text: (write(to, text[:40]), die())
    if point == "before the announcement is synced":
        os.fsync = die
    if point == "before the commit":
        event.listen(trail._engine, "commit", die)
    if point == "after the commit":
        begun = []
        event.listen(trail._engine, "begin", lambda *_: die() if begun else begun.append(1))
    if point == "before the anchor":
        anchor._write = at_second(anchor._write, die)
    if point == "in the anchor's line":
        os.write = at_second(write, lambda to, text: (write(to, text[:40]), die()))
    if point == "before the anchor's newline":
        os.write = at_second(write, lambda to, text: (write(to, text[:-1]), die()))
    if point == "before the anchor is synced":
        os.fsync = at_second(os.fsync, die)
    decide(trail, "w-crash")
    (trail._anchor.path.parent / "acknowledged").touch()
    die()

for folder, point in zip(sys.argv[1::2], sys.argv[2::2]):
    child = os.fork()
    if not child:
        with Audited(Path(folder)).log() as trail:
            live(point, trail)
    assert os.waitpid(child, 0)[1] >> 8 == 9, point
"""

POINTS = {
    # point: entries afterwards, how many of them are anchored, and what is told
    "before the announcement": (2, 2, ""),
    "in the announcement": (2, 2, ""),
    "before the announcement is synced": (2, 2, "entry 3 was announced and not kept"),
    "before the commit": (2, 2, "entry 3 was announced and not kept"),
    "after the commit": (3, 2, "entry 3 is not anchored yet"),
    "before the anchor": (3, 2, "entry 3 is not anchored yet"),
    "in the anchor's line": (3, 2, "entry 3 is not anchored yet"),
    "before the anchor's newline": (3, 2, "entry 3 is not anchored yet"),
    "before the anchor is synced": (3, 3, ""),
    "after all": (3, 3, ""),
}


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Audited]:
    """Audits of two entries, each left by a process that died at one point of its third."""
    audits = {point: Audited(tmp_path_factory.mktemp("crashed")) for point in POINTS}
    for audited in audits.values():
        audited.write(2)
    lives = [text for point, audited in audits.items() for text in (str(audited.folder), point)]
    done = subprocess.run(
        [sys.executable, "-c", LIVES, *lives], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return audits


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_is_told_apart_from_a_cut(crashed: dict[str, Audited], point: str) -> None:
    audited, (entries, anchored, told) = crashed[point], POINTS[point]
    report = audited.verify()
    assert report.is_sound, report
    assert report.entries == entries
    # What was acknowledged is anchored; what is not anchored was acknowledged to nobody.
    acknowledged = (audited.folder / "acknowledged").exists()
    assert acknowledged <= (entries == anchored)
    assert acknowledged == (point == "after all")
    assert len(report.notices) == bool(told)
    assert told in "".join(report.notices)
    audited.write(1)
    report = audited.verify()
    assert (report.is_sound, report.entries, report.notices) == (True, entries + 1, ())
    # The control: the same state made by cutting is found.
    audited.sql("DELETE FROM audit WHERE number > ?", entries)
    finding = audited.verify().finding
    assert finding is not None
    assert (finding.fault, finding.number) == (Fault.TRUNCATED, entries + 1)


def test_a_line_that_is_finished_twice_is_no_torn_one(audited: Audited) -> None:
    audited.write(2)
    lines = audited.anchored()
    audited.anchor.write_text("\n".join([*lines[:3], "2 ffff", *lines[3:]]) + "\n")
    finding = audited.verify().finding
    assert finding is not None
    assert "its line 4 is not what the audit writes" in finding.words


def test_any_number_of_announcements_may_be_given_up(audited: Audited) -> None:
    audited.write(1)
    with audited.log() as log:
        anchor = Anchor(audited.anchor)
        for each in range(40):
            anchor.announce(Head(2, hashlib.sha256(b"%d" % each).hexdigest()))
        [notice] = audited.verify().notices
        assert "entry 2 was announced and not kept" in notice
        assert decide(log) == 2
    report = audited.verify()
    assert (report.is_sound, report.entries, report.notices) == (True, 2, ())


# --- several processes -------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from tests.ledger.audit.decisions import Audited, decide
with Audited(Path(sys.argv[1])).log() as log:
    print("ready", flush=True)
    sys.stdin.readline()
    for each in range(8):
        decide(log, f"{sys.argv[2]}-{each}")
"""


def test_processes_append_one_after_the_other(audited: Audited) -> None:
    audited.write(1)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(audited.folder), str(each)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    # Verification at any moment in between finds nothing wrong.
    while any(writer.poll() is None for writer in writers):
        report = audited.verify()
        assert report.is_sound, report
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    report = audited.verify()
    assert (report.is_sound, report.entries, report.notices) == (True, 25, ())
    subjects = [row[4] for row in audited.rows()[1:]]
    for each in range(3):
        of_one = [subject for subject in subjects if subject.startswith(f"{each}-")]
        assert of_one == [f"{each}-{count}" for count in range(8)]


def test_a_server_keeps_an_audit_as_a_file_does(tmp_path: Path) -> None:
    with postgres_server() as server:
        url, anchor = postgres_url(server, "aineon_control"), tmp_path / "control.anchor"
        with ControlStore.open(url) as one, ControlStore.open(url) as other:
            for each in range(4):
                decide((one if each % 2 else other).audit(anchor), f"w-{each}", at=0.1 * each)
            report = verify_audit(parse_place(url), anchor)
            assert (report.is_sound, report.entries, report.notices) == (True, 4, ())
            assert len(one.audit(anchor).last(10)) == 4
        place = parse_place(url)
        engine = writer_engine(place)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE audit SET at = 0.2 WHERE number = 2")
        engine.dispose()
        finding = verify_audit(place, anchor).finding
        assert finding is not None
        assert (finding.fault, finding.number) == (Fault.EDITED, 2)


# --- restores and renewals ---------------------------------------------------------------------


def test_a_restore_that_the_anchor_was_told_of_is_sound_and_told(audited: Audited) -> None:
    audited.write(3)
    rows = audited.rows()
    audited.write(2)
    audited.sql("DELETE FROM audit WHERE number > 3")
    assert audited.verify().finding is not None
    Anchor(audited.anchor).mark_restored(Head(3, rows[2][-1]))
    audited.write(2)
    report = audited.verify()
    assert report.is_sound
    assert report.notices == (
        "a backup that ended with entry 3 was restored; given up were entries 4 to 5 of that time",
    )
    recompute_from = 4
    audited.sql("UPDATE audit SET who = 'mallory' WHERE number = 4")
    audited.recompute(recompute_from)
    finding = audited.verify().finding
    assert finding is not None
    assert (finding.fault, finding.number) == (Fault.RECOMPUTED, 4)


def test_a_restore_to_what_never_was_is_damage(audited: Audited) -> None:
    audited.write(3)
    with audited.anchor.open("a") as file:
        file.write(f"{Line(Head(2, 'f' * 64), Kind.RESTORED)}\n")
    finding = audited.verify().finding
    assert finding is not None
    assert "says that entry 2 was restored, and it knew another one" in finding.words


def test_an_anchor_that_went_is_begun_anew_on_purpose_alone(audited: Audited) -> None:
    audited.write(3)
    audited.anchor.unlink()
    with audited.log() as log:
        with pytest.raises(AuditUnwritable, match="renew-anchor"):
            decide(log)
        assert log.renew_anchor("anna", "the disk died", 5.0) is None
        assert decide(log) == 5
        entry = log.latest("audit.renew")
    assert entry is not None
    assert (entry.number, entry.decision.who) == (4, "anna")
    assert entry.details == {"reason": "the disk died", "kept": ""}
    report = audited.verify()
    assert report.is_sound
    assert report.notices == (
        "the anchor was begun anew at entry 3: it does not vouch for what is before",
    )


def test_an_anchor_that_disagrees_is_kept_when_it_is_begun_anew(audited: Audited) -> None:
    audited.write(3)
    former = audited.anchor.read_text()
    audited.sql("DELETE FROM audit WHERE number > 1")
    with audited.log() as log:
        aside = log.renew_anchor("anna", "an old disk was put in", 5.0)
    assert aside is not None
    assert aside.read_text() == former
    assert audited.verify().is_sound
