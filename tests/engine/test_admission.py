"""Admission: room for one more attempt, or the reason why not."""

from __future__ import annotations

from aineon.engine.admission import Admission
from aineon.search import Route
from tests.execution.making import PASSED, make_executor, make_plan
from tests.scripted import CHEAP, DEAR, USDC, WETH, block, pool

ROUTE = Route([(DEAR, WETH, USDC), (CHEAP, USDC, WETH)])
OTHER = Route([(pool(3, 1000, 1), WETH, USDC), (pool(4, 1000, 1), USDC, WETH)])


async def gate(admission: Admission, route: Route, attempts: int, now: float) -> str | None:
    executor = make_executor()
    for _ in range(attempts):
        await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    refusal = admission.check(route, executor.in_flight, now)
    return None if refusal is None else refusal.gate


async def test_with_nothing_in_flight_there_is_room() -> None:
    assert await gate(Admission(3, 36), ROUTE, attempts=0, now=0) is None


async def test_never_two_attempts_through_one_pool() -> None:
    assert await gate(Admission(3, 36), ROUTE, attempts=1, now=0) == "pool_in_flight"
    assert await gate(Admission(3, 36), OTHER, attempts=1, now=0) is None


async def test_attempts_of_one_combination_share_pools_and_still_count() -> None:
    executor = make_executor()
    attempt = await executor.submit(make_plan(CHEAP, DEAR), block(100), 0, PASSED)
    assert Admission(3, 36).check(ROUTE, [attempt], 0, companions=[attempt]) is None
    refusal = Admission(1, 36).check(ROUTE, [attempt], 0, companions=[attempt])
    assert refusal is not None
    assert refusal.gate == "max_concurrent"


async def test_no_more_attempts_than_allowed() -> None:
    assert await gate(Admission(2, 36), OTHER, attempts=2, now=0) == "max_concurrent"
    assert await gate(Admission(3, 36), OTHER, attempts=2, now=0) is None


async def test_a_pair_cools_down_whatever_its_pools() -> None:
    admission = Admission(3, 36)
    admission.start_cooldown(ROUTE, now=1000)
    assert await gate(admission, OTHER, attempts=0, now=1035) == "cooldown"
    assert await gate(admission, OTHER, attempts=0, now=1036) is None
