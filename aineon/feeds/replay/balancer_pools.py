"""Reading a recorded state of Balancer V2's pools, as the protocol's subgraph words it.

Amounts, rates, weights and fees are decimal strings in token units there; they are converted
exactly. A pool of a kind that AINEON does not quote is refused by name, and the others stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from aineon.amm import ComposableStablePool, StablePool, WeightedPool
from aineon.chain.addresses import mainnet
from aineon.errors import InvalidRecording, InvalidValue, PoolError
from aineon.feeds.replay.fields import Field
from aineon.feeds.replay.files import parse_json, read_whole
from aineon.primitives import Address, Token
from aineon.primitives.units import ETHER, parse_units

BalancerPool = WeightedPool | StablePool | ComposableStablePool

_AMP_PLACES = 3
_RATE_PLACES = 18
_MOST_DECIMALS = 255
_MOST_VERSION = 100


class RefusedPool(NamedTuple):
    """A recorded pool that cannot be quoted.

    Attributes:
        address: of the pool.
        pool_type: what the recording calls its kind.
        reason: one sentence that names the pool, its kind and why.
    """

    address: Address
    pool_type: str
    reason: str


class RecordedPools(NamedTuple):
    """Every pool of a recording, in its order: those that can be quoted, and the others.

    A pool whose swaps are disabled, or one without liquidity, is among `pools`; it refuses
    quotes itself.
    """

    pools: tuple[BalancerPool, ...]
    refused: tuple[RefusedPool, ...]


def load_balancer_pools(path: str | PathLike[str]) -> RecordedPools:
    """Read the pools in a JSON document with a list `pools`.

    Raises:
        InvalidRecording: the file is missing or broken, or a value is none that can be.
    """
    file = Path(path)
    return read_balancer_pools(Field(parse_json(file, read_whole(file)), file))


def read_balancer_pools(document: Field) -> RecordedPools:
    """Read the list `pools` of a document.

    Raises:
        InvalidRecording: a field is missing or holds what cannot be, or a pool stands there
            twice; the message says where.
    """
    pools: list[BalancerPool] = []
    refused: list[RefusedPool] = []
    seen: set[Address] = set()
    for entry in document["pools"]:
        address = entry["address"].address()
        if address in seen:
            raise entry["address"].refuse("an address that no pool before it has")
        seen.add(address)
        read = _pool(entry, address)
        if isinstance(read, RefusedPool):
            refused.append(read)
        else:
            pools.append(read)
    return RecordedPools(tuple(pools), tuple(refused))


def _pool(entry: Field, address: Address) -> BalancerPool | RefusedPool:
    pool_type = entry["poolType"].text()
    build = _BUILDERS.get(pool_type)
    if build is None:
        supported = ", ".join(_BUILDERS)
        reason = f"pool {address} is of type {pool_type}; quoted are {supported}"
        return RefusedPool(address, pool_type, reason)
    try:
        return build(entry)
    except InvalidRecording:
        raise
    except PoolError as error:
        reason = f"pool {address} of type {pool_type} is refused: {error}"
        return RefusedPool(address, pool_type, reason)


def _weighted(entry: Field) -> WeightedPool:
    return WeightedPool(
        address=entry["address"].address(),
        tokens=_tokens(entry),
        balances=_balances(entry),
        weights=[_units(each["weight"], _RATE_PLACES) for each in entry["tokens"]],
        swap_fee=_units(entry["swapFee"], _RATE_PLACES),
        pool_id=entry["id"].text(),
        # Version 2 of September 2022 brought them.
        pow_up_shortcuts=_version(entry) > 1,
        swap_enabled=entry["swapEnabled"].flag(),
    )


def _stable(entry: Field) -> StablePool | ComposableStablePool:
    # Version 2 of June 2022 rounds as the composable pools do.
    return _amplified(entry, ComposableStablePool if _version(entry) > 1 else StablePool)


def _stable_of_2021(entry: Field) -> StablePool | ComposableStablePool:
    return _amplified(entry, StablePool)


def _composable(entry: Field) -> StablePool | ComposableStablePool:
    return _amplified(entry, ComposableStablePool)


def _amplified(
    entry: Field, kind: type[StablePool | ComposableStablePool]
) -> StablePool | ComposableStablePool:
    address = entry["address"].address()
    tokens = _tokens(entry)
    own = [place for place, token in enumerate(tokens) if token.address == address]
    return kind(
        address=address,
        tokens=tokens,
        balances=_balances(entry),
        amp=_units(entry["amp"], _AMP_PLACES),
        swap_fee=_units(entry["swapFee"], _RATE_PLACES),
        scaling_factors=_factors(entry),
        bpt_index=own[0] if own else None,
        pool_id=entry["id"].text(),
        swap_enabled=entry["swapEnabled"].flag(),
    )


_BUILDERS: Mapping[str, Callable[[Field], BalancerPool]] = MappingProxyType(
    {
        "Weighted": _weighted,
        "LiquidityBootstrapping": _weighted,
        "Investment": _weighted,
        "Stable": _stable,
        "MetaStable": _stable_of_2021,
        "StablePhantom": _stable_of_2021,
        "ComposableStable": _composable,
    }
)


def _version(entry: Field) -> int:
    return entry.optional_integer("poolTypeVersion", 1, _MOST_VERSION) or 1


def _tokens(entry: Field) -> list[Token]:
    return [_token(each["address"].address(), _decimals(each)) for each in entry["tokens"]]


def _token(address: Address, decimals: int) -> Token:
    known = mainnet().token(address)
    return known if known.decimals == decimals else Token(address, known.symbol, decimals)


def _balances(entry: Field) -> list[int]:
    return [_units(each["balance"], _decimals(each)) for each in entry["tokens"]]


def _factors(entry: Field) -> list[int] | None:
    """The contracts' scaling factors; None, for the pool to refuse, where decimals exceed 18."""
    factors = []
    for each in entry["tokens"]:
        decimals = _decimals(each)
        if decimals > _RATE_PLACES:
            return None
        rate = _units(each["priceRate"], _RATE_PLACES)
        factors.append(ETHER * 10 ** (_RATE_PLACES - decimals) * rate // ETHER)
    return factors


def _decimals(token: Field) -> int:
    return token["decimals"].integer(0, _MOST_DECIMALS)


def _units(field: Field, places: int) -> int:
    try:
        return parse_units(field.text(), places)
    except InvalidValue as error:
        raise field.refuse(f"a decimal number with at most {places} decimals") from error
