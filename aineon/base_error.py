"""The root of AINEON's errors, below `errors` and `primitives`, which do not import each other."""

from __future__ import annotations


class AineonError(Exception):
    """Base of every error that AINEON raises on purpose."""


class InvalidValue(AineonError, ValueError):
    """An address, a token, a block or an amount of text cannot be what it was given as.

    It is a ValueError too, as Python's own conversions raise it.
    """


class UnsafeFile(AineonError):
    """A file that holds a secret can be read by others, or is not what it should be."""
