"""`aineon backup`: make a backup, verify it, put it back, and practise putting it back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aineon.cli import options
from aineon.cli.session import say, settings_of

if TYPE_CHECKING:
    from aineon.ledger.backup.manifest import Manifest
    from aineon.runtime.backups import Restored

backup = typer.Typer(
    name="backup",
    help="Keep copies of all databases and of the audit's anchor; see docs/backup.md.",
    no_args_is_help=True,
)

_Folder = Annotated[Path, typer.Argument(help="The backup's folder.", metavar="FOLDER")]


@backup.command()
def create(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Where to; else a folder named after the time, in backups/ of the data folder.",
            metavar="FOLDER",
        ),
    ] = None,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Keep the keystores too, encrypted as they are."),
    ] = False,
    data_dir: options.DataDir = None,
) -> None:
    """Copy every database at one moment, and the audit's anchor; the engine may run meanwhile."""
    from aineon.primitives import SystemClock
    from aineon.runtime import backups

    settings = settings_of(context.params)
    place = folder or backups.default_folder(settings, SystemClock().now())
    manifest = backups.create(settings, place, say, keys=with_keys)
    say(f"The backup is in {place.absolute()}.")
    _tell(manifest)
    if backups.keystores_in(manifest):
        say("It holds keystores: whoever has it and their passwords has the keys.")
    else:
        say("No key is in it: keystores, passwords and settings are kept apart from it.")
    if settings.data_dir.absolute() in place.absolute().parents:
        say("It lies on the same disk as the databases; copy it to another one.")


@backup.command()
def send(context: typer.Context, data_dir: options.DataDir = None) -> None:
    """Put all databases as one file into an S3 bucket (AINEON_BACKUP_…); for a schedule.

    From a PostgreSQL server it takes pg_dump, which must be installed.
    """
    from aineon.runtime import offsite

    settings = settings_of(context.params)
    sent = offsite.send(settings, say)
    say(f"{sent.name} is in bucket {settings.backup_bucket}.")
    say(f"{sent.size} bytes, SHA-256 {sent.sha256}")


@backup.command()
def verify(
    context: typer.Context,
    folder: _Folder,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect",
            help="The audit's head that was noted down when it was made.",
            metavar="NUMBER:HASH",
        ),
    ] = None,
    data_dir: options.DataDir = None,
) -> None:
    """Look at every file of a backup, and change nothing; the exit code is 1 if one is wrong."""
    from aineon.cli.audit import head_of
    from aineon.ledger.backup.verifying import verify_backup

    settings_of(context.params)
    report = verify_backup(folder, head_of(expect))
    say(f"The backup {folder} is sound.")
    _tell(report.manifest)
    for notice in report.audit.notices:
        say(f"Note: {notice}.")


@backup.command()
def restore(
    context: typer.Context,
    folder: _Folder,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            help="A database that may lose newer rows by it: control, simulation, rehearsal or "
            "live. Give it once for each.",
            metavar="NAME",
        ),
    ] = None,
    data_dir: options.DataDir = None,
) -> None:
    """Put a backup in the place of the databases; what was there is moved aside.

    Nothing may run in the data folder meanwhile. The emergency stop is set by it: look at the
    books, then clear it by `aineon stop --clear --who NAME`.
    """
    from aineon.runtime import backups

    settings = settings_of(context.params)
    restored = backups.restore(settings, folder, over or ())
    say(f"The backup {folder} is restored.")
    _tell_restored(restored)
    for each in restored.aside:
        say(f"What was there before lies in {each}.")
    for kept in backups.keystores_in(restored.manifest):
        say(f"{kept.name} stays in the backup; where it is needed, copy it by hand.")
    say("The emergency stop is set. Compare the books with the chain before you clear it.")


@backup.command()
def drill(context: typer.Context, folder: _Folder, data_dir: options.DataDir = None) -> None:
    """Practise: put a backup back into a folder of its own, open everything, and audit it."""
    from aineon.runtime import backups

    settings = settings_of(context.params)
    restored = backups.drill(settings, folder)
    say(f"The backup {folder} can be restored: it was, into a folder that is gone again.")
    _tell_restored(restored)
    say("The drill is in the audit.")


def _tell(manifest: Manifest) -> None:
    made = datetime.fromtimestamp(manifest.created_at, UTC)
    say(f"Made {made:%F %T} UTC by AINEON {manifest.version}.")
    for kept in manifest.files:
        schema = f", schema {kept.schema}" if kept.schema else ""
        say(f"  {kept.name}: {kept.size:,} bytes{schema}")
    say(f"Audit head: {manifest.audit_head}")


def _tell_restored(restored: Restored) -> None:
    from aineon.cli.audit import lines_of

    _tell(restored.manifest)
    if restored.replaced:
        say(f"Rows were given up in: {', '.join(restored.replaced)}.")
    for line in lines_of(restored.audit):
        say(line)
