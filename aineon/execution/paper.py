"""PaperExecutor: settles plans on the market's next real states, with play money.

What it models: latency in blocks, the builder leaving a bundle out, competitors (whatever they
did is in the next states), gas of attempts that land and revert. What a paper trade took is
gone: the pools it moved stay moved in the paper book until a real event replaces their state,
and the gap it closed stays taken until the real market has closed it too, so one opportunity is
never booked twice.

Where the feed knows of auctions at the top of a block, they decide: an attempt trades on the
states that stood before the block, and lands if what it pays the builder beats everybody else.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from aineon.amm import Pool
from aineon.execution.contests import Auctions, why_not_first
from aineon.execution.executor import PreflightResult
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Attempt, Outcome, PaperSettlement
from aineon.execution.simulation import simulate
from aineon.execution.taken import TakenGaps, directions_of
from aineon.market import Market
from aineon.optimizer.arms import Channel
from aineon.primitives import Address, Block, Clock, SimulatedMoney
from aineon.primitives.units import BPS, format_units
from aineon.search.costs import CostModel
from aineon.search.route import Route


@dataclass(frozen=True, slots=True)
class PaperConditions:
    """How kind the simulated world is.

    Attributes:
        latency_blocks: how many blocks after the one it was seen in an attempt can land at the
            earliest; at least 1. It has no meaning where `whole_blocks` is False.
        inclusion_rate: share of attempts that a builder takes up at all, 0 to 1; without meaning
            where auctions say which builders can be reached.
        revert_rate: share of failing attempts that land all the same and pay for their gas;
            the others are dropped by the builder and cost nothing. Where auctions decide, only
            those that travel in public can land so.
        whole_blocks: whether the feed delivers every change, so that an attempt settles on the
            first block it can land in; where it does not, an attempt settles when one of its
            pools is recorded again, in the same block or later, and is unresolved where none is
            before the plan's deadline.
        seed: decides inclusion and reverts, together with the plan's id.
        channel: how attempts travel.
    """

    latency_blocks: int
    inclusion_rate: float
    revert_rate: float
    whole_blocks: bool
    seed: int
    channel: Channel = Channel.PRIVATE


class _Account(NamedTuple):
    """What an attempt that lands leaves, in wei; None where it is not known."""

    gas_wei: int | None
    tip_wei: int | None
    net_wei: int | None


class PaperExecutor:
    """Takes plans and settles them on later states of the market."""

    def __init__(
        self, conditions: PaperConditions, costs: CostModel, clock: Clock, id_prefix: str = "sim"
    ) -> None:
        self._conditions = conditions
        self._costs = costs
        self._clock = clock
        self._id_prefix = id_prefix
        self._submitted = 0
        self._in_flight: list[Attempt] = []
        self._moved: dict[Address, Pool] = {}
        # Where paper trades had left pools until the events of the block that is being settled.
        self._left: dict[Address, Pool] = {}
        self._recorded: set[Address] = set()
        self._taken = TakenGaps(costs)

    @property
    def in_flight(self) -> tuple[Attempt, ...]:
        """The attempts that have not settled."""
        return tuple(self._in_flight)

    @property
    def trouble(self) -> str:
        """Paper is patient."""
        return ""

    @property
    def moved_pools(self) -> Mapping[Address, Pool]:
        """The pools that paper trades moved and no real event has replaced since."""
        return MappingProxyType(self._moved)

    async def submit(
        self,
        plan: ExecutionPlan,
        block: Block,
        step: int,
        preflight: PreflightResult,
    ) -> Attempt:
        """Take `plan` up at the given point of the market."""
        self._submitted += 1
        attempt = Attempt(
            attempt_id=f"{self._id_prefix}-{self._submitted:06d}",
            plan=plan,
            submitted_block=block.number,
            submitted_step=step,
            submitted_at=self._clock.now(),
        )
        self._in_flight.append(attempt)
        return attempt

    def forget(self, changed: Iterable[Address]) -> None:
        """Real events replaced these pools' states: what paper trades did to them is over."""
        for address in changed:
            moved = self._moved.pop(address, None)
            if moved is not None:
                self._left[address] = moved
            # A change inside a transaction counts when the transaction is over.
            self._recorded.add(address)

    def pending(self) -> tuple[()]:
        """On paper nothing is ever half certain."""
        return ()

    def view(self, market: Market) -> Market:
        """The market as the paper book sees it."""
        return market.with_pools(self._moved.values()) if self._moved else market

    def taker_of(self, route: Route) -> str | None:
        """The attempt that has taken on paper what `route` would take, and real states still show.

        None where there is no such attempt.
        """
        directions = ((pool.address, hop.token_in) for hop in route for pool in hop.pools)
        return self._taken.taker(directions, self._moved)

    async def settle(
        self,
        market: Market,
        block: Block,
        changed: frozenset[Address],
        auctions: Auctions | None = None,
    ) -> list[PaperSettlement]:
        """Settle what is due, oldest attempt first.

        The market's present states decide, or the auctions that came before them.
        """
        self._taken.review(market, block, self._moved)
        recorded = changed | self._recorded
        self._recorded.clear()
        settlements = []
        waiting = []
        for attempt in self._in_flight:
            if any(address not in market.pools for address in attempt.plan.pools):
                settlements.append(
                    _unresolved(attempt, "no next state: a pool of the route is not known any more")
                )
            elif self._is_too_late(attempt, block):
                settlements.append(
                    _unresolved(
                        attempt, "no next state: its pools were not recorded before its deadline"
                    )
                )
            elif self._is_due(attempt, block, recorded):
                settlements.append(self._settle(attempt, market, block, auctions))
            else:
                waiting.append(attempt)
        self._in_flight = waiting
        if auctions is not None:
            # What landed at the top of the block stands behind everything that happened in it.
            self._moved = {a: pool for a, pool in self._moved.items() if a not in changed}
            self._taken.review(market, block, self._moved)
        self._left.clear()
        return settlements

    async def give_up(self, reason: str, after_block: int | None = None) -> list[PaperSettlement]:
        """Settle as unresolved what was submitted after `after_block` (everything if None)."""
        lost = [
            attempt
            for attempt in self._in_flight
            if after_block is None or attempt.submitted_block > after_block
        ]
        self._in_flight = [attempt for attempt in self._in_flight if attempt not in lost]
        self._left.clear()
        return [_unresolved(attempt, reason) for attempt in lost]

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _is_too_late(self, attempt: Attempt, block: Block) -> bool:
        """Whether the blocks in which it could land went by without a word about its pools."""
        return not self._conditions.whole_blocks and block.number > attempt.plan.deadline_block

    def _is_due(self, attempt: Attempt, block: Block, recorded: frozenset[Address]) -> bool:
        if not self._conditions.whole_blocks:
            return not recorded.isdisjoint(attempt.plan.pools)
        return block.number >= attempt.submitted_block + self._conditions.latency_blocks

    def _settle(
        self, attempt: Attempt, market: Market, block: Block, auctions: Auctions | None
    ) -> PaperSettlement:
        plan = attempt.plan
        dice = random.Random(f"{self._conditions.seed}:{plan.plan_id}")
        taken_up = dice.random() < self._conditions.inclusion_rate
        lands_failing = dice.random() < self._conditions.revert_rate
        lands_failing &= auctions is None or self._conditions.channel is Channel.PUBLIC
        if block.number > plan.deadline_block:
            return _missed(attempt, block, "its deadline passed before the next block came")
        if not taken_up and auctions is None:
            return _missed(
                attempt,
                block,
                f"not taken up by a builder (modelled: {self._conditions.inclusion_rate:.0%} are)",
            )
        gas_price = self._costs.gas_price_wei(block)
        if gas_price is not None and gas_price > (plan.max_fee_per_gas_wei or 0):
            return _missed(
                attempt,
                block,
                f"gas price rose to {format_units(gas_price, 9, 3)} gwei, above the plan's "
                f"{format_units(plan.max_fee_per_gas_wei or 0, 9, 3)} gwei",
            )
        taker = self._taken.taker(directions_of(plan), {**self._left, **self._moved})
        if taker is not None:
            return _missed(attempt, block, f"attempt {taker} has taken it already")
        real_states = market if auctions is None else _states_before(plan, auctions)
        run = simulate(plan, self._paper_states(real_states, auctions))
        real = simulate(plan, real_states)
        if run.amount_out is not None and real.amount_out is None:
            # It would undo what an earlier paper trade moved, and nobody competes for that.
            return _missed(
                attempt, block, f"only the paper book shows it: in reality {real.failure}"
            )
        failure = run.failure
        if run.amount_out is not None and real.amount_out is not None:
            paid = min(run.amount_out, real.amount_out)
            if auctions is not None:
                paid = min(paid, plan.expected_out)
            account = self._account(plan, paid, market, gas_price)
            failure = _outbid(plan, account, auctions)
            if not failure:
                return self._included(attempt, paid, run.pools_after, account, block)
        if lands_failing:
            return _reverted(attempt, block, failure, gas_price)
        return _missed(attempt, block, f"the builder dropped it: {failure}")

    def _paper_states(self, real_states: Market, auctions: Auctions | None) -> Market:
        """The states that an attempt trades on, as the paper book's trades left them."""
        if auctions is None:
            return self.view(real_states)
        standing = {**self._left, **self._moved}
        return real_states.with_pools(
            pool for address, pool in standing.items() if address in real_states.pools
        )

    def _account(
        self, plan: ExecutionPlan, amount_out: int, market: Market, gas_price: int | None
    ) -> _Account:
        gross = amount_out - plan.amount_in
        worth = self._costs.native_value(gross - plan.flash_loan.fee, plan.base_token, market)
        gas_wei = None if gas_price is None else gas_price * plan.gas_units
        if worth is None or gas_wei is None:
            return _Account(gas_wei, None, None)
        tip_wei = max(worth - gas_wei, 0) * plan.builder_payment_bps // BPS
        return _Account(gas_wei, tip_wei, worth - gas_wei - tip_wei)

    def _included(
        self,
        attempt: Attempt,
        amount_out: int,
        pools_after: Iterable[Pool],
        account: _Account,
        block: Block,
    ) -> PaperSettlement:
        plan = attempt.plan
        self._moved.update((pool.address, pool) for pool in pools_after)
        self._taken.add(attempt)
        return PaperSettlement(
            attempt=attempt,
            outcome=Outcome.INCLUDED,
            reason="filled on the next state of its pools",
            settled_block=block.number,
            amount_out=amount_out,
            gross_profit=amount_out - plan.amount_in,
            flash_fee=plan.flash_loan.fee,
            gas_used=plan.gas_units,
            gas_cost=_money(account.gas_wei),
            builder_payment=_money(account.tip_wei),
            net=_money(account.net_wei),
        )


def _states_before(plan: ExecutionPlan, auctions: Auctions) -> Market:
    """The pools of a plan as the block before left them."""
    known = dict.fromkeys(address for address in plan.pools if address in auctions.before)
    return Market(auctions.before[address] for address in known)


def _outbid(plan: ExecutionPlan, account: _Account, auctions: Auctions | None) -> str:
    """Why others went first, where auctions decide; empty where nobody did."""
    if auctions is None:
        return ""
    directions = ((pool, token_in.address) for pool, token_in in directions_of(plan))
    return why_not_first(directions, account.tip_wei, auctions.contests)


def _money(wei: int | None) -> SimulatedMoney | None:
    return None if wei is None else SimulatedMoney(wei)


def _unresolved(attempt: Attempt, reason: str) -> PaperSettlement:
    return PaperSettlement(attempt, Outcome.UNRESOLVED, reason, settled_block=None)


def _missed(attempt: Attempt, block: Block, reason: str) -> PaperSettlement:
    nothing = SimulatedMoney(0)
    return PaperSettlement(
        attempt,
        Outcome.MISSED,
        reason,
        settled_block=block.number,
        gas_used=0,
        gas_cost=nothing,
        builder_payment=nothing,
        net=nothing,
    )


def _reverted(
    attempt: Attempt, block: Block, failure: str, gas_price: int | None
) -> PaperSettlement:
    gas_wei = None if gas_price is None else gas_price * attempt.plan.gas_units
    return PaperSettlement(
        attempt,
        Outcome.REVERTED,
        f"landed and reverted: {failure}",
        settled_block=block.number,
        gas_used=attempt.plan.gas_units,
        gas_cost=_money(gas_wei),
        builder_payment=SimulatedMoney(0),
        net=None if gas_wei is None else SimulatedMoney(-gas_wei),
    )
