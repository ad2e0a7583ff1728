from __future__ import annotations

import pytest

from aineon.errors import UnknownToken
from aineon.market import (
    GraphHop,
    Market,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    ReservesChanged,
    TokenGraph,
)
from aineon.primitives import Block, Token
from tests.market.pools import DAI, OTHER, USDC, V2, V3, WETH, v2, v3


def test_every_pool_gives_a_hop_in_each_direction() -> None:
    graph = TokenGraph([v2(), v3()])
    assert graph.hops_from(WETH) == (GraphHop(V2, USDC), GraphHop(V3, DAI))
    assert graph.hops_from(USDC) == (GraphHop(V2, WETH),)
    assert graph.hops_from(Token("0x" + "ff" * 20)) == ()
    assert graph.tokens == (USDC, WETH, DAI)
    assert DAI in graph


def test_the_graph_follows_pools_that_come_and_go() -> None:
    market = Market([v2()])
    market.apply(MarketUpdate(Block(1), (PoolAppeared(v3()), PoolAppeared(v2(OTHER)))))
    assert market.graph == TokenGraph([v2(), v3(), v2(OTHER)])
    market.apply(MarketUpdate(Block(2), (PoolVanished(V3),)))
    assert market.graph == TokenGraph([v2(), v2(OTHER)])
    assert DAI not in market.graph


def test_swaps_keep_the_very_same_graph() -> None:
    market = Market([v2(), v3()])
    graph = market.graph
    market.apply(MarketUpdate(Block(1), (ReservesChanged(V2, 1, 2), PoolAppeared(v3()))))
    assert market.graph is graph


def test_a_pool_that_returns_with_other_tokens_is_joined_anew() -> None:
    market = Market([v2()])
    market.apply(MarketUpdate(Block(1), (PoolAppeared(v3(V2)),)))
    assert market.graph == TokenGraph([v3(V2)])


def test_look_ups() -> None:
    impostor = Token("0x" + "d4" * 20, "USDC", 6)
    fake = type(v2())(OTHER, WETH, impostor, 5, 5)
    registry = Market([v2(), v3(), fake]).registry
    assert registry.pools_of(WETH) == (v2(), v3(), fake)
    assert registry.pools_of(impostor) == (fake,)
    assert registry.pools_between(USDC, WETH) == registry.pools_between(WETH, USDC) == (v2(),)
    assert registry.pools_between(USDC, DAI) == ()
    assert registry.token_by_address("0x" + "B2" * 20).symbol == "DAI"
    assert registry.token_by_symbol("DAI") == DAI
    assert registry.tokens_by_symbol("USDC") == (USDC, impostor)


@pytest.mark.parametrize("symbol", ["USDC", "dai", ""])
def test_a_symbol_that_is_unknown_or_not_unique_is_refused(symbol: str) -> None:
    impostor = Token("0x" + "d4" * 20, "USDC", 6)
    registry = Market([v2(), v3(), type(v2())(OTHER, WETH, impostor, 5, 5)]).registry
    with pytest.raises(UnknownToken, match=repr(symbol)):
        registry.token_by_symbol(symbol)


@pytest.mark.parametrize("address", ["0x" + "d4" * 20, "WETH"])
def test_an_address_without_pools_is_refused(address: str) -> None:
    with pytest.raises(UnknownToken, match=address):
        Market([v2()]).registry.token_by_address(address)
