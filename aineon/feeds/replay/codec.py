"""Steps, events and pools as JSON objects, and back.

Integers beyond 2^53 are written as decimal strings, because other languages' JSON readers turn
them into floats; both spellings are read. What is unknown (None) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool
from aineon.errors import FeedError, InvalidRecording, PoolError
from aineon.feeds.base import FeedStep, Taking
from aineon.feeds.replay.fields import UINT256_MAX, Field
from aineon.market.events import (
    LiquidityChanged,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.primitives import Address, Block, Token

_EXACT_IN_JSON = 2**53
_MAX_RESERVE = 2**112 - 1
_MAX_LIQUIDITY = 2**128 - 1
_MAX_TICK = 887_272
_MAX_COUNT = 2**63 - 1

Json = dict[str, Any]


def number(value: int) -> int | str:
    """Return `value` as JSON readers of any language read it without loss."""
    return value if -_EXACT_IN_JSON <= value <= _EXACT_IN_JSON else str(value)


def _known(values: Mapping[str, int | str | None]) -> Json:
    return {
        key: number(value) if isinstance(value, int) else value
        for key, value in values.items()
        if value is not None
    }


# --- writing -------------------------------------------------------------------------------


def encode_step(step: FeedStep) -> Json:
    """Return a step as a JSON object; fields that say nothing are left out."""
    update = step.update
    encoded: Json = {
        "block": encode_block(update.block),
        "step": update.step,
        "events": [encode_event(event) for event in update.events],
    }
    if step.mid_transaction:
        encoded["mid_transaction"] = True
    if step.droppable:
        encoded["droppable"] = True
    if step.takings:
        encoded["takings"] = [_encode_taking(taking) for taking in step.takings]
    if step.not_replayable:
        encoded["not_replayable"] = dict(step.not_replayable)
    if step.warm_up is not None:
        encoded["warm_up"] = list(step.warm_up)
    return encoded


def encode_block(block: Block) -> Json:
    """Return a block's header as a JSON object."""
    return _known(
        {
            "number": block.number,
            "base_fee_wei": block.base_fee_wei,
            "timestamp": block.timestamp,
            "hash": block.hash,
            "parent_hash": block.parent_hash,
            "gas_used": block.gas_used,
            "gas_limit": block.gas_limit,
        }
    )


def encode_event(event: MarketEvent) -> Json:
    """Return an event as a JSON object.

    Raises:
        FeedError: a pool of a type that the format cannot hold.
    """
    match event:
        case PoolAppeared():
            return {"event": "pool_appeared", "pool": _encode_pool(event.pool)}
        case PoolVanished():
            return {"event": "pool_vanished", "address": event.address}
        case ReservesChanged():
            name = "reserves_changed"
            values = {"reserve0": event.reserve0, "reserve1": event.reserve1}
        case PriceMoved():
            name = "price_moved"
            values = {
                "sqrt_price_x96": event.sqrt_price_x96,
                "tick": event.tick,
                "liquidity": event.liquidity,
            }
        case LiquidityChanged():
            name = "liquidity_changed"
            values = {
                "tick_lower": event.tick_lower,
                "tick_upper": event.tick_upper,
                "liquidity_delta": event.liquidity_delta,
            }
    return {"event": name, "address": event.address, **_known(values)}


def tokens_of(events: Iterable[MarketEvent], takings: Iterable[Taking]) -> list[Token]:
    """Return the tokens that a step names, in the order in which it does."""
    named: dict[Address, Token] = {}
    for event in events:
        if isinstance(event, PoolAppeared):
            for token in event.pool.tokens:
                named.setdefault(token.address, token)
    for taking in takings:
        named.setdefault(taking.profit_token.address, taking.profit_token)
    return list(named.values())


def _encode_pool(pool: Pool) -> Json:
    if isinstance(pool, ConstantProductPool):
        return {
            "type": "constant_product",
            **_encode_identity(pool),
            "reserve0": number(pool.reserve0),
            "reserve1": number(pool.reserve1),
        }
    if isinstance(pool, ConcentratedPool):
        return {
            "type": "concentrated",
            **_encode_identity(pool),
            "tick_spacing": pool.tick_spacing,
            "sqrt_price_x96": number(pool.sqrt_price_x96),
            "tick": pool.tick,
            "liquidity": number(pool.liquidity),
            "ticks": [
                [tick, number(gross), number(net)]
                for tick, (gross, net) in sorted(pool.ticks.items())
            ],
        }
    raise FeedError(
        f"pool {pool.address} is a {type(pool).__name__}, a recording can hold "
        "ConstantProductPool and ConcentratedPool"
    )


def _encode_identity(pool: ConstantProductPool | ConcentratedPool) -> Json:
    return {
        "address": pool.address,
        "venue": pool.venue,
        "token0": pool.token0.address,
        "token1": pool.token1.address,
        "fee_pips": pool.fee_pips,
    }


def _encode_taking(taking: Taking) -> Json:
    return {
        "reference": taking.reference,
        "searcher": taking.searcher,
        "pools": list(taking.pools),
        "profit_token": taking.profit_token.address,
        **_known(
            {
                "profit": taking.profit,
                "gas_cost_wei": taking.gas_cost_wei,
                "builder_payment_wei": taking.builder_payment_wei,
            }
        ),
    }


# --- reading -------------------------------------------------------------------------------


def decode_step(field: Field, tokens: Mapping[Address, Token]) -> FeedStep:
    """Return the step that stands in `field`; `tokens` are those declared before it.

    Raises:
        InvalidRecording: a field is missing or cannot be.
    """
    events = tuple(_decode_event(each, tokens) for each in field["events"])
    update = MarketUpdate(
        _decode_block(field["block"]), events, field["step"].integer(0, _MAX_COUNT)
    )
    mid, droppable = field.get("mid_transaction"), field.get("droppable")
    counts, warm_up = field.get("not_replayable"), field.get("warm_up")
    return FeedStep(
        update=update,
        mid_transaction=mid is not None and mid.flag(),
        droppable=droppable is not None and droppable.flag(),
        takings=tuple(_decode_taking(each, tokens) for each in field.get("takings") or ()),
        not_replayable={}
        if counts is None
        else {name: count.integer(1, _MAX_COUNT) for name, count in counts.entries()},
        warm_up=None if warm_up is None else _decode_warm_up(warm_up),
    )


def _decode_warm_up(field: Field) -> tuple[int, int]:
    done, total = (each.integer(0, _MAX_COUNT) for each in field.fixed(2))
    return done, total


def _decode_block(field: Field) -> Block:
    return Block(
        number=field["number"].integer(0, _MAX_COUNT),
        base_fee_wei=field.optional_integer("base_fee_wei"),
        timestamp=field.optional_integer("timestamp", 0, _MAX_COUNT),
        hash=field.optional_text("hash"),
        parent_hash=field.optional_text("parent_hash"),
        gas_used=field.optional_integer("gas_used", 0, _MAX_COUNT),
        gas_limit=field.optional_integer("gas_limit", 0, _MAX_COUNT),
    )


def _decode_event(field: Field, tokens: Mapping[Address, Token]) -> MarketEvent:
    name = field["event"].text()
    if name == "pool_appeared":
        return PoolAppeared(_decode_pool(field["pool"], tokens))
    address = field["address"].address()
    match name:
        case "pool_vanished":
            return PoolVanished(address)
        case "reserves_changed":
            return ReservesChanged(
                address,
                field["reserve0"].integer(0, _MAX_RESERVE),
                field["reserve1"].integer(0, _MAX_RESERVE),
            )
        case "price_moved":
            return PriceMoved(address, *_price_state(field))
        case "liquidity_changed":
            return LiquidityChanged(
                address,
                _tick(field["tick_lower"]),
                _tick(field["tick_upper"]),
                field["liquidity_delta"].integer(-_MAX_LIQUIDITY, _MAX_LIQUIDITY),
            )
    raise field["event"].refuse(
        "pool_appeared, pool_vanished, reserves_changed, price_moved or liquidity_changed"
    )


def _decode_pool(field: Field, tokens: Mapping[Address, Token]) -> Pool:
    kind = field["type"].text()
    address = field["address"].address()
    token0 = _declared(field["token0"], tokens)
    token1 = _declared(field["token1"], tokens)
    fee_pips = field["fee_pips"].integer(0, 999_999)
    venue = field["venue"].text()
    try:
        if kind == "constant_product":
            return ConstantProductPool(
                address=address,
                token0=token0,
                token1=token1,
                reserve0=field["reserve0"].integer(0, _MAX_RESERVE),
                reserve1=field["reserve1"].integer(0, _MAX_RESERVE),
                fee_pips=fee_pips,
                venue=venue,
            )
        if kind == "concentrated":
            sqrt_price_x96, tick, liquidity = _price_state(field)
            return ConcentratedPool(
                address=address,
                token0=token0,
                token1=token1,
                fee_pips=fee_pips,
                tick_spacing=field["tick_spacing"].integer(1, _MAX_TICK),
                sqrt_price_x96=sqrt_price_x96,
                tick=tick,
                liquidity=liquidity,
                ticks=dict(_tick_liquidity(each) for each in field["ticks"]),
                venue=venue,
            )
    except PoolError as error:
        raise InvalidRecording(f"{field.file}: {field.place} cannot be a pool: {error}") from error
    raise field["type"].refuse("constant_product or concentrated")


def _price_state(field: Field) -> tuple[int, int, int]:
    return (
        field["sqrt_price_x96"].integer(0, 2**160 - 1),
        _tick(field["tick"]),
        field["liquidity"].integer(0, _MAX_LIQUIDITY),
    )


def _tick(field: Field) -> int:
    return field.integer(-_MAX_TICK, _MAX_TICK)


def _tick_liquidity(field: Field) -> tuple[int, tuple[int, int]]:
    tick, gross, net = field.fixed(3)
    return _tick(tick), (
        gross.integer(0, _MAX_LIQUIDITY),
        net.integer(-_MAX_LIQUIDITY, _MAX_LIQUIDITY),
    )


def _decode_taking(field: Field, tokens: Mapping[Address, Token]) -> Taking:
    return Taking(
        reference=field["reference"].text(),
        searcher=field["searcher"].text(),
        pools=tuple(each.address() for each in field["pools"]),
        profit_token=_declared(field["profit_token"], tokens),
        profit=field["profit"].integer(-UINT256_MAX),
        gas_cost_wei=field.optional_integer("gas_cost_wei"),
        builder_payment_wei=field.optional_integer("builder_payment_wei"),
    )


def _declared(field: Field, tokens: Mapping[Address, Token]) -> Token:
    token = tokens.get(field.address())
    if token is None:
        raise field.refuse("the address of a token that an earlier line declares")
    return token
