"""What tokens can try."""

from __future__ import annotations

from aineon.primitives import Token
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.protocols import uniswap_v2
from tests.contracts.executor.attacking import (
    MINT,
    Attacks,
    calls_back,
    unless,
    worth_taking,
)
from tests.contracts.executor.compiling import helper
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import APPROVE, ETHER, TRANSFER
from tests.contracts.executor.trading import (
    CURVE,
    ENDLESS,
    FLASH_SWAP,
    NOBODY,
    OWN,
    Step,
    Trade,
    coins,
)

ATTACKS = Attacks()


class Trick:
    """A token that misbehaves, and two real pairs of it whose prices differ."""

    def __init__(self, scene: Scene, *, is_base: bool = False) -> None:
        stage = scene.stage
        deployer = stage.deployer
        self.token = Token(deployer.deploy(helper("TrickToken")), "TRICK", 18)
        deployer.send(self.token.address, MINT, stage.roles.deployer, 10**30)
        pairs = []
        for venue, price in ((stage.uniswap, 1_000), (stage.sushiswap, 1_300)):
            deployer.send(self.token.address, APPROVE, venue.router, ENDLESS)
            pairs.append(
                uniswap_v2.create_pair(
                    deployer, venue, scene.weth, 100 * ETHER, self.token, 100 * price * ETHER
                )
            )
        self.few, self.many = pairs
        if is_base:
            bases = (scene.weth.address, self.token.address)
            scene = Scene(stage, scene.code, bases=bases)
        self.scene = scene

    def behaves(self, **how: object) -> None:
        """Let it misbehave from now on."""
        kept = {
            "fee_bps": 0, "refused": NOBODY, "blocked": NOBODY, "refuses_approvals": False,
            "hook": NOBODY,
        }  # fmt: skip
        signature = "misbehave(uint256,address,address,bool,address)"
        self.scene.stage.deployer.send(self.token.address, signature, *{**kept, **how}.values())

    def trade(self, *, through_us: bool) -> str:
        """Buy it where it is cheap and sell it where it is dear, pair to pair or through us."""
        scene, weth = self.scene, self.scene.weth
        bought = scene.predicted([(self.many, weth, self.token)], ETHER)
        out, back = scene.v2(self.many, weth, self.token), scene.v2(self.few, self.token, weth)
        if through_us:
            back = back._replace(amount_in=bought)
        before = scene.holdings()
        refused = scene.trade(Trade(OWN, weth.address, ETHER, (out, back)))
        held = scene.stage.balance(self.token, scene.executor)
        return refused or scene.harm(before) or (f"{held} stay" if held else "")


@ATTACKS.add
def token_moves_less_than_it_says(scene: Scene) -> str:
    trick = Trick(scene)
    for through_us in (True, False):
        if refused := trick.trade(through_us=through_us):
            return f"the honest token is refused: {refused}"
    trick.behaves(fee_bps=100)
    return unless(trick.trade(through_us=False), "UniswapV2: K") or unless(
        trick.trade(through_us=True), "more than there is"
    )


@ATTACKS.add
def token_refuses_with_false(scene: Scene) -> str:
    """A base token that says False to the treasury: the profit would stay."""
    trick = Trick(scene, is_base=True)
    scene, weth = trick.scene, trick.scene.weth
    steps = (scene.v2(trick.few, trick.token, weth), scene.v2(trick.many, weth, trick.token))
    trade = Trade(FLASH_SWAP, trick.token.address, 1_000 * ETHER, steps)
    trick.behaves(refused=scene.roles.treasury)
    if achieved := unless(scene.trade(trade), "transfer refused"):
        return achieved
    trick.behaves()
    return scene.trade(trade)


@ATTACKS.add
def own_money_is_refused_with_false(scene: Scene) -> str:
    trick = Trick(scene, is_base=True)
    scene, weth = trick.scene, trick.scene.weth
    steps = (scene.v2(trick.few, trick.token, weth), scene.v2(trick.many, weth, trick.token))
    deployer = scene.stage.deployer
    deployer.send(trick.token.address, MINT, scene.roles.treasury, 10**24)
    scene.allow(scene.roles.treasury, trick.token.address, scene.executor)
    trade = Trade(OWN, trick.token.address, 1_000 * ETHER, steps)
    trick.behaves(refused=trick.few.address)
    if achieved := unless(scene.trade(trade), "transfer refused"):
        return achieved
    trick.behaves()
    return scene.trade(trade)


@ATTACKS.add
def token_refuses_approvals_with_false(scene: Scene) -> str:
    """A pool that pays although it could take nothing would leave the token behind."""
    trick = Trick(scene)
    weth = scene.weth.address
    pool = scene.trickster((weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER)))
    steps = (
        scene.v2(trick.many, scene.weth, trick.token),
        Step(CURVE, pool, trick.token.address, weth, data=coins(0, 1)),
    )
    trick.behaves(refuses_approvals=True)
    return unless(scene.trade(Trade(OWN, weth, ETHER, steps)), "approval refused")


@ATTACKS.add
def token_has_blocked_us(scene: Scene) -> str:
    """Blocked are the executor, and the treasury as receiver of a base token: nothing is lost."""
    trick = Trick(scene)
    trick.behaves(blocked=scene.executor)
    if achieved := unless(trick.trade(through_us=True), "UniswapV2: TRANSFER_FAILED"):
        return achieved
    trick = Trick(scene, is_base=True)
    scene = trick.scene
    steps = (
        scene.v2(trick.few, trick.token, scene.weth),
        scene.v2(trick.many, scene.weth, trick.token),
    )
    trick.behaves(blocked=scene.roles.treasury)
    before = scene.holdings()
    refused = scene.trade(Trade(FLASH_SWAP, trick.token.address, 1_000 * ETHER, steps))
    return unless(refused, "blocked") or scene.harm(before)


@ATTACKS.add
def token_calls_back_when_it_moves(scene: Scene) -> str:
    trick = Trick(scene)
    for data in calls_back(scene, worth_taking(scene)):
        hook = scene.trickster((scene.executor, 0, data), rich=False)
        trick.behaves(hook=hook)
        refused = trick.trade(through_us=True)
        # A pair says in its own words that the token refused.
        if achieved := unless(refused, "UniswapV2: TRANSFER_FAILED", "not awaited"):
            return achieved
    return ""
