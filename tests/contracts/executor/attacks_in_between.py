"""What can be tried in the middle of a trade."""

from __future__ import annotations

from aineon.execution.contract import abi
from aineon.primitives import Address
from aineon.rehearsal.calls import call_data, types_of
from tests.contracts.executor.attacking import (
    TAKE,
    Attacks,
    calls_back,
    unless,
    worth_taking,
)
from tests.contracts.executor.scene import CALLS, Scene, functions
from tests.contracts.executor.stage import ETHER, TRANSFER
from tests.contracts.executor.trading import (
    BALANCER_LOAN,
    CURVE,
    NATIVE,
    OWN,
    Step,
    Trade,
    coins,
)

ATTACKS = Attacks()


def _through(scene: Scene, *calls: tuple[Address, int, bytes]) -> str:
    """Trade through a Curve pool that makes these calls before it does what it should."""
    weth, usdc = scene.weth.address, scene.usdc.address
    pool = scene.trickster()
    scene.prepare(
        pool,
        *calls,
        (usdc, 0, call_data(TAKE, scene.executor, pool, scene.dollars())),
        (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
    )
    steps = (scene.good_steps()[0], Step(CURVE, pool, usdc, weth, data=coins(0, 1)))
    return scene.trade(Trade(BALANCER_LOAN, weth, ETHER, steps))


@ATTACKS.add
def pool_calls_back_though_not_asked(scene: Scene) -> str:
    if refused := _through(scene):
        return f"the pool alone is refused: {refused}"
    for data in calls_back(scene, worth_taking(scene)):
        if achieved := unless(_through(scene, (scene.executor, 0, data)), "not awaited"):
            return achieved
    return ""


@ATTACKS.add
def another_sends_ether_in_between(scene: Scene) -> str:
    """A pool that owes ether lets another contract pay it, and one that owes none sends some."""
    weth = scene.weth.address
    other = scene.trickster()
    by = scene.stage.by[scene.roles.stranger]
    act = f"act({CALLS})"
    by.transact(other, call_data(act, []), 5 * ETHER)
    payment = (scene.executor, 2 * ETHER, b"")
    pool = scene.trickster()
    scene.prepare(
        pool,
        (weth, 0, call_data(TAKE, scene.executor, pool, ETHER)),
        (other, 0, call_data(act, [payment])),
    )
    steps = (Step(CURVE, pool, weth, NATIVE, data=coins(1, 0)), Step(6, weth, NATIVE, weth))
    if achieved := unless(scene.trade(Trade(OWN, weth, ETHER, steps)), "not awaited"):
        return achieved
    before = scene.holdings()
    owes_none = _through(scene, (other, 0, call_data(act, [payment])))
    return unless(owes_none, "not awaited") or scene.harm(before)


@ATTACKS.add
def pool_sends_ether_again(scene: Scene) -> str:
    """After it was paid for ether it sends more, while another step runs: that would stay."""
    weth, usdc = scene.weth.address, scene.usdc.address
    by = scene.stage.by[scene.roles.stranger]
    act = f"act({CALLS})"
    pool = scene.trickster()
    by.transact(pool, call_data(act, []), 5 * ETHER)
    scene.prepare(
        pool,
        (weth, 0, call_data(TAKE, scene.executor, pool, ETHER)),
        (scene.executor, ETHER, b""),
    )
    again = (pool, 0, call_data(act, [(scene.executor, ETHER, b"")]))
    seller = scene.trickster(again, (usdc, 0, call_data(TRANSFER, scene.executor, 10**10)))
    steps = (
        Step(CURVE, pool, weth, NATIVE, data=coins(1, 0)),
        Step(CURVE, seller, NATIVE, usdc, data=coins(0, 1)),
        scene.good_steps()[1],
    )
    before = scene.holdings()
    refused = scene.trade(Trade(OWN, weth, ETHER, steps))
    if achieved := unless(refused, "not awaited") or scene.harm(before):
        return achieved
    scene.prepare(seller, (usdc, 0, call_data(TRANSFER, scene.executor, 10**10)))
    return scene.trade(Trade(OWN, weth, ETHER, steps))


@ATTACKS.add
def pool_enters_again(scene: Scene) -> str:
    """The pool is operator and owner too: only the lock is in its way."""
    pool = scene.trickster()
    scene = Scene(scene.stage, scene.code, operator=pool, owner=pool, guardian=pool)
    weth, usdc, dollars = scene.weth.address, scene.usdc.address, scene.dollars()
    outer = Trade(
        BALANCER_LOAN,
        weth,
        ETHER,
        (scene.good_steps()[0], Step(CURVE, pool, usdc, weth, data=coins(0, 1))),
    )
    stage = scene.stage
    dai = scene.dai
    inner = Trade(
        OWN,
        weth,
        ETHER,
        (
            scene.v2(stage.dear, scene.weth, scene.usdc),
            scene.v2(stage.stable_pair, scene.usdc, dai),
            scene.v2(stage.dai_pair, dai, scene.weth),
        ),
        min_profit=0,
    )
    signatures = functions(abi())
    asked = [inner.encode()]
    for name, signature in signatures.items():
        if not name.startswith(("uniswap", "execute", "receive", "accept", "change", "add_")):
            asked.append(call_data(signature, *[usdc for _ in types_of(signature)]))
    for data in (b"", *asked):
        scene.prepare(
            pool,
            *([(scene.executor, 0, data)] if data else []),
            (usdc, 0, call_data(TAKE, scene.executor, pool, dollars)),
            (weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)),
        )
        kept = scene.stage.chain.ask("evm_snapshot")
        refused = scene.act(pool, (scene.executor, 0, outer.encode()))
        scene.stage.chain.ask("evm_revert", kept)
        if data and not refused:
            return f"it was entered again: {data[:4].hex()}"
        if not data and refused:
            return f"the pool alone is refused: {refused}"
    return ""
