"""Steps and events as JSON objects, and back; pools are written by `codec_pools`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from aineon.errors import FeedError
from aineon.feeds.base import FeedStep, Taking
from aineon.feeds.replay.codec_pools import decode_pool, encode_pool, tokens_within
from aineon.feeds.replay.fields import UINT256_MAX, Field
from aineon.feeds.replay.parts import (
    MAX_LIQUIDITY,
    MAX_RESERVE,
    MAX_TICK,
    Json,
    declared,
    number,
    price_state,
)
from aineon.market.events import (
    BalancesChanged,
    BalancesMoved,
    CoinsExchanged,
    CoinsMoved,
    LiquidityChanged,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.primitives import Address, Block, Token

_MAX_COUNT = 2**63 - 1


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
    if isinstance(event, PoolAppeared):
        return {"event": "pool_appeared", "pool": encode_pool(event.pool)}
    name, values = _content(event)
    return {"event": name, "address": event.address, **values}


def _content(event: MarketEvent) -> tuple[str, Json]:
    match event:
        case PoolVanished():
            return "pool_vanished", {"reason": event.reason} if event.reason else {}
        case ReservesChanged():
            return "reserves_changed", _fields(event, "reserve0", "reserve1")
        case PriceMoved():
            return "price_moved", _fields(event, "sqrt_price_x96", "tick", "liquidity")
        case LiquidityChanged():
            names = ("tick_lower", "tick_upper", "liquidity_delta")
            return "liquidity_changed", _fields(event, *names)
        case BalancesChanged():
            return "balances_changed", {"balances": _numbers(event.balances)}
        case BalancesMoved():
            deltas = [[address, number(delta)] for address, delta in event.deltas]
            return "balances_moved", {"deltas": deltas}
        case CoinsExchanged():
            return "coins_exchanged", _fields(event, "sold", "amount_in", "bought", "amount_out")
        case CoinsMoved():
            lists = {"amounts": _numbers(event.amounts), "fees": _numbers(event.fees)}
            return "coins_moved", {**lists, **_fields(event, "supply")}
    raise FeedError(f"a recording cannot hold an event of the kind {type(event).__name__}")


def _fields(event: MarketEvent, *names: str) -> Json:
    return _known({name: getattr(event, name) for name in names})


def _numbers(values: Iterable[int]) -> list[int | str]:
    return [number(value) for value in values]


def tokens_of(events: Iterable[MarketEvent], takings: Iterable[Taking]) -> list[Token]:
    """Return the tokens that a step names, in the order in which it does."""
    named: dict[Address, Token] = {}
    for event in events:
        if isinstance(event, PoolAppeared):
            for token in tokens_within(event.pool):
                named.setdefault(token.address, token)
    for taking in takings:
        named.setdefault(taking.profit_token.address, taking.profit_token)
    return list(named.values())


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
        return PoolAppeared(decode_pool(field["pool"], tokens))
    read = _EVENTS.get(name)
    if read is None:
        raise field["event"].refuse(f"pool_appeared, {', '.join(_EVENTS)}")
    return read(field["address"].address(), field)


def _vanished(address: Address, field: Field) -> MarketEvent:
    return PoolVanished(address, field.optional_text("reason") or "")


def _reserves_changed(address: Address, field: Field) -> MarketEvent:
    reserves = (field[name].integer(0, MAX_RESERVE) for name in ("reserve0", "reserve1"))
    return ReservesChanged(address, *reserves)


def _price_moved(address: Address, field: Field) -> MarketEvent:
    return PriceMoved(address, *price_state(field))


def _liquidity_changed(address: Address, field: Field) -> MarketEvent:
    return LiquidityChanged(
        address,
        field["tick_lower"].integer(-MAX_TICK, MAX_TICK),
        field["tick_upper"].integer(-MAX_TICK, MAX_TICK),
        field["liquidity_delta"].integer(-MAX_LIQUIDITY, MAX_LIQUIDITY),
    )


def _balances_changed(address: Address, field: Field) -> MarketEvent:
    return BalancesChanged(address, tuple(each.integer() for each in field["balances"]))


def _balances_moved(address: Address, field: Field) -> MarketEvent:
    pairs = (each.fixed(2) for each in field["deltas"])
    return BalancesMoved(
        address, tuple((token.address(), _signed(delta)) for token, delta in pairs)
    )


def _coins_exchanged(address: Address, field: Field) -> MarketEvent:
    return CoinsExchanged(
        address,
        field["sold"].integer(0, _MAX_COUNT),
        field["amount_in"].integer(),
        field["bought"].integer(0, _MAX_COUNT),
        field["amount_out"].integer(),
    )


def _coins_moved(address: Address, field: Field) -> MarketEvent:
    return CoinsMoved(
        address,
        tuple(_signed(each) for each in field["amounts"]),
        tuple(each.integer() for each in field["fees"]),
        field.optional_integer("supply"),
    )


def _signed(field: Field) -> int:
    return field.integer(-UINT256_MAX, UINT256_MAX)


_EVENTS: Mapping[str, Callable[[Address, Field], MarketEvent]] = {
    "pool_vanished": _vanished,
    "reserves_changed": _reserves_changed,
    "price_moved": _price_moved,
    "liquidity_changed": _liquidity_changed,
    "balances_changed": _balances_changed,
    "balances_moved": _balances_moved,
    "coins_exchanged": _coins_exchanged,
    "coins_moved": _coins_moved,
}


def _decode_taking(field: Field, tokens: Mapping[Address, Token]) -> Taking:
    return Taking(
        reference=field["reference"].text(),
        searcher=field["searcher"].text(),
        pools=tuple(each.address() for each in field["pools"]),
        profit_token=declared(field["profit_token"], tokens),
        profit=field["profit"].integer(-UINT256_MAX),
        gas_cost_wei=field.optional_integer("gas_cost_wei"),
        builder_payment_wei=field.optional_integer("builder_payment_wei"),
    )
