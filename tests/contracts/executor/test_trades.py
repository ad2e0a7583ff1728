"""Trades that pay, by every money and through every kind of step: to the wei, and nothing stays."""

from __future__ import annotations

from itertools import product

import pytest

from aineon.primitives import Token, parse_address
from aineon.rehearsal.calls import answer, call_data
from aineon.rehearsal.protocols import uniswap_v2
from aineon.rehearsal.sites import Site
from tests.contracts.executor.attacking import pays
from tests.contracts.executor.compiling import helper
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import APPROVE, ETHER, TRANSFER
from tests.contracts.executor.trading import (
    AAVE_LOAN,
    BALANCER_LOAN,
    CRYPTO_CURVE,
    CURVE,
    CURVE_UNDERLYING,
    ENDLESS,
    FLASH_SWAP,
    MONEY,
    NATIVE,
    OWN,
    UNWRAP_ETHER,
    UNWRAP_STAKED,
    WRAP_ETHER,
    WRAP_STAKED,
    Step,
    Trade,
    coins,
)

TAKE = "transferFrom(address,address,uint256)"
PREMIUM_BPS = 5
SHAPES = ("dear cheap", "dear v3", "v3 cheap", "dear stable dai", "v3 stable dai", "dear weighted")
Leg = tuple[Site, Token, Token]


def legs(scene: Scene, shape: str) -> list[Leg]:
    """The swaps of a shape: from WETH, over USDC, to WETH."""
    stage, weth, usdc, dai = scene.stage, scene.weth, scene.usdc, scene.dai
    sites: dict[str, Leg] = {
        "stable": (stage.stable_pair, usdc, dai),
        "dai": (stage.dai_pair, dai, weth),
    }
    for name, site in (("dear", stage.dear), ("cheap", stage.cheap), ("v3", stage.pool)):
        sites[name] = (site, usdc, weth)
    sites["weighted"] = (stage.weighted, usdc, weth)
    first, *rest = shape.split()
    return [(sites[first][0], weth, usdc), *(sites[name] for name in rest)]


def steps(scene: Scene, route: list[Leg]) -> tuple[Step, ...]:
    made = []
    for site, token_in, token_out in route:
        if site is scene.stage.pool:
            made.append(scene.v3(token_in, token_out))
        elif site is scene.stage.weighted:
            made.append(scene.balancer(token_in, token_out))
        else:
            made.append(scene.v2(site, token_in, token_out))
    return tuple(made)


@pytest.mark.parametrize(("money", "shape"), list(product(MONEY, SHAPES)))
def test_the_treasury_gets_what_was_predicted(scene: Scene, money: str, shape: str) -> None:
    route = legs(scene, shape)
    before = scene.holdings()
    premium = ETHER * PREMIUM_BPS // 10_000 if money == "aave" else 0
    profit = scene.predicted(route, ETHER) - ETHER - premium
    assert profit > 0
    trade = Trade(MONEY[money], scene.weth.address, ETHER, steps(scene, route), min_profit=profit)
    refused = scene.trade(trade)
    if (money, shape) == ("balancer", "dear weighted"):
        assert refused == "BAL#400"
        return
    assert not refused
    assert not scene.harm(before)
    gained = scene.stage.balance(scene.weth, scene.roles.treasury)
    assert gained - before["treasury", scene.weth.address] == profit


@pytest.mark.parametrize("money", MONEY)
def test_one_unit_more_than_predicted_is_refused(scene: Scene, money: str) -> None:
    route = legs(scene, "dear cheap")
    premium = ETHER * PREMIUM_BPS // 10_000 if money == "aave" else 0
    asked = scene.predicted(route, ETHER) - ETHER - premium + 1
    assert scene.trade(scene.good_trade(MONEY[money], min_profit=asked)) == "too little profit"


def test_the_event_says_what_happened(scene: Scene) -> None:
    profit = scene.predicted(legs(scene, "dear cheap"), ETHER) - ETHER
    data = scene.good_trade(BALANCER_LOAN).encode()
    receipt = scene.stage.by[scene.roles.operator].transact(scene.executor, data)
    (log,) = [log for log in receipt["logs"] if log["address"] == scene.executor.lower()]
    told = answer(["uint8", "uint256", "uint256", "uint256"], bytes.fromhex(log["data"][2:]))
    assert told == (BALANCER_LOAN, ETHER, profit, 0)
    assert parse_address("0x" + log["topics"][1][-40:]) == scene.weth.address


@pytest.mark.parametrize("money", [OWN, BALANCER_LOAN, AAVE_LOAN])
def test_hops_may_be_divided(scene: Scene, money: int) -> None:
    stage, weth, usdc = scene.stage, scene.weth, scene.usdc
    route = (
        scene.v3(weth, usdc, ETHER // 3),
        scene.v2(stage.dear, weth, usdc),
        scene.v2(stage.cheap, usdc, weth, 10**9),
        scene.v3(usdc, weth, 10**8),
        scene.v2(stage.cheap, usdc, weth),
    )
    before = scene.holdings()
    assert not scene.trade(Trade(money, weth.address, ETHER, route))
    assert not scene.harm(before)


@pytest.mark.parametrize("money", MONEY)
def test_the_builder_is_paid_in_ether(scene: Scene, money: str) -> None:
    builder = parse_address("0x" + "b1" * 20)
    scene.stage.chain.ask("anvil_setCoinbase", builder)
    before = scene.holdings()
    had = scene.stage.balance(NATIVE, builder)
    premium = ETHER * PREMIUM_BPS // 10_000 if money == "aave" else 0
    profit = scene.predicted(legs(scene, "dear cheap"), ETHER) - ETHER - premium
    payment = profit * 9 // 10
    trade = scene.good_trade(MONEY[money], builder_payment=payment, min_profit=profit - payment)
    # Without a price for gas the builder gets the payment alone.
    request = {
        "from": scene.roles.operator, "to": scene.executor, "gas": hex(10**6), "gasPrice": "0x0",
        "data": f"0x{trade.encode().hex()}",
    }  # fmt: skip
    receipt = scene.stage.chain.ask("eth_sendTransactionSync", request)
    assert receipt["status"] == "0x1"
    assert scene.stage.balance(NATIVE, builder) - had == payment
    assert not scene.harm(before)
    gained = scene.stage.balance(scene.weth, scene.roles.treasury)
    assert gained - before["treasury", scene.weth.address] == profit - payment


# --- Curve, ether, staked ether: pools that stand in for the real ones -------------------------


@pytest.mark.parametrize("kind", [CURVE, CRYPTO_CURVE, CURVE_UNDERLYING])
def test_curve_is_asked_in_its_own_way(scene: Scene, kind: int) -> None:
    dollars = scene.dollars()
    weth, usdc = scene.weth.address, scene.usdc.address
    pool = scene.trickster(rich=True)
    scene.prepare(
        pool,
        (usdc, 0, call_data(TAKE, scene.executor, pool, dollars)),
        (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
    )
    before = scene.holdings()
    steps = (scene.good_steps()[0], Step(kind, pool, usdc, weth, data=coins(1, 2)))
    data = Trade(BALANCER_LOAN, weth, ETHER, steps, min_profit=ETHER).encode()
    receipt = scene.stage.by[scene.roles.operator].transact(scene.executor, data)
    assert not scene.harm(before)
    signature = {
        CURVE: "exchange(int128,int128,uint256,uint256)",
        CRYPTO_CURVE: "exchange(uint256,uint256,uint256,uint256)",
        CURVE_UNDERLYING: "exchange_underlying(int128,int128,uint256,uint256)",
    }[kind]
    trace = scene.stage.chain.ask(
        "debug_traceTransaction", receipt["transactionHash"], {"tracer": "callTracer"}
    )
    assert call_data(signature, 1, 2, dollars, 0).hex() in str(trace)


def test_ether_is_unwrapped_swapped_and_wrapped(scene: Scene) -> None:
    """WETH to ether, ether for dollars, dollars for ether in another pool, ether to WETH."""
    weth, usdc = scene.weth.address, scene.usdc.address
    seller = scene.trickster((usdc, 0, call_data(TRANSFER, scene.executor, 10**9)))
    buyer = scene.trickster()
    scene.stage.by[scene.roles.stranger].transact(
        buyer, call_data("act((address,uint256,bytes)[])", []), 5 * ETHER
    )
    scene.prepare(
        buyer,
        (usdc, 0, call_data(TAKE, scene.executor, buyer, 10**9)),
        (scene.executor, 2 * ETHER, b""),
    )
    before = scene.holdings()
    route = (
        Step(UNWRAP_ETHER, weth, weth, NATIVE),
        Step(CURVE, seller, NATIVE, usdc, data=coins(0, 1)),
        Step(CURVE, buyer, usdc, NATIVE, data=coins(1, 0)),
        Step(WRAP_ETHER, weth, NATIVE, weth),
    )
    assert not scene.trade(Trade(OWN, weth, ETHER, route, min_profit=ETHER))
    assert not scene.harm(before)
    assert scene.stage.balance(NATIVE, seller) == ETHER


def test_staked_ether_is_wrapped_and_unwrapped(scene: Scene) -> None:
    deployer = scene.stage.deployer
    staked = deployer.deploy(helper("TrickToken"))
    wrapped = deployer.deploy(helper("WrappedToken"), ["address"], [staked])
    scene = Scene(scene.stage, wsteth=wrapped)
    weth = scene.weth.address
    mint = "mint(address,uint256)"
    seller = scene.trickster(
        (weth, 0, call_data(TAKE, scene.executor, scene.executor, 0)),
        (staked, 0, call_data(mint, scene.executor, 50)),
    )
    buyer = scene.trickster()
    scene.prepare(
        buyer,
        (staked, 0, call_data(TAKE, scene.executor, buyer, 50)),
        (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
    )
    scene.prepare(
        seller,
        (weth, 0, call_data(TAKE, scene.executor, seller, ETHER)),
        (staked, 0, call_data(mint, scene.executor, 50)),
    )
    before = scene.holdings()
    route = (
        Step(CURVE, seller, weth, staked),
        Step(WRAP_STAKED, wrapped, staked, wrapped, min_amount_out=40),
        Step(UNWRAP_STAKED, wrapped, wrapped, staked, min_amount_out=50),
        Step(CURVE, buyer, staked, weth),
    )
    assert not scene.trade(Trade(BALANCER_LOAN, weth, ETHER, route, min_profit=ETHER))
    assert not scene.harm(before)
    assert scene.stage.balance(staked, scene.executor) == 0


def test_tokens_that_return_nothing_are_traded(scene: Scene) -> None:
    """Through a pair, and through a pool that needs an allowance."""
    silent = Token(scene.stage.deployer.deploy(helper("SilentToken")), "USDT", 18)
    stage, weth = scene.stage, scene.weth
    stage.deployer.send(silent.address, "mint(address,uint256)", stage.roles.deployer, 10**24)
    stage.deployer.send(silent.address, APPROVE, stage.uniswap.router, ENDLESS)
    pair = uniswap_v2.create_pair(
        stage.deployer, stage.uniswap, weth, 100 * ETHER, silent, 200_000 * ETHER
    )
    bought = scene.predicted([(pair, weth, silent)], ETHER)
    pool = scene.trickster()
    scene.prepare(
        pool,
        (silent.address, 0, call_data(TAKE, scene.executor, pool, bought - 10**15)),
        (weth.address, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
    )
    before = scene.holdings()
    route = (
        scene.v2(pair, weth, silent),
        scene.v2(pair, silent, weth, 10**15),
        Step(CURVE, pool, silent.address, weth.address),
    )
    assert not scene.trade(Trade(OWN, weth.address, ETHER, route, min_profit=ETHER))
    assert not scene.harm(before)
    assert stage.balance(silent, scene.executor) == 0


def test_a_swap_that_runs_out_of_liquidity_is_refused(scene: Scene) -> None:
    weth, usdc = scene.weth, scene.usdc
    amount = 1_000 * ETHER
    route = (scene.v3(weth, usdc), scene.v2(scene.stage.cheap, usdc, weth))
    for money in (OWN, FLASH_SWAP):
        trade = Trade(money, weth.address, amount, route, min_profit=0)
        assert scene.trade(trade) == "partial fill"


def test_control_for_mutants_the_executor_itself_pays(scene: Scene) -> None:
    assert not pays(scene)
