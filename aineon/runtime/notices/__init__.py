"""Notices: what operators are told where they are, on their phones and in their mail."""
