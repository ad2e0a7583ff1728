"""Backups that leave this machine: all databases as one file, put into an object store.

A dump of a PostgreSQL server is made by its own `pg_dump`, in one transaction; of databases in
files, the backup's folder is packed as it is. Nothing of it stays here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy.engine import make_url

from aineon.errors import BackupError, ConfigurationError
from aineon.primitives import Clock, SystemClock
from aineon.runtime import backups
from aineon.runtime.databases import SCHEMA_PREFIX, is_on_server
from aineon.runtime.handover import stranger_environment
from aineon.runtime.object_store import Bucket, Sent, put_file
from aineon.runtime.settings import PARAMETERS, Settings

Say = Callable[[str], None]

_NEEDED: Final = ("backup_endpoint", "backup_bucket", "backup_key_id", "backup_secret_key")
_PG_QUERY: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
_LONGEST_WORDS: Final = 500


def bucket_of(settings: Settings) -> Bucket:
    """Return the bucket that the settings name.

    Raises:
        ConfigurationError: something of it is not set.
    """
    missing = [PARAMETERS[field].env for field in _NEEDED if getattr(settings, field) is None]
    if missing:
        raise ConfigurationError(
            f"a backup cannot be sent without {', '.join(missing)}; see docs/backup.md."
        )
    assert settings.backup_endpoint is not None
    assert settings.backup_bucket is not None
    assert settings.backup_key_id is not None
    assert settings.backup_secret_key is not None
    return Bucket(
        settings.backup_endpoint,
        settings.backup_region,
        settings.backup_bucket,
        settings.backup_key_id,
        settings.backup_secret_key,
    )


def send(
    settings: Settings,
    say: Say,
    clock: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Sent:
    """Make a backup of every database and put it into the bucket, under a name with the time.

    Raises:
        ConfigurationError: no bucket is set.
        BackupError: it cannot be made, or not be sent.
        LedgerError: a database cannot be read.
    """
    bucket = bucket_of(settings)
    at = datetime.fromtimestamp((clock or SystemClock()).now(), UTC)
    url = settings.database_url
    with tempfile.TemporaryDirectory(prefix="aineon-backup-") as folder:
        if url is not None and is_on_server(url.get_secret_value()):
            path = Path(folder) / f"aineon-{at:%Y%m%dT%H%M%SZ}.dump"
            base = stranger_environment(os.environ, settings)
            dump_server(url.get_secret_value(), path, base)
        else:
            path = Path(folder) / f"aineon-{at:%Y%m%dT%H%M%SZ}.tar.gz"
            _pack(settings, Path(folder) / "backup", path, say, clock)
        name = f"aineon/{at:%Y/%m}/{path.name}"
        return put_file(bucket, name, path, transport or httpx.HTTPTransport())


def _pack(settings: Settings, folder: Path, path: Path, say: Say, clock: Clock | None) -> None:
    backups.create(settings, folder, say, clock)
    try:
        with tarfile.open(path, "x:gz") as archive:
            archive.add(folder, arcname=path.name.removesuffix(".tar.gz"))
    except OSError as error:
        raise BackupError(f"the backup cannot be packed: {error.strerror or error}") from error


def dump_server(url: str, path: Path, environment: Mapping[str, str]) -> None:
    """Dump all of AINEON's schemas at one moment into the file `path`, in pg_dump's own format.

    Args:
        url: of the database, as DATABASE_URL has it.
        path: of the dump.
        environment: what pg_dump finds besides the address.

    Raises:
        BackupError: there is no pg_dump, or it failed; the message does not hold the password.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupError("there is no pg_dump here; install PostgreSQL's client programs")
    command = [
        program,
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        f"--schema={SCHEMA_PREFIX}*",
        "--strict-names",
        f"--file={path}",
    ]
    done = subprocess.run(  # noqa: S603 (a fixed command; what is given stands in the environment)
        command,
        env={**environment, **_libpq(url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = " ".join(done.stderr.split())[-_LONGEST_WORDS:]
        raise BackupError(f"pg_dump failed: {words or f'exit code {done.returncode}'}")


def _libpq(url: str) -> Mapping[str, str]:
    """Return the variables that tell libpq what `url` says: a command line is seen by everybody."""
    parsed = make_url(url)
    told = {
        "PGHOST": parsed.host,
        "PGPORT": None if parsed.port is None else str(parsed.port),
        "PGUSER": parsed.username,
        "PGPASSWORD": parsed.password,
        "PGDATABASE": parsed.database,
    }
    for name, variable in _PG_QUERY.items():
        value = parsed.query.get(name)
        if isinstance(value, str):
            told[variable] = value
    return {name: str(value) for name, value in told.items() if value}
