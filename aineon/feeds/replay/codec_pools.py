"""Pools as JSON objects, and back: for each kind the list of its fields.

Whether values can be a pool together, the pool's own constructor decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from aineon.amm import (
    TEMPLATES,
    ComposableStablePool,
    ConcentratedPool,
    ConstantProductPool,
    CryptoSwapContract,
    CryptoSwapPool,
    EtherWrapper,
    Pool,
    Repeg,
    StablePool,
    StableSwapPool,
    StakedEtherPool,
    StakedEtherShares,
    StakedEtherWrapper,
    UnderlyingPool,
    WeightedPool,
)
from aineon.errors import AineonError, FeedError, InvalidRecording
from aineon.feeds.replay.fields import Field
from aineon.feeds.replay.parts import (
    MAX_LIQUIDITY,
    MAX_PRICE,
    MAX_RESERVE,
    MAX_TICK,
    Json,
    Part,
    Tokens,
    chosen,
    declared,
    flag,
    integer,
    integers,
    number,
    optional,
    read_parts,
    text,
    token,
    write_parts,
)
from aineon.primitives import Token

# A metapool over its base pool, inside another pool, inside an event.
_DEEPEST = 4


class PoolFormat(NamedTuple):
    """How one class of pools is written."""

    kind: str
    pool: type
    parts: tuple[Part, ...]


def encode_pool(value: Pool) -> Json:
    """Return a pool as a JSON object.

    Raises:
        FeedError: a pool of a type that the format cannot hold.
    """
    found = _BY_CLASS.get(type(value))
    if found is None:
        names = ", ".join(each.pool.__name__ for each in FORMATS)
        raise FeedError(
            f"pool {value.address} is a {type(value).__name__}, a recording can hold {names}"
        )
    return {"type": found.kind, **write_parts(found.parts, value)}


def decode_pool(field: Field, tokens: Tokens) -> Pool:
    """Return the pool that stands in `field`; `tokens` are those declared before it.

    Raises:
        InvalidRecording: a field is missing or cannot be.
    """
    if field.place.count("pool") > _DEEPEST:
        raise field.refuse("a pool that holds no further pools")
    found = _BY_KIND.get(field["type"].text())
    if found is None:
        raise field["type"].refuse(f"one of {', '.join(_BY_KIND)}")
    values = read_parts(found.parts, field, tokens)
    try:
        if found.pool is StakedEtherPool:
            totals = (values.pop(part.name) for part in _SHARES)
            values["shares"] = StakedEtherShares(*totals)
        built: Pool = found.pool(**values)
    except AineonError as error:
        raise InvalidRecording(f"{field.file}: {field.place} cannot be a pool: {error}") from error
    return built


def tokens_within(value: Pool) -> Iterator[Token]:
    """Yield the tokens that a pool's JSON names, those of pools within it included."""
    yield from value.tokens
    if isinstance(value, StableSwapPool):
        if value.lp_token is not None:
            yield value.lp_token
        if isinstance(value.base_pool, StableSwapPool):
            yield from tokens_within(value.base_pool)
    elif isinstance(value, UnderlyingPool):
        yield from tokens_within(value.metapool)
    elif isinstance(value, StakedEtherPool):
        yield from tokens_within(value.pool)


# --- fields of some pools alone ------------------------------------------------------------


def _pool(name: str) -> Part:
    """A pool within the pool."""
    return Part(name, encode_pool, decode_pool, attrgetter(name))


def _nth_token(name: str, place: int) -> Part:
    return token(name)._replace(get=lambda value: value.tokens[place])


def _write_ticks(ticks: Mapping[int, tuple[int, int]]) -> list[list[int | str]]:
    return [[tick, number(gross), number(net)] for tick, (gross, net) in sorted(ticks.items())]


def _read_ticks(field: Field, _: Tokens) -> dict[int, tuple[int, int]]:
    ticks: dict[int, tuple[int, int]] = {}
    for each in field:
        tick, gross, net = each.fixed(3)
        place = tick.integer(-MAX_TICK, MAX_TICK)
        if place in ticks:
            raise tick.refuse("each tick once")
        ticks[place] = (
            gross.integer(0, MAX_LIQUIDITY),
            net.integer(-MAX_LIQUIDITY, MAX_LIQUIDITY),
        )
    return ticks


def _template() -> Part:
    part = chosen("template", TEMPLATES)

    def write(value: Any) -> str:
        if TEMPLATES.get(value.name) != value:
            raise FeedError(
                f"template {value.name!r} is not one of {', '.join(TEMPLATES)}, which a "
                "recording can name"
            )
        return str(value.name)

    return part._replace(write=write)


# What decides how a CryptoSwap pool moves its price scale.
_REPEG = (
    integer("timestamp"),
    integers("price_oracle"),
    integers("last_prices"),
    *map(
        integer,
        (
            "last_prices_timestamp",
            "ma_half_time",
            "xcp_profit",
            "virtual_price",
            "adjustment_step",
            "lp_total_supply",
        ),
    ),
    flag("not_adjusted"),
    optional(integer("price_threshold")),
    optional(integer("allowed_extra_profit")),
)


def _read_repeg(field: Field, tokens: Tokens) -> Repeg:
    return Repeg(**read_parts(_REPEG, field, tokens))


# --- kinds of pools ------------------------------------------------------------------------

_IDENTITY = (
    Part("address", str, lambda field, _: field.address(), attrgetter("address")),
    text("venue"),
)
_PAIR = (*_IDENTITY, token("token0"), token("token1"), integer("fee_pips", 0, 999_999))
_COINS = (
    *_IDENTITY,
    Part(
        "tokens",
        lambda tokens: [each.address for each in tokens],
        lambda field, tokens: tuple(declared(each, tokens) for each in field),
        attrgetter("tokens"),
    ),
    integers("balances"),
)
_VAULT = (
    *_COINS,
    integer("swap_fee"),
    integers("scaling_factors"),
    optional(text("pool_id")),
    flag("is_paused"),
    flag("swap_enabled"),
)
_AMPLIFIED = (*_VAULT, integer("amp"), optional(integer("bpt_index")))
_SHARES = (
    integer("total_pooled_ether")._replace(get=attrgetter("shares.total_pooled_ether")),
    integer("total_shares")._replace(get=attrgetter("shares.total_shares")),
)

FORMATS = (
    PoolFormat(
        "constant_product",
        ConstantProductPool,
        (*_PAIR, integer("reserve0", 0, MAX_RESERVE), integer("reserve1", 0, MAX_RESERVE)),
    ),
    PoolFormat(
        "concentrated",
        ConcentratedPool,
        (
            *_PAIR,
            integer("tick_spacing", 1, MAX_TICK),
            integer("sqrt_price_x96", 0, MAX_PRICE),
            integer("tick", -MAX_TICK, MAX_TICK),
            integer("liquidity", 0, MAX_LIQUIDITY),
            Part("ticks", _write_ticks, _read_ticks, attrgetter("ticks")),
        ),
    ),
    PoolFormat(
        "stableswap",
        StableSwapPool,
        (
            *_COINS,
            *map(integer, ("A", "fee", "A_precision", "A_precise", "admin_fee")),
            integers("rates", "_own_rates"),
            optional(integer("offpeg_fee_multiplier")),
            optional(token("lp_token")),
            optional(integer("lp_total_supply")),
            optional(_pool("base_pool")),
            optional(integer("base_virtual_price")),
            optional(integer("base_cache_updated")),
            optional(integer("block_timestamp")),
            flag("is_killed"),
            _template(),
        ),
    ),
    PoolFormat("stableswap_underlying", UnderlyingPool, (_pool("metapool"),)),
    PoolFormat(
        "cryptoswap",
        CryptoSwapPool,
        (
            *_COINS,
            *map(integer, ("A", "gamma")),
            optional(integer("D")),
            integers("price_scale"),
            *map(integer, ("mid_fee", "out_fee", "fee_gamma")),
            integers("precisions"),
            chosen("contract", CryptoSwapContract.__members__),
            optional(integer("A_precise")),
            integer("future_A_gamma_time"),
            optional(flag("is_killed"), absent=False),
            optional(
                Part(
                    "repeg",
                    lambda value: write_parts(_REPEG, value),
                    _read_repeg,
                    attrgetter("repeg"),
                )
            ),
        ),
    ),
    PoolFormat("weighted", WeightedPool, (*_VAULT, integers("weights"), flag("pow_up_shortcuts"))),
    PoolFormat("stable", StablePool, _AMPLIFIED),
    PoolFormat("composable_stable", ComposableStablePool, _AMPLIFIED),
    PoolFormat("ether_wrapper", EtherWrapper, (_nth_token("weth", 1), text("venue"))),
    PoolFormat(
        "staked_ether_wrapper",
        StakedEtherWrapper,
        (*_SHARES, _nth_token("steth", 0), _nth_token("wsteth", 1), text("venue")),
    ),
    PoolFormat(
        "staked_ether_pool",
        StakedEtherPool,
        (_pool("pool"), *_SHARES, optional(integer("held"))),
    ),
)
_BY_KIND = {each.kind: each for each in FORMATS}
_BY_CLASS = {each.pool: each for each in FORMATS}
