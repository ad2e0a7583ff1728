"""Explanation: what a scan made of one cycle, in figures and in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aineon.amm import Pool
from aineon.primitives import Address, Token
from aineon.search.costs import CostModel
from aineon.search.numbering import HopNumbers
from aineon.search.opportunity import Opportunity
from aineon.search.route import Route
from aineon.search.screening import Candidate, Screened


class Verdict(StrEnum):
    """What became of a cycle; all but the first two say why it was dropped or cannot pay."""

    PAYS = "pays"
    UNPRICED = "unpriced"
    BELOW_COSTS = "below_costs"
    BELOW_FLOOR = "below_floor"
    OUTRANKED = "outranked"
    ROUNDS_AWAY = "rounds_away"
    BELOW_PAR = "below_par"


_MISSED = frozenset({Verdict.BELOW_FLOOR, Verdict.ROUNDS_AWAY})


@dataclass(frozen=True, slots=True)
class Explanation:
    """One cycle that a scan looked at. Amounts are in the base token's smallest units.

    Where the cycle was sized, size, profit and costs are the sized ones, otherwise those that
    its pools' local curves let expect.

    Attributes:
        route: the cycle through the pools as they were.
        rate: its marginal rates after fees multiplied: what the screen looks at.
        verdict: what became of it.
        sized: whether amounts were found on integers; False where they are estimates.
        amount_in: the size curve's optimum, 0 where every size loses; None where a curve
            without a bend has none.
        gross_profit: at that size, before flash fee and gas; None as `amount_in`.
        flash_fee: of a loan of that size; None as `amount_in`.
        gas_units: of the whole transaction.
        gas_cost: that gas in the base token; None where it is not known.
    """

    route: Route
    rate: float
    verdict: Verdict
    sized: bool
    amount_in: int | None
    gross_profit: int | None
    flash_fee: int | None
    gas_units: int
    gas_cost: int | None

    @property
    def base_token(self) -> Token:
        """The token that the cycle begins and ends with."""
        return self.route[0].token_in

    @property
    def missing_bps(self) -> float:
        """By how many basis points the first unit falls short of breaking even."""
        return (1 - self.rate) * 10_000

    @property
    def reason(self) -> str:
        """The verdict in one sentence."""
        match self.verdict:
            case Verdict.BELOW_PAR:
                return (
                    f"rates multiply to {self.rate:.6f}: {self.missing_bps:.2f} bps short of "
                    "breaking even"
                )
            case Verdict.ROUNDS_AWAY:
                return f"rates multiply to {self.rate:.6f}, but no integer size leaves anything"
            case Verdict.BELOW_FLOOR:
                return f"{self._profit()} is below the profit floor"
            case Verdict.OUTRANKED:
                return f"{self._profit()} is not among the best that were sized"
            case Verdict.BELOW_COSTS:
                return f"{self._profit()} is below its {self._costs()}"
            case Verdict.UNPRICED:
                return f"{self._profit()}; what its gas costs is not known"
        return f"{self._profit()} is more than its {self._costs()}"

    def _profit(self) -> str:
        kind = "profit" if self.sized else "estimated profit"
        if self.gross_profit is None:
            return f"{kind} without a known bound"
        return f"{kind} {_amount(self.base_token, self.gross_profit)}"

    def _costs(self) -> str:
        gas = "unknown gas"
        if self.gas_cost is not None:
            gas = f"gas of {_amount(self.base_token, self.gas_cost)}"
        if not self.flash_fee:
            return gas
        return f"{gas} and flash fee of {_amount(self.base_token, self.flash_fee)}"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a scan leaves behind to explain itself by; nothing is built before it is asked for.

    Attributes:
        screened: the cycles by their numbers, with estimates.
        numbers, pools: what the numbers mean, and the states that were looked at.
        sized: for each cycle that was sized its opportunity; None where no size leaves
            anything.
        below_floor: those of them whose profit is less than the profit floor.
        profit_floor_wei, costs: of the scanner.
    """

    screened: Screened
    numbers: HopNumbers
    pools: Mapping[Address, Pool]
    sized: Mapping[tuple[int, ...], Opportunity | None]
    below_floor: frozenset[tuple[int, ...]]
    profit_floor_wei: int
    costs: CostModel

    def explanations(self, most: int | None) -> Iterator[Explanation]:
        """Explain the promising cycles, best estimate first, and behind them the near ones."""
        for candidate in self.screened.candidates(most):
            yield self._explained(candidate)
        for near in self.screened.near:
            for candidate in near.candidates():
                yield self._explained(candidate)

    def missed(self, unsized: int) -> Iterator[Explanation]:
        """Explain what did not become an opportunity.

        Args:
            unsized: how many cycles that were promising and not sized, for each base token.
        """
        most = len(self.sized) + unsized * len(self.screened.near)
        for each in self.explanations(most):
            if not each.sized or each.verdict in _MISSED:
                yield each

    def _explained(self, candidate: Candidate) -> Explanation:
        hops = candidate.hops
        if self.sized.get(hops) is not None:
            return self._of_opportunity(candidate, hops)
        estimates, row = candidate.estimates, candidate.row
        amount_in = _whole(estimates.inputs[row])
        route = self.numbers.route(hops, self._pool)
        return Explanation(
            route=route,
            rate=candidate.rate,
            verdict=self._verdict_unsized(candidate, hops),
            sized=hops in self.sized,
            amount_in=amount_in,
            gross_profit=_whole(estimates.profits[row]),
            flash_fee=None if amount_in is None else self._fee(route, amount_in),
            gas_units=int(estimates.gas_units[row]),
            gas_cost=_whole(estimates.gas_costs[row]),
        )

    def _fee(self, route: Route, amount: int) -> int:
        return self.costs.lender_of(route, amount).fee(amount)

    def _pool(self, number: int) -> Pool:
        return self.pools[self.numbers.addresses[number]]

    def _of_opportunity(self, candidate: Candidate, hops: tuple[int, ...]) -> Explanation:
        found = self.sized[hops]
        assert found is not None
        assert found.gas_units is not None
        if hops in self.below_floor:
            verdict = Verdict.BELOW_FLOOR
        elif found.net_profit is None:
            verdict = Verdict.UNPRICED
        else:
            verdict = Verdict.PAYS if found.net_profit > 0 else Verdict.BELOW_COSTS
        return Explanation(
            route=found.route,
            rate=candidate.rate,
            verdict=verdict,
            sized=True,
            amount_in=found.amount_in,
            gross_profit=found.gross_profit,
            flash_fee=found.flash_fee,
            gas_units=found.gas_units,
            gas_cost=found.gas_cost,
        )

    def _verdict_unsized(self, candidate: Candidate, hops: tuple[int, ...]) -> Verdict:
        estimates, row = candidate.estimates, candidate.row
        if hops in self.sized:
            return Verdict.ROUNDS_AWAY
        if not candidate.is_promising:
            return Verdict.BELOW_PAR
        if estimates.worths_wei[row] < self.profit_floor_wei:
            return Verdict.BELOW_FLOOR
        if estimates.nets_wei[row] < 0 and not math.isnan(estimates.gas_costs[row]):
            return Verdict.BELOW_COSTS
        return Verdict.OUTRANKED


def _whole(amount: float) -> int | None:
    """A float amount in whole units; None where it is infinite or not known."""
    return int(amount) if math.isfinite(amount) else None


def _amount(token: Token, raw: int) -> str:
    """An amount to six digits, which is what a sentence needs."""
    if token.decimals is None:
        return f"{raw} units of {token}"
    return f"{raw / 10**token.decimals:.6g} {token}"
