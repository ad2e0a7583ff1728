"""Aave V3: one market with reserves that can be borrowed in a flash loan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aineon.primitives import Address, Token
from aineon.rehearsal.deploying import ZERO, Deployer, library_names
from aineon.rehearsal.packages import AAVE_V3, artifact

FLASH_PREMIUM_BPS = 5
"""Mainnet's FLASHLOAN_PREMIUM_TOTAL."""

_MARKET = "Rehearsal market"
_RAY = 10**27
# Share of a reserve that may be lent before rates climb steeply, and the rates, as of a usual
# stablecoin; flash loans do not ask for them.
_RATES = (
    80 * _RAY // 100, 0, 4 * _RAY // 100, 60 * _RAY // 100, _RAY // 200, 60 * _RAY // 100,
    _RAY // 100, 8 * _RAY // 100, 20 * _RAY // 100,
)  # fmt: skip
_INIT_RESERVE = (
    "(address,address,address,uint8,address,address,address,address,"
    "string,string,string,string,string,string,bytes)"
)


@dataclass(frozen=True, slots=True)
class AaveV3:
    """One market.

    Attributes:
        provider: its PoolAddressesProvider.
        pool: the Pool, a proxy; flash loans are asked of it.
        configurator: the PoolConfigurator, a proxy; the deployer is its admin.
        reserves: the tokens that can be lent.
    """

    provider: Address
    pool: Address
    configurator: Address
    reserves: tuple[Token, ...]


def deploy(deployer: Deployer, reserves: Sequence[Token]) -> AaveV3:
    """Deploy a market with empty reserves, flash loans allowed at mainnet's premium."""
    admin = deployer.account
    provider = deployer.deploy_packaged(AAVE_V3, "PoolAddressesProvider", _MARKET, admin)
    deployer.send(provider, "setACLAdmin(address)", admin)
    rights = deployer.deploy_packaged(AAVE_V3, "ACLManager", provider)
    deployer.send(provider, "setACLManager(address)", rights)
    deployer.send(rights, "addPoolAdmin(address)", admin)
    oracle = deployer.deploy_packaged(AAVE_V3, "PriceOracle")
    deployer.send(provider, "setPriceOracle(address)", oracle)
    libraries: dict[str, Address] = {}
    implementation = _deploy_linked(deployer, "Pool", libraries, provider)
    deployer.send(provider, "setPoolImpl(address)", implementation)
    implementation = _deploy_linked(deployer, "PoolConfigurator", libraries)
    deployer.send(provider, "setPoolConfiguratorImpl(address)", implementation)
    pool = deployer.call_address(provider, "getPool()")
    configurator = deployer.call_address(provider, "getPoolConfigurator()")
    market = AaveV3(provider, pool, configurator, tuple(reserves))
    _open_reserves(deployer, market)
    deployer.send(configurator, "updateFlashloanPremiumTotal(uint128)", FLASH_PREMIUM_BPS)
    return market


def supply(deployer: Deployer, market: AaveV3, token: Token, amount: int) -> None:
    """Lend the deployer's tokens, which it has approved, to the market."""
    deployer.send(
        market.pool,
        "supply(address,uint256,address,uint16)",
        token.address,
        amount,
        deployer.account,
        0,
    )


def _deploy_linked(
    deployer: Deployer, contract: str, libraries: dict[str, Address], *arguments: Address
) -> Address:
    """Deploy a contract after the libraries that it, and they, are linked to; each but once."""
    for name in library_names(artifact(AAVE_V3, contract)):
        if name not in libraries:
            libraries[name] = _deploy_linked(deployer, name, libraries)
    return deployer.deploy_packaged(AAVE_V3, contract, *arguments, libraries=libraries)


def _open_reserves(deployer: Deployer, market: AaveV3) -> None:
    kinds = ("AToken", "StableDebtToken", "VariableDebtToken")
    implementations = {kind: deployer.deploy_packaged(AAVE_V3, kind, market.pool) for kind in kinds}
    rates = deployer.deploy_packaged(
        AAVE_V3, "DefaultReserveInterestRateStrategy", market.provider, *_RATES
    )
    for token in market.reserves:
        deployer.send(
            market.configurator,
            f"initReserves({_INIT_RESERVE}[])",
            [_reserve(token, implementations, rates, deployer.account)],
        )
        deployer.send(
            market.configurator, "setReserveFlashLoaning(address,bool)", token.address, True
        )


def _reserve(
    token: Token, implementations: Mapping[str, Address], rates: Address, treasury: Address
) -> tuple[object, ...]:
    names = [text for kind in ("a", "variableDebt", "stableDebt")
             for text in (f"{kind} {token.symbol}", f"{kind}{token.symbol}")]  # fmt: skip
    return (
        *implementations.values(), token.decimals, rates, token.address, treasury, ZERO, *names,
        b"",
    )  # fmt: skip
