"""LiveExecutor: carries plans out on a chain, and says what receipts prove.

The same plan that paper trading settles is encoded for the executor contract, signed once,
kept, and handed to relays for its target blocks. What becomes of it is read from the chain, by
hash and finality: no answer of a relay decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aineon.amm import Pool
from aineon.chain.reader import ChainReader
from aineon.errors import (
    AineonError,
    ChainError,
    ExecutionError,
    InvalidIntent,
    LeaseHeld,
    LeaseLost,
    LedgerError,
    NonceFenced,
    NonceWaiting,
    SendingError,
    StopLatched,
    Underpriced,
)
from aineon.execution.contests import Auctions
from aineon.execution.encoding import encode_execute
from aineon.execution.executor import NotSubmitted, PreflightResult
from aineon.execution.live.accounting import Accountant
from aineon.execution.live.audit_watch import AuditWatch, nobody_asks
from aineon.execution.live.contract_watch import ContractWatch
from aineon.execution.live.dispatching import Dispatch, Dispatcher, to_everybody
from aineon.execution.live.following import Following
from aineon.execution.live.gas import GasStrategy
from aineon.execution.live.journal import Journal
from aineon.execution.live.memo import write_memo
from aineon.execution.live.readiness import Expectations
from aineon.execution.live.terms import Terms, window_of
from aineon.execution.live.verification import Witness
from aineon.execution.plan import ExecutionPlan
from aineon.execution.preflight import gas_limit
from aineon.execution.settlement import Attempt, Observation, OnchainMoney, OnchainSettlement
from aineon.execution.taken import directions_of
from aineon.ledger.reconciling import Reconciler
from aineon.market import Market
from aineon.primitives import Address, Block, Clock, SystemClock
from aineon.safety import Stop, StopReporter
from aineon.search.costs import CostModel
from aineon.search.route import Route
from aineon.sending.carriers import Answer, Verdict, summary
from aineon.sending.intent import Intent, IntentKind
from aineon.sending.sender import Sender
from aineon.sending.settling import Reconciled

_NOT_STARTED: Final = "the chain was not looked at yet"
_GATES: Final[Mapping[type[AineonError], str]] = {
    StopLatched: "stop",
    NonceFenced: "fence",
    LeaseLost: "lease",
    LeaseHeld: "lease",
    NonceWaiting: "nonce",
    Underpriced: "gas",
    InvalidIntent: "stale",
    SendingError: "sending",
    LedgerError: "outbox",
    ChainError: "node",
}
"""The gate at which each failure stops a plan; kinds before what they are kinds of."""

_OF_ALL_PLANS: Final = (NonceFenced, LeaseLost, LeaseHeld)
"""Refusals of the sender that are about more than the one plan."""


@dataclass(frozen=True, slots=True)
class LiveRules:
    """How plans are sent.

    Attributes:
        strategy: how much is offered for gas.
        id_prefix: what attempts are named after; no other run of this book has the same.
    """

    strategy: GasStrategy
    id_prefix: str


class LiveExecutor:
    """Submits plans through a `Sender`, and settles them by what is final on the chain.

    Args:
        sender: signs, keeps and hands out; it is started, and closed, by the executor.
        reader: the chain.
        journal: what earlier engines left in the outbox.
        stop: the emergency stop.
        expected: contract, operator and wrapped native token, as `readiness` looks at them.
        costs: what gas and base tokens are worth; the priority fee in it is the usual one.
        money: the type of the book's money.
        rules: how plans are sent.
        witnesses: independent sources that settlements are compared with.
        reconciler: compares the accounts with the chain, as blocks come.
        pause: is told of the contract's own pause at each head; unreadable counts as set.
        dispatch: says which relays get a plan, and for which blocks.
        audit: raises where the audit cannot be written: then nothing is begun.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        sender: Sender,
        reader: ChainReader,
        journal: Journal,
        stop: Stop,
        expected: Expectations,
        costs: CostModel,
        money: type[OnchainMoney],
        rules: LiveRules,
        *,
        witnesses: Sequence[Witness] = (),
        reconciler: Reconciler | None = None,
        pause: StopReporter | None = None,
        dispatch: Dispatcher = to_everybody,
        audit: Callable[[], None] = nobody_asks,
        clock: Clock | None = None,
    ) -> None:
        self._sender = sender
        self._dispatch = dispatch
        self._stop = stop
        self._expected = expected
        self._costs = costs
        self._rules = rules
        self._reconciler = reconciler
        self._contract = ContractWatch(reader, expected, costs, pause)
        self._audit = AuditWatch(audit)
        self._terms = Terms(reader, costs, rules.strategy)
        self._clock = clock or SystemClock()
        accountant = Accountant(reader, expected.executor, expected.operator, costs)
        self._following = Following(
            sender, reader, journal, accountant, witnesses, stop, money, self._clock
        )
        self._submitted = 0
        self._is_started = False
        self._is_adopted = False
        self._looked_at: tuple[int, str | None] | None = None
        self._head = 0
        # What stands in the way of all plans, as of the latest look; and what relays said since.
        self._obstacle = _NOT_STARTED
        self._relays_say = ""

    # --- what is seen of it ----------------------------------------------------------------

    @property
    def in_flight(self) -> tuple[Attempt, ...]:
        """What may still land and is not mined."""
        return self._following.in_flight

    @property
    def moved_pools(self) -> Mapping[Address, Pool]:
        """None: the chain's own states show what our trades did."""
        return MappingProxyType({})

    @property
    def trouble(self) -> str:
        """Why no plan can be carried out now, as far as is known; empty where one can."""
        if self._obstacle == _NOT_STARTED:
            return ""
        return self._obstacle or self._relays_say

    def pending(self) -> tuple[Observation, ...]:
        """What is seen of attempts in blocks that are not final."""
        return self._following.pending()

    def view(self, market: Market) -> Market:
        """The market as it is: what is not mined may never be."""
        return market

    def taker_of(self, route: Route) -> str | None:
        """The attempt in flight that goes through a pool of `route` the same way."""
        wanted = {(pool.address, hop.token_in) for hop in route for pool in hop.pools}
        for attempt in self.in_flight:
            if not wanted.isdisjoint(directions_of(attempt.plan)):
                return attempt.attempt_id
        return None

    def forget(self, changed: frozenset[Address]) -> None:
        """Nothing was assumed of any pool."""

    # --- submitting ------------------------------------------------------------------------

    async def submit(
        self, plan: ExecutionPlan, block: Block, step: int, preflight: PreflightResult
    ) -> Attempt | NotSubmitted:
        """Sign `plan` and hand it to the relays, or say what kept it from being sent."""
        if self._obstacle:
            return NotSubmitted("not_ready", self._obstacle)
        way = self._dispatch(plan)
        try:
            window = window_of(plan, max(block.number, self._head), way.blocks)
            limit = plan.gas_limit
            if preflight.gas_used is not None:
                limit = gas_limit(preflight.gas_used)
            if isinstance(window, NotSubmitted):
                return window
            gas_used = preflight.gas_used or plan.gas_units
            fees = self._terms.fees(plan, block, window, gas_used)
            if isinstance(fees, NotSubmitted):
                return fees
            least = self._terms.least_profit(plan, fees, gas_used)
            data = encode_execute(plan, self._costs.native_token, min_profit=least)
        except ExecutionError as error:
            return NotSubmitted("plan", str(error))
        if shortfall := self._contract.shortfall(limit * fees.max_fee_wei):
            price = f"{limit} gas at up to {fees.max_fee_wei} wei"
            return NotSubmitted("gas_money", f"{price}: {shortfall}")
        attempt = self._attempt(plan, block, step)
        intent = Intent(
            intent_id=attempt.attempt_id,
            kind=IntentKind.TRADE,
            to=self._expected.executor,
            gas_limit=limit,
            fees=fees,
            data=data,
            window=window,
            digest=plan.plan_id,
            attempt_id=attempt.attempt_id,
            memo=write_memo(attempt),
        )
        return await self._send(attempt, intent, way)

    async def _send(
        self, attempt: Attempt, intent: Intent, way: Dispatch
    ) -> Attempt | NotSubmitted:
        try:
            sent = await self._sender.send(intent, through=way.relays)
        except (SendingError, StopLatched, LedgerError, ChainError) as error:
            # It may have been signed before this came up, and what is signed may be mined.
            self._following.watch(attempt)
            if await self._may_be_signed(attempt):
                way.signed()
            if not isinstance(error, SendingError) or isinstance(error, _OF_ALL_PLANS):
                self._note(error)
            return NotSubmitted(_gate_of(error), str(error))
        way.signed()
        if way.relays is not None and not _was_taken(sent.answers, way.relays):
            way.untaken()
        said = summary(sent.answers)
        self._relays_say = "" if said is Verdict.ACCEPTED else _complaint(sent.answers)
        if said is Verdict.REFUSED:
            self._following.watch(attempt)
            return NotSubmitted("relays", self._relays_say)
        self._following.follow(attempt)
        return attempt

    async def _may_be_signed(self, attempt: Attempt) -> bool:
        """Whether the outbox knows of a signature; where it cannot be asked, there may be one."""
        try:
            return await self._sender.status(attempt.attempt_id) is not None
        except LedgerError:
            return True

    def _attempt(self, plan: ExecutionPlan, block: Block, step: int) -> Attempt:
        self._submitted += 1
        return Attempt(
            attempt_id=f"{self._rules.id_prefix}-{self._submitted:06d}",
            plan=plan,
            submitted_block=block.number,
            submitted_step=step,
            submitted_at=self._clock.now(),
        )

    # --- settling --------------------------------------------------------------------------

    async def start(self) -> None:
        """Take the lease and adopt what earlier engines left; what is in the way is `trouble`.

        Nothing has to call it: the first look does what is still to be done.
        """
        try:
            await self._start()
        except (SendingError, LedgerError, ChainError, ExecutionError) as error:
            self._note(error)

    async def settle(
        self,
        market: Market,
        block: Block,
        changed: frozenset[Address],
        auctions: Auctions | None = None,
    ) -> Sequence[OnchainSettlement]:
        """Look at the chain, once for each block; return what has ended for good."""
        self._terms.value_by(market)
        if self._looked_at == (block.number, block.hash):
            return ()
        self._looked_at = (block.number, block.hash)
        self._relays_say = ""
        try:
            reconciled = await self._start() or await self._sender.reconcile()
            return await self._look(reconciled, market, block)
        except LeaseLost as error:
            # Another engine signs now; it is asked for again at the next block.
            self._is_started = False
            await self._sender.aclose()
            self._note(error)
        except (SendingError, LedgerError, ChainError, ExecutionError) as error:
            self._note(error)
        return ()

    async def give_up(
        self, reason: str, after_block: int | None = None
    ) -> Sequence[OnchainSettlement]:
        """Take back what was seen after `after_block`; settle nothing, the chain will tell.

        What is in flight when the feed ends stays in the outbox, and the next engine follows it.
        """
        if after_block is not None:
            self._following.forget_after(after_block)
            self._looked_at = None
        return ()

    async def aclose(self) -> None:
        """Let go of lease and connections; what is in flight stays in the outbox."""
        if self._reconciler is not None:
            await self._reconciler.aclose()
        await self._following.aclose()
        await self._sender.aclose()
        self._is_started = False

    async def _start(self) -> Reconciled | None:
        """Do what is still to be done; returns what the sender learnt at its own start."""
        reconciled = None
        # What earlier engines left is handed out again at once, unless the contract pauses.
        await self._contract.look_at_pause()
        if not self._is_started:
            try:
                reconciled = await self._sender.start()
            except BaseException:
                # It may hold the lease already, and is to be started from the beginning.
                await self._sender.aclose()
                raise
            self._is_started = True
        if not self._is_adopted:
            await self._following.adopt()
            self._is_adopted = True
        return reconciled

    async def _look(
        self, reconciled: Reconciled, market: Market, block: Block
    ) -> list[OnchainSettlement]:
        self._head = reconciled.head
        obstacle = await self._contract.obstacle(block)
        await self._terms.look(block)
        settlements = await self._following.look(reconciled.final, market, reconciled.changes)
        if self._reconciler is not None:
            self._reconciler.nudge(reconciled.head)
        stop = self._stop.state()
        stopped = f"the emergency stop is set: {stop}" if stop.is_set else ""
        fenced = f"nothing is signed: {reconciled.fence}" if reconciled.fence else ""
        unaudited = await self._audit.obstacle(block.number)
        self._obstacle = stopped or fenced or obstacle or unaudited
        return settlements

    def _note(self, error: AineonError) -> None:
        """Remember what stands in the way; the next look clears it where it is gone."""
        self._obstacle = str(error)


def _gate_of(error: AineonError) -> str:
    return next(gate for kind, gate in _GATES.items() if isinstance(error, kind))


def _was_taken(answers: Sequence[Answer], relays: frozenset[str]) -> bool:
    own = [answer for answer in answers if answer.carrier in relays]
    return summary(own) is Verdict.ACCEPTED


def _complaint(answers: Sequence[Answer]) -> str:
    """What the relays say, each once."""
    told = dict.fromkeys(f"{answer.carrier} {answer.reason}" for answer in answers)
    return f"no relay took the bundle: {'; '.join(told) or 'none was asked'}"
