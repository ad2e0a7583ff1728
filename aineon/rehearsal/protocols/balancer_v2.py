"""Balancer V2: the Vault, and weighted and composable stable pools in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from aineon.amm import ComposableStablePool, WeightedPool
from aineon.primitives import Address, Token, parse_address
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.deploying import ZERO, Deployer, Query
from aineon.rehearsal.packages import BALANCER
from aineon.rehearsal.protocols.tokens import MOST

VENUE = "balancer_v2"
ONE = 10**18
_DAY = 86_400
AMP_PRECISION = 1000
_WEIGHTED = "20230206-weighted-pool-v3/artifact/WeightedPoolFactory"
_STABLE = "20230206-composable-stable-pool-v3/artifact/ComposableStablePoolFactory"
# What a factory writes into pools that ask for their version.
_VERSION = '{"name":"rehearsal"}'
_FIRST_JOIN = 0
_GIVEN_IN = 0
_TOKENS = ("address[]", "uint256[]", "uint256")


@dataclass(frozen=True, slots=True)
class BalancerV2:
    """One deployment; `weighted` and `stable` are factories."""

    vault: Address
    weighted: Address
    stable: Address


@dataclass(frozen=True, slots=True)
class VaultSite:
    """A pool of the Vault; see `Site`.

    Attributes:
        pool_id: what the Vault calls it, 0x and 64 hex digits.
        tokens: in the Vault's order; a stable pool's own token is one of them.
    """

    place: BalancerV2
    address: Address
    pool_id: str
    tokens: tuple[Token, ...]

    @property
    def venue(self) -> str:
        return VENUE

    @property
    def spender(self) -> Address:
        return self.place.vault

    def queries(self) -> list[Query]:
        pool_id = bytes.fromhex(self.pool_id[2:])
        return [
            Query(self.place.vault, "getPoolTokens(bytes32)", _TOKENS, (pool_id,)),
            Query(self.address, "getSwapFeePercentage()", ("uint256",)),
            Query(self.address, "getScalingFactors()", ("uint256[]",)),
        ]

    def swap(self, trader: Address, token_in: Token, token_out: Token, amount_in: int) -> bytes:
        pool_id = bytes.fromhex(self.pool_id[2:])
        single = pool_id, _GIVEN_IN, token_in.address, token_out.address, amount_in, b""
        return call_data(
            "swap((bytes32,uint8,address,address,uint256,bytes),"
            "(address,bool,address,bool),uint256,uint256)",
            single,
            (trader, False, trader, False),
            0,
            MOST,
        )


class WeightedSite(VaultSite):
    """A weighted pool on the chain."""

    __slots__ = ()

    def queries(self) -> list[Query]:
        asked = super().queries()
        return [*asked, Query(self.address, "getNormalizedWeights()", ("uint256[]",))]

    def pool(self, answers: Sequence[tuple[Any, ...]]) -> WeightedPool:
        (_, balances, _), (fee,), (factors,), (weights,) = answers
        return WeightedPool(
            address=self.address,
            tokens=self.tokens,
            balances=balances,
            weights=weights,
            swap_fee=fee,
            scaling_factors=factors,
            pool_id=self.pool_id,
            pow_up_shortcuts=True,
        )


class StableSite(VaultSite):
    """A composable stable pool on the chain."""

    __slots__ = ()

    def queries(self) -> list[Query]:
        asked = super().queries()
        returns = ("uint256", "bool", "uint256")
        return [*asked, Query(self.address, "getAmplificationParameter()", returns)]

    def pool(self, answers: Sequence[tuple[Any, ...]]) -> ComposableStablePool:
        (_, balances, _), (fee,), (factors,), (amp, _, precision) = answers
        assert precision == AMP_PRECISION
        return ComposableStablePool(
            address=self.address,
            tokens=self.tokens,
            balances=balances,
            amp=amp,
            swap_fee=fee,
            scaling_factors=factors,
            pool_id=self.pool_id,
            bpt_index=[token.address for token in self.tokens].index(self.address),
        )


def deploy(deployer: Deployer, wrapped_ether: Token) -> BalancerV2:
    """Deploy the Vault, whose admin is the deployer, and its factories."""
    authorizer = deployer.deploy_packaged(BALANCER, "artifact/Authorizer", deployer.account)
    vault = deployer.deploy_packaged(
        BALANCER, "artifact/Vault", authorizer, wrapped_ether.address, 90 * _DAY, 30 * _DAY
    )
    fees = deployer.deploy_packaged(BALANCER, "ProtocolFeePercentagesProvider", vault, ONE, ONE)
    given = vault, fees, _VERSION, _VERSION
    weighted = deployer.deploy_packaged(BALANCER, _WEIGHTED, *given)
    stable = deployer.deploy_packaged(BALANCER, _STABLE, *given)
    return BalancerV2(vault, weighted, stable)


def create_weighted(
    deployer: Deployer,
    venue: BalancerV2,
    amounts: Mapping[Token, int],
    weights: Sequence[int],
    swap_fee: int,
) -> WeightedSite:
    """Create a weighted pool with first balances, which the deployer holds and has approved.

    Weights are in the order of `amounts`; like the swap fee they are in 1e18.
    """
    weight_of = dict(zip(amounts, weights, strict=True))
    tokens = sorted(amounts)
    receipt = deployer.send(
        venue.weighted,
        "create(string,string,address[],uint256[],address[],uint256,address)",
        *_names(tokens),
        [token.address for token in tokens],
        [weight_of[token] for token in tokens],
        [ZERO] * len(tokens),
        swap_fee,
        ZERO,
    )
    return WeightedSite(venue, *_joined(deployer, venue, receipt, amounts))


def create_stable(
    deployer: Deployer, venue: BalancerV2, amounts: Mapping[Token, int], amp: int, swap_fee: int
) -> StableSite:
    """Create a composable stable pool with first balances; `amp` is without its precision."""
    tokens = sorted(amounts)
    receipt = deployer.send(
        venue.stable,
        "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)",
        *_names(tokens),
        [token.address for token in tokens],
        amp,
        [ZERO] * len(tokens),
        [0] * len(tokens),
        [False] * len(tokens),
        swap_fee,
        ZERO,
    )
    return StableSite(venue, *_joined(deployer, venue, receipt, amounts))


def _names(tokens: Sequence[Token]) -> tuple[str, str]:
    name = "-".join(token.symbol for token in tokens)
    return name, name


def _joined(
    deployer: Deployer, venue: BalancerV2, receipt: Mapping[str, Any], amounts: Mapping[Token, int]
) -> tuple[Address, str, tuple[Token, ...]]:
    """Give the pool that a factory has just created its first balances."""
    created = next(log for log in receipt["logs"] if len(log["topics"]) == 2 and log["data"] == "0x"
                   and log["address"] in {venue.weighted, venue.stable})  # fmt: skip
    address = parse_address("0x" + created["topics"][1][-40:])
    (pool_id,) = deployer.call(address, "getPoolId()", ["bytes32"])
    known = {token.address: token for token in amounts}
    known[address] = Token(address, "BPT", 18)
    (held, _, _) = deployer.call(venue.vault, "getPoolTokens(bytes32)", _TOKENS, pool_id)
    tokens = tuple(known[parse_address(token)] for token in held)
    first = encode(
        ["uint256", "uint256[]"], [_FIRST_JOIN, [amounts.get(token, 0) for token in tokens]]
    )
    deployer.send(
        venue.vault,
        "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))",
        pool_id,
        deployer.account,
        deployer.account,
        ([token.address for token in tokens], [MOST] * len(tokens), first, False),
    )
    return address, f"0x{pool_id.hex()}", tokens
