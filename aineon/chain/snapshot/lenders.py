"""What flash loans cost at one block, and how much there is to borrow.

Sources: Aave V3, Pool.sol, FlashLoanLogic.sol and ValidationLogic.sol (`validateFlashloanSimple`;
since the revisions of 3.1 a reserve lends out no more than its virtual balance). Balancer V2,
FlashLoans.sol and ProtocolFeesCollector.sol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from aineon.chain.addresses import ChainAddresses
from aineon.chain.reader import BlockRef, ChainReader
from aineon.chain.snapshot.calls import Answer, Unreadable, ask
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.primitives import Address, Block, Token

_ONE = 10**18
_BPS = 10_000
# The last revision of Aave's Pool that rounds half up; those after it round up.
_LAST_HALF_UP = 8
# Words of `getReserveData`: the reserve's configuration first, its aToken ninth.
_RESERVE_WORDS, _A_TOKEN = 9, 8
_ACTIVE, _PAUSED, _LENDS = 1 << 56, 1 << 60, 1 << 63


@dataclass(frozen=True, slots=True)
class AaveTerms:
    """Flash loans of Aave V3's Pool.

    Attributes:
        pool: the contract.
        premium_bps: `FLASHLOAN_PREMIUM_TOTAL`.
        revision: `POOL_REVISION`, which decides how the premium is rounded.
        available: how much of each base token can be borrowed; 0 where its reserve lends nothing.
    """

    pool: Address
    premium_bps: int
    revision: int
    available: Mapping[Address, int]

    def fee(self, amount: int) -> int:
        """Return what a loan of `amount` costs, in units of its token."""
        added = _BPS // 2 if self.revision <= _LAST_HALF_UP else _BPS - 1
        return (amount * self.premium_bps + added) // _BPS


@dataclass(frozen=True, slots=True)
class VaultTerms:
    """Flash loans of Balancer V2's Vault.

    Attributes:
        vault: the contract.
        fee_percentage: 1e18 is all; set by governance, and zero for long.
        available: how much of each base token can be borrowed; 0 while the Vault is paused.
    """

    vault: Address
    fee_percentage: int
    available: Mapping[Address, int]

    def fee(self, amount: int) -> int:
        """Return what a loan of `amount` costs, in units of its token."""
        return -(-amount * self.fee_percentage // _ONE)


@dataclass(frozen=True, slots=True)
class LenderTerms:
    """What lenders ask for at one block.

    Attributes:
        block: the block, with its hash.
        aave, balancer: None where the chain has no such lender, or it cannot be read.
        refused: of lenders that cannot be read, by name, a sentence why not.
    """

    block: Block
    aave: AaveTerms | None
    balancer: VaultTerms | None
    refused: Mapping[str, str]


async def lender_terms(
    reader: ChainReader,
    known: ChainAddresses,
    block: BlockRef = "latest",
    *,
    base_tokens: Sequence[Token] = (),
) -> LenderTerms:
    """Return the terms of the chain's lenders for the base tokens, by default all discovery tokens.

    Raises:
        UnknownBlock: there is no such block.
        ChainError: the chain cannot be read.
    """
    chain = await PinnedChain.at(reader, block)
    tokens = tuple(base_tokens or known.discovery_tokens)
    refused: dict[str, str] = {}
    aave = balancer = None
    try:
        aave = None if known.aave_pool is None else await _aave(chain, known.aave_pool, tokens)
    except Unreadable as error:
        refused["aave_v3"] = str(error)
    try:
        vault = known.balancer
        balancer = None if vault is None else await _vault(chain, vault.address, tokens)
    except Unreadable as error:
        refused["balancer_v2"] = str(error)
    return LenderTerms(chain.block, aave, balancer, MappingProxyType(refused))


async def _aave(chain: PinnedChain, pool: Address, tokens: Sequence[Token]) -> AaveTerms:
    places = [int(token.address, 16) for token in tokens]
    terms, revision, *reserves = await chain.read(
        [
            ask(pool, "FLASHLOAN_PREMIUM_TOTAL()"),
            ask(pool, "POOL_REVISION()"),
            *(ask(pool, "getReserveData(address)", at, words=_RESERVE_WORDS) for at in places),
            *(ask(pool, "getVirtualUnderlyingBalance(address)", at) for at in places),
        ],
        "Aave",
    )
    reserves, virtual = reserves[: len(tokens)], reserves[len(tokens) :]
    holders = [_lending(reserve) for reserve in reserves]
    held = await _balances(chain, tokens, holders)
    most = [
        amount if not limit.is_given else min(amount, limit.word())
        for amount, limit in zip(held, virtual, strict=True)
    ]
    return AaveTerms(pool, terms.word(), revision.word(), _by_token(tokens, most))


def _lending(reserve: Answer) -> Address | None:
    """Return who holds what a reserve lends; None where it lends nothing."""
    if not reserve.is_given:
        return None
    words = reserve.words(_RESERVE_WORDS)
    state = words[0] & (_ACTIVE | _PAUSED | _LENDS)
    if state != _ACTIVE | _LENDS:
        return None
    return Address(f"0x{words[_A_TOKEN]:040x}")


async def _vault(chain: PinnedChain, vault: Address, tokens: Sequence[Token]) -> VaultTerms:
    collector, paused = await chain.read(
        [ask(vault, "getProtocolFeesCollector()"), ask(vault, "getPausedState()")], "Balancer"
    )
    holder = None if paused.word() else vault
    held = await _balances(chain, tokens, [holder] * len(tokens))
    keeper = collector.address()
    if keeper is None:
        raise Unreadable(f"{vault} names no ProtocolFeesCollector")
    (fee,) = await chain.read([ask(keeper, "getFlashLoanFeePercentage()")], "Balancer")
    return VaultTerms(vault, fee.word(), _by_token(tokens, held))


async def _balances(
    chain: PinnedChain, tokens: Sequence[Token], holders: Sequence[Address | None]
) -> list[int]:
    """Return what each holder has of its token; 0 where there is no holder."""
    reads = [
        ask(token.address, "balanceOf(address)", int(holder, 16))
        for token, holder in zip(tokens, holders, strict=True)
        if holder is not None
    ]
    answers = iter(await chain.read(reads, "loans"))
    return [0 if holder is None else next(answers).word() for holder in holders]


def _by_token(tokens: Sequence[Token], amounts: Sequence[int]) -> Mapping[Address, int]:
    return MappingProxyType(
        {token.address: amount for token, amount in zip(tokens, amounts, strict=True)}
    )
