"""A scene: one executor on the stage, what is at stake, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from eth_abi import encode

from aineon.errors import RehearsalReverted
from aineon.primitives import Address, Token
from aineon.rehearsal.calls import call_data, reason_of
from aineon.rehearsal.sites import Site, read_pools
from tests.contracts.executor.compiling import helper
from tests.contracts.executor.stage import APPROVE, DOLLAR, ETHER, TRANSFER, Stage
from tests.contracts.executor.trading import (
    ALL,
    BALANCER,
    ENDLESS,
    NATIVE,
    STEP,
    UNISWAP_V2,
    UNISWAP_V3,
    Step,
    Trade,
    fee,
)

CALLS = "(address,uint256,bytes)[]"
GAS = 5_000_000
Call = tuple[Address, int, bytes]


class Scene:
    """An executor that holds what others sent it by mistake: no trade is to touch that.

    Its treasury allows it all its WETH, as own money.
    """

    def __init__(self, stage: Stage, code: str | None = None, **changed: Any) -> None:
        self.stage = stage
        self.code = code
        self.roles = stage.roles
        self.weth, self.usdc, self.dai = stage.weth, stage.usdc, stage.dai
        self.executor = stage.deploy(code, **changed)
        self.tricksters: list[Address] = []
        deployer = stage.deployer
        deployer.send(self.weth.address, TRANSFER, self.executor, 3 * ETHER)
        deployer.send(self.usdc.address, TRANSFER, self.executor, 5_000 * DOLLAR)
        deployer.send(self.dai.address, TRANSFER, self.executor, 2_000 * ETHER)
        self.allow(self.roles.treasury, self.weth.address, self.executor)

    # --- doing -----------------------------------------------------------------------------

    def allow(self, owner: Address, token: Address, spender: Address) -> None:
        """Let somebody take all that one of the accounts holds."""
        self.stage.send(owner, token, APPROVE, spender, ENDLESS)

    def trickster(self, *script: Call, plays: int = 1, rich: bool = True) -> Address:
        """Deploy a contract that makes these calls whenever it is called, `plays` times."""
        deployer = self.stage.deployer
        made = deployer.deploy(helper("Trickster"))
        if rich:
            deployer.send(self.weth.address, TRANSFER, made, 20 * ETHER)
            deployer.send(self.usdc.address, TRANSFER, made, 100_000 * DOLLAR)
        self.tricksters.append(made)
        self.prepare(made, *script, plays=plays)
        return made

    def prepare(self, trickster: Address, *script: Call, plays: int = 1) -> None:
        """Give a trickster its script."""
        signature = f"prepare({CALLS},uint256)"
        self.stage.deployer.send(trickster, signature, list(script), plays)

    def answers(
        self, trickster: Address, reserves: tuple[int, int] = (0, 0), paid: tuple[int, int] = (0, 0)
    ) -> None:
        """Set what a trickster says of its reserves as a pair, and of its swaps as a V3 pool."""
        signature = "answer(uint112,uint112,int256,int256)"
        self.stage.deployer.send(trickster, signature, *reserves, *paid)

    def attempt(
        self, sender: Address, data: bytes, to: Address | None = None, value: int = 0
    ) -> str:
        """Send a transaction, and return the words it was refused in; empty where it was not."""
        try:
            self.stage.by[sender].transact(to or self.executor, data, value)
        except RehearsalReverted as refused:
            return reason_of(refused.data) or "no reason given"
        return ""

    def trade(self, trade: Trade) -> str:
        """Let the operator send a trade; see `attempt`."""
        return self.attempt(self.roles.operator, trade.encode())

    def act(self, trickster: Address, *calls: Call) -> str:
        """Let a trickster make calls at once; see `attempt`."""
        data = call_data(f"act({CALLS})", list(calls))
        return self.attempt(self.roles.stranger, data, trickster)

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.stage.chain.ask("evm_increaseTime", seconds)
        self.stage.chain.ask("evm_mine")

    # --- steps -----------------------------------------------------------------------------

    def v2(self, site: Site, token_in: Token, token_out: Token, amount: int = ALL) -> Step:
        """A swap in a pair."""
        ends = token_in.address, token_out.address
        return Step(UNISWAP_V2, site.address, *ends, amount, 1, fee(3000))

    def v3(self, token_in: Token, token_out: Token, amount: int = ALL) -> Step:
        """A swap in the V3 pool."""
        ends = token_in.address, token_out.address
        return Step(UNISWAP_V3, self.stage.pool.address, *ends, amount)

    def balancer(self, token_in: Token, token_out: Token, amount: int = ALL) -> Step:
        """A swap in the weighted pool."""
        pool_id = bytes.fromhex(self.stage.weighted.pool_id[2:])
        ends = token_in.address, token_out.address
        return Step(BALANCER, self.stage.balancer.vault, *ends, amount, 1, pool_id)

    def good_steps(self) -> tuple[Step, Step]:
        """Dollars where ether is dear, and ether where it is cheap: a profit."""
        return (
            self.v2(self.stage.dear, self.weth, self.usdc),
            self.v2(self.stage.cheap, self.usdc, self.weth),
        )

    def good_trade(self, money: int, amount: int = ETHER, **changed: Any) -> Trade:
        """A trade that pays."""
        return Trade(money, self.weth.address, amount, self.good_steps(), **changed)

    def predicted(self, steps: Sequence[tuple[Site, Token, Token]], amount: int) -> int:
        """What AINEON's own arithmetic says that swaps one after the other pay."""
        pools = read_pools(self.stage.deployer, [site for site, *_ in steps])
        for pool, (_, token_in, token_out) in zip(pools, steps, strict=True):
            amount = pool.quote_exact_input(token_in, token_out, amount).amount_out
        return amount

    def dollars(self, amount: int = ETHER) -> int:
        """What the first of the good steps pays."""
        return self.predicted([(self.stage.dear, self.weth, self.usdc)], amount)

    def promised(self, trade: Trade) -> bytes:
        """The data that a callback brings back."""
        types = ["address", "uint256", f"{STEP}[]"]
        return encode(types, [trade.base, trade.amount, list(trade.steps)])

    # --- looking ---------------------------------------------------------------------------

    def holdings(self) -> Mapping[tuple[str, Address], int]:
        """What the executor and the treasury hold."""
        found = {}
        for name, who in (("executor", self.executor), ("treasury", self.roles.treasury)):
            for token in (self.weth.address, self.usdc.address, self.dai.address, NATIVE):
                found[name, token] = self.stage.balance(token, who)
        return found

    def allowances(self) -> list[str]:
        """Whom the executor still lets take its tokens."""
        spenders = [self.stage.balancer.vault, self.stage.aave.pool, *self.tricksters]
        left = []
        for token in (self.weth, self.usdc, self.dai):
            for spender in spenders:
                (allowed,) = self.stage.deployer.call(
                    token.address,
                    "allowance(address,address)",
                    ["uint256"],
                    self.executor,
                    spender,
                )
                if allowed:
                    left.append(f"{spender} may still take {allowed} {token.symbol}")
        return left

    def harm(self, before: Mapping[tuple[str, Address], int]) -> str:
        """Say what is wrong with what is there now; empty where nothing is."""
        found = self.allowances()
        for (name, token), held in self.holdings().items():
            gained = held - before[name, token]
            if gained < 0 or (gained > 0 and name == "executor"):
                found.append(f"the {name} gained {gained} of {token}")
        return "; ".join(found)


@contextmanager
def undone(stage: Stage) -> Iterator[None]:
    """Leave the chain as it was."""
    kept = stage.chain.ask("evm_snapshot")
    try:
        yield
    finally:
        stage.chain.ask("evm_revert", kept)


def functions(abi: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the signatures of a contract's functions that change something, by name."""
    return {
        entry["name"]: f"{entry['name']}({','.join(map(_spelled, entry['inputs']))})"
        for entry in abi
        if entry["type"] == "function" and entry["stateMutability"] != "view"
    }


def _spelled(entry: Mapping[str, Any]) -> str:
    if not entry["type"].startswith("tuple"):
        return str(entry["type"])
    inside = ",".join(map(_spelled, entry["components"]))
    return re.sub("^tuple", f"({inside})", entry["type"])
