"""What anybody can try."""

from __future__ import annotations

from eth_abi import encode

from aineon.execution.contract import abi
from aineon.rehearsal.calls import call_data, selector, types_of
from tests.contracts.executor.attacking import (
    V2_CALLBACK,
    Attacks,
    calls_back,
    unless,
    worth_taking,
)
from tests.contracts.executor.scene import Scene, functions
from tests.contracts.executor.stage import DELAY, ETHER
from tests.contracts.executor.trading import (
    OWN,
)

ATTACKS = Attacks()


@ATTACKS.add
def stranger_trades(scene: Scene) -> str:
    data = scene.good_trade(OWN).encode()
    others = (scene.roles.stranger, scene.roles.owner, scene.roles.guardian, scene.roles.treasury)
    return "; ".join(unless(scene.attempt(who, data), "not the operator") for who in others).strip(
        "; "
    )


@ATTACKS.add
def stranger_calls_back(scene: Scene) -> str:
    before = scene.holdings()
    for data in calls_back(scene, worth_taking(scene)):
        thief = scene.trickster(rich=False)
        for refused in (
            scene.attempt(scene.roles.stranger, data),
            scene.act(thief, (scene.executor, 0, data)),
        ):
            if achieved := unless(refused, "not awaited"):
                return achieved
    return scene.harm(before)


@ATTACKS.add
def stranger_borrows_for_the_executor(scene: Scene) -> str:
    """The real lenders and a real pair call the executor back on behalf of a stranger."""
    weth, data = scene.weth.address, worth_taking(scene)
    loan = "flashLoan(address,address[],uint256[],bytes)"
    simple = "flashLoanSimple(address,address,uint256,bytes,uint16)"
    swap = "swap(uint256,uint256,address,bytes)"
    tried = (
        (scene.stage.balancer.vault, call_data(loan, scene.executor, [weth], [ETHER], data)),
        (scene.stage.aave.pool, call_data(simple, scene.executor, weth, ETHER, data, 0)),
        (scene.stage.cheap.address, call_data(swap, 1, 0, scene.executor, data)),
        (scene.stage.cheap.address, call_data(swap, 0, 1, scene.executor, data)),
    )
    for lender, call in tried:
        if achieved := unless(scene.attempt(scene.roles.stranger, call, lender), "not awaited"):
            return achieved
    return ""


@ATTACKS.add
def stranger_sends_ether(scene: Scene) -> str:
    refused = scene.attempt(scene.roles.stranger, b"", value=ETHER)
    return unless(refused, "not awaited") or unless(
        scene.attempt(scene.roles.stranger, b"\x12\x34\x56\x78", value=ETHER), "not awaited"
    )


@ATTACKS.add
def others_do_what_only_the_owner_may(scene: Scene) -> str:
    """The thief proposes first, so that nothing but the role is in the way."""
    roles = scene.roles
    owner, thief = scene.stage.by[roles.owner], roles.stranger
    owner.send(scene.executor, "propose_treasury(address)", thief)
    owner.send(scene.executor, "propose_base(address)", scene.dai.address)
    scene.wait(DELAY + 1)
    signatures = functions(abi())
    asked = [name for name in signatures if not name.startswith(("uniswap", "execute", "receive"))]
    for name in asked:
        signature = signatures[name]
        arguments = [scene.usdc.address if "base" in name else thief for _ in types_of(signature)]
        if name in {"rescue", "add_base"}:
            arguments = [scene.dai.address]
        for who in (roles.stranger, roles.operator, roles.guardian, roles.treasury):
            if (name, who) == ("pause", roles.guardian):
                continue
            refused = scene.attempt(who, call_data(signature, *arguments))
            words = {"pause": "not the guardian", "accept_ownership": "not the next owner"}
            if achieved := unless(refused, words.get(name, "not the owner")):
                return f"{name}: {achieved}"
    return ""


@ATTACKS.add
def guardian_does_more_than_pause(scene: Scene) -> str:
    guardian = scene.roles.guardian
    if refused := scene.attempt(guardian, call_data("pause()")):
        return f"the guardian cannot pause: {refused}"
    return unless(scene.attempt(guardian, call_data("unpause()")), "not the owner")


@ATTACKS.add
def malformed_callbacks(scene: Scene) -> str:
    """Cut short, too long, and with lengths that lie."""
    before = scene.holdings()
    whole = calls_back(scene, worth_taking(scene))
    lies = [selector(V2_CALLBACK) + encode(["uint256"] * 5, [1, 2, 3, 2**255, 2**256 - 1])]
    for data in (*lies, *(call[:cut] for call in whole for cut in (0, 3, 4, 36, 100, -1))):
        if not scene.attempt(scene.roles.stranger, data):
            return f"a malformed call was accepted: {data.hex()[:80]}"
    return scene.harm(before)
