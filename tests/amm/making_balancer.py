"""Balancer pools for the tests: recorded ones, random ones, and wrong ones.

A random case is a pool beside what the reference needs to answer for it.
"""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from aineon.amm import ComposableStablePool, StablePool, WeightedPool
from aineon.errors import PoolError
from aineon.primitives import Token
from tests.amm import reference_balancer as reference
from tests.shared_data import load_json

ADDRESS = "0x" + "ba" * 20
ONE = 10**18
MOST_BALANCE = 2**112 - 1
TOKENS = tuple(Token(f"0x{place:02x}" + "11" * 19, f"T{place}", 18) for place in range(1, 7))
BPT = Token(ADDRESS, "BPT", 18)
REFUSED = "refused"
RECORDING = "balancer_v2_mainnet_quotes.json"


# --- recorded ------------------------------------------------------------------------------


def recorded() -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield each recorded pool's entry, and the pool itself."""
    for entry in load_json(RECORDING)["pools"]:
        yield entry, recorded_pool(entry)


def recorded_pool(entry: dict[str, Any]) -> Any:
    tokens = [Token(each["address"], each["symbol"], each["decimals"]) for each in entry["tokens"]]
    shared: dict[str, Any] = {
        "address": entry["address"],
        "tokens": tokens,
        "balances": [int(each) for each in entry["balances"]],
        "swap_fee": int(Fraction(entry["swap_fee"]) * ONE),
        "pool_id": entry["pool_id"],
    }
    if entry["pool_type"] == "weighted":
        return WeightedPool(
            weights=[int(each) for each in entry["weights"]],
            pow_up_shortcuts=entry["pow_up_shortcuts"],
            **shared,
        )
    kind = StablePool if entry["invariant"].startswith("round-up") else ComposableStablePool
    return kind(
        amp=entry["amp_with_precision_1000"],
        scaling_factors=[int(each) for each in entry["scaling_factors_including_rates"]],
        bpt_index=entry["bpt_index"],
        **shared,
    )


# --- random --------------------------------------------------------------------------------


class Case(NamedTuple):
    """A swap: what the library says of it, and what the reference does."""

    library: Callable[[], int]
    reference: Callable[[], int]
    shown: str

    def differs(self) -> bool:
        """Whether the two disagree, refusals counted as one answer."""
        return answer(self.library, PoolError) != answer(self.reference, reference.Revert)


def answer(ask: Callable[[], int], refusal: type[Exception]) -> int | str:
    try:
        return ask()
    except refusal:
        return REFUSED


def magnitude(rng: random.Random, most: int) -> int:
    """Return a number of any size from 1 to `most`."""
    return max(rng.randint(0, 2 ** rng.randint(0, most.bit_length() - 1)), 1)


def some_amount(rng: random.Random, balance: int) -> int:
    choice = rng.random()
    if choice < 0.1:
        return rng.randint(1, 5)
    if choice < 0.4:
        return magnitude(rng, MOST_BALANCE)
    if choice < 0.6:
        return max(1, balance * 3 // 10 + rng.randint(-5, 5))
    if choice < 0.65:
        return max(1, MOST_BALANCE - balance + rng.randint(-2, 2))
    return rng.randint(1, max(1, balance))


def some_fee(rng: random.Random) -> int:
    return rng.choice((0, 10**12, 4 * 10**14, 3 * 10**15, 10**17, rng.randint(0, ONE - 1)))


def some_factors(rng: random.Random, count: int) -> list[int]:
    return [ONE * 10 ** (18 - rng.choice((0, 2, 6, 8, 18, 18))) for _ in range(count)]


def weighted_cases(rng: random.Random, kind: Any = WeightedPool) -> Iterator[Case]:
    """Yield the swaps of one random weighted pool; balances of any size."""
    factors = some_factors(rng, 2)
    balances = [magnitude(rng, MOST_BALANCE) for _ in factors]
    parts = rng.choice(((1, 1), (2, 1), (4, 1), (1, 99), (1, 2), (rng.randint(1, 99), 50)))
    weights = tuple(part * (ONE // sum(parts)) for part in parts)
    fee, shortcuts = some_fee(rng), rng.random() < 0.5
    pool = kind(
        ADDRESS, TOKENS[:2], balances, weights, fee,
        scaling_factors=factors, pow_up_shortcuts=shortcuts,
    )  # fmt: skip
    sides = [reference.Side(*each) for each in zip(balances, factors, weights, strict=True)]
    yield from _both_ways(
        rng,
        pool,
        sides,
        lambda i, j, amount: reference.weighted_given_in(
            sides[i], sides[j], fee, amount, shortcuts
        ),
        lambda i, j, amount: reference.weighted_given_out(
            sides[i], sides[j], fee, amount, shortcuts
        ),
    )


def stable_cases(rng: random.Random, kind: Any, *, rounds_up: bool) -> Iterator[Case]:
    """Yield the swaps of one random stable pool, balances within a few powers of ten."""
    count = rng.randint(2, 5)
    rates = (ONE, rng.randint(ONE, 2 * ONE), rng.randint(ONE // 20, 20 * ONE))
    factors = [each * rng.choice(rates) // ONE for each in some_factors(rng, count)]
    middle = 10 ** rng.uniform(*rng.choice(((0, 12), (-17, 0))))
    balances = [
        min(max(int(middle * 10 ** rng.uniform(-1.5, 1.5) * 1e36 / factor), 1), MOST_BALANCE)
        for factor in factors
    ]
    amp = 1000 * rng.choice((1, 50, 200, 2000, 5000, rng.randint(1, 5000))) + rng.randint(-999, 0)
    amp = max(amp, 1000)
    fee = some_fee(rng)
    pool = kind(ADDRESS, TOKENS[:count], balances, amp, fee, scaling_factors=factors)
    stable = reference.Stable(amp, fee, balances, factors, rounds_up)
    sides = [reference.Side(*each) for each in zip(balances, factors, strict=True)]
    yield from _both_ways(rng, pool, sides, stable.given_in, stable.given_out)


def _both_ways(
    rng: random.Random,
    pool: Any,
    sides: Sequence[reference.Side],
    given_in: Callable[[int, int, int], int],
    given_out: Callable[[int, int, int], int],
) -> Iterator[Case]:
    for _ in range(3):
        i, j = rng.sample(range(len(sides)), 2)
        sold, bought = TOKENS[i], TOKENS[j]
        sale, purchase = some_amount(rng, sides[i].balance), some_amount(rng, sides[j].balance)

        def pays(i: int = i, j: int = j, amount: int = sale) -> int:
            paid = given_in(i, j, amount)
            reference.moved(sides[i], sides[j], amount, paid)
            return paid

        def costs(i: int = i, j: int = j, amount: int = purchase) -> int:
            cost = given_out(i, j, amount)
            reference.moved(sides[i], sides[j], cost, amount)
            return cost

        yield Case(
            lambda a=sold, b=bought, x=sale: pool.quote_exact_input(a, b, x).amount_out,
            pays,
            f"{pool.__reduce__()} sells {sale} of {i} for {j}",
        )
        yield Case(
            lambda a=sold, b=bought, x=purchase: pool.quote_exact_output(a, b, x).amount_in,
            costs,
            f"{pool.__reduce__()} buys {purchase} of {j} for {i}",
        )


# --- wrong ---------------------------------------------------------------------------------


def mutant(
    names: Sequence[str], old: str, new: str, patch: Callable[[str, ModuleType], None]
) -> ModuleType:
    """Load the named modules anew, in order, with `old` in the first of them made `new`.

    `patch` puts each into `sys.modules` for as long as the test runs. Returns the last one.
    """
    module = ModuleType("none")
    for place, name in enumerate(names):
        importlib.import_module(name)
        file = sys.modules[name].__file__
        assert file is not None
        source = Path(file).read_text("utf-8")
        if place == 0:
            assert source.count(old) == 1, f"{name} has {old!r} {source.count(old)} times"
            source = source.replace(old, new)
        module = ModuleType(name)
        module.__file__ = file
        patch(name, module)
        exec(compile(source, file, "exec"), module.__dict__)
    return module
