"""Backups: copies of all databases and the audit's anchor, made while the engine runs."""
