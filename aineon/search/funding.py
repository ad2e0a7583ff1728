"""Funding: sizing a cycle for the money that will carry it out, and pricing it with its terms.

Which money is cheapest can depend on the amount, and the best amount depends on what the money
takes. So a cycle is sized for the cheapest money there is for it; where that cannot lend so much,
or another one turns out cheaper at this size, it is sized once more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from aineon.primitives import Block
from aineon.search.costs import CostModel
from aineon.search.lenders import Lender
from aineon.search.opportunity import Opportunity
from aineon.search.route import Route

Sizer = Callable[[Route, int], tuple[int, ...] | None]
"""Finds the amounts at which a cycle leaves most, with a fee in basis points."""


class Funded(NamedTuple):
    """The amounts of a cycle, and the money that they were found for."""

    amounts: tuple[int, ...]
    lender: Lender


def funded(
    sizer: Sizer, route: Route, costs: CostModel, gas_rate: Fraction | None = None
) -> Funded | None:
    """Size `route` for the cheapest money that may fund it; None where nothing is left.

    The fee is taken in whole basis points, rounded up, while an amount is looked for.

    Args:
        sizer: how it is sized.
        route: a cycle.
        costs: whose lenders are asked.
        gas_rate: as `CostModel.gas_rate` gives it; None where it is not known.
    """
    first = costs.lender_of(route)
    amounts = sizer(route, first.whole_fee_bps)
    if amounts is None:
        return None
    lender = first
    if gas_rate is not None or first.available is not None:
        lender = costs.lender_of(route, amounts[0], gas_rate)
    if lender is first or lender.whole_fee_bps == first.whole_fee_bps:
        return Funded(amounts, lender)
    again = sizer(route, lender.whole_fee_bps)
    if again is None:
        return None
    return Funded(again if lender.may_fund(route, again[0]) else amounts, lender)


def priced(
    found: Funded,
    route: Route,
    costs: CostModel,
    gas_rate: Fraction | None,
    block: Block | None = None,
) -> Opportunity:
    """Return the opportunity that these amounts are, with fee and gas of their money.

    Args:
        found: what `funded` has found for `route`.
        route: a cycle.
        costs: as `funded` was given.
        gas_rate: as `CostModel.gas_rate` gives it; None leaves the gas cost unknown.
        block: whose states they are.
    """
    amounts, lender = found
    units = costs.gas_units(route, amounts, lender)
    return Opportunity(
        route=route,
        amounts=amounts,
        flash_fee=lender.fee(amounts[0]),
        lender=named(lender, route, amounts[0]),
        gas_units=units,
        gas_cost=None if gas_rate is None else math.ceil(units * gas_rate),
        block=block,
    )


def named(lender: Lender, route: Route, amount: int) -> str | None:
    """The lender's name; None where it is the cheapest, and cannot fund this."""
    return lender.name if lender.may_fund(route, amount) else None
