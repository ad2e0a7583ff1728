"""A chain with the real protocols, a market out of balance, and an executor to be attacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aineon.amm import ConcentratedPool
from aineon.errors import RehearsalReverted
from aineon.execution.contract import Deployment, creation_code, decode_revert
from aineon.primitives import Address, Token, parse_address
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.protocols import aave_v3, balancer_v2, tokens, uniswap_v2, uniswap_v3
from aineon.rehearsal.sites import read_pools
from tests.contracts.executor.trading import NATIVE

ETHER = 10**18
DOLLAR = 10**6
MAX_BUILDER_SHARE_BPS = 9_900
DELAY = 2 * 86_400
FEE_PIPS = 500
# Twice the square root of 2,000 dollars (six decimals) an ether (eighteen), by which comes first.
_PRICE_ETHER_FIRST = int((2_000 * DOLLAR / ETHER) ** 0.5 * 2**96)
_PRICE_DOLLAR_FIRST = int((ETHER / (2_000 * DOLLAR)) ** 0.5 * 2**96)


@dataclass(frozen=True)
class Roles:
    """Who is who on the stage; anvil signs for all of them."""

    deployer: Address
    owner: Address
    operator: Address
    guardian: Address
    treasury: Address
    stranger: Address


class Stage:
    """The real contracts and their accounts. Tests leave it as they found it: see `undone`."""

    def __init__(self, chain: Anvil) -> None:
        self.chain = chain
        accounts = [parse_address(each) for each in chain.ask("eth_accounts")]
        self.roles = Roles(*accounts[:6])
        self.by = {account: Deployer(chain.rpc, account) for account in accounts}
        self.deployer = self.by[self.roles.deployer]
        self._build()

    def _build(self) -> None:
        deployer = self.deployer
        self.weth = tokens.deploy_wrapped_ether(deployer)
        self.usdc = tokens.deploy_token(deployer, "USDC", 6)
        self.dai = tokens.deploy_token(deployer, "DAI", 18)
        every = (self.weth, self.usdc, self.dai)
        self.uniswap = uniswap_v2.deploy(deployer, "uniswap_v2", self.weth)
        self.sushiswap = uniswap_v2.deploy(deployer, "sushiswap", self.weth)
        self.v3 = uniswap_v3.deploy(deployer, self.weth)
        self.balancer = balancer_v2.deploy(deployer, self.weth)
        self.aave = aave_v3.deploy(deployer, (self.weth, self.usdc))
        tokens.wrap(deployer, self.weth, 5_000 * ETHER)
        for token in (self.usdc, self.dai):
            tokens.mint(deployer, token, self.roles.deployer, 10**9 * 10**token.decimals)
        spenders = (self.uniswap.router, self.sushiswap.router, self.v3.positions)
        for token in every:
            for spender in (*spenders, self.balancer.vault, self.aave.pool):
                tokens.approve(deployer, token, spender)
        self._pools()
        for lent in (self.weth, self.usdc):
            aave_v3.supply(deployer, self.aave, lent, 500 * 10**lent.decimals)
        deployer.send(self.weth.address, TRANSFER, self.roles.treasury, 1_500 * ETHER)

    def _pools(self) -> None:
        deployer, weth, usdc, dai = self.deployer, self.weth, self.usdc, self.dai
        pair = uniswap_v2.create_pair
        self.cheap = pair(
            deployer, self.uniswap, weth, 500 * ETHER, usdc, 900_000 * DOLLAR
        )  # an ether for 1,800 dollars
        self.dear = pair(deployer, self.sushiswap, weth, 500 * ETHER, usdc, 1_100_000 * DOLLAR)
        self.dai_pair = pair(deployer, self.uniswap, weth, 500 * ETHER, dai, 950_000 * ETHER)
        self.stable_pair = pair(deployer, self.uniswap, usdc, 10**6 * DOLLAR, dai, 10**6 * ETHER)
        price = _PRICE_ETHER_FIRST if weth < usdc else _PRICE_DOLLAR_FIRST
        self.pool = uniswap_v3.create_pool(deployer, self.v3, weth, usdc, FEE_PIPS, price)
        (state,) = read_pools(deployer, [self.pool])
        assert isinstance(state, ConcentratedPool)
        around = state.tick // 10 * 10
        most = {weth: 400 * ETHER, usdc: 900_000 * DOLLAR}
        self.pool = uniswap_v3.add_liquidity(
            deployer, self.pool, around - 5_000, around + 5_000,
            most[state.token0], most[state.token1],
        )  # fmt: skip
        self.weighted = balancer_v2.create_weighted(
            deployer,
            self.balancer,
            {weth: 500 * ETHER, usdc: 950_000 * DOLLAR},
            (ETHER // 2, ETHER // 2),
            10**15,
        )

    def deployment(self, **changed: Any) -> Deployment:
        """Return what an executor of this stage is made with."""
        roles = self.roles
        made: dict[str, Any] = {
            "owner": roles.owner,
            "operator": roles.operator,
            "guardian": roles.guardian,
            "treasury": roles.treasury,
            "weth": self.weth.address,
            "vault": self.balancer.vault,
            "aave": self.aave.pool,
            "wsteth": None,
            "max_builder_share_bps": MAX_BUILDER_SHARE_BPS,
            "bases": (self.weth.address, self.usdc.address),
        }
        return Deployment(**{**made, **changed})

    def deploy(self, code: str | None = None, **changed: Any) -> Address:
        """Deploy the executor, or a mutant of it given as creation code."""
        made = self.deployment(**changed)
        if code is None:
            return self.deployer.deploy(creation_code(made))
        return self.deployer.deploy(bytes.fromhex(code.removeprefix("0x")) + made.encode())

    def send(self, sender: Address, to: Address, signature: str, *arguments: Any) -> dict[str, Any]:
        """Send a transaction from one of the accounts, and return its receipt."""
        return self.by[sender].send(to, signature, *arguments)

    def refusal(self, sender: Address, to: Address, data: bytes, value: int = 0) -> str | None:
        """Return why a call is refused, in words; None where it is not. Nothing changes."""
        request = {"from": sender, "to": to, "data": f"0x{data.hex()}", "value": hex(value)}
        try:
            self.chain.ask("eth_call", request, "latest")
        except RehearsalReverted as refused:
            return decode_revert(refused.data)
        return None

    def balance(self, token: Token | Address, owner: Address) -> int:
        """Return how much somebody holds of a token, or of ether."""
        address = token.address if isinstance(token, Token) else token
        if address == NATIVE:
            return int(self.chain.ask("eth_getBalance", owner, "latest"), 16)
        (held,) = self.deployer.call(address, "balanceOf(address)", ["uint256"], owner)
        return int(held)


TRANSFER = "transfer(address,uint256)"
APPROVE = "approve(address,uint256)"
