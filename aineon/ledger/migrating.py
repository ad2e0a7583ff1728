"""Schemas: creating them, upgrading them, and refusing those this program does not know.

Every database carries the name of its newest migration. Opening one runs, in a single
transaction, whatever migrations it lacks. The names known here are listed in the code, so
that opening a database that lacks nothing costs one query and does not load Alembic.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, MetaData, inspect, text

from aineon.errors import LedgerError, LedgerNotFound
from aineon.ledger.connect import Place

_FOLDER: Final = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Schema:
    """One kind of database.

    Attributes:
        kind: folder of its migrations.
        words: what messages call it.
        revisions: all migrations, oldest first; a test compares them with the folder.
    """

    kind: str
    words: str
    revisions: tuple[str, ...]

    @property
    def version_table(self) -> str:
        """The table that holds the name of the newest migration."""
        return f"{self.kind}_schema"


BOOK_SCHEMA: Final = Schema(
    "book",
    "a book of AINEON",
    (
        "book_0001",
        "book_0002",
        "book_0003",
        "book_0004",
        "book_0005",
        "book_0006",
        "book_0007",
        "book_0008",
        "book_0009",
        "book_0010",
    ),
)
CONTROL_SCHEMA: Final = Schema(
    "control",
    "AINEON's control database",
    (
        "control_0001",
        "control_0002",
        "control_0003",
        "control_0004",
        "control_0005",
        "control_0006",
        "control_0007",
        "control_0008",
        "control_0009",
    ),
)


def schema_version(connection: Connection, schema: Schema, place: Place) -> str | None:
    """Return the newest migration of a database; None where it is empty.

    Raises:
        LedgerError: it holds tables of something else, or of a newer AINEON.
    """
    tables = inspect(connection).get_table_names(schema=place.schema)
    if schema.version_table not in tables:
        if tables:
            raise LedgerError(
                f"{place.name} holds other tables and is not {schema.words}; name another place"
            )
        return None
    # The table's name is this module's own constant.
    query = text(f"SELECT version_num FROM {schema.version_table}")  # noqa: S608
    version = connection.execute(query).scalar_one_or_none()
    if version is not None and version not in schema.revisions:
        raise LedgerError(
            f"{place.name} was written by a newer AINEON (schema {version}, this one knows up to "
            f"{schema.revisions[-1]}); start that version, or name another place"
        )
    return version


def upgrade(connection: Connection, schema: Schema, place: Place) -> None:
    """Bring a database to the newest schema, within the transaction that is open."""
    if schema_version(connection, schema, place) == schema.revisions[-1]:
        return
    # Loading Alembic takes a quarter of a second, and most openings do not need it.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "schema": schema})
    config.set_main_option("script_location", str(_FOLDER / schema.kind).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")


def require_current(connection: Connection, schema: Schema, place: Place) -> None:
    """Check that a database can be read as it is.

    Raises:
        LedgerNotFound: it is still empty.
        LedgerError: it is older or newer than this program, or something else.
    """
    version = schema_version(connection, schema, place)
    if version is None:
        raise LedgerNotFound(f"{place.name} is still empty; the engine fills it when it starts")
    if version != schema.revisions[-1]:
        raise LedgerError(
            f"{place.name} has the older schema {version}, and {schema.revisions[-1]} is needed; "
            "start the engine once, which upgrades it"
        )


def run_environment(metadata: MetaData) -> None:
    """Run Alembic's migrations; called by the environments in `migrations/`."""
    from alembic import context

    attributes = context.config.attributes
    schema: Schema = attributes["schema"]
    context.configure(
        connection=attributes["connection"],
        target_metadata=metadata,
        version_table=schema.version_table,
        # SQLite can roll back DDL; nothing may stay half created.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
