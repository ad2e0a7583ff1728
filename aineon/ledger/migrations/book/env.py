"""Alembic environment of a book database."""

import aineon.ledger.accounts.tables
import aineon.ledger.outbox_tables
import aineon.ledger.rollup_tables
import aineon.ledger.treasury_tables  # noqa: F401 - all these tables are part of the book
from aineon.ledger.migrating import run_environment
from aineon.ledger.tables import BookModel

run_environment(BookModel.metadata)
