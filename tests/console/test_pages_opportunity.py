"""One opportunity in full: its route, its costs, and how it is chosen."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from app.components.waterfall import missing_words, steps_of
from app.components.way import drawn, legs_of
from tests.console import places
from tests.console.seeing import AppTest, charts_of, open_page, text_of, turn_to
from tests.ledger import booked

KEY = "0xw>0xp>0xu>0xq>0xw"
SEEN = booked.opportunity(1, route_key=KEY, gross_profit=100, flash_fee=5, gas_cost=20)


def priced(net_profit: int | None, net_wei: int | None) -> list[tuple[str, int]]:
    gas = None if net_profit is None else 20
    seen = replace(SEEN, net_profit=net_profit, gas_cost=gas)
    return [(step.name, step.amount) for step in steps_of(seen, net_wei)]


def test_the_steps_lead_from_gross_to_net() -> None:
    assert priced(75, 60) == [
        ("Gross", 100),
        ("Flash fee", -5),
        ("Gas", -20),
        ("Builder payment", -15),
        ("Net", 60),
    ]
    assert missing_words(steps_of(replace(SEEN, net_profit=75), 60)) == ""


def test_what_is_not_known_ends_the_steps_in_words() -> None:
    assert priced(None, None)[-1] == ("Before gas", 95)
    assert priced(75, None)[-1] == ("Before builder", 75)
    no_gas = replace(SEEN, net_profit=None, gas_cost=None)
    assert "gas cost is not known" in missing_words(steps_of(no_gas, None))
    assert "builder payment" in missing_words(steps_of(replace(SEEN, net_profit=75), None))


def test_hops_are_read_from_the_addresses_of_the_route() -> None:
    legs = legs_of(SEEN)
    assert [(leg.token_in, leg.token_out, leg.venues, leg.pools) for leg in legs] == [
        ("WETH", "USDC", ("uniswap_v2",), ("0xp",)),
        ("USDC", "WETH", ("sushiswap",), ("0xq",)),
    ]
    assert len(drawn(legs).layout["annotations"]) == 4


def test_a_divided_hop_has_all_its_pools() -> None:
    seen = replace(SEEN, route_key="0xw>0xp+0xr>0xu>0xq>0xw", venues=("a", "b", "c"))
    assert [leg.venues for leg in legs_of(seen)] == [("a", "b"), ("c",)]


def test_a_name_that_cannot_be_divided_gives_way_to_addresses() -> None:
    assert [leg.token_in for leg in legs_of(replace(SEEN, pair="A/B/C/D"))] == ["0xw", "0xu"]
    assert legs_of(replace(SEEN, route_key="nonsense")) == ()
    assert legs_of(replace(SEEN, venues=("one",))) == ()


def busy(folder: Path) -> AppTest:
    places.beat(folder)
    with places.open_book(folder) as store:
        run_id = store.begin_run(booked.run())
        far = {"net_wei": 9 * 10**15, "net_profit": 9 * 10**15}
        store.write(
            step=booked.step(run_id),
            opportunities=[
                replace(SEEN, run_id=run_id, at=time.time(), net_profit=75, net_wei=60),
                booked.opportunity(run_id, at=time.time(), route_key=KEY, **far),
            ],
        )
    return open_page("overview")


def test_the_best_is_shown_until_one_is_chosen(folder: Path) -> None:
    test = turn_to(busy(folder), "opportunities")
    text = text_of(test)
    assert "The best of these" in text
    assert "Number 2, WETH/USDC" in text
    assert "by rules, no AI score" in text
    charts = charts_of(test)
    assert {"way", "waterfall"} <= set(charts)
    assert "WETH to USDC on uniswap_v2" in charts["way"].alt


def test_the_number_in_the_address_is_the_one_that_is_shown(folder: Path) -> None:
    test = turn_to(busy(folder), "opportunities")
    test.query_params["opportunity"] = "1"
    test.run()
    text = text_of(test)
    assert "The chosen opportunity" in text
    assert "Number 1, WETH/USDC" in text
    test.button(key="forget_opportunity").click().run()
    assert "The best of these" in text_of(test)


def test_a_number_that_is_not_kept_is_said_in_words(folder: Path) -> None:
    test = turn_to(busy(folder), "opportunities")
    for number, words in (("77", "Opportunity 77 is not"), ("-1", "The best of these")):
        test.query_params["opportunity"] = number
        test.run()
        assert not test.exception
        assert words in text_of(test)


def test_a_chart_stays_the_same_chart_when_its_data_change(folder: Path) -> None:
    test = turn_to(busy(folder), "opportunities")
    before = charts_of(test)
    test.query_params["opportunity"] = "1"
    test.run()
    after = charts_of(test)
    assert {each.element_id for each in before.values()} == {
        each.element_id for each in after.values()
    }
    assert before["waterfall"].figure["data"] != after["waterfall"].figure["data"]
    for chart in (before["waterfall"], after["waterfall"]):
        assert chart.figure["layout"]["uirevision"] == "waterfall"
