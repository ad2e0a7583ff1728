"""Alembic environment of a book database."""

import aineon.ledger.outbox_tables  # noqa: F401 - its tables are part of the book
from aineon.ledger.migrating import run_environment
from aineon.ledger.tables import BookModel

run_environment(BookModel.metadata)
