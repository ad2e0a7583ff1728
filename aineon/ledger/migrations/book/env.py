"""Alembic environment of a book database."""

from aineon.ledger.migrating import run_environment
from aineon.ledger.tables import BookModel

run_environment(BookModel.metadata)
