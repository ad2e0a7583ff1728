"""Cautions: what people should know of an address before money goes there."""

from __future__ import annotations

from collections.abc import Iterator

from aineon.primitives import Address
from aineon.treasury.addresses import look_alike
from aineon.treasury.destinations import Purpose
from aineon.treasury.policy import DAY_SECONDS
from aineon.treasury.snapshot import Snapshot

_YOUNG_SECONDS = 7 * DAY_SECONDS


def cautions_of(address: Address, seen: Snapshot) -> tuple[str, ...]:
    """Return, a sentence each, what speaks for looking twice before `address` is paid.

    What an engine would refuse is among it: the page says it before anybody asks.
    """
    return (*_of_entry(address, seen), *_of_likeness(address, seen))


def _of_entry(address: Address, seen: Snapshot) -> Iterator[str]:
    entry = seen.entry(address)
    if entry is None:
        yield "It is not on the allow-list, so it will not be paid."
    elif not entry.may_be_paid(seen.at):
        hours = (entry.usable_from - seen.at) / 3600
        yield f"Its entry is too young; it can be paid in {hours:.1f} hours."
    elif seen.at - entry.added_at < _YOUNG_SECONDS:
        yield "It has been on the allow-list for less than a week."
    if address not in seen.paid:
        yield "It was never paid from this book before: this is the first time."
    if entry is not None and entry.purpose is Purpose.SAFE:
        yield "It is the safe address, which is meant for an emergency."


def _of_likeness(address: Address, seen: Snapshot) -> Iterator[str]:
    known = dict.fromkeys(sorted(seen.paid), "which was paid before")
    known |= {
        each.address: f"which was on the allow-list as {each.label}"
        for each in seen.former
        if each.was_trusted
    }
    known |= {each.address: f"which is {each.label}" for each in seen.destinations}
    for other, name in known.items():
        if other != address and look_alike(address, other):
            yield (
                f"It looks like {other}, {name}, and is another address. Such addresses are made "
                "to be mistaken for each other: compare every digit."
            )
