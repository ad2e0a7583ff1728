"""Trades that must not pass."""

from __future__ import annotations

from aineon.primitives import Token
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.protocols import uniswap_v2
from tests.contracts.executor.attacking import (
    MINT,
    Attacks,
    unless,
)
from tests.contracts.executor.compiling import helper
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import APPROVE, DOLLAR, ETHER
from tests.contracts.executor.trading import (
    AAVE_LOAN,
    BALANCER_LOAN,
    CURVE,
    ENDLESS,
    FLASH_SWAP,
    NOBODY,
    OWN,
    Trade,
)

ATTACKS = Attacks()


@ATTACKS.add
def late_trade(scene: Scene) -> str:
    now = int(scene.stage.chain.ask("eth_blockNumber"), 16)
    late = scene.trade(scene.good_trade(OWN, deadline=now))
    return unless(late, "too late") or scene.trade(scene.good_trade(OWN, deadline=now + 5))


@ATTACKS.add
def replayed_trade(scene: Scene) -> str:
    """The same trade again finds the gap smaller, and in the end none."""
    trade = scene.good_trade(OWN, 20 * ETHER)
    for _ in range(4):
        before = scene.holdings()
        refused = scene.trade(trade)
        if achieved := scene.harm(before):
            return achieved
    return unless(refused, "too little profit")


@ATTACKS.add
def fake_base_through_a_skewed_pool(scene: Scene) -> str:
    """A token of the thief's own, in a real pair whose price is absurd: a profit in nothing."""
    fake = scene.stage.deployer.deploy(helper("TrickToken"))
    stage = scene.stage
    stage.deployer.send(fake, MINT, stage.roles.deployer, 10**30)
    stage.deployer.send(fake, APPROVE, stage.uniswap.router, ENDLESS)
    token = Token(fake, "FAKE", 18)
    pair = uniswap_v2.create_pair(stage.deployer, stage.uniswap, scene.weth, 100, token, 10**28)
    out, back = scene.v2(pair, token, scene.weth, 10**6), scene.v2(pair, scene.weth, token)
    bad = scene.trickster((fake, 0, call_data(MINT, scene.executor, 10**20)))
    steps = (out._replace(pool=bad, kind=CURVE, token_out=fake), back)
    tried = [Trade(money, fake, 0, steps) for money in range(4)]
    tried.append(Trade(OWN, NOBODY, 0, steps))
    tried.append(Trade(OWN, scene.dai.address, 0, steps))
    for trade in tried:
        if achieved := unless(scene.trade(trade), "not a base"):
            return achieved
    return ""


@ATTACKS.add
def losing_trade_paid_by_a_donation(scene: Scene) -> str:
    """The executor holds 3 WETH of somebody's: they are no profit."""
    stage = scene.stage
    steps = (
        scene.v2(stage.cheap, scene.weth, scene.usdc),
        scene.v2(stage.dear, scene.usdc, scene.weth),
    )
    before = scene.holdings()
    for money in (OWN, BALANCER_LOAN, AAVE_LOAN, FLASH_SWAP):
        trade = Trade(money, scene.weth.address, ETHER, steps, min_profit=0)
        if achieved := unless(scene.trade(trade), "too little profit"):
            return achieved
    return scene.harm(before)


@ATTACKS.add
def too_little_profit(scene: Scene) -> str:
    wanted = scene.good_trade(OWN, min_profit=ETHER)
    paid = scene.good_trade(OWN, builder_payment=ETHER, min_profit=0)
    return unless(scene.trade(wanted), "too little profit") or unless(
        scene.trade(paid), "too little profit"
    )


@ATTACKS.add
def treasury_pays_a_second_pool(scene: Scene) -> str:
    """It pays the first pool itself; were it to pay the next too, that would look like profit."""
    out = scene.v3(scene.weth, scene.usdc)
    back = scene.v2(scene.stage.cheap, scene.usdc, scene.weth)
    steps = (out, back, out, back)
    trade = Trade(OWN, scene.weth.address, ETHER, steps, min_profit=ETHER)
    refused = unless(scene.trade(trade), "too little profit")
    return refused or scene.trade(trade._replace(min_profit=1))


@ATTACKS.add
def too_little_out_of_a_step(scene: Scene) -> str:
    """At each of the steps, and at the first of a flash swap."""
    first, second = scene.good_steps()
    dollars = scene.dollars()
    for money in (OWN, FLASH_SWAP):
        good = Trade(
            money, scene.weth.address, ETHER, (first._replace(min_amount_out=dollars), second)
        )
        bad = [
            (first._replace(min_amount_out=dollars + 1), second),
            (first, second._replace(min_amount_out=2 * ETHER)),
        ]
        for steps in bad:
            if achieved := unless(scene.trade(good._replace(steps=steps)), "too little out"):
                return achieved
    return scene.trade(good)


@ATTACKS.add
def builder_gets_nearly_all(scene: Scene) -> str:
    profit = (
        scene.predicted(
            [
                (scene.stage.dear, scene.weth, scene.usdc),
                (scene.stage.cheap, scene.usdc, scene.weth),
            ],
            ETHER,
        )
        - ETHER
    )
    most = profit * 9_900 // 10_000
    greedy = scene.good_trade(OWN, builder_payment=most + 1, min_profit=0)
    fair = scene.good_trade(OWN, builder_payment=most, min_profit=0)
    return unless(scene.trade(greedy), "builder share") or scene.trade(fair)


@ATTACKS.add
def builder_is_paid_from_a_donation(scene: Scene) -> str:
    """A trade in dollars whose builder would get ether: from the WETH that is not ours."""
    stage, weth, usdc = scene.stage, scene.weth, scene.usdc
    steps = (scene.v2(stage.cheap, usdc, weth), scene.v2(stage.dear, weth, usdc))
    before = scene.holdings()
    trade = Trade(BALANCER_LOAN, usdc.address, 1_000 * DOLLAR, steps, builder_payment=DOLLAR)
    return unless(scene.trade(trade), "builder is paid in ether") or scene.harm(before)
