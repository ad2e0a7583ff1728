"""From the raw logs of a block to the events of a market.

A log is what a node answers to `eth_getLogs`: a mapping with `address`, `topics` and `data`,
as hexadecimal text or as bytes. Nothing is guessed: where a log changes a pool in a way that it
does not tell completely, the pool vanishes, with a reason, until it is read afresh.
"""

from __future__ import annotations

import struct
from binascii import unhexlify
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aineon.amm.frozen import draft_of
from aineon.chain.topics import CHANGES_BEYOND_LOGS, TOPICS
from aineon.errors import AineonError, InvalidLog
from aineon.market.events import (
    BalancesMoved,
    CoinsExchanged,
    CoinsMoved,
    LiquidityChanged,
    MarketEvent,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.primitives import Address, parse_address

BALANCER_VAULT = Address("0xba12222222228d8ba445958a75a0704d566bf2c8")
"""Balancer's Vault, at one address on all chains: it alone speaks for the pools inside it."""

RawLog = Mapping[str, Any]
_Decoder = Callable[[Address, Sequence[str], str], MarketEvent | None]

_WORD = 32
_SIGN = 1 << 255
_MODULUS = 1 << 256
_int = int.from_bytes

# The fields of nearly all logs are cut out by layouts that are compiled once, and the events of
# syncs, swaps, mints and burns built without the detour of a frozen constructor: each takes half
# as long as word by word.
_two_words = struct.Struct(">32s32s").unpack
_four_words = struct.Struct(">32s32s32s32s").unpack
_price_of_swap = struct.Struct(">64x32s32s28si").unpack
_price_of_pancake_swap = struct.Struct(">64x32s32s28si64x").unpack
_amount_of_mint = struct.Struct(">32x32s64x").unpack
_amount_of_burn = struct.Struct(">32s64x").unpack
_new_reserves_changed = draft_of(ReservesChanged)
_new_price_moved = draft_of(PriceMoved)
_new_liquidity_changed = draft_of(LiquidityChanged)
_SIGN_EXTENSIONS = (b"\x00" * 28, b"\xff" * 28)


class DecodedLogs(NamedTuple):
    """What the logs of a block say.

    Attributes:
        events: what happened to known pools, in the order of the logs.
        unknown_pools: how many logs tell of pools that were not asked for.
        other_topics: how many logs are of kinds that change no pool (Transfer, Collect …).
    """

    events: tuple[MarketEvent, ...]
    unknown_pools: int
    other_topics: int


def decode_logs(
    logs: Iterable[RawLog], pools: Container[Address], vault: Address | None = None
) -> DecodedLogs:
    """Return what `logs`, in their order, say about `pools`.

    Args:
        logs: of one block, or of several that follow each other.
        pools: the addresses that matter: what `Market.watched` says, or a set.
        vault: Balancer's on a chain of one's own; `BALANCER_VAULT` where it is not given.

    Raises:
        InvalidLog: a log was removed by a reorg (rewind the market instead of applying it), or
            its fields are not those of its event.
    """
    known = pools.keys() if isinstance(pools, Mapping) else pools
    vault = vault or BALANCER_VAULT
    events: list[MarketEvent] = []
    unknown = others = 0
    for log in logs:
        try:
            if log.get("removed"):
                raise InvalidLog("it was removed by a reorg, so its block must be rewound")
            topics, address = log["topics"], log["address"]
            decode = _OF_POOL.get(topics[0]) if topics else None
            if decode is None or address not in known:
                found = _sought(topics, address, vault)
                if found is None:
                    others += 1
                    continue
                decode, topics, address = found
                if address not in known:
                    unknown += 1
                    continue
            event = decode(address, topics, log["data"])
        except _MALFORMED as error:
            raise InvalidLog(f"log {_place(log)} cannot be read: {error}") from error
        if event is not None:
            events.append(event)
    return DecodedLogs(tuple(events), unknown, others)


def _sought(
    topics: Sequence[str | bytes], address: str | bytes, vault: Address
) -> tuple[_Decoder, Sequence[str], Address] | None:
    """Return decoder, topics and pool of a log in another spelling, or of the Vault.

    None where it tells of no pool.
    """
    kind = _text(topics[0]) if topics else ""
    decode = _OF_POOL.get(kind)
    of_vault = _OF_VAULT.get(kind)
    if decode is None and of_vault is None:
        return None
    texts = [_text(topic) for topic in topics]
    emitter = parse_address(_text(address))
    if decode is not None:
        return decode, texts, emitter
    if of_vault is None or emitter != vault:
        # Anybody can emit a log that looks like the Vault's.
        return None
    # A pool's id begins with its address.
    return of_vault, texts, parse_address(texts[1][:42])


def _text(value: str | bytes) -> str:
    return "0x" + bytes.hex(value) if isinstance(value, bytes) else value.lower()


# --- Uniswap -------------------------------------------------------------------------------


def _sync(address: Address, _: Sequence[str], data: str) -> ReservesChanged:
    content = unhexlify(data[2:]) if data[:2] == "0x" else _bytes(data)
    reserve0, reserve1 = _two_words(content)
    event = _new_reserves_changed()
    event.address = address
    event.reserve0 = _int(reserve0)
    event.reserve1 = _int(reserve1)
    event.__class__ = ReservesChanged
    return event  # type: ignore[no-any-return]


def _v3_swap(address: Address, _: Sequence[str], data: str) -> PriceMoved:
    content = unhexlify(data[2:]) if data[:2] == "0x" else _bytes(data)
    # Not passed on as they come: a call with a star costs as much as the reading.
    price, liquidity, sign, tick = _price_of_swap(content)
    return _moved(address, price, liquidity, sign, tick)


def _pancake_v3_swap(address: Address, _: Sequence[str], data: str) -> PriceMoved:
    return _moved(address, *_price_of_pancake_swap(_bytes(data)))


def _moved(address: Address, price: bytes, liquidity: bytes, sign: bytes, tick: int) -> PriceMoved:
    if sign not in _SIGN_EXTENSIONS:
        raise ValueError("its tick is no int24")
    event = _new_price_moved()
    event.address = address
    event.sqrt_price_x96 = _int(price)
    event.tick = tick
    event.liquidity = _int(liquidity)
    event.__class__ = PriceMoved
    return event  # type: ignore[no-any-return]


def _v3_initialize(address: Address, _: Sequence[str], data: str) -> PriceMoved:
    price, tick = _words(data, 2)
    return PriceMoved(address, price, _signed(tick), 0)


def _v3_mint(address: Address, topics: Sequence[str], data: str) -> MarketEvent | None:
    (amount,) = _amount_of_mint(_bytes(data))
    return _liquidity(address, topics, _int(amount))


def _v3_burn(address: Address, topics: Sequence[str], data: str) -> MarketEvent | None:
    (amount,) = _amount_of_burn(_bytes(data))
    return _liquidity(address, topics, -_int(amount))


def _liquidity(address: Address, topics: Sequence[str], delta: int) -> MarketEvent | None:
    _, _, lower, upper = topics
    if delta == 0:  # a "poke", which only collects fees
        return None
    event = _new_liquidity_changed()
    event.address = address
    event.tick_lower = _signed(int(lower, 16))
    event.tick_upper = _signed(int(upper, 16))
    event.liquidity_delta = delta
    event.__class__ = LiquidityChanged
    return event  # type: ignore[no-any-return]


# --- Balancer ------------------------------------------------------------------------------


def _vault_swap(address: Address, topics: Sequence[str], data: str) -> BalancesMoved:
    _, _, token_in, token_out = topics
    amount_in, amount_out = _two_words(_bytes(data))
    return BalancesMoved(
        address, ((_address(token_in), _int(amount_in)), (_address(token_out), -_int(amount_out)))
    )


def _pool_balance_changed(address: Address, _: Sequence[str], data: str) -> BalancesMoved:
    words = _words(data)
    tokens, deltas, fees = (_array(words, place) for place in range(3))
    return BalancesMoved(
        address,
        tuple(
            (Address(f"0x{token:040x}"), _signed(delta) - fee)
            for token, delta, fee in zip(tokens, deltas, fees, strict=True)
        ),
    )


def _pool_balance_managed(address: Address, topics: Sequence[str], data: str) -> BalancesMoved:
    cash, managed = _words(data, 2)
    return BalancesMoved(address, ((_address(topics[3]), _signed(cash) + _signed(managed)),))


# --- Curve ---------------------------------------------------------------------------------


def _token_exchange(address: Address, _: Sequence[str], data: str) -> CoinsExchanged:
    sold, amount_in, bought, amount_out = map(_int, _four_words(_bytes(data)))
    return CoinsExchanged(address, sold, amount_in, bought, amount_out)


def _coins_moved(sign: int, coins: int, tail: int) -> _Decoder:
    """The decoder of amounts and fees of so many coins, then `tail` words, supply last."""

    def decode(address: Address, _: Sequence[str], data: str) -> CoinsMoved:
        words = _words(data, 2 * coins + tail)
        amounts = tuple(sign * amount for amount in words[:coins])
        return CoinsMoved(address, amounts, tuple(words[coins : 2 * coins]), words[-1])

    return decode


def _listed_coins_moved(sign: int, tail: int) -> _Decoder:
    """The same where amounts and fees are lists, as in the pools of the -ng family."""

    def decode(address: Address, _: Sequence[str], data: str) -> CoinsMoved:
        words = _words(data)
        amounts = tuple(sign * amount for amount in _array(words, 0))
        # A balanced withdrawal costs no fee, and then the list of fees is empty.
        fees = tuple(_array(words, 1)) or (0,) * len(amounts)
        return CoinsMoved(address, amounts, fees, words[1 + tail])

    return decode


def _vanishing(signature: str) -> _Decoder:
    reason = f"{signature.partition('(')[0]} changed it in a way that its log does not tell"

    def decode(address: Address, _: Sequence[str], __: str) -> PoolVanished:
        return PoolVanished(address, reason)

    return decode


# --- words of 32 bytes ---------------------------------------------------------------------


def _bytes(data: str | bytes) -> bytes:
    if isinstance(data, bytes):
        return data
    if data[:2] != "0x":
        raise ValueError("its data does not begin with 0x")
    return unhexlify(data[2:])


def _words(data: str, count: int | None = None) -> list[int]:
    """Return the words of `data`, which must be `count` where that is given."""
    content = _bytes(data)
    if len(content) % _WORD or (count is not None and len(content) != count * _WORD):
        wanted = "whole words" if count is None else f"{count} words"
        raise ValueError(f"its data has {len(content)} bytes, not {wanted} of {_WORD}")
    return [_int(content[start : start + _WORD]) for start in range(0, len(content), _WORD)]


def _array(words: list[int], place: int) -> list[int]:
    """Return the list whose offset in bytes stands at `place`."""
    start, rest = divmod(words[place], _WORD)
    found = words[start + 1 : start + 1 + words[start]]
    if rest or len(found) != words[start]:
        raise ValueError("its data holds a list that is not complete")
    return found


def _signed(word: int) -> int:
    return word - _MODULUS if word >= _SIGN else word


def _address(topic: str) -> Address:
    return parse_address("0x" + topic[-40:])


def _place(log: object) -> str:
    """Return in words which log it is, as far as it says so itself."""
    if not isinstance(log, Mapping):
        return f"{log!r:.60}"
    return f"{log.get('logIndex', '?')} of block {log.get('blockNumber', '?')}"


_MALFORMED = (AineonError, ValueError, TypeError, LookupError, AttributeError, struct.error)

_ARRAYS = [(f"uint256[{coins}]", coins) for coins in range(2, 9)]
_LIQUIDITY = (
    ("AddLiquidity", 1, 2),
    ("RemoveLiquidityImbalance", -1, 2),
    ("RemoveLiquidity", -1, 1),
)

_OF_POOL: Mapping[Any, _Decoder] = {
    TOPICS["Sync(uint112,uint112)"]: _sync,
    TOPICS["Swap(address,address,int256,int256,uint160,uint128,int24)"]: _v3_swap,
    TOPICS["Mint(address,address,int24,int24,uint128,uint256,uint256)"]: _v3_mint,
    TOPICS["Burn(address,int24,int24,uint128,uint256,uint256)"]: _v3_burn,
    TOPICS["Initialize(uint160,int24)"]: _v3_initialize,
    TOPICS[
        "Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)"
    ]: _pancake_v3_swap,
    TOPICS["TokenExchange(address,int128,uint256,int128,uint256)"]: _token_exchange,
    TOPICS["TokenExchange(address,uint256,uint256,uint256,uint256)"]: _token_exchange,
    **{
        TOPICS[f"{name}(address,{kind},{kind}{',uint256' * tail})"]: _coins_moved(sign, coins, tail)
        for name, sign, tail in _LIQUIDITY
        for kind, coins in _ARRAYS
    },
    **{
        TOPICS[f"{name}(address,uint256[],uint256[]{',uint256' * tail})"]: (
            _listed_coins_moved(sign, tail)
        )
        for name, sign, tail in _LIQUIDITY
    },
    **{topic: _vanishing(signature) for signature, topic in CHANGES_BEYOND_LOGS.items()},
}

_OF_VAULT: Mapping[str, _Decoder] = {
    TOPICS["Swap(bytes32,address,address,uint256,uint256)"]: _vault_swap,
    TOPICS[
        "PoolBalanceChanged(bytes32,address,address[],int256[],uint256[])"
    ]: _pool_balance_changed,
    TOPICS["PoolBalanceManaged(bytes32,address,address,int256,int256)"]: _pool_balance_managed,
}
