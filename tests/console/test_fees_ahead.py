"""The base fees to come, as Risk foretells them from the base fees that a book holds."""

from __future__ import annotations

from aineon.chain.fee_forecast import FeeForecast
from aineon.feeds.sandbox.gas import GAS_LIMIT, GasMarket
from aineon.ledger.records import StepRecord
from aineon.ledger.views import Booked
from aineon.primitives import Block, Book, Provenance
from aineon.primitives.units import GWEI
from app.components.market_charts import base_fee
from app.fees_ahead import foretold, words
from tests.ledger import booked

Step = Booked[StepRecord]


def step(number: int, fee: int | None, part: int = 0) -> Step:
    record = booked.step(1, number, step=part, base_fee_wei=fee)
    return Booked(Book.SIMULATION, Provenance.SIMULATED, number, record.at, record)


def blocks(count: int) -> list[Block]:
    market, made = GasMarket(3), []
    for number in range(count):
        market.advance(0.0008)
        fee = market.base_fee_wei
        made.append(Block(number, fee, gas_used=market.gas_used, gas_limit=GAS_LIMIT))
    return made


def steps(count: int) -> list[Step]:
    """Newest first, two steps a block, as a book gives them."""
    seen = [step(each.number, each.base_fee_wei, part) for each in blocks(count) for part in (0, 1)]
    return seen[::-1]


def test_base_fees_alone_tell_what_gas_would() -> None:
    ahead = foretold(steps(150))
    assert [fee.number for fee in ahead] == list(range(150, 159))
    by_gas = FeeForecast()
    for block in blocks(149):
        by_gas.observe_block(block)
    for fee, exact in zip(ahead, by_gas.ahead()[1:], strict=True):
        assert fee.number == exact.number
        assert abs(fee.likely_wei - exact.likely_wei) <= exact.likely_wei // 1_000


def test_too_little_is_not_foretold() -> None:
    for seen in ([], steps(1), steps(20), [step(9, None), step(8, 10), step(7, None)]):
        assert foretold(seen) == ()
    assert words((), GWEI) == "Too few blocks were seen to foretell the next."


def test_it_is_said_and_drawn_as_estimated() -> None:
    seen = steps(150)
    ahead = foretold(seen)
    said = words(ahead, GWEI)
    assert said.startswith("Estimated for block 158, 9 blocks ahead: about ")
    traces = base_fee((seen[::-1], ahead, 30 * GWEI)).traces
    assert traces[0]["x"][-1] == 149
    assert traces[2]["name"] == "Estimated, nine in ten"
    assert max(traces[2]["y"]) <= 1.125**9 * (seen[0].record.base_fee_wei or 0) / GWEI
    assert all(low <= high for low, high in zip(traces[1]["y"], traces[2]["y"], strict=True))
