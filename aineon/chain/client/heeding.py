"""Cancellations that libraries swallow, heeded all the same.

Before Python 3.12, `asyncio.wait_for` returns a result that comes in the very moment of a
cancellation, and the cancellation is lost (bpo-37658). Libraries beneath a transport use it, and
whoever stops a feed would wait for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def heeding(coming: Awaitable[T]) -> T:
    """Return what comes of `coming`.

    Raises:
        asyncio.CancelledError: this task was cancelled meanwhile, and somebody swallowed it.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    result = await coming
    if task.cancelling() > before:
        raise asyncio.CancelledError
    return result
