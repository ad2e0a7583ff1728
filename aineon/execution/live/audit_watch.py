"""Whether the audit can be written: where it cannot, no trade is begun either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aineon.errors import AuditUnwritable

_BLOCKS: Final = 5
"""How often it is looked while all is well: it takes the control database's write lock."""


def nobody_asks() -> None:
    """Stand for an audit that there is none of."""


class AuditWatch:
    """Looks every few blocks; at each of them while the audit cannot be written.

    Trades are no entries of it: outbox and ledger hold each one. But the stop that is cleared, the
    limit that is raised and the withdrawal that is asked for meanwhile would be in nobody's books.

    Args:
        check: raises `AuditUnwritable` where it cannot be written.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._next = 0
        self._words = ""

    async def obstacle(self, block: int) -> str:
        """Return why no trade may be begun at `block`; empty where one may."""
        if self._words or block >= self._next:
            self._next = block + _BLOCKS
            try:
                await asyncio.to_thread(self._check)
                self._words = ""
            except AuditUnwritable as error:
                self._words = f"nothing is traded that nobody could account for: {error}"
        return self._words
