"""What a stolen operator key can try: routes that spend or leave what is not theirs."""

from __future__ import annotations

from aineon.rehearsal.calls import call_data
from tests.contracts.executor.attacking import (
    TAKE,
    V3_CALLBACK,
    Attacks,
    unless,
)
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import DOLLAR, ETHER, TRANSFER
from tests.contracts.executor.trading import (
    BALANCER_LOAN,
    CURVE,
    FLASH_SWAP,
    OWN,
    UNISWAP_V2,
    UNISWAP_V3,
    Step,
    Trade,
    fee,
)

ATTACKS = Attacks()


@ATTACKS.add
def step_spends_what_the_route_does_not_hold(scene: Scene) -> str:
    """More dollars than the first step brought: those that somebody left in the executor."""
    first, second = scene.good_steps()
    before = scene.holdings()
    steps = (first, second._replace(amount_in=scene.dollars() + 5_000 * DOLLAR))
    trade = Trade(OWN, scene.weth.address, ETHER, steps)
    return unless(scene.trade(trade), "more than there is") or scene.harm(before)


@ATTACKS.add
def step_spends_another_token(scene: Scene) -> str:
    """DAI where the route holds dollars; and a route that begins with them."""
    weth, usdc, dai = scene.weth.address, scene.usdc.address, scene.dai.address
    thief = scene.trickster((weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)))
    before = scene.holdings()
    first = scene.good_steps()[0]
    third = Step(UNISWAP_V2, thief, dai, weth, data=fee(3000))
    scene.answers(thief, reserves=(ETHER, ETHER))
    for steps in ((first, third), (Step(CURVE, thief, dai, usdc),), (third,)):
        for money in (OWN, BALANCER_LOAN, FLASH_SWAP):
            # A flash swap has two steps at least.
            more = (third,) if len(steps) == 1 else ()
            trade = Trade(money, weth, ETHER, (*steps, *more), min_profit=0)
            if achieved := unless(scene.trade(trade), "broken route"):
                return achieved
    return scene.harm(before)


@ATTACKS.add
def route_ends_elsewhere(scene: Scene) -> str:
    """The dollars stay, and WETH comes from the thief, so that there is a profit."""
    weth, usdc = scene.weth.address, scene.usdc.address
    thief = scene.trickster()
    scene.prepare(
        thief,
        (weth, 0, call_data(TAKE, scene.executor, thief, ETHER)),
        (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
        (usdc, 0, call_data(TRANSFER, scene.executor, 10**9)),
    )
    before = scene.holdings()
    trade = Trade(OWN, weth, ETHER, (Step(CURVE, thief, weth, usdc),), min_profit=0)
    return unless(scene.trade(trade), "broken route") or scene.harm(before)


@ATTACKS.add
def dust_stays_in_the_last_hop(scene: Scene) -> str:
    first, second = scene.good_steps()
    steps = (first, second._replace(amount_in=scene.dollars() - 1))
    before = scene.holdings()
    refused = scene.trade(Trade(OWN, scene.weth.address, ETHER, steps))
    return unless(refused, "leftover") or scene.harm(before)


@ATTACKS.add
def dust_stays_in_a_hop_between(scene: Scene) -> str:
    stage = scene.stage
    first = scene.good_steps()[0]
    steps = (
        first,
        scene.v2(stage.stable_pair, scene.usdc, scene.dai, scene.dollars() - 1),
        scene.v2(stage.dai_pair, scene.dai, scene.weth),
    )
    before = scene.holdings()
    refused = scene.trade(Trade(OWN, scene.weth.address, ETHER, steps))
    return unless(refused, "leftover") or scene.harm(before)


@ATTACKS.add
def pool_says_it_paid(scene: Scene) -> str:
    """It claims dollars it never sent; those that are there are then sold to the thief."""
    weth, usdc = scene.weth.address, scene.usdc.address
    claims = 5_000 * DOLLAR
    liar, buyer = scene.trickster(), scene.trickster()
    owed = (ETHER, -claims) if scene.weth < scene.usdc else (-claims, ETHER)
    scene.answers(liar, paid=owed)
    scene.prepare(liar, (scene.executor, 0, call_data(V3_CALLBACK, *owed, b"")))
    scene.prepare(
        buyer,
        (usdc, 0, call_data(TAKE, scene.executor, buyer, claims)),
        (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
    )
    before = scene.holdings()
    steps = (Step(UNISWAP_V3, liar, weth, usdc), Step(CURVE, buyer, usdc, weth))
    refused = scene.trade(Trade(OWN, weth, ETHER, steps))
    return unless(refused, "too little out") or scene.harm(before)


@ATTACKS.add
def pool_says_it_paid_the_next_pair(scene: Scene) -> str:
    """The real pair after it refuses: nothing arrived."""
    weth, usdc = scene.weth.address, scene.usdc.address
    claims = 5_000 * DOLLAR
    liar = scene.trickster()
    owed = (ETHER, -claims) if scene.weth < scene.usdc else (-claims, ETHER)
    scene.answers(liar, paid=owed)
    scene.prepare(liar, (scene.executor, 0, call_data(V3_CALLBACK, *owed, b"")))
    before = scene.holdings()
    steps = (Step(UNISWAP_V3, liar, weth, usdc), scene.good_steps()[1])
    refused = scene.trade(Trade(OWN, weth, ETHER, steps))
    return unless(refused, "UniswapV2: INSUFFICIENT_INPUT_AMOUNT") or scene.harm(before)
