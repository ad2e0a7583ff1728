"""Random profitable states on a chain with the real protocols, and plans that take the profit."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any, NamedTuple

from aineon.amm import ComposableStablePool, ConcentratedPool, Pool
from aineon.errors import RehearsalReverted
from aineon.execution.contract import Deployment, creation_code, decode_revert
from aineon.execution.encoding import builder_payment, encode_execute
from aineon.execution.plan import ExecutionPlan
from aineon.execution.planner import Planner, PlanRules
from aineon.market import Market
from aineon.primitives import Address, Block, Token
from aineon.primitives.units import GWEI
from aineon.rehearsal.anvil import AnvilOptions
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.protocols import tokens
from aineon.rehearsal.sites import Site, read_pools
from aineon.rehearsal.world import World
from aineon.search import CostModel, Hop, Route, with_splits
from aineon.search.funding import funded, priced
from aineon.search.lenders import (
    AAVE_V3,
    BALANCER_V2,
    FLASH_SWAP,
    OWN,
    Lender,
    aave_v3,
    balancer_v2,
    flash_swap,
    own_capital,
)
from aineon.search.splitting import split_input

MONIES = (OWN, FLASH_SWAP, BALANCER_V2, AAVE_V3)
BASE_FEE_WEI = GWEI // 10
# A rehearsal's Aave is revision 1 of the Pool: its fee is rounded half up.
AAVE_REVISION = 1
RULES = PlanRules(
    max_slippage_bps=50,
    builder_payment_bps=1000,
    deadline_blocks=100,
    max_gas_price_wei=50 * GWEI,
)
_OWN_CAPITAL = 500_000  # of each token, whole ones
_MOST_BUILDER_SHARE_BPS = 9_900
_MOST_PUSHES = 30


class Profit(NamedTuple):
    """A state of the market in which something can be earned, and the plan that earns it."""

    plan: ExecutionPlan
    market: Market
    route: Route


class Scene:
    """A world, an executor in it, and dice."""

    def __init__(self, seed: int) -> None:
        # Without a base fee a transaction costs its sender nothing that would be in the way.
        options = AnvilOptions(base_fee_wei=BASE_FEE_WEI, order="fifo")
        self.world = asyncio.run(World.build(options=options))
        self.rng = random.Random(seed)
        self.native = self.world.wrapped_ether
        accounts = self.world.accounts
        self.operator = accounts.operator.address
        self.treasury = accounts.treasury.address
        self.deployment = Deployment(
            owner=accounts.owner.address,
            operator=self.operator,
            guardian=accounts.guardian.address,
            treasury=self.treasury,
            weth=self.native.address,
            vault=self.world.venues.balancer_v2.vault,
            aave=self.world.aave.pool,
            wsteth=None,
            max_builder_share_bps=_MOST_BUILDER_SHARE_BPS,
            bases=[token.address for token in self.bases],
        )
        self.executor = self.world.deployer.deploy(creation_code(self.deployment))
        for role in (self.treasury, self.operator):
            self.ask("anvil_impersonateAccount", role)
        self._lend(self.treasury)
        self.lenders = self._lenders()

    @property
    def bases(self) -> tuple[Token, ...]:
        """Tokens that a trade may begin with."""
        return tuple(self.world.tokens[symbol] for symbol in ("WETH", "USDC", "WBTC"))

    def close(self) -> None:
        """End the chain."""
        self.world.anvil.close()

    def ask(self, method: str, *parameters: Any) -> Any:
        """Make one request."""
        return self.world.anvil.ask(method, *parameters)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take back whatever happens on the chain meanwhile."""
        before = self.ask("evm_snapshot")
        try:
            yield
        finally:
            assert self.ask("evm_revert", before)

    # --- states ----------------------------------------------------------------------------

    def market(self) -> Market:
        """The market as it stands."""
        header = self.ask("eth_getBlockByNumber", "latest", False)
        number, fee = int(header["number"], 16), int(header["baseFeePerGas"], 16)
        block = Block(number, fee, int(header["timestamp"], 16))
        return Market(self.world.read_pools(), block=block)

    def profit(self, money: str, kinds: tuple[str, str]) -> Profit:
        """Push pools of the first kind off their prices until there is a profit, and plan it."""
        for _ in range(_MOST_PUSHES):
            found = self._pushed(money, kinds)
            if found is not None:
                return found
        raise AssertionError(f"no profit with {money} through {kinds}")

    def _pushed(self, money: str, kinds: tuple[str, str]) -> Profit | None:
        first, token_in, token_out, second = self._pair(kinds)
        self.push(first, token_out, token_in)
        market = self.market()
        route = self._route(market, first, second, token_in, token_out)
        return self._planned(market, route, money)

    def push(self, site: Site, token_in: Token, token_out: Token) -> None:
        """Sell some `token_in`, so that the pool pays better for `token_out`."""
        trader = self.world.accounts.traders[0]
        (pool,) = read_pools(self.world.deployer, [site])
        held = min(_depth(pool, token_in), pool.max_amount_in(token_in, token_out))
        # A stable pool hardly moves for less.
        part = (0.6, 0.95) if isinstance(pool, ComposableStablePool) else (0.01, 0.08)
        amount = int(held * self.rng.uniform(*part))
        call = site.swap(trader, token_in, token_out, max(amount, 1))
        Deployer(self.world.anvil.rpc, trader).transact(site.spender, call)

    def _pair(self, kinds: tuple[str, str]) -> tuple[Site, Token, Token, Site]:
        """Two pools of these kinds with two tokens in common, the first one a base."""
        found = [
            (one, base, other, two)
            for one, two in permutations(self.world.sites, 2)
            if (site_kind(one), site_kind(two)) == kinds
            for base in self.bases
            if base in one.tokens and base in two.tokens
            for other in one.tokens
            if other in two.tokens and other != base and other.symbol != "BPT"
        ]
        return self.rng.choice(found)

    def _route(self, market: Market, first: Site, second: Site, base: Token, other: Token) -> Route:
        """Through both pools; now and then by way of a third token."""
        there, back = market.pool(first.address), market.pool(second.address)
        if self.rng.random() < 0.3:
            thirds = [
                (onward, token, home)
                for token in back.tokens
                if token not in (base, other) and token.symbol != "BPT"
                for onward in market.registry.pools_between(other, token)
                for home in market.registry.pools_between(token, base)
                if len({there.address, onward.address, home.address}) == 3
            ]
            if thirds:
                onward, token, home = self.rng.choice(thirds)
                return Route(
                    [Hop(there, base, other), Hop(onward, other, token), Hop(home, token, base)]
                )
        return Route([Hop(there, base, other), Hop(back, other, base)])

    def _planned(self, market: Market, route: Route, money: str) -> Profit | None:
        lender = self.lenders[money]
        if not lender.may_fund(route):
            return None
        costs = CostModel(lenders=(lender,), priority_fee_wei=0, native_token=self.native)
        gas_rate = costs.gas_rate(route, market.block, market)
        found = funded(split_input, route, costs, gas_rate)
        if found is None:
            return None
        opportunity = priced(found, route, costs, gas_rate, market.block)
        opportunity = replace(opportunity, confidence=1.0)
        if self.rng.random() < 0.3:
            opportunity = with_splits(opportunity, market, costs)
        if opportunity.lender is None or (opportunity.net_profit or 0) <= 0:
            return None
        assert market.block is not None
        plan = Planner(RULES).plan(opportunity, market.block, 0)
        return Profit(plan, market, opportunity.route)

    # --- carrying out ------------------------------------------------------------------------

    def predicted(self, plan: ExecutionPlan) -> int:
        """What the treasury is to get."""
        return plan.expected_profit - builder_payment(plan, self.native)

    def received(self, plan: ExecutionPlan) -> tuple[int, int]:
        """Carry a plan out; what the treasury gets of it, and the gas that it uses.

        Raises:
            RehearsalReverted: with the contract's words.
        """
        before = self._held(plan.base_token, self.treasury)
        operator = Deployer(self.world.anvil.rpc, self.operator)
        receipt = operator.transact(self.executor, encode_execute(plan, self.native))
        return self._held(plan.base_token, self.treasury) - before, int(receipt["gasUsed"], 16)

    def refusal(self, plan: ExecutionPlan) -> str | None:
        """Why a plan would be refused; None where it would not. Nothing changes."""
        data = encode_execute(plan, self.native)
        request = {"from": self.operator, "to": self.executor, "data": f"0x{data.hex()}"}
        try:
            self.ask("eth_call", request, "latest")
        except RehearsalReverted as refused:
            return decode_revert(refused.data)
        return None

    # --- setting up --------------------------------------------------------------------------

    def _held(self, token: Token, owner: Address) -> int:
        return tokens.balance(self.world.deployer, token, owner)

    def _lend(self, owner: Address) -> None:
        """Give the treasury tokens, and the executor the right to pull them."""
        self.ask("anvil_setBalance", owner, hex(10 * _OWN_CAPITAL * 10**18))
        capital = Deployer(self.world.anvil.rpc, owner)
        for token in self.bases:
            amount = _OWN_CAPITAL * 10 ** (token.decimals or 0)
            if token == self.native:
                tokens.wrap(capital, token, amount)
            else:
                tokens.mint(capital, token, owner, amount)
            tokens.approve(capital, token, self.executor)

    def _lenders(self) -> dict[str, Lender]:
        capital = self.treasury
        vault = self.world.venues.balancer_v2.vault
        lent = {}
        for token in self.bases:
            reserve = self.world.deployer.call(
                self.world.aave.pool, "getReserveData(address)", ["uint256"] * 15, token.address
            )
            lent[token.address] = self._held(token, Address(f"0x{reserve[8]:040x}"))
        held = partial(self._held, owner=vault)
        own = {token: self._held(token, capital) for token in self.bases}
        found = (
            own_capital(own),
            flash_swap(),
            balancer_v2(available={token.address: held(token) for token in self.bases}),
            aave_v3(pool_revision=AAVE_REVISION, available=lent),
        )
        return {lender.name: lender for lender in found}


def site_kind(site: Site) -> str:
    """Venue and kind of a site."""
    return f"{site.venue} {type(site).__name__}"


def ways(sites: Sequence[Site]) -> list[tuple[str, tuple[str, str]]]:
    """Every money with every pair of kinds of pools that it may fund."""
    return [
        (money, kinds)
        for kinds in kind_pairs(sites)
        for money in MONIES
        if not (money == BALANCER_V2 and any("balancer" in kind for kind in kinds))
        if not (money == FLASH_SWAP and "balancer" in kinds[0])
    ]


def kind_pairs(sites: Sequence[Site]) -> list[tuple[str, str]]:
    """All pairs of kinds whose pools have a base and another token in common."""
    pairs = {
        (site_kind(one), site_kind(two))
        for one, two in permutations(sites, 2)
        if len({token for token in one.tokens if token.symbol != "BPT"} & set(two.tokens)) > 1
    }
    return sorted(pairs)


def _depth(pool: Pool, token: Token) -> int:
    """About how much of a token a pool is deep."""
    if isinstance(pool, ConcentratedPool):
        root = pool.sqrt_price_x96 / 2**96
        return int(pool.liquidity / root if token == pool.token0 else pool.liquidity * root) // 10
    if hasattr(pool, "balances"):
        return int(pool.balances[pool.tokens.index(token)])
    assert hasattr(pool, "reserve0")
    assert hasattr(pool, "reserve1")
    return int(pool.reserve0 if token == pool.tokens[0] else pool.reserve1)
