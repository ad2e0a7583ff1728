"""The places at which a crash would hurt most, named, so that tests can crash at each.

Random moments find one such place in five of those that a list finds: most of a process's life
is spent where a crash does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """A moment in the life of a signed transaction.

    Every commit of `aineon.sending` lies between a `BEFORE_…_COMMIT` and the `AFTER_…_COMMIT` of
    the same name; a test holds the list against the commits that happen.
    """

    BEFORE_LEASE_COMMIT = "before the commit of the lease"
    AFTER_LEASE_COMMIT = "after the commit of the lease"
    BEFORE_SIGNING = "before signing"
    AFTER_SIGNING = "after signing"
    BEFORE_COMMIT = "before the commit of the signed bytes"
    AFTER_COMMIT = "after the commit of the signed bytes"
    BEFORE_PUBLIC_COMMIT = "before the commit of going public"
    AFTER_PUBLIC_COMMIT = "after the commit of going public"
    BEFORE_BROADCAST = "before the first byte leaves"
    AFTER_BROADCAST = "after the bytes have left"
    BEFORE_ANSWERS_COMMIT = "before the commit of the answers"
    AFTER_ANSWERS_COMMIT = "after the commit of the answers"
    AFTER_EVIDENCE = "after the chain was asked"
    BEFORE_SETTLE_COMMIT = "before the commit of what the chain says"
    AFTER_SETTLE_COMMIT = "after the commit of what the chain says"
    BEFORE_REBROADCAST = "before bytes leave again"
    AFTER_REBROADCAST = "after bytes have left again"
    BEFORE_ADOPTION_COMMIT = "before the commit of an adopted nonce"
    AFTER_ADOPTION_COMMIT = "after the commit of an adopted nonce"
    BEFORE_RETIREMENT_COMMIT = "before the commit of a retired name"
    AFTER_RETIREMENT_COMMIT = "after the commit of a retired name"


CrashHook = Callable[[CrashPoint], None]


def no_crash(point: CrashPoint) -> None:
    """Go on: what a running engine does at every point."""
