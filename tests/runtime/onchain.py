"""Settings and a link for compositions on a chain, where nobody is asked anything."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aineon.chain.addresses import mainnet
from aineon.chain.snapshot.lenders import AaveTerms, LenderTerms, VaultTerms
from aineon.primitives import Block, parse_address
from aineon.primitives.units import ETHER
from aineon.rehearsal.anvil import CHAIN_ID
from aineon.runtime.chain_link import ChainLink
from aineon.runtime.settings import Settings, load_settings

KEY = "0x" + "5c" * 31 + "07"
GIVEN = {
    "mode": "rehearsal",
    "private_key": KEY,
    "executor_address": "0x" + "e8" * 20,
    "relay_urls": "http://127.0.0.1:9",
}


def settings_in(folder: Path, **changes: Any) -> Settings:
    """What a rehearsal's engine is told, but for `changes`; None takes something away."""
    return load_settings(env={}, data_dir=str(folder), **{**GIVEN, **changes})


def a_link(chain_id: int = CHAIN_ID) -> ChainLink:
    """A link to a chain that answers nothing: composing asks it nothing but its number."""
    reader: Any = SimpleNamespace(chain_id=chain_id, health=tuple)
    addresses = mainnet()
    tokens = tuple(addresses.token_by_symbol(name) for name in ("WETH", "USDC", "USDT", "DAI"))
    plenty = {token.address: 10**6 * ETHER for token in tokens}
    aave, vault = (parse_address("0x" + byte * 20) for byte in ("aa", "ba"))
    terms = LenderTerms(
        Block(1), AaveTerms(aave, 5, 7, plenty), VaultTerms(vault, 0, plenty), refused={}
    )
    return ChainLink(reader, addresses, tokens, terms)


def book_of(settings: Settings) -> dict[str, str]:
    """Where a composition keeps its books, as arguments of `build_engine`."""
    return {"book_url": settings.book_url, "control_url": settings.control_url}
