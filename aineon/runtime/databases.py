"""Where the databases are: files beside each other, or schemas of one PostgreSQL database."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SQLITE: Final = "sqlite:///"
SCHEMA_PREFIX: Final = "aineon_"


def is_on_server(given: str | None) -> bool:
    """Whether DATABASE_URL, as it was given, names a PostgreSQL server."""
    return given is not None and not given.startswith(SQLITE)


def file_of(name: str, given: str | None, data_dir: Path) -> Path | None:
    """Return the file of a database such as `control`; None on a server."""
    if given is None:
        return data_dir.absolute() / f"{name}.db"
    if is_on_server(given):
        return None
    path = Path(given.removeprefix(SQLITE))
    return path.absolute().with_name(f"{path.stem}-{name}{path.suffix}")


def absolute_url(given: str) -> str:
    """Return DATABASE_URL so that it means the same in another working folder."""
    if is_on_server(given):
        return given
    return f"{SQLITE}{Path(given.removeprefix(SQLITE)).absolute()}"


def url_of(name: str, given: str | None, data_dir: Path) -> str:
    """Return the URL of a database, as `aineon.ledger.connect.parse_place` reads it."""
    file = file_of(name, given, data_dir)
    if file is not None:
        return f"{SQLITE}{file}"
    joint = "&" if "?" in str(given) else "?"
    return f"{given}{joint}schema={SCHEMA_PREFIX}{name}"
