"""What attacks are made of.

Each attack returns what it achieved: nothing, where the executor withstands. What may be achieved
is either a call that should have been refused, or harm: something taken from the executor or the
treasury, something left behind in the executor, an allowance left.
"""

from __future__ import annotations

from collections.abc import Callable

from aineon.rehearsal.calls import call_data
from tests.contracts.executor.compiling import helper
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import DOLLAR, ETHER, TRANSFER
from tests.contracts.executor.trading import (
    CURVE,
    FLASH_SWAP,
    OWN,
    UNISWAP_V2,
    Step,
    Trade,
    fee,
)

Attack = Callable[[Scene], str]
TAKE = "transferFrom(address,address,uint256)"
MINT = "mint(address,uint256)"
BALANCER_CALLBACK = "receiveFlashLoan(address[],uint256[],uint256[],bytes)"
AAVE_CALLBACK = "executeOperation(address,uint256,uint256,address,bytes)"
V2_CALLBACK = "uniswapV2Call(address,uint256,uint256,bytes)"
V3_CALLBACK = "uniswapV3SwapCallback(int256,int256,bytes)"


class Attacks(dict[str, Attack]):
    """Attacks by their names."""

    def add(self, run: Attack) -> Attack:
        """List an attack; a decorator."""
        self[run.__name__] = run
        return run


def unless(refused: str, *reasons: str) -> str:
    """Nothing was achieved where it was refused in one of these words."""
    return "" if refused in reasons else f"{refused or 'not refused'}, expected {reasons}"


def calls_back(scene: Scene, data: bytes) -> list[bytes]:
    """Every callback, with the same data."""
    weth = scene.weth.address
    return [
        call_data(BALANCER_CALLBACK, [weth], [ETHER], [0], data),
        call_data(AAVE_CALLBACK, weth, ETHER, 0, scene.executor, data),
        call_data(V2_CALLBACK, scene.executor, ETHER, 0, data),
        call_data(V3_CALLBACK, ETHER, -1, data),
        call_data(V3_CALLBACK, 0, 0, b""),
    ]


def worth_taking(scene: Scene) -> bytes:
    """Data of a callback that would pay out the dollars that the executor holds."""
    usdc = scene.usdc.address
    step = Step(UNISWAP_V2, scene.executor, scene.weth.address, usdc)
    return scene.promised(Trade(FLASH_SWAP, usdc, 5_000 * DOLLAR, (step,)))


def pays(scene: Scene) -> str:
    """What an executor that refuses everything would fail at: trades that pay are carried out."""
    weth, usdc = scene.weth, scene.usdc
    divided = (
        scene.v2(scene.stage.dear, weth, usdc, ETHER // 3),
        scene.v2(scene.stage.dear, weth, usdc),
        scene.v2(scene.stage.cheap, usdc, weth, 10**9),
        scene.v3(usdc, weth, 10**8),
        scene.v2(scene.stage.cheap, usdc, weth),
    )
    trades = [scene.good_trade(money) for money in range(4)]
    trades.append(Trade(OWN, weth.address, ETHER, divided))
    before = scene.holdings()
    for trade in trades:
        if refused := scene.trade(trade):
            return f"{trade.money}: {refused}"
    return scene.harm(before) or _pays_in_silence(scene)


def _pays_in_silence(scene: Scene) -> str:
    """A trade through a token that returns nothing."""
    silent = scene.stage.deployer.deploy(helper("SilentToken"))
    weth = scene.weth.address
    seller, buyer = (
        scene.trickster(),
        scene.trickster((weth, 0, call_data(TRANSFER, scene.executor, 2 * ETHER))),
    )
    scene.prepare(
        seller,
        (weth, 0, call_data(TAKE, scene.executor, seller, ETHER)),
        (silent, 0, call_data(MINT, scene.executor, 100)),
    )
    scene.answers(buyer, reserves=(10**6, 10**6))
    steps = (Step(CURVE, seller, weth, silent), Step(UNISWAP_V2, buyer, silent, weth, data=fee(0)))
    return scene.trade(Trade(OWN, weth, ETHER, steps))
