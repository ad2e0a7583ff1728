"""What pools and lenders of a thief can try."""

from __future__ import annotations

from aineon.primitives import Address, parse_address
from aineon.rehearsal.calls import call_data
from tests.contracts.executor.attacking import (
    AAVE_CALLBACK,
    TAKE,
    V2_CALLBACK,
    V3_CALLBACK,
    Attacks,
    unless,
    worth_taking,
)
from tests.contracts.executor.compiling import helper
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import DOLLAR, ETHER, TRANSFER
from tests.contracts.executor.trading import (
    AAVE_LOAN,
    BALANCER_LOAN,
    CURVE,
    FLASH_SWAP,
    OWN,
    UNISWAP_V2,
    UNISWAP_V3,
    Step,
    Trade,
    coins,
    fee,
)

ATTACKS = Attacks()


def _selling_to(scene: Scene, buyer: Address, asked: int, *, times: int = 1) -> str:
    """Sell the dollars of a good step to a V3 pool that asks for `asked` of them, `times` times."""
    weth, usdc = scene.weth.address, scene.usdc.address
    owed = (-ETHER, asked) if scene.weth < scene.usdc else (asked, -ETHER)
    scene.answers(buyer, paid=owed)
    callback = (scene.executor, 0, call_data(V3_CALLBACK, *owed, b""))
    pays = (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER))
    scene.prepare(buyer, pays, *[callback] * times)
    before = scene.holdings()
    steps = (scene.good_steps()[0], Step(UNISWAP_V3, buyer, usdc, weth))
    refused = scene.trade(Trade(BALANCER_LOAN, weth, ETHER, steps))
    return refused or scene.harm(before)


@ATTACKS.add
def pool_asks_for_more_than_it_was_offered(scene: Scene) -> str:
    asked = scene.dollars() + 5_000 * DOLLAR
    return unless(_selling_to(scene, scene.trickster(), asked), "partial fill")


@ATTACKS.add
def pool_asks_for_less_than_it_was_offered(scene: Scene) -> str:
    return unless(_selling_to(scene, scene.trickster(), scene.dollars() - 1), "partial fill")


@ATTACKS.add
def pool_asks_twice(scene: Scene) -> str:
    twice = _selling_to(scene, scene.trickster(), scene.dollars(), times=2)
    return unless(twice, "not awaited") or _selling_to(scene, scene.trickster(), scene.dollars())


@ATTACKS.add
def pool_does_not_ask(scene: Scene) -> str:
    """It pays, and the dollars it was offered would stay."""
    never = _selling_to(scene, scene.trickster(), scene.dollars(), times=0)
    return unless(never, "not called back")


@ATTACKS.add
def pair_pays_first_and_does_not_ask(scene: Scene) -> str:
    weth, usdc = scene.weth.address, scene.usdc.address
    thief = scene.trickster((usdc, 0, call_data(TRANSFER, scene.executor, 1)))
    scene.answers(thief, reserves=(ETHER, ETHER))
    before = scene.holdings()
    steps = (Step(UNISWAP_V2, thief, weth, usdc, data=fee(3000)), scene.good_steps()[1])
    refused = scene.trade(Trade(FLASH_SWAP, weth, ETHER, steps, min_profit=0))
    return unless(refused, "not called back") or scene.harm(before)


@ATTACKS.add
def pair_brings_other_data(scene: Scene) -> str:
    """A pair in a flash swap answers with a route of its own, which pays out others' dollars."""
    weth, dai = scene.weth.address, scene.dai.address
    thief = scene.trickster(
        (scene.executor, 0, call_data(V2_CALLBACK, scene.executor, 1, 0, worth_taking(scene)))
    )
    scene.answers(thief, reserves=(ETHER, ETHER))
    before = scene.holdings()
    # There is nothing yet of this token, so that all dollars look as if they had just arrived.
    other = scene.stage.deployer.deploy(helper("TrickToken"))
    steps = (
        Step(UNISWAP_V2, thief, weth, other, data=fee(3000)),
        Step(UNISWAP_V2, thief, dai, weth, data=fee(3000)),
    )
    refused = scene.trade(Trade(FLASH_SWAP, weth, ETHER, steps, min_profit=0))
    return unless(refused, "other data") or scene.harm(before)


@ATTACKS.add
def pair_calls_back_for_somebody_else(scene: Scene) -> str:
    """A contract that stands where the pair is says that another one asked for the swap."""
    weth, usdc = scene.weth.address, scene.usdc.address
    thief = scene.trickster()
    scene.answers(thief, reserves=(ETHER, ETHER))
    steps = (Step(UNISWAP_V2, thief, weth, usdc, data=fee(3000)), scene.good_steps()[1])
    trade = Trade(FLASH_SWAP, weth, ETHER, steps, min_profit=0)
    sender = scene.roles.stranger
    call = call_data(V2_CALLBACK, sender, 0, 1, scene.promised(trade))
    scene.prepare(
        thief,
        (usdc, 0, call_data(TRANSFER, scene.executor, 10**10)),
        (scene.executor, 0, call),
    )
    return unless(scene.trade(trade), "not our loan")


@ATTACKS.add
def lender_calls_back_for_somebody_else(scene: Scene) -> str:
    """A contract stands in for Aave, and names another initiator than the executor."""
    aave = scene.trickster()
    scene = Scene(scene.stage, scene.code, aave=aave)
    trade = scene.good_trade(AAVE_LOAN)
    call = call_data(
        AAVE_CALLBACK, trade.base, ETHER, 0, scene.roles.stranger, scene.promised(trade)
    )
    weth = scene.weth.address
    scene.prepare(
        aave,
        (weth, 0, call_data(TRANSFER, scene.executor, ETHER)),
        (scene.executor, 0, call),
        (weth, 0, call_data(TAKE, scene.executor, aave, ETHER)),
    )
    if achieved := unless(scene.trade(trade), "not our loan"):
        return achieved
    own = call_data(AAVE_CALLBACK, trade.base, ETHER, 0, scene.executor, scene.promised(trade))
    scene.prepare(
        aave,
        (weth, 0, call_data(TRANSFER, scene.executor, ETHER)),
        (scene.executor, 0, own),
        (weth, 0, call_data(TAKE, scene.executor, aave, ETHER)),
    )
    return scene.trade(trade)


@ATTACKS.add
def lender_takes_less_than_it_may(scene: Scene) -> str:
    """A contract that stands in for Aave leaves an allowance for later."""
    aave = scene.trickster()
    scene = Scene(scene.stage, scene.code, aave=aave)
    scene.tricksters.append(aave)
    trade = scene.good_trade(AAVE_LOAN)
    weth = scene.weth.address
    call = call_data(AAVE_CALLBACK, weth, ETHER, 0, scene.executor, scene.promised(trade))
    scene.prepare(
        aave,
        (weth, 0, call_data(TRANSFER, scene.executor, ETHER)),
        (scene.executor, 0, call),
        (weth, 0, call_data(TAKE, scene.executor, aave, ETHER - 1)),
    )
    before = scene.holdings()
    return unless(scene.trade(trade), "allowance left") or scene.harm(before)


@ATTACKS.add
def pool_takes_less_than_it_may(scene: Scene) -> str:
    """It would come back for the rest of the allowance later."""
    weth, usdc = scene.weth.address, scene.usdc.address
    pool = scene.trickster()
    scene.prepare(
        pool,
        (usdc, 0, call_data(TAKE, scene.executor, pool, 1)),
        (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
    )
    before = scene.holdings()
    steps = (scene.good_steps()[0], Step(CURVE, pool, usdc, weth, data=coins(0, 1)))
    refused = scene.trade(Trade(BALANCER_LOAN, weth, ETHER, steps))
    return unless(refused, "allowance left") or scene.harm(before)


@ATTACKS.add
def pool_takes_more_than_it_may(scene: Scene) -> str:
    weth, usdc = scene.weth.address, scene.usdc.address
    pool = scene.trickster()
    scene.prepare(
        pool,
        (usdc, 0, call_data(TAKE, scene.executor, pool, scene.dollars() + 1)),
        (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
    )
    before = scene.holdings()
    steps = (scene.good_steps()[0], Step(CURVE, pool, usdc, weth, data=coins(0, 1)))
    refused = scene.trade(Trade(BALANCER_LOAN, weth, ETHER, steps))
    return "" if "allowance" in refused else (refused or scene.harm(before) or "not refused")


@ATTACKS.add
def pool_is_nobody(scene: Scene) -> str:
    """No contract there: what such a call answers is nothing, and nothing is not money."""
    weth, usdc = scene.weth.address, scene.usdc.address
    empty = parse_address("0x" + "e0" * 20)
    before = scene.holdings()
    for kind in range(256):
        if kind in (5, 6, 7, 9, 10) or 11 < kind < 255:
            continue
        steps = (Step(kind, empty, weth, usdc, data=coins(0, 1)), scene.good_steps()[1])
        if not scene.trade(Trade(OWN, weth, ETHER, steps, min_profit=0)):
            return f"a step of kind {kind} through nobody was carried out"
    return scene.harm(before)


@ATTACKS.add
def unknown_kinds(scene: Scene) -> str:
    step = scene.good_steps()[0]
    for kind in (0, 11, 255):
        steps = (step._replace(kind=kind), scene.good_steps()[1])
        trade = Trade(OWN, scene.weth.address, ETHER, steps, min_profit=0)
        if achieved := unless(scene.trade(trade), "unknown step"):
            return achieved
        flash = scene.trade(trade._replace(money=FLASH_SWAP))
        if achieved := unless(flash, "no flash swap"):
            return achieved
    return unless(scene.trade(scene.good_trade(4)), "unknown money")


@ATTACKS.add
def wrapping_something_else(scene: Scene) -> str:
    """Steps of ether and staked ether that name other tokens."""
    weth, usdc = scene.weth.address, scene.usdc.address
    wsteth = scene.stage.deployer.deploy(helper("WrappedToken"), ["address"], [weth])
    scene = Scene(scene.stage, scene.code, wsteth=wsteth)
    before = scene.holdings()
    thief = scene.trickster((usdc, 0, call_data(TRANSFER, scene.executor, 10**10)))
    tried = (
        (Step(6, weth, weth, usdc), "not ether"),
        (Step(7, weth, weth, usdc), "not ether"),
        (Step(10, thief, weth, usdc), "not staked ether"),
    )
    for step, reason in tried:
        steps = (step, scene.good_steps()[1])
        refused = scene.trade(Trade(OWN, weth, ETHER, steps, min_profit=0))
        if achieved := unless(refused, reason):
            return achieved
    return scene.harm(before)
