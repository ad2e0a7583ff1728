"""What those with a role can try beyond it, and before its time."""

from __future__ import annotations

from aineon.rehearsal.calls import call_data
from tests.contracts.executor.attacking import (
    Attacks,
    unless,
)
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import DELAY, ETHER
from tests.contracts.executor.trading import (
    BALANCER_LOAN,
    OWN,
)

ATTACKS = Attacks()


@ATTACKS.add
def operator_trades_while_paused(scene: Scene) -> str:
    """Also after the owner has set the operator anew."""
    owner = scene.stage.by[scene.roles.owner]
    scene.attempt(scene.roles.guardian, call_data("pause()"))
    trade = scene.good_trade(OWN)
    if achieved := unless(scene.trade(trade), "paused"):
        return achieved
    owner.send(scene.executor, "set_operator(address)", scene.roles.operator)
    if achieved := unless(scene.trade(trade), "paused"):
        return achieved
    owner.send(scene.executor, "unpause()")
    return scene.trade(trade)


@ATTACKS.add
def old_operator_trades(scene: Scene) -> str:
    owner = scene.stage.by[scene.roles.owner]
    owner.send(scene.executor, "set_operator(address)", scene.roles.stranger)
    return unless(scene.trade(scene.good_trade(OWN)), "not the operator")


@ATTACKS.add
def treasury_is_changed_early(scene: Scene) -> str:
    """At once, just before the two days are over, and by a second proposal just after them."""
    owner, thief = scene.roles.owner, scene.roles.stranger
    propose, change = call_data("propose_treasury(address)", thief), call_data("change_treasury()")
    if achieved := unless(scene.attempt(owner, change), "nothing proposed"):
        return achieved
    scene.attempt(owner, call_data("propose_treasury(address)", scene.roles.guardian))
    if achieved := unless(scene.attempt(owner, change), "too early"):
        return achieved
    scene.wait(DELAY - 100)
    if achieved := unless(scene.attempt(owner, change), "too early"):
        return achieved
    scene.wait(200)
    scene.attempt(owner, propose)
    if achieved := unless(scene.attempt(owner, change), "too early"):
        return achieved
    scene.wait(DELAY)
    scene.attempt(owner, call_data("cancel_treasury()"))
    return unless(scene.attempt(owner, change), "nothing proposed")


@ATTACKS.add
def base_is_added_early(scene: Scene) -> str:
    owner = scene.roles.owner
    propose, add, remove = (
        call_data(f"{verb}_base(address)", scene.dai.address)
        for verb in ("propose", "add", "remove")
    )
    if achieved := unless(scene.attempt(owner, add), "nothing proposed"):
        return achieved
    scene.attempt(owner, propose)
    if achieved := unless(scene.attempt(owner, add), "too early"):
        return achieved
    scene.wait(DELAY)
    scene.attempt(owner, remove)
    return unless(scene.attempt(owner, add), "nothing proposed")


@ATTACKS.add
def removed_base_is_traded(scene: Scene) -> str:
    """Nor does a change of the treasury bring it back."""
    owner = scene.stage.by[scene.roles.owner]
    owner.send(scene.executor, "remove_base(address)", scene.weth.address)
    if achieved := unless(scene.trade(scene.good_trade(BALANCER_LOAN)), "not a base"):
        return achieved
    owner.send(scene.executor, "propose_treasury(address)", scene.roles.guardian)
    scene.wait(DELAY)
    owner.send(scene.executor, "change_treasury()")
    return unless(scene.trade(scene.good_trade(BALANCER_LOAN)), "not a base")


@ATTACKS.add
def ownership_moves_in_one_step(scene: Scene) -> str:
    owner, thief = scene.roles.owner, scene.roles.stranger
    accept = call_data("accept_ownership()")
    scene.attempt(owner, call_data("propose_owner(address)", scene.roles.guardian))
    if achieved := unless(scene.attempt(thief, accept), "not the next owner"):
        return achieved
    if refused := scene.attempt(owner, call_data("set_guardian(address)", thief)):
        return f"the owner is none before the next one accepts: {refused}"
    if refused := scene.attempt(scene.roles.guardian, accept):
        return refused
    if achieved := unless(scene.attempt(owner, call_data("pause()")), "not the guardian"):
        return f"the old owner stays: {achieved}"
    return unless(scene.attempt(scene.roles.guardian, accept), "not the next owner")


@ATTACKS.add
def rescue_pays_somebody_else(scene: Scene) -> str:
    """What is rescued goes to the treasury, whoever asks."""
    before = scene.holdings()
    scene.attempt(scene.roles.owner, call_data("rescue(address)", scene.dai.address))
    moved = scene.holdings()
    key = "treasury", scene.dai.address
    return "" if moved[key] - before[key] == 2_000 * ETHER else "the treasury did not get it"
