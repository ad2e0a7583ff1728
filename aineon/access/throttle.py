"""Throttle: budgets of tries that are spent before anything is looked at, and that renew.

A budget is so many tries in a window, which begins with its first try. A try takes one from each
of its budgets, or from none. Windows end by themselves; nobody is locked out for ever.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from aineon.access.store import THROTTLES, AccessStore
from aineon.access.tokens import hash_of


@dataclass(frozen=True, slots=True)
class Budget:
    """So many tries in a window of so many seconds."""

    most: int
    seconds: float

    def wait(self, spent: int, ends_at: float, at: float) -> float:
        """Return the seconds until there is something left; 0 where there is."""
        return ends_at - at if self._runs(ends_at, at) and spent >= self.most else 0.0

    def _runs(self, ends_at: float, at: float) -> bool:
        # A window that ends later than one begun now was begun by a clock that was wrong.
        return at < ends_at <= at + self.seconds


Budgets = Mapping[str, Budget]
"""What a try takes from, each under its key."""


def key_of(*parts: str) -> str:
    """Return the key of a budget; a hash, for people type passwords where names belong."""
    return hash_of("throttle", *parts)


def wait_for(store: AccessStore, budgets: Budgets, at: float) -> float:
    """Return how many seconds a try has to wait, without taking anything or waiting for anybody."""
    keys = ", ".join(f"'{key}'" for key in budgets)
    # Hashes of ours, in hex.
    rows = store.glance(f"SELECT key, spent, ends_at FROM throttles WHERE key IN ({keys})")  # noqa: S608
    return _longest(rows, budgets, at)


def spend(connection: Connection, budgets: Budgets, at: float) -> float:
    """Take one from each budget; returns 0, or the seconds to wait where one of them is spent."""
    query = select(THROTTLES.c.key, THROTTLES.c.spent, THROTTLES.c.ends_at)
    rows = connection.execute(query.where(THROTTLES.c.key.in_(budgets))).all()
    wait = _longest(rows, budgets, at)
    if wait:
        return wait
    longest = max(budget.seconds for budget in budgets.values())
    ended = (THROTTLES.c.ends_at <= at) | (
        THROTTLES.c.key.in_(budgets) & (THROTTLES.c.ends_at > at + longest)
    )
    connection.execute(delete(THROTTLES).where(ended))
    for key, budget in budgets.items():
        same = THROTTLES.c.key == key
        more = update(THROTTLES).where(same).values(spent=THROTTLES.c.spent + 1)
        if not connection.execute(more).rowcount:
            row = {"key": key, "spent": 1, "ends_at": at + budget.seconds}
            connection.execute(insert(THROTTLES).values(**row))
    return 0.0


def give_back(connection: Connection, keys: Iterable[str]) -> None:
    """Give one back to each budget: the try was no guess."""
    some = THROTTLES.c.key.in_(tuple(keys)) & (THROTTLES.c.spent > 0)
    connection.execute(update(THROTTLES).where(some).values(spent=THROTTLES.c.spent - 1))


def _longest(rows: Iterable[tuple[str, int, float]], budgets: Budgets, at: float) -> float:
    waits = (budgets[key].wait(spent, ends_at, at) for key, spent, ends_at in rows)
    return max(waits, default=0.0)


def in_words(wait: float) -> str:
    """Return how long that is, in whole minutes."""
    minutes = math.ceil(wait / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"
