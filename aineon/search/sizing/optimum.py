"""The input of a cycle at which most is left: exact, or near enough for what cannot pay."""

from __future__ import annotations

from math import sqrt

from aineon.errors import InvalidRoute, InvalidSearch
from aineon.primitives.units import BPS
from aineon.search.route import Route
from aineon.search.sizing.chain import Chain
from aineon.search.sizing.model import locate
from aineon.search.sizing.pieces import PieceFinder, piece_finder
from aineon.search.sizing.probe import polish, probe
from aineon.search.sizing.search import Search

# Up to so many units a rate can change from one unit to the next; the search expects the rates
# of the peak all around it.
_DUST = 10_000


def optimal_input(route: Route, flash_fee_bps: int = 0) -> tuple[int, ...] | None:
    """Return the amounts (input, then what each hop pays) at which a cycle leaves most.

    What is left is the output less the input less the flash fee, `flash_fee_bps` of the input
    rounded up; every rounding of every pool counts. Of equally good inputs the smallest is
    taken, and only inputs that every hop fills completely are considered. None where no input
    leaves anything. `docs/sizing.md` says how, and what is guaranteed.

    Raises:
        InvalidRoute: the route does not end with the token it began with.
        InvalidSearch: `flash_fee_bps` is not an int from 0 to 10000.
    """
    found = _start(route, flash_fee_bps)
    if found is None:
        return None
    chain, finders, start = found
    amount_in = _best_input(chain, finders, start) if finders else probe(chain, start)
    return None if amount_in is None else chain.amounts(amount_in)


def approximate_input(route: Route, flash_fee_bps: int = 0) -> tuple[int, ...] | None:
    """Return the amounts near the optimum, for a few quotes instead of hundreds.

    The input is the peak of the cycle's curve without rounding, so the profit misses the best
    one by no more than what roundings cost: some smallest units of the tokens on the way. None
    where that input leaves nothing.

    Raises:
        As `optimal_input`.
    """
    found = _start(route, flash_fee_bps)
    if found is None:
        return None
    chain, finders, start = found
    if not finders:
        return optimal_input(route, flash_fee_bps)
    _, peak = locate(chain, finders, start)
    amounts = chain.amounts(peak)
    return amounts if amounts[-1] > chain.cost(peak) else None


def _start(route: Route, flash_fee_bps: int) -> tuple[Chain, list[PieceFinder], int] | None:
    """Return what a search begins with, or None where no size can pay.

    The finders are empty where some pool's smooth curve is not known.
    """
    if not route.is_cycle:
        raise InvalidRoute(f"{route} does not end with the token it began with")
    if type(flash_fee_bps) is not int or not 0 <= flash_fee_bps <= BPS:
        raise InvalidSearch(
            f"flash_fee_bps is {flash_fee_bps!r}; allowed is an int from 0 to {BPS}"
        )
    start = _smooth_optimum(route, 1 + flash_fee_bps / BPS)
    if start is None:
        return None
    chain = Chain(route, flash_fee_bps)
    if not chain.most:
        return None
    finders = [finder for hop in route if (finder := piece_finder(hop))]
    return chain, finders if len(finders) == len(route) else [], start


def _smooth_optimum(route: Route, unit_cost: float) -> int | None:
    """Return the best input of the hops' local curves; None where no size can pay.

    `rate * x / (1 + bend * x)` composes to the same form. Rates are the best any size gets.
    """
    rate, bend = 1.0, 0.0
    for hop in route:
        local = hop.pool.local_curve(hop.token_in, hop.token_out)
        bend += local.bend * rate
        rate *= local.rate
    if rate <= unit_cost:
        return None
    return int((sqrt(rate / unit_cost) - 1) / bend) if bend > 0 else 1


def _best_input(chain: Chain, finders: list[PieceFinder], start: int) -> int | None:
    model, peak = locate(chain, finders, start)
    search = Search(chain, finders, model, peak)
    if search.blur >= 1:
        return probe(chain, peak)
    best = search.run()
    if best is None:
        return None
    amount_in = chain.back(search.place, best.amount)
    settled = search.settled and amount_in > _DUST
    return amount_in if settled else polish(chain, amount_in)
