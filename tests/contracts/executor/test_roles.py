"""What roles may do, and what comes of it."""

from __future__ import annotations

import pytest

from aineon.rehearsal.calls import call_data
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import DELAY, DOLLAR, ETHER
from tests.contracts.executor.trading import BALANCER_LOAN, NATIVE, OWN, Trade

JUST_BEFORE, JUST_AFTER = -5, 1


def owner_sends(scene: Scene, signature: str, *arguments: object) -> str:
    return scene.attempt(scene.roles.owner, call_data(signature, *arguments))


def test_profit_goes_to_the_new_treasury_after_two_days(scene: Scene) -> None:
    new = scene.roles.stranger
    assert not owner_sends(scene, "propose_treasury(address)", new)
    scene.wait(DELAY + JUST_BEFORE - 5)
    assert owner_sends(scene, "change_treasury()") == "too early"
    scene.wait(15)
    assert not owner_sends(scene, "change_treasury()")
    before = scene.stage.balance(scene.weth, new), scene.holdings()
    assert not scene.trade(scene.good_trade(BALANCER_LOAN, min_profit=ETHER // 10))
    assert scene.stage.balance(scene.weth, new) - before[0] > ETHER // 10
    assert scene.holdings() == before[1]
    # Its own money is the new one's, too, which has allowed none.
    assert scene.trade(scene.good_trade(OWN)) == "no reason given"


def test_a_base_added_after_two_days_pays(scene: Scene) -> None:
    stage, dai = scene.stage, scene.dai
    steps = (
        scene.v2(stage.dai_pair, dai, scene.weth),
        scene.v2(stage.dear, scene.weth, scene.usdc),
        scene.v2(stage.stable_pair, scene.usdc, dai),
    )
    trade = Trade(3, dai.address, 1_000 * ETHER, steps)
    assert scene.trade(trade) == "not a base"
    assert not owner_sends(scene, "propose_base(address)", dai.address)
    scene.wait(DELAY + JUST_AFTER)
    assert not owner_sends(scene, "add_base(address)", dai.address)
    before = scene.holdings()
    assert not scene.trade(trade)
    assert not scene.harm(before)
    assert scene.stage.balance(dai, scene.roles.treasury) > 0
    assert owner_sends(scene, "propose_base(address)", dai.address) == ""
    scene.wait(DELAY + JUST_AFTER)
    assert owner_sends(scene, "add_base(address)", dai.address) == "a base already"


@pytest.mark.parametrize("paused", ["running", "paused"])
def test_what_was_sent_by_mistake_is_rescued(scene: Scene, paused: str) -> None:
    if paused == "paused":
        scene.attempt(scene.roles.guardian, call_data("pause()"))
    scene.stage.chain.ask("anvil_setBalance", scene.executor, hex(7))
    before = scene.holdings()
    for token in (scene.weth.address, scene.usdc.address, scene.dai.address, NATIVE):
        assert not owner_sends(scene, "rescue(address)", token)
    for (name, token), held in scene.holdings().items():
        if name == "executor":
            assert held == 0
        else:
            assert held == before["treasury", token] + before["executor", token]
    assert before["executor", scene.usdc.address] == 5_000 * DOLLAR


def test_a_new_operator_trades_at_once(scene: Scene) -> None:
    new = scene.roles.stranger
    assert not owner_sends(scene, "set_operator(address)", new)
    assert not scene.attempt(new, scene.good_trade(OWN).encode())


def test_the_zero_address_is_no_treasury(scene: Scene) -> None:
    nobody = "0x" + "00" * 20
    assert owner_sends(scene, "propose_treasury(address)", nobody) == "treasury is nobody"
