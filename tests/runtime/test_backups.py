"""Restores: nothing is deleted, nothing is lost unnamed, and an old outbox never signs again."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from aineon.errors import BackupError, StartError, StopLatched
from aineon.ledger.audit.verifying import AuditReport, verify_audit
from aineon.ledger.connect import parse_place
from aineon.ledger.control import ControlStore
from aineon.primitives import Book, ManualClock
from aineon.runtime import backups
from aineon.runtime.auditing import open_audit
from aineon.runtime.lock import FolderLock, engine_lock
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.storage import check_storage
from aineon.safety import STOP_FILE, Breaker, BreakerState, StopFile
from tests.databases import files_only
from tests.ledger.booked import attempt, open_book, run
from tests.sending.engines import Life, payment
from tests.sending.fakes import FakeChain, recipient

ROOT = Path(__file__).parents[2]
CLOCK = ManualClock(1_800_000_000.0)

# A server's databases are backed up by its own tools.
pytestmark = files_only


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return fill(tmp_path / "var")


def fill(folder: Path) -> Settings:
    """Put a simulation book and an audit of one entry into a data folder."""
    settings = load_settings({}, data_dir=folder)
    with open_book(settings.data_dir) as store:
        store.begin_run(run())
    decide(settings, "first")
    return settings


def decide(settings: Settings, subject: str) -> None:
    with open_audit(settings) as audit:
        audit.append(who="anna", action="stop.latch", subject=subject, detail={}, at=1.0)


def subjects(settings: Settings) -> list[str]:
    with ControlStore.open_reader(settings.control_url) as control:
        entries = control.audit(settings.anchor_path).last(100)
    return [f"{entry.decision.action} {Path(entry.decision.subject).name}" for entry in entries]


def audit_of(settings: Settings) -> AuditReport:
    return verify_audit(parse_place(settings.control_url), settings.anchor_path)


def trade(settings: Settings, name: str) -> None:
    with open_book(settings.data_dir) as store:
        store.write(attempts=[attempt(1, name)])


def trades(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(settings.data_dir / "simulation.db")) as connection:
        return [row[0] for row in connection.execute("SELECT attempt_id FROM attempts")]


def files_in(folder: Path) -> list[str]:
    """The names of all files but the databases' logs, which come and go."""
    return sorted(path.name for path in folder.iterdir() if "-" not in path.name)


def make(settings: Settings, name: str = "kept") -> Path:
    folder = settings.data_dir.parent / name
    said: list[str] = []
    backups.create(settings, folder, said.append, CLOCK)
    assert said == []
    return folder


def stops(settings: Settings) -> list[str]:
    return [each.reason for each in StopFile(settings.data_dir / STOP_FILE).look()]


# --- restore -----------------------------------------------------------------------------------


def test_a_machine_that_is_gone_comes_back_stopped(settings: Settings) -> None:
    trade(settings, "sim-1")
    kept = make(settings)
    shutil.rmtree(settings.data_dir)
    restored = backups.restore(settings, kept, clock=CLOCK)
    assert trades(settings) == ["sim-1"]
    assert (restored.replaced, restored.aside) == ((), ())
    assert restored.audit.is_sound
    assert restored.audit.notices == ()
    assert subjects(settings) == ["stop.latch first", "backup.create kept", "backup.restore kept"]
    [reason] = stops(settings)
    assert "a backup of 2027-01-15 08:00:00 UTC was restored" in reason
    check_storage(settings)


def test_newer_rows_are_given_up_by_name_alone(settings: Settings) -> None:
    kept = make(settings)
    trade(settings, "sim-2")
    with pytest.raises(BackupError, match=r"simulation\.db holds rows .* \(--over simulation\)"):
        backups.restore(settings, kept, clock=CLOCK)
    with pytest.raises(BackupError, match="--over simulation"):
        backups.restore(settings, kept, over=["control"], clock=CLOCK)
    assert trades(settings) == ["sim-2"]
    assert stops(settings) == []
    restored = backups.restore(settings, kept, over=["simulation"], clock=CLOCK)
    assert restored.replaced == ("simulation",)
    assert trades(settings) == []
    [aside] = restored.aside
    with closing(sqlite3.connect(aside / "simulation.db")) as former:
        assert former.execute("SELECT attempt_id FROM attempts").fetchall() == [("sim-2",)]


def test_what_is_named_must_be_in_the_backup(settings: Settings) -> None:
    kept = make(settings)
    with pytest.raises(BackupError, match="holds no 'live'; it has control, simulation"):
        backups.restore(settings, kept, over=["live"], clock=CLOCK)


def test_the_anchor_stays_and_tells_of_the_restore(settings: Settings) -> None:
    kept = make(settings)
    decide(settings, "second")
    decide(settings, "third")
    restored = backups.restore(settings, kept, over=["control"], clock=CLOCK)
    assert restored.audit.is_sound
    [notice] = restored.audit.notices
    assert notice.endswith("given up were entries 3 to 4 of that time")
    # The control: without being told, the anchor calls it what it is.
    lines = settings.anchor_path.read_text().splitlines()
    told = [line for line in lines if not line.startswith("restored")]
    settings.anchor_path.write_text("\n".join(told) + "\n")
    assert not audit_of(settings).is_sound


def test_an_anchor_of_something_else_is_moved_aside(settings: Settings) -> None:
    kept = make(settings)
    other = load_settings({}, data_dir=settings.data_dir.parent / "other")
    decide(other, "of the other machine")
    former = other.anchor_path.read_text()
    restored = backups.restore(other, kept, over=["control"], clock=CLOCK)
    assert restored.audit.is_sound
    assert (restored.aside[0] / other.anchor_path.name).read_text() == former
    assert subjects(other)[0] == "stop.latch first"


def test_a_damaged_database_is_replaced_by_name_alone(settings: Settings) -> None:
    kept = make(settings)
    path = settings.data_dir / "simulation.db"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(BackupError, match=r"cannot be compared: .* \(--over simulation\)"):
        backups.restore(settings, kept, clock=CLOCK)
    restored = backups.restore(settings, kept, over=["simulation"], clock=CLOCK)
    assert (restored.aside[0] / "simulation.db").read_bytes() == b"no database " * 1000
    assert trades(settings) == []


def test_what_was_written_last_moves_aside_with_its_database(settings: Settings) -> None:
    """A log that stayed behind would be played into the restored database."""
    kept = make(settings)
    with open_book(settings.data_dir) as store:
        store.write(attempts=[attempt(1, "sim-2")])
        assert (settings.data_dir / "simulation.db-wal").stat().st_size > 0
        restored = backups.restore(settings, kept, over=["simulation"], clock=CLOCK)
    assert trades(settings) == []
    with closing(sqlite3.connect(restored.aside[0] / "simulation.db")) as former:
        assert former.execute("SELECT attempt_id FROM attempts").fetchall() == [("sim-2",)]


def test_nothing_is_restored_under_a_running_engine(settings: Settings) -> None:
    kept = make(settings)
    for lock in (FolderLock(settings.data_dir, "supervisor", "it"), engine_lock(settings)):
        with lock, pytest.raises(StartError, match="already works in data folder"):
            backups.restore(settings, kept, clock=CLOCK)
    assert stops(settings) == []


def test_a_backup_works_while_the_engine_runs(settings: Settings) -> None:
    with FolderLock(settings.data_dir, "supervisor", "it"), engine_lock(settings):
        make(settings)


def test_a_backup_that_is_not_sound_changes_nothing(settings: Settings) -> None:
    kept = make(settings)
    (kept / "control.anchor").unlink()
    before = (settings.data_dir / "control.db").read_bytes()
    with pytest.raises(BackupError, match=r"lacks control\.anchor"):
        backups.restore(settings, kept, clock=CLOCK)
    assert (settings.data_dir / "control.db").read_bytes() == before
    assert stops(settings) == []


def test_a_stop_that_cannot_be_latched_lets_nothing_be_restored(settings: Settings) -> None:
    kept = make(settings)
    trade(settings, "sim-2")
    (settings.data_dir / STOP_FILE).mkdir()
    with pytest.raises(BackupError, match="cannot be latched, so nothing is restored"):
        backups.restore(settings, kept, over=["simulation"], clock=CLOCK)
    assert trades(settings) == ["sim-2"]


def test_a_disk_that_is_full_is_met_before_anything_moves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = make(settings)
    trade(settings, "sim-2")
    real, copied = shutil.copyfile, []

    def full(source: Path, target: Path, **options: bool) -> None:
        if copied:
            raise OSError(28, "No space left on device", str(target))
        copied.append(real(source, target, **options))

    monkeypatch.setattr("aineon.ledger.backup.restoring.shutil.copyfile", full)
    with pytest.raises(BackupError, match="No space left on device .* make room and run it again"):
        backups.restore(settings, kept, over=["simulation"], clock=CLOCK)
    assert trades(settings) == ["sim-2"]
    check_storage(settings)
    monkeypatch.undo()
    backups.restore(settings, kept, over=["simulation"], clock=CLOCK)
    assert trades(settings) == []
    assert not list(settings.data_dir.glob(".*restoring"))


def test_databases_on_a_server_are_left_to_its_own_tools(settings: Settings) -> None:
    on_server = load_settings(
        {"DATABASE_URL": "postgresql://me@localhost/play"}, data_dir=settings.data_dir
    )
    for use in (
        lambda: make(on_server, "server"),
        lambda: backups.restore(on_server, make(settings), clock=CLOCK),
    ):
        with pytest.raises(BackupError, match="pg_dump"):
            use()


# --- crashes -----------------------------------------------------------------------------------

LIVES = """
import os, sys
from pathlib import Path
from aineon.primitives import Book, ManualClock
from aineon.runtime import backups
from aineon.runtime.settings import load_settings

def dying(real, left):
    def act(*arguments, **options):
        if not left[0]:
            os._exit(9)
        left[0] -= 1
        return real(*arguments, **options)
    return act

def live(folder, moment):
    left = [moment]
    # Every change of the folder passes one of these.
    for name in ("rename", "replace", "unlink", "mkdir"):
        setattr(os, name, dying(getattr(os, name), left))
    settings = load_settings({}, data_dir=folder / "var")
    backups.restore(settings, folder / "kept", ["simulation"], ManualClock(2e9))
    os._exit(0)

for moment, folder in enumerate(map(Path, sys.argv[1:])):
    child = os.fork()
    if not child:
        live(folder, moment)
    code = os.waitpid(child, 0)[1] >> 8
    assert code in (0, 9), code
    (folder / "ended").write_text(str(code))
"""
MOMENTS = 30


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders in which a restore died, each one change of the folder later than the one before."""
    first = tmp_path_factory.mktemp("restores") / "0"
    settings = fill(first / "var")
    make(settings)
    trade(settings, "sim-2")
    folders = [first, *(first.parent / str(each) for each in range(1, MOMENTS))]
    for folder in folders[1:]:
        shutil.copytree(first, folder)
    done = subprocess.run(
        [sys.executable, "-c", LIVES, *map(str, folders)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for folder in folders:
        if (folder / "var" / "restore-unfinished.json").exists():
            # Said here: the tests that go on from a crash take the note away.
            (folder / "was-noted").touch()
    return folders


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_the_crashes_reach_from_the_first_change_to_the_last(cut_off: list[Path]) -> None:
    ends = [(folder / "ended").read_text() for folder in cut_off]
    assert ends == sorted(ends, reverse=True)
    assert ends[0] == "9"
    assert ends[-1] == "0"
    noted = [(folder / "was-noted").exists() for folder in cut_off]
    assert sum(noted) >= 5


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_restore_that_a_crash_cut_off_is_finished_by_the_next(
    cut_off: list[Path], moment: int
) -> None:
    folder = cut_off[moment]
    settings = load_settings({}, data_dir=folder / "var")
    if (folder / "ended").read_text() == "9":
        # From the first file that is moved, nothing is signed and nothing starts.
        assert stops(settings) or trades(settings) == ["sim-2"]
        if (settings.data_dir / "restore-unfinished.json").exists():
            with pytest.raises(StartError, match="run `aineon backup restore .* again"):
                check_storage(settings)
            shutil.copytree(folder / "kept", folder / "another")
            with pytest.raises(BackupError, match="was cut off in .*; run that one again first"):
                backups.restore(settings, folder / "another", ["simulation"], CLOCK)
        backups.restore(settings, folder / "kept", ["simulation"], CLOCK)
    check_storage(settings)
    assert trades(settings) == []
    assert audit_of(settings).is_sound
    # What was there before is there still.
    found = set()
    for path in settings.data_dir.glob("before-restore-*/simulation.db"):
        with closing(sqlite3.connect(path)) as connection:
            found |= set(connection.execute("SELECT attempt_id FROM attempts").fetchall())
    assert found == {("sim-2",)}


# --- drill -------------------------------------------------------------------------------------


def test_a_drill_proves_a_backup_and_touches_nothing(settings: Settings) -> None:
    trade(settings, "sim-1")
    kept = make(settings)
    trade(settings, "sim-2")
    before = files_in(settings.data_dir)
    restored = backups.drill(settings, kept, CLOCK)
    assert restored.audit.is_sound
    assert trades(settings) == ["sim-1", "sim-2"]
    assert stops(settings) == []
    assert files_in(settings.data_dir) == before
    assert subjects(settings)[-1] == "backup.drill kept"


def test_a_drill_of_a_spoiled_backup_says_so(settings: Settings) -> None:
    kept = make(settings)
    (kept / "simulation.db").write_bytes(b"")
    with pytest.raises(BackupError, match="has 0 bytes"):
        backups.drill(settings, kept, CLOCK)
    assert "backup.drill kept" not in subjects(settings)


# --- money -------------------------------------------------------------------------------------


async def test_an_old_outbox_never_pays_again(settings: Settings) -> None:
    """What was paid after the backup is unknown to the restored outbox: the fence stops it."""
    chain, folder = FakeChain(), settings.data_dir
    async with Life(folder, chain) as life:
        await life.sender.send(payment(0))
        chain.mine(6)
        await life.sender.reconcile()
    kept = make(settings)
    async with Life(folder, chain) as life:
        await life.sender.send(payment(1))
        chain.mine(6)
        await life.sender.reconcile()
    assert (chain.received(recipient(0)), chain.received(recipient(1))) == (1, 1)
    restored = backups.restore(settings, kept, ["rehearsal"], CLOCK)
    assert restored.replaced == ("rehearsal",)
    async with Life(folder, chain) as life:
        with pytest.raises(StopLatched, match="a backup of .* was restored"):
            await life.sender.send(payment(1))
        # An operator who clears what the restore latched is met by the fence itself.
        life.stop.clear("ada", life.stop.state())
        assert not life.stop.state().is_set
        done = await life.sender.reconcile()
        assert "counted 2 transactions" in str(done.stop)
        with pytest.raises(StopLatched, match="counted 2 transactions"):
            await life.sender.send(payment(1))
    async with Life(folder, chain) as life:
        with pytest.raises(StopLatched):
            await life.sender.send(payment(1))
    assert chain.received(recipient(1)) == 1


async def test_an_outbox_that_is_as_new_as_the_chain_goes_on(settings: Settings) -> None:
    """The control: without a payment in between, the fence lets the restored outbox work."""
    chain, folder = FakeChain(), settings.data_dir
    async with Life(folder, chain) as life:
        await life.sender.send(payment(0))
        chain.mine(6)
        await life.sender.reconcile()
    kept = make(settings)
    backups.restore(settings, kept, (), CLOCK)
    async with Life(folder, chain) as life:
        life.stop.clear("ada", life.stop.state())
        done = await life.sender.reconcile()
        assert not done.stop.is_set
        await life.sender.send(payment(1))
        chain.mine(6)
    assert chain.received(recipient(1)) == 1


# --- what an older database does not know --------------------------------------------------------


def test_a_halt_outlives_the_database_that_knew_of_it(settings: Settings) -> None:
    """Control: the backup was made before the damage, and what it says alone is running."""
    kept = make(settings)
    with ControlStore.open(settings.control_url) as control:
        breaker = Breaker(control.breaker(Book.LIVE))
        breaker.move(BreakerState.HALTED, "daily_loss", "2 ETH were lost", "a test")
    backups.restore(settings, kept, over=["control"], clock=CLOCK)
    with ControlStore.open_reader(settings.control_url) as control:
        live, rehearsal = (
            Breaker(control.breaker(book)).standing for book in (Book.LIVE, Book.REHEARSAL)
        )
    assert (live.state, live.change and live.change.cause) == (BreakerState.HALTED, "daily_loss")
    assert rehearsal.state is BreakerState.RUNNING


def test_an_engine_at_any_of_the_books_keeps_a_restore_out(
    settings: Settings, tmp_path: Path
) -> None:
    """Its data folder is another one, and its book lies beside the one that is restored."""
    place = tmp_path / "elsewhere" / "books.db"
    apart = load_settings({"DATABASE_URL": f"sqlite:///{place}"}, data_dir=tmp_path / "apart")
    kept = make(settings)
    with (
        FolderLock(place.parent, "books-live.db", "another engine"),
        pytest.raises(StartError, match="already works in database"),
    ):
        backups.restore(apart, kept, clock=CLOCK)
    # Control: it may when that engine has ended.
    assert backups.restore(apart, kept, clock=CLOCK).replaced == ()
    # An engine with yet another data folder sees the stop all the same.
    with ControlStore.open_reader(apart.control_url) as control:
        [stop] = control.stops.look()
    assert "was restored" in stop.reason
