"""A cancellation that comes together with an answer is not lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from aineon.chain.client.heeding import heeding

Await = Callable[[Awaitable[str]], Awaitable[str]]


async def plainly(coming: Awaitable[str]) -> str:
    return await coming


async def swallowing(answer: asyncio.Future[str]) -> str:
    """What `asyncio.wait_for` does before Python 3.12 where both come at once."""
    try:
        return await asyncio.shield(answer)
    except asyncio.CancelledError:
        return answer.result()


async def outcome(how: Await) -> str:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def ask() -> str:
        return await how(swallowing(answer))

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0)
    asking.cancel()
    answer.set_result("an answer")
    try:
        return await asking
    except asyncio.CancelledError:
        return "cancelled"


@pytest.mark.parametrize(("how", "what"), [(heeding, "cancelled"), (plainly, "an answer")])
async def test_a_swallowed_cancellation_is_heeded(how: Await, what: str) -> None:
    """Control: without it, whoever cancels waits for ever."""
    assert await outcome(how) == what


async def test_an_answer_is_an_answer() -> None:
    async def answer() -> str:
        return "an answer"

    assert await heeding(answer()) == "an answer"


async def test_a_time_limit_is_still_one() -> None:
    async def late() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "swallowed"
        raise AssertionError

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await heeding(late())
