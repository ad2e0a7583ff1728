"""Backups as the settings place the databases: made, put back, and put back for practice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aineon
from aineon.access.sessions import SessionStore
from aineon.errors import BackupError, LedgerError
from aineon.ledger.audit import AuditTrail
from aineon.ledger.audit.anchor import Anchor, Head, parse_line
from aineon.ledger.audit.verifying import AuditReport, verify_audit
from aineon.ledger.backup.comparing import tables_lost
from aineon.ledger.backup.creating import CONTROL, create_backup
from aineon.ledger.backup.manifest import Kept, Kind, Manifest
from aineon.ledger.backup.restoring import anchor_agrees, put_in_place, unfinished_in
from aineon.ledger.backup.verifying import verify_backup
from aineon.ledger.connect import is_there, parse_place
from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.primitives import Book, Clock, SystemClock
from aineon.runtime.auditing import open_audit, whoever_starts
from aineon.runtime.databases import file_of
from aineon.runtime.keys import FIELDS
from aineon.runtime.lock import FolderLock, every_book_lock
from aineon.runtime.settings import Settings
from aineon.safety import STOP_FILE, Breaker, BreakerState, StopFile, StopReason
from aineon.safety.breaker import BreakerChange
from aineon.treasury.restored import RESTORED, begin_anew
from aineon.treasury.store import TreasuryStore

Say = Callable[[str], None]
_ON_A_SERVER = (
    "the databases are on a PostgreSQL server; keep its schemas with the server's own tools "
    "(pg_dump), and the audit's anchor beside"
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        replaced: the databases that took the place of others.
        aside: the folders where what was there before lies now.
        audit: how the audit stands now.
    """

    manifest: Manifest
    replaced: tuple[str, ...]
    aside: tuple[Path, ...]
    audit: AuditReport


def default_folder(settings: Settings, at: float) -> Path:
    """Return where a backup goes that nobody named a place for."""
    return settings.data_dir.absolute() / "backups" / _stamp(at)


def create(
    settings: Settings, folder: Path, say: Say, clock: Clock | None = None, *, keys: bool = False
) -> Manifest:
    """Make a backup of every database that is there; the engine may run meanwhile.

    Args:
        settings: where the databases are.
        folder: the backup, which must not exist yet.
        say: told what could not be written into the audit.
        clock: tells the time of the backup.
        keys: keep the keystores' files too, as encrypted as they are.

    Raises:
        BackupError: it cannot be made.
        LedgerError: a database cannot be read.
    """
    at = (clock or SystemClock()).now()
    folder = folder.absolute()
    present = {name: path for name, path in _databases(settings).items() if path.exists()}
    stores = _keystores(settings) if keys else {}
    if CONTROL in present:
        # Before it is made, so that the backup holds the entry too.
        _note_creation(settings, folder, at, say, list(stores))
    return create_backup(folder, present, settings.anchor_path, stores, at, aineon.__version__)


def _note_creation(
    settings: Settings, folder: Path, at: float, say: Say, keys: Sequence[str]
) -> None:
    try:
        with open_audit(settings) as audit:
            audit.append(
                who=whoever_starts(),
                action="backup.create",
                subject=str(folder)[-500:],
                detail={"keys": keys},
                at=at,
            )
    except LedgerError as error:
        say(f"the backup is not in the audit: {error}")


def restore(
    settings: Settings,
    folder: Path,
    over: Collection[str] = (),
    clock: Clock | None = None,
) -> Restored:
    """Put a backup in the place of the databases, latch the emergency stop, and audit it.

    Args:
        settings: where the databases are to be.
        folder: the backup.
        over: the databases that may lose rows by it, each by its name.
        clock: tells when.

    Raises:
        StartError: an engine or a supervisor is at work there.
        BackupError: the backup is not sound, or rows would be lost that nobody named.
        LedgerError: a database cannot be read or written.
    """
    at = (clock or SystemClock()).now()
    places = _databases(settings)
    with _sole_user(settings):
        folder = folder.resolve()
        report = verify_backup(folder)
        targets = {places[kept.database]: kept for kept in report.manifest.databases}
        replaced = _would_lose(targets, folder, over, settings)
        anchor = next((kept for kept in report.manifest.files if kept.kind is Kind.ANCHOR), None)
        head = report.audit.head
        keep_anchor = anchor_agrees(settings.anchor_path, head)
        if anchor is not None and not keep_anchor:
            targets[settings.anchor_path] = anchor
        reason = _latch(settings, report.manifest, at)
        halts = _halts(settings)
        aside_name = f"before-restore-{_stamp(at)}"

        def finish() -> None:
            if keep_anchor:
                _tell_anchor(settings.anchor_path, head)
            _carry_over(settings, reason, halts)
            with open_audit(settings) as audit:
                audit.append(
                    who=whoever_starts(),
                    action="backup.restore",
                    subject=str(folder)[-500:],
                    detail={
                        "created_at": report.manifest.created_at,
                        "over": sorted(over),
                        "replaced": list(replaced),
                        "aside": aside_name,
                    },
                    at=at,
                )
                _take_back(settings, report.manifest, audit, at)

        aside = put_in_place(folder, targets, settings.data_dir.absolute(), aside_name, finish)
    control = parse_place(settings.control_url)
    return Restored(report.manifest, replaced, aside, verify_audit(control, settings.anchor_path))


def drill(settings: Settings, folder: Path, clock: Clock | None = None) -> Restored:
    """Put a backup back into a folder of its own, verify what came of it, and audit the drill.

    Raises:
        BackupError: the backup would not help.
        LedgerError: a restored database cannot be read, or the drill cannot be audited.
    """
    clock = clock or SystemClock()
    with tempfile.TemporaryDirectory(prefix="aineon-drill-") as name:
        practice = settings.model_copy(
            update={"data_dir": Path(name), "database_url": None, "audit_anchor": None}
        )
        restored = restore(practice, folder, clock=clock)
        for kept in restored.manifest.databases:
            if kept.database != CONTROL:
                _open_book(practice, Book(kept.database))
    if restored.audit.finding is not None:
        raise BackupError(f"the restored audit is not sound: {restored.audit.finding.words}")
    with open_audit(settings) as audit:
        audit.append(
            who=whoever_starts(),
            action="backup.drill",
            subject=str(folder.absolute())[-500:],
            detail={"created_at": restored.manifest.created_at, "head": str(restored.audit.head)},
            at=clock.now(),
        )
    return restored


def keystores_in(manifest: Manifest) -> tuple[Kept, ...]:
    """Return the files with keys in a backup; a restore leaves them where they are."""
    return tuple(kept for kept in manifest.files if kept.kind is Kind.KEYSTORE)


@contextmanager
def _sole_user(settings: Settings) -> Iterator[None]:
    with FolderLock(settings.data_dir, "supervisor", "`aineon up`"), every_book_lock(settings):
        yield


def _databases(settings: Settings) -> dict[str, Path]:
    """Return the file of every database, by name.

    Raises:
        BackupError: they are no files.
    """
    given = None if settings.database_url is None else settings.database_url.get_secret_value()
    found = {name: file_of(name, given, settings.data_dir) for name in (CONTROL, *map(str, Book))}
    if None in found.values():
        raise BackupError(_ON_A_SERVER)
    return {name: path for name, path in found.items() if path is not None}


def _keystores(settings: Settings) -> dict[str, Path]:
    stores = {role: getattr(settings, fields.keystore.name) for role, fields in FIELDS.items()}
    return {f"key-{role}.json": path for role, path in stores.items() if path is not None}


def _would_lose(
    targets: dict[Path, Kept], folder: Path, over: Collection[str], settings: Settings
) -> tuple[str, ...]:
    """Return the databases that would lose rows, all of them named.

    Raises:
        BackupError: one was not named, or a name is none.
    """
    known = {kept.database for kept in targets.values()}
    if strange := sorted(set(over) - known):
        raise BackupError(f"the backup holds no {strange[0]!r}; it has {', '.join(sorted(known))}")
    if unfinished_in(settings.data_dir.absolute()) is not None:
        return tuple(sorted(over))  # it was asked for when that restore began
    refusals, losing = [], []
    for target, kept in targets.items():
        what = _loss(target, folder / kept.name)
        if not what:
            continue
        losing.append(kept.database)
        if kept.database not in over:
            refusals.append(f"{target} {what} (--over {kept.database})")
    if refusals:
        raise BackupError(
            f"the backup is older than what it would replace: {'; '.join(refusals)}; name the "
            "database if it is to take its place all the same"
        )
    return tuple(losing)


def _loss(target: Path, backup: Path) -> str:
    if not target.exists():
        return ""
    try:
        tables = tables_lost(target, backup)
    except LedgerError as error:
        return f"cannot be compared: {error}"
    return f"holds rows that are not in it: {', '.join(tables)}" if tables else ""


def _latch(settings: Settings, manifest: Manifest, at: float) -> StopReason:
    """Stop first: a book that is older than the chain must sign nothing before it was looked at."""
    made = f"{datetime.fromtimestamp(manifest.created_at, UTC):%F %T}"
    reason = (
        f"a backup of {made} UTC was restored; compare the books with the chain before clearing"
    )
    file = StopFile(settings.data_dir.absolute() / STOP_FILE)
    latched = StopReason(file.name, reason, "aineon backup restore", at)
    try:
        file.latch(latched)
    except OSError as error:
        raise BackupError(
            f"the emergency stop cannot be latched, so nothing is restored: "
            f"{error.strerror or error}"
        ) from error
    return latched


def _halts(settings: Settings) -> dict[Book, BreakerChange]:
    """Return the books whose breaker is halted now, as far as that can be read."""
    place = parse_place(settings.control_url)
    if not is_there(place):
        return {}
    try:
        with ControlStore.open_reader(settings.control_url) as control:
            found = {book: Breaker(control.breaker(book)).standing for book in Book}
    except LedgerError:
        # It is about to be replaced because it is of no use any more.
        return {}
    return {
        book: standing.change
        for book, standing in found.items()
        if standing.state is BreakerState.HALTED and standing.is_known and standing.change
    }


def _carry_over(
    settings: Settings, reason: StopReason, halts: Mapping[Book, BreakerChange]
) -> None:
    """Keep in the restored database what an older one does not know.

    The stop, where engines of another data folder may use it; that a breaker was halted; and that
    sessions were ended, of which those in the backup would stand again.
    """
    with ControlStore.open(settings.control_url) as control:
        SessionStore(control).revoke_everybodys()
        if settings.database_url is not None:
            control.stops.latch(reason)
        for book, change in halts.items():
            breaker = Breaker(control.breaker(book))
            breaker.move(BreakerState.HALTED, change.cause, change.reason, change.who)


def _take_back(settings: Settings, manifest: Manifest, audit: AuditTrail, at: float) -> None:
    """Have nothing paid or carried out that may have been so after the backup was made."""
    restored = {kept.database for kept in manifest.databases}
    if CONTROL in restored:
        with ControlStore.open(settings.control_url) as control:
            control.commands.refuse_open(RESTORED, at)
    for book in (Book.REHEARSAL, Book.LIVE):
        if book.value in restored:
            url = settings.model_copy(update={"mode": book}).book_url
            with BookStore.open(url, book) as store:
                begin_anew(TreasuryStore(store), audit, who=whoever_starts(), at=at)


def _tell_anchor(anchor: Path, head: Head) -> None:
    try:
        last = parse_line(anchor.read_text(encoding="ascii").splitlines()[-1])
        if last is None or last.head != head:
            Anchor(anchor).mark_restored(head)
    except OSError as error:
        raise BackupError(
            f"the databases are restored, and the audit's anchor {anchor} cannot be told: "
            f"{error.strerror or error}; run it again"
        ) from error


def _open_book(settings: Settings, book: Book) -> None:
    """Open a restored book as the engine does, which brings it to the newest schema."""
    with BookStore.open(settings.model_copy(update={"mode": book}).book_url, book) as store:
        store.unsettled()


def _stamp(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"
