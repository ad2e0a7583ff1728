"""Alembic environment of the control database."""

from aineon.ledger.migrating import run_environment
from aineon.ledger.tables import ControlModel

run_environment(ControlModel.metadata)
