"""How Curve's contracts differ: one value for each family of StableSwap pools.

All follow one invariant. They differ in the order of roundings, in the unit they keep back, in
where the fee is taken, and in how they book a swap; those differences are data here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from aineon.amm.stableswap.math import (
    PRECISION,
    Product,
    over_all,
    over_each,
    over_each_plus_one,
)
from aineon.primitives.address import Address
from aineon.primitives.token import Transfers


class Trade(NamedTuple):
    """One swap as a contract sees it; `x` and `y` are the scaled balances it leads to."""

    amount_in: int
    amount_out: int
    x: int
    y: int
    fee: int
    admin_fee: int
    rate_in: int
    rate_out: int


Booking = Callable[[Trade, int, int], tuple[int, int]]


def by_transfers(trade: Trade, balance_in: int, balance_out: int) -> tuple[int, int]:
    """The balances move by what is transferred; the admin's part of the fee leaves too."""
    admin = trade.admin_fee * PRECISION // trade.rate_out
    return balance_in + trade.amount_in, balance_out - trade.amount_out - admin


def by_invariant(trade: Trade, balance_in: int, balance_out: int) -> tuple[int, int]:
    """The balances are computed back from the scaled ones, as the first lending pools do."""
    kept = trade.y + trade.fee - trade.admin_fee
    return trade.x * PRECISION // trade.rate_in, kept * PRECISION // trade.rate_out


class Template(NamedTuple):
    """The arithmetic of one family of contracts.

    Attributes:
        name: for people and data files.
        product: the rounding inside `get_D`.
        margin: scaled units that `exchange` keeps back from what it pays.
        view_margin: the same of the view `get_dy`.
        view_fee_on_output: whether `get_dy` takes the fee from the real amount, after the
            conversion; `exchange` always takes it before.
        booking: how the balances after a swap are found.
        withdraw_margin: scaled units kept back by `calc_withdraw_one_coin`; None where the
            contract cannot withdraw one coin.
        withdraw_pays_admin: whether that withdrawal takes out the admin's part of the fee.
        charges_view: whether `calc_token_amount` takes the fee for imbalance into account.
        scales_deposit: whether a dynamic deposit fee looks at scaled balances.
        keeps_oracle: whether a swap updates a price oracle that can refuse extreme states.
        keeps_last: whether an iteration without end counts as settled.
        follows: the transfers of tokens that it follows: those that read their balance anew at
            each call also take tokens that rebase.
    """

    name: str
    product: Product
    margin: int = 1
    view_margin: int = 1
    view_fee_on_output: bool = False
    booking: Booking = by_transfers
    withdraw_margin: int | None = 1
    withdraw_pays_admin: bool = True
    charges_view: bool = False
    scales_deposit: bool = True
    keeps_oracle: bool = False
    keeps_last: bool = False
    follows: tuple[Transfers, ...] = (Transfers.NOMINAL,)


_LIVE = (Transfers.NOMINAL, Transfers.REBASING, Transfers.SHARES)

THREE_POOL = Template("three_pool", over_each, view_fee_on_output=True, keeps_last=True)
"""3pool, sbtc, ren, hbtc and their kin: A without precision."""

PLAIN = Template("plain", over_each)
"""The base, meta and factory templates of 2020 to 2022, cToken pools like ib among them."""

PLAIN_LIVE = PLAIN._replace(name="plain_live", follows=_LIVE)
"""Factory pools that read their balances anew ("Balances", "Rebase")."""

PLAIN_TWO = Template("plain_two", over_all)
"""Two-coin factory pools with the unrolled product ("Optimized")."""

PLAIN_EMA = PLAIN_TWO._replace(name="plain_ema", keeps_oracle=True)
"""Two-coin factory pools with a moving price ("EMA": frxETH and others)."""

STETH = Template("steth", over_each_plus_one, withdraw_pays_admin=False, follows=_LIVE)
"""Native ether and stETH; `balances` are what is held less the admin's."""

FIRST_LENDING = Template(
    "first_lending",
    over_each_plus_one,
    margin=0,
    view_margin=0,
    view_fee_on_output=True,
    booking=by_invariant,
    withdraw_margin=None,
    keeps_last=True,
)
"""compound, usdt, y, busd, susd, pax: the pools of early 2020."""

RATED = Template("rated", over_each, view_margin=0, booking=by_invariant)
"""Pools of tokens that grow against the other: reth, aeth and the y template.

`get_dy` keeps nothing back where `exchange` keeps one unit.
"""

AAVE = Template(
    "aave",
    over_each_plus_one,
    margin=0,
    view_margin=0,
    view_fee_on_output=True,
    withdraw_margin=0,
    withdraw_pays_admin=False,
    scales_deposit=False,
    follows=_LIVE,
)
"""aTokens with a dynamic fee: aave, saave."""

NG = Template("ng", over_all, charges_view=True, keeps_oracle=True, follows=_LIVE)
"""StableSwap-ng, plain and metapool, with stored rates and a dynamic fee."""

TEMPLATES = {
    template.name: template
    for template in (
        THREE_POOL,
        PLAIN,
        PLAIN_LIVE,
        PLAIN_TWO,
        PLAIN_EMA,
        STETH,
        FIRST_LENDING,
        RATED,
        AAVE,
        NG,
    )
}
"""Every template by its name."""

# Mainnet's pools whose parameters look like those of another family.
_AT: Mapping[str, Template] = MappingProxyType(
    {
        "0xa2b47e3d5c44877cca798226b7b8118f9bfb7a56": FIRST_LENDING,  # compound
        "0x52ea46506b9cc5ef470c5bf89f17dc28bb35d85c": FIRST_LENDING,  # usdt
        "0x45f783cce6b7ff23b2ab2d70e416cdb7d6055f51": FIRST_LENDING,  # y
        "0x79a8c46dea5ada233abaffd40f3a0a2b1e5a4f27": FIRST_LENDING,  # busd
        "0xa5407eae9ba41422680e2e00537571bcc53efbfd": FIRST_LENDING,  # susd
        "0x06364f10b501e868329afbc005b3492902d6c763": FIRST_LENDING,  # pax
        "0xdebf20617708857ebe4f679508e7b7863a8a8eee": AAVE,  # aave
        "0xeb16ae0052ed37f479f7fe63849198df1765a733": AAVE,  # saave
        "0xdc24316b9ae028f1497c275eb9192a3ea0f67022": STETH,  # ether and stETH
        "0xf9440930043eb3997fc70e1339dbb11f341de7a8": RATED,  # ether and rETH
        "0xa96a65c051bf88b4095ee1f2451c2a9d43f53ae2": RATED,  # ether and aETH
        "0xa1f8a6807c402e4a15ef4eba36528a3fed24e577": PLAIN_EMA,  # ether and frxETH
    }
)


def template_of(address: Address, A_precision: int, offpeg_fee_multiplier: int | None) -> Template:
    """Return the template of a pool for which none was named.

    Well-known pools are told by their address, all others by their parameters: a dynamic fee
    is taken for -ng, A without precision for 3pool's family, the rest for the plain one.
    """
    known = _AT.get(address)
    if known is not None:
        return known
    if offpeg_fee_multiplier is not None:
        return NG
    return THREE_POOL if A_precision == 1 else PLAIN
