"""Alembic environments of the book databases and of the control database.

They lie inside the package, so that an installed wheel can create and upgrade its databases.
`aineon.ledger.migrating` runs them.
"""
