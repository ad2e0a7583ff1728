"""What the settings and the chain say to the treasury."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Final

from aineon.amm.pool import Pool
from aineon.chain.addresses import ChainAddresses
from aineon.primitives import ETHER, Address, Token, parse_address
from aineon.runtime.settings import Settings
from aineon.treasury.cashier import Multisend, Pricing
from aineon.treasury.cashier.exchanges import ConversionRules, Router
from aineon.treasury.house import House, Worth
from aineon.treasury.policy import Policy
from aineon.treasury.service import Automatic

STABLECOINS: Final = ("USDC", "USDT", "DAI")
ROUTERS: Final[Mapping[str, str]] = {
    "uniswap_v2": "Uniswap V2 Router02",
    "sushiswap": "SushiSwap Router",
    "uniswap_v3": "Uniswap V3 SwapRouter",
}
"""Venue to what a chain's file calls the contract through which an account swaps there."""

_MINUTE = 60.0
_HOUR = 3600.0


def policy_of(settings: Settings) -> Policy:
    """Return the rules that withdrawals obey."""
    return Policy(
        min_wei=settings.min_withdrawal_wei,
        max_wei=settings.max_withdrawal_wei,
        daily_wei=settings.daily_withdrawal_limit_wei,
        daily_count=settings.daily_withdrawal_count,
        free_up_to_wei=settings.withdrawal_free_up_to_wei,
        one_up_to_wei=settings.withdrawal_one_up_to_wei,
        approvers=settings.withdrawal_approvers,
        cooling_seconds=settings.withdrawal_cooling_minutes * _MINUTE,
        cooling_alone_seconds=settings.withdrawal_cooling_alone_minutes * _MINUTE,
        destination_age_seconds=settings.destination_age_hours * _HOUR,
        approval_seconds=settings.withdrawal_approval_hours * _HOUR,
        expires_seconds=settings.withdrawal_expires_hours * _HOUR,
    )


def automatic_of(settings: Settings) -> Automatic:
    """Return what the settings say of automatic withdrawals."""
    address = settings.withdrawal_address
    enabled = settings.auto_withdrawal_enabled
    return Automatic(
        address=None if address is None else parse_address(address),
        threshold_wei=settings.auto_withdrawal_threshold_wei if enabled else None,
        keep_wei=settings.auto_withdrawal_keep_wei,
    )


def pricing_of(settings: Settings) -> Pricing:
    """Return what withdrawals may offer for gas."""
    return Pricing(
        usual_tip_wei=settings.priority_fee_wei,
        most_fee_wei=settings.max_gas_price_wei,
        patience_seconds=settings.withdrawal_patience_hours * _HOUR,
    )


def multisend_of(settings: Settings, addresses: ChainAddresses) -> Multisend | None:
    """Return what pays several withdrawals at once; None where nothing is to, or can."""
    multicall = addresses.multicall
    return Multisend(multicall) if settings.withdrawal_batches and multicall else None


def conversion_of(
    settings: Settings,
    addresses: ChainAddresses,
    pools: Callable[[], Iterable[Pool]],
    worth: Worth,
) -> ConversionRules | None:
    """Return what is sold for wrapped ether; None where nothing is."""
    if settings.convert_profit == "none":
        return None
    known = addresses.tokens.values()
    return ConversionRules(
        tokens=tuple(token for token in known if token.symbol in STABLECOINS),
        wanted=addresses.native_token,
        least_wei=settings.convert_from_wei,
        slippage_bps=settings.conversion_slippage_bps,
        routers=tuple(_routers(addresses)),
        pools=pools,
        worth=worth,
    )


def _routers(addresses: ChainAddresses) -> Iterator[Router]:
    for venue, name in ROUTERS.items():
        known, address = addresses.venues.get(venue), addresses.contracts.get(name)
        if known is not None and known.factory is not None and address is not None:
            yield Router(venue, address, known.factory)


def house_of(
    settings: Settings,
    addresses: ChainAddresses,
    accounts: Mapping[Address, str],
    tokens: tuple[Token, ...],
    worth: Worth,
    pools: Container[Address] = frozenset(),
) -> House:
    """Return what the treasury must know of its chain.

    Args:
        settings: the rules.
        addresses: what is known by address on this chain: none of it is ever a destination.
        accounts: our own accounts and contracts, and what each is.
        tokens: what may be withdrawn besides native ether.
        worth: of a token's amount, in wei.
        pools: of the market.
    """
    known = {token.address: f"the token {token}" for token in addresses.tokens.values()}
    contracts = {address: f"the contract {name}" for name, address in addresses.contracts.items()}
    return House(
        chain_id=addresses.chain_id,
        policy=policy_of(settings),
        assets=(ETHER, *tokens),
        ours={**contracts, **known, **accounts},
        worth=worth,
        pools=pools,
    )
