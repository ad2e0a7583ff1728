"""Alembic environment of the control database."""

import aineon.ledger.access_tables  # noqa: F401 - these tables are part of the control database
from aineon.ledger.migrating import run_environment
from aineon.ledger.tables import ControlModel

run_environment(ControlModel.metadata)
