"""The input of a cycle at which most is left: exact, or near enough for what cannot pay."""

from __future__ import annotations

from math import sqrt

from aineon.amm import ConcentratedPool, ConstantProductPool, LocalCurve
from aineon.errors import InvalidRoute, InvalidSearch
from aineon.primitives.units import BPS
from aineon.search.route import Route
from aineon.search.sizing.chain import Chain
from aineon.search.sizing.climbing import polish
from aineon.search.sizing.model import locate
from aineon.search.sizing.pieces import PieceFinder, piece_finder
from aineon.search.sizing.probe import approximate, probe
from aineon.search.sizing.search import Search
from aineon.search.sizing.smooth import smooth_amounts
from aineon.search.sizing.whole import made_whole

# Up to so many units a rate can change from one unit to the next; the search expects the rates
# of the peak all around it.
_DUST = 10_000


def optimal_input(
    route: Route, flash_fee_bps: int = 0, curve: LocalCurve | None = None
) -> tuple[int, ...] | None:
    """Return the amounts (input, then what each hop pays) at which a cycle leaves most.

    What is left is the output less the input less the flash fee, `flash_fee_bps` of the input
    rounded up; every rounding of every pool counts. Of equally good inputs the smallest is
    taken, and only inputs that every hop fills completely are considered. None where no input
    leaves anything. `docs/sizing.md` says how, and what is guaranteed.

    `curve` is what the hops' local curves compose to, by whoever knows it already.

    Raises:
        InvalidRoute: the route does not end with the token it began with.
        InvalidSearch: `flash_fee_bps` is not an int from 0 to 10000.
    """
    start = _checked_start(route, flash_fee_bps, curve)
    if start is None:
        return None
    chain = Chain(route, flash_fee_bps)
    if not chain.most:
        return None
    known = [piece_finder(hop) for hop in route]
    amount_in = _best_input(chain, known, start)
    return None if amount_in is None else chain.amounts(amount_in)


def approximate_input(
    route: Route, flash_fee_bps: int = 0, curve: LocalCurve | None = None
) -> tuple[int, ...] | None:
    """Return the amounts near the optimum, for a few quotes instead of hundreds.

    `curve` is what the hops' local curves compose to, by whoever knows it already.

    The input is the peak of the cycle's curve without rounding, made whole where roundings cost
    most: of the token whose unit is worth most (`aineon.search.sizing.whole`), and nearly so of
    the next (`second`). Mostly it is the best one; else what is missed is a part of a unit of
    those tokens, some 1e-9 of a profit that pays for its gas. With pools whose curve has to be
    fitted it can miss a millionth instead. None where that input leaves nothing.

    Raises:
        As `optimal_input`.
    """
    start = _checked_start(route, flash_fee_bps, curve)
    if start is None:
        return None
    amounts = _in_first_steps(route, start, flash_fee_bps)
    if amounts is None and (near := smooth_amounts(route, start, 1 + flash_fee_bps / BPS)):
        amounts = made_whole(route, near, flash_fee_bps)
    if amounts is None:
        amounts = _near_peak(route, flash_fee_bps, start)
    if amounts is None:
        return None
    cost = amounts[0] - (-amounts[0] * flash_fee_bps // BPS)
    return amounts if amounts[-1] > cost else None


def _in_first_steps(route: Route, start: int, flash_fee_bps: int) -> tuple[int, ...] | None:
    """Return the amounts of an input found by local curves, where those hold up to it."""
    amount = start
    amounts = [amount]
    for pool, token_in, token_out in route:
        # By identity of the type: `isinstance` takes four times as long, and is asked of all.
        if type(pool) is ConcentratedPool:
            most = pool.first_step(token_in, token_out)
        elif type(pool) is ConstantProductPool:
            most = pool.max_amount_in(token_in, token_out)
        else:
            return None
        if not 0 < amount <= most:
            return None
        amount = pool.amount_out(token_in, token_out, amount)
        amounts.append(amount)
    return made_whole(route, amounts, flash_fee_bps)


def _near_peak(route: Route, flash_fee_bps: int, start: int) -> tuple[int, ...] | None:
    chain = Chain(route, flash_fee_bps)
    if not chain.most:
        return None
    known = [piece_finder(hop) for hop in route]
    finders = [finder for finder in known if finder]
    if len(finders) < len(known):
        return chain.amounts(approximate(chain, known, start))
    _, peak = locate(chain, finders, start)
    return made_whole(route, chain.amounts(peak), flash_fee_bps)


def _checked_start(route: Route, flash_fee_bps: int, curve: LocalCurve | None = None) -> int | None:
    """Return about the best input by the hops' local curves, or None where no size can pay."""
    if not route.is_cycle:
        raise InvalidRoute(f"{route} does not end with the token it began with")
    if type(flash_fee_bps) is not int or not 0 <= flash_fee_bps <= BPS:
        raise InvalidSearch(
            f"flash_fee_bps is {flash_fee_bps!r}; allowed is an int from 0 to {BPS}"
        )
    return _peak(curve or _composed(route), 1 + flash_fee_bps / BPS)


def smooth_optimum(route: Route, unit_cost: float) -> int | None:
    """Return the best input of the hops' local curves; None where no size can pay.

    `rate * x / (1 + bend * x)` composes to the same form. Rates are the best any size gets.
    """
    return _peak(_composed(route), unit_cost)


def _composed(route: Route) -> LocalCurve:
    rate, bend = 1.0, 0.0
    for pool, token_in, token_out in route:
        local_rate, local_bend = pool.local_curve(token_in, token_out)
        bend += local_bend * rate
        rate *= local_rate
    return LocalCurve(rate, bend)


def _peak(curve: LocalCurve, unit_cost: float) -> int | None:
    rate, bend = curve
    if rate <= unit_cost:
        return None
    return int((sqrt(rate / unit_cost) - 1) / bend) if bend > 0 else 1


def _best_input(chain: Chain, known: list[PieceFinder | None], start: int) -> int | None:
    finders = [finder for finder in known if finder]
    if len(finders) < len(known):
        return probe(chain, known, start)
    model, peak = locate(chain, finders, start)
    search = Search(chain, finders, model, peak)
    if search.is_blurred:
        return probe(chain, known, peak)
    best = search.run()
    if best is None:
        return None
    amount_in = chain.back(search.place, best.amount)
    settled = search.settled and amount_in > _DUST
    return amount_in if settled else polish(chain, amount_in)
