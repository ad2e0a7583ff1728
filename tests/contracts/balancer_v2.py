"""Random swaps of Balancer V2 pools through the real Vault, with the answers AINEON expects.

Most swaps are undone after they were compared, so that one state meets many amounts.
"""

from __future__ import annotations

import random
import re

from aineon.errors import InsufficientLiquidity, InvalidAmount, InvalidPoolState, PoolError
from aineon.rehearsal.packages import BALANCER
from tests.contracts.abi import encode, selector
from tests.contracts.balancer_kinds import KINDS, MOST_BALANCE, Kind, Setting, SomePool
from tests.contracts.bytecode import bench, real_contract
from tests.contracts.chain import DEPLOYER, ZERO, Chain
from tests.contracts.comparing import Bench, Protocol, World
from tests.contracts.numbers import around, magnitude
from tests.contracts.tokens import deploy_tokens

SWAPS_A_WORLD = 100
MOST_TOKENS = 8
# done, reason, amount, and nine balances
COLUMNS = 12
KEEP, UNDO = range(2)
ONE = 10**18
DAY = 86400
# What the contracts say where AINEON raises these: the codes of BalancerErrors.sol.
SUM_OVERFLOW = "BAL#000"
UNDERFLOW, OVERFLOW, NOTHING_LEFT = "BAL#001", "BAL#003", "BAL#004"
TOO_MUCH_IN, TOO_MUCH_OUT = "BAL#304", "BAL#305"
# Older contracts have one number more for the two ways not to converge.
NO_INVARIANT, NO_BALANCE = "BAL#321", "BAL#322"
NO_AMOUNT, VAULT_FULL = "BAL#510", "BAL#526"
REASONS: dict[type[PoolError], set[str]] = {
    InvalidAmount: {NO_AMOUNT, UNDERFLOW, TOO_MUCH_IN, VAULT_FULL},
    # Of a pool that is all but drained the contract may find out while it multiplies.
    InsufficientLiquidity: {UNDERFLOW, OVERFLOW, NOTHING_LEFT, TOO_MUCH_OUT},
    # Without a curve AINEON refuses whatever the amount, be it 0.
    InvalidPoolState: {
        SUM_OVERFLOW,
        OVERFLOW,
        NOTHING_LEFT,
        NO_INVARIANT,
        NO_BALANCE,
        NO_AMOUNT,
    },
}


def artifact(name: str) -> str:
    """Return the creation code of the contract whose task and name end so."""
    (file,) = (file for file in BALANCER.files if file.endswith(f"{name}.json"))
    return real_contract(BALANCER, file)


def deploy(chain: Chain) -> Bench:
    """Deploy the Vault, a factory of each kind, tokens and the bench."""
    authorizer = chain.deploy(artifact("authorizer/artifact/Authorizer"), DEPLOYER)
    vault = chain.deploy(artifact("vault/artifact/Vault"), authorizer, ZERO, 90 * DAY, 30 * DAY)
    fees = chain.deploy(artifact("ProtocolFeePercentagesProvider"), vault, ONE, ONE)
    library = chain.deploy(artifact("QueryProcessor"))
    factories = {}
    for kind in KINDS:
        # One of them is linked to a library, whose place its code leaves open.
        code = re.sub("__.{38}", library[2:].lower(), artifact(kind.factory))
        given: list[str | list[int]] = [fees, [], []]
        factories[kind.name] = int(chain.deploy(code, vault, *given[: kind.asks]), 16)
    tokens = [int(token, 16) for token in deploy_tokens(chain, MOST_TOKENS)]
    place = chain.deploy(bench("BalancerBench"), vault)
    kinds = {kind.name: kind for kind in KINDS}
    called = selector(
        "run(address,bytes,(address,uint256,uint256)[],uint256[],"
        "(uint256,uint256,uint256,uint256,uint256)[])"
    )

    def call(world: World) -> bytes:
        setting: Setting = world.setting
        held = tokens[: len(setting.decimals)]
        creation = kinds[setting.kind].creation(setting, held)
        states = list(zip(held, setting.decimals, setting.rates, strict=True))
        steps = [check.step for check in world.checks]
        return called + encode(
            factories[setting.kind], creation, states, list(setting.balances), steps
        )

    return Bench(chain, place, call, width=COLUMNS)


def random_world(name: str, rng: random.Random) -> World:
    """Return a pool of a random kind in a random state, and swaps of it."""
    kind = rng.choice(KINDS)
    trader = _Trader(World(name), rng, kind)
    while trader.world.swaps < SWAPS_A_WORLD:
        trader.swap()
    return trader.world


class _Trader:
    """One pool, and what it is now."""

    def __init__(self, world: World, rng: random.Random, kind: Kind) -> None:
        self.world, self.rng = world, rng
        self.setting = kind.setting(rng)
        world.setting = self.setting
        self.pool: SomePool = kind.pool(self.setting)

    def swap(self) -> None:
        """Compare one swap; some are kept, most are undone."""
        count = len(self.setting.decimals)
        sold, bought = self.rng.sample(range(count), 2)
        kind = self.rng.random()
        if kind < 0.05:
            self.sell_just_enough(sold, bought)
        elif kind < 0.5:
            self.compare(sold, bought, self.some_amount(sold), given_out=False)
        else:
            self.compare(sold, bought, self.some_amount(bought), given_out=True)

    def sell_just_enough(self, sold: int, bought: int) -> None:
        """Compare the smallest input for some output, and one unit less."""
        tokens = self.setting.tokens
        pair = (tokens[sold], tokens[bought])
        most = self.pool.max_amount_in(*pair)
        paid_at_most = self.pool.output_function(*pair)(most) if most else 0
        if not paid_at_most:
            return
        amount_out = magnitude(self.rng, paid_at_most)
        least = self.pool.input_function(*pair)(amount_out)
        output = self.pool.output_function(*pair)
        asked = f"{self.world.name}: {least} for {amount_out} of token {bought}, {self.setting}"
        assert output(least) >= amount_out, asked
        assert least == 1 or output(least - 1) < amount_out, asked
        self.compare(sold, bought, least, given_out=False)
        if least > 1:
            self.compare(sold, bought, least - 1, given_out=False)

    def some_amount(self, index: int) -> int:
        balance = self.balances()[index]
        kind = self.rng.random()
        if kind < 0.02:
            return self.rng.choice((0, 1, 2))
        if kind < 0.5:
            return magnitude(self.rng, max(balance * 3 // 10, 1))
        if kind < 0.8:
            return self.rng.randint(1, max(balance * 3 // 10, 1))
        if kind < 0.87:
            # The most that weighted pools trade at once.
            return around(self.rng, balance * 3 // 10)
        if kind < 0.9:
            return around(self.rng, balance)
        return magnitude(self.rng, min(2 * balance + 1, MOST_BALANCE))

    def compare(self, sold: int, bought: int, amount: int, *, given_out: bool) -> None:
        tokens = self.setting.tokens
        verb = "buy" if given_out else "sell"
        asked = f"{verb} {amount}, token {sold} for token {bought}, {self.setting}"
        step = (UNDO, int(given_out), sold, bought, amount)
        quoted = self.pool.quote_exact_output if given_out else self.pool.quote_exact_input
        try:
            quote = quoted(tokens[sold], tokens[bought], amount)
        except PoolError as error:
            reasons = REASONS[type(error)]
            self.world.refuse(step, reasons, f"{asked}: {error}", self.pool, swaps=1)
            return
        before = self.pool
        after = quote.pool_after
        assert isinstance(after, SomePool)
        calculated = quote.amount_in if given_out else quote.amount_out
        answer = (calculated, *self.balances(after))
        if self.rng.random() < 0.2:
            self.pool = after
            step = (KEEP, *step[1:])
        self.world.expect(step, answer, asked, before, swaps=1)

    def balances(self, pool: SomePool | None = None) -> list[int]:
        """Return the balances without the pool's own token."""
        balances = list((pool or self.pool).balances)
        if self.setting.bpt_index is not None:
            del balances[self.setting.bpt_index]
        return balances


BALANCER_V2_POOLS = Protocol("Balancer V2", deploy, random_world)
