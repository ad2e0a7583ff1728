"""Reading Curve's pools: stable pools, metapools, and those for assets without a peg.

Sources: curvefi/curve-contract (pools and pool-templates), curvefi/stableswap-ng,
curvefi/curve-crypto-contract. A pool's generation is known by its address, because contracts
that answer the same functions round differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from aineon.amm import (
    TEMPLATES,
    CryptoSwapContract,
    CryptoSwapPool,
    StableSwapPool,
    StakedEtherPool,
)
from aineon.chain.snapshot.calls import Answer, Read, Unreadable, ask
from aineon.chain.snapshot.outcome import Outcomes, outcome_of
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.chain.snapshot.seeds import CURVE_VENUE, CryptoSwapSeed, StableSwapSeed
from aineon.chain.snapshot.wrappers import share_reads, shares_of
from aineon.primitives import Address

_NG = "ng"
# Templates whose coins grow by rates that no function of the pool tells.
_UNTOLD_RATES = frozenset({"first_lending", "rated", "aave"})
_LIST_WORDS = 2

_Answers = Mapping[str, Answer]
CurveSeed = StableSwapSeed | CryptoSwapSeed


async def read_curve_pools(chain: PinnedChain, seeds: Sequence[CurveSeed]) -> Outcomes:
    """Return the pools as they stand; a metapool's base pool is read along with it."""
    wanted: dict[Address, CurveSeed] = {}
    for seed in seeds:
        wanted[seed.address] = seed
        if isinstance(seed, StableSwapSeed) and seed.base_pool is not None:
            wanted.setdefault(seed.base_pool.address, seed.base_pool)
    asked = {address: _reads(seed) for address, seed in wanted.items()}
    answers = iter(await chain.read([r for each in asked.values() for r in each.values()], "Curve"))
    answered = {address: _named(reads, answers) for address, reads in asked.items()}
    return {
        seed.address: outcome_of(partial(_pool, seed, answered, chain.timestamp)) for seed in seeds
    }


def _named(reads: Mapping[str, Read], answers: Iterator[Answer]) -> _Answers:
    return {name: next(answers) for name in reads}


def _reads(seed: CurveSeed) -> dict[str, Read]:
    if isinstance(seed, CryptoSwapSeed):
        return _crypto_reads(seed)
    return _stable_reads(seed)


def _pool(
    seed: CurveSeed, answered: Mapping[Address, _Answers], now: int
) -> StableSwapPool | StakedEtherPool | CryptoSwapPool:
    answers = answered[seed.address]
    if isinstance(seed, CryptoSwapSeed):
        return _crypto_pool(seed, answers, now)
    pool = _stable_pool(seed, answered, now)
    if seed.steth is None:
        return pool
    rate = [answers[f"lido {place}"] for place in range(4)]
    return StakedEtherPool(pool, shares_of(rate), answers["held"].word())


# --- stable pools --------------------------------------------------------------------------


def _stable_reads(seed: StableSwapSeed) -> dict[str, Read]:
    at, coins = seed.address, range(len(seed.tokens))
    reads = {f"balance {i}": ask(at, "balances(uint256)", i) for i in coins}
    for name in ("A", "fee", "admin_fee", "is_killed"):
        reads[name] = ask(at, f"{name}()")
    if seed.A_precision != 1:
        reads["A_precise"] = ask(at, "A_precise()")
    if seed.template == _NG:
        reads["offpeg_fee_multiplier"] = ask(at, "offpeg_fee_multiplier()")
        reads["rates"] = ask(at, "stored_rates()", words=_LIST_WORDS + len(seed.tokens))
    if seed.lp_token is not None:
        reads["supply"] = ask(seed.lp_token.address, "totalSupply()")
    if seed.base_pool is not None:
        reads["base_virtual_price"] = ask(at, "base_virtual_price()")
        reads["base_cache_updated"] = ask(at, "base_cache_updated()")
    if seed.steth is not None:
        reads["held"] = ask(seed.steth, "balanceOf(address)", int(at, 16))
        reads |= {f"lido {place}": read for place, read in enumerate(share_reads(seed.steth))}
    return reads


def _stable_pool(
    seed: StableSwapSeed, answered: Mapping[Address, _Answers], now: int
) -> StableSwapPool:
    template = TEMPLATES.get(seed.template)
    if template is None or seed.template in _UNTOLD_RATES:
        known = ", ".join(name for name in TEMPLATES if name not in _UNTOLD_RATES)
        raise Unreadable(
            f"{seed.address} is of the template {seed.template!r}; those that can be read here "
            f"are {known}"
        )
    answers = answered[seed.address]
    base = None if seed.base_pool is None else _stable_pool(seed.base_pool, answered, now)
    precise, supply = answers.get("A_precise"), answers.get("supply")
    offpeg = answers.get("offpeg_fee_multiplier")
    return StableSwapPool(
        seed.address,
        seed.tokens,
        [answers[f"balance {i}"].word() for i in range(len(seed.tokens))],
        answers["A"].word(),
        answers["fee"].word(),
        A_precision=seed.A_precision,
        A_precise=None if precise is None else precise.word(),
        rates=_rates(seed, answers),
        admin_fee=answers["admin_fee"].word(),
        offpeg_fee_multiplier=None if offpeg is None else offpeg.word(),
        lp_token=seed.lp_token,
        lp_total_supply=None if supply is None else supply.word(),
        base_pool=base,
        base_virtual_price=_optional(answers.get("base_virtual_price")),
        base_cache_updated=_optional(answers.get("base_cache_updated")),
        block_timestamp=None if base is None else now,
        is_killed=_is_killed(answers),
        template=template,
        venue=CURVE_VENUE,
    )


def _rates(seed: StableSwapSeed, answers: _Answers) -> tuple[int, ...] | None:
    """Return what the pool tells of its own coins' rates; None where decimals tell all."""
    if "rates" not in answers:
        return None
    own = len(seed.tokens) - (seed.base_pool is not None)
    return answers["rates"].array(0)[:own]


def _optional(answer: Answer | None) -> int | None:
    """Return what a function answers that not every contract of its kind has."""
    return answer.word() if answer is not None and answer.is_given else None


def _is_killed(answers: _Answers) -> bool:
    # The first contracts keep this to themselves; they could be killed for two months only.
    return bool(_optional(answers["is_killed"]))


# --- crypto pools --------------------------------------------------------------------------


def _crypto_reads(seed: CryptoSwapSeed) -> dict[str, Read]:
    at, coins = seed.address, range(len(seed.tokens))
    reads = {f"balance {i}": ask(at, "balances(uint256)", i) for i in coins}
    for name in ("A", "gamma", "D", "mid_fee", "out_fee", "fee_gamma", "future_A_gamma_time"):
        reads[name] = ask(at, f"{name}()")
    reads["is_killed"] = ask(at, "is_killed()")
    if len(seed.tokens) == 2:
        reads["price 0"] = ask(at, "price_scale()")
    else:
        reads |= {f"price {k}": ask(at, "price_scale(uint256)", k) for k in coins[:-1]}
    if seed.contract == CryptoSwapContract.TRICRYPTO.name:
        reads["A_precise"] = ask(at, "A_precise()")
    return reads


def _crypto_pool(seed: CryptoSwapSeed, answers: _Answers, now: int) -> CryptoSwapPool:
    if seed.contract not in CryptoSwapContract.__members__:
        known = ", ".join(CryptoSwapContract.__members__)
        raise Unreadable(
            f"{seed.address} is a contract {seed.contract!r}; those that can be read are {known}"
        )
    contract = CryptoSwapContract[seed.contract]
    ramp = answers["future_A_gamma_time"].word()
    if contract is CryptoSwapContract.TRICRYPTO_NG and ramp <= now:
        ramp = 0
    count = len(seed.tokens)
    return CryptoSwapPool(
        seed.address,
        seed.tokens,
        [answers[f"balance {i}"].word() for i in range(count)],
        answers["A"].word(),
        answers["gamma"].word(),
        answers["D"].word(),
        [answers[f"price {k}"].word() for k in range(count - 1)],
        answers["mid_fee"].word(),
        answers["out_fee"].word(),
        answers["fee_gamma"].word(),
        contract=contract,
        A_precise=_optional(answers.get("A_precise")),
        future_A_gamma_time=ramp,
        is_killed=_is_killed(answers),
        venue=CURVE_VENUE,
    )
