"""Random worlds of Curve's crypto pools: one in the reference, the same in the library."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from aineon.amm import CryptoSwapContract, CryptoSwapPool, Repeg
from aineon.primitives import Token
from tests.amm.reference_cryptoswap import ReferenceCrypto, Revert, Word

ADDRESS = "0x" + "cc" * 20
CONTRACTS = {
    "tricrypto": CryptoSwapContract.TRICRYPTO,
    "tricrypto2": CryptoSwapContract.TRICRYPTO2,
    "two": CryptoSwapContract.TWO_COIN,
}


def world(seed: int, kind: str, ramps: bool = False) -> ReferenceCrypto:
    """Return a contract in a plausible state: near balance or far from it, small or large."""
    chance = random.Random(f"{kind} {seed}")
    while True:
        made = _world(chance, kind, ramps)
        if made is not None:
            return made


def _world(chance: random.Random, kind: str, ramps: bool) -> ReferenceCrypto | None:
    n = 2 if kind == "two" else 3
    multiplier = 100 if kind == "tricrypto" else 10_000
    decimals = [chance.choice([0, 2, 6, 8, 18]) for _ in range(n)]
    precisions = [10 ** (18 - d) for d in decimals]
    scale = [int(10 ** chance.uniform(10, 24)) for _ in range(n - 1)]
    size = 10 ** chance.uniform(18.5, 29)
    uneven = chance.choice([0.02, 0.5, 2.0])
    xp = [size * 2.718 ** chance.uniform(-uneven, uneven) for _ in range(n)]
    factors = [precisions[0], *(p * s / 1e18 for p, s in zip(precisions[1:], scale, strict=True))]
    contract = ReferenceCrypto(
        kind,
        ann=int(10 ** chance.uniform(0, 2.5) * n**n) * multiplier + chance.randrange(100),
        gamma=int(10 ** chance.uniform(11, 16)),
        balances=[int(x / f) for x, f in zip(xp, factors, strict=True)],
        precisions=precisions,
        price_scale=scale,
        mid_fee=chance.randrange(10**6, 10**7),
        out_fee=chance.randrange(10**7, 10**8),
        fee_gamma=int(10 ** chance.uniform(14, 18)),
        price_oracle=[int(s * chance.uniform(0.8, 1.25)) for s in scale],
        last_prices=[int(s * chance.uniform(0.8, 1.25)) for s in scale],
        last_prices_timestamp=1_600_000_000,
        block_timestamp=1_600_000_000 + chance.choice([0, 12, 600, 86_400]),
        ma_half_time=600,
        adjustment_step=int(10 ** chance.uniform(13, 16)),
        price_threshold=int(10 ** chance.uniform(13, 16.5)),
        extra=2 * 10**12,
        not_adjusted=chance.random() < 0.5,
        xcp_profit=0,
        future_A_gamma_time=1_600_000_300 if ramps else 0,
    )
    return contract if _settled(contract, chance) else None


def _settled(contract: ReferenceCrypto, chance: random.Random) -> bool:
    """Give the contract the D, supply and profits that belong to its balances."""
    try:
        contract.D = contract.newton_D(contract.xp(contract.balances))
        x = [contract.D // contract.n]
        x += [contract.D * 10**18 // (s * contract.n) for s in contract.price_scale]
        worth = contract.geometric_mean(x)
        price = int(10**18 * chance.uniform(1, 1.2))
        contract.total_supply = worth * 10**18 // price
        contract.virtual_price = worth * 10**18 // contract.total_supply
        above = int((contract.virtual_price - 10**18) * chance.uniform(1, 2.2))
        contract.xcp_profit = Word(10**18 + above)
    except Revert:
        return False
    return contract.total_supply > 0 and min(contract.balances) > 100


def tokens_of(contract: ReferenceCrypto) -> tuple[Token, ...]:
    decimals = [19 - len(str(int(p))) for p in contract.precisions]
    return tuple(Token(f"0x{k + 1:040x}", f"T{k}", d) for k, d in enumerate(decimals))


def pool_of(contract: ReferenceCrypto, repeg: bool = True) -> CryptoSwapPool:
    """Return the library's pool in the contract's state."""
    given = 100 if contract.kind == "tricrypto" else 1
    known: dict[str, Any] = {"A_precise": int(contract.ann)} if given > 1 else {}
    if repeg and contract.kind != "two":
        known["repeg"] = repeg_of(contract)
    return CryptoSwapPool(
        ADDRESS,
        tokens_of(contract),
        ints(contract.balances),
        int(contract.ann) // given,
        int(contract.gamma),
        int(contract.D),
        ints(contract.price_scale),
        int(contract.mid_fee),
        int(contract.out_fee),
        int(contract.fee_gamma),
        contract=CONTRACTS[contract.kind],
        future_A_gamma_time=int(contract.future_A_gamma_time),
        **known,
    )


def repeg_of(contract: ReferenceCrypto) -> Repeg:
    first = contract.kind == "tricrypto"
    return Repeg(
        timestamp=int(contract.block_timestamp),
        price_oracle=ints(contract.price_oracle),
        last_prices=ints(contract.last_prices),
        last_prices_timestamp=int(contract.last_prices_timestamp),
        ma_half_time=int(contract.ma_half_time),
        xcp_profit=int(contract.xcp_profit),
        virtual_price=int(contract.virtual_price),
        adjustment_step=int(contract.adjustment_step),
        lp_total_supply=int(contract.total_supply),
        not_adjusted=contract.not_adjusted,
        price_threshold=int(contract.price_threshold) if first else None,
        allowed_extra_profit=None if first else int(contract.extra),
    )


def ints(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def amounts(contract: ReferenceCrypto, i: int, seed: int, count: int) -> Iterator[int]:
    """Yield inputs from dust to more than the contract takes."""
    chance = random.Random(seed)
    for _ in range(count):
        yield int(contract.balances[i] * 10 ** chance.uniform(-14, 3)) + chance.randrange(1, 4)


def directions(contract: ReferenceCrypto) -> list[tuple[int, int]]:
    return [(i, j) for i in range(contract.n) for j in range(contract.n) if i != j]
