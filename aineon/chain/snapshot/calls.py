"""Reads of contracts: what is asked, and what the answers say.

The first four bytes of a call are the keccak-256 hash of the function's signature. They stand
here as constants, so that reading needs no hash function; a test computes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from aineon.primitives import Address

_WORD = 32
_SIGN = 1 << 255
_MODULUS = 1 << 256

# fmt: off
SELECTORS: Mapping[str, str] = MappingProxyType({
    "getPair(address,address)": "0xe6a43905",
    "getPool(address,address,uint24)": "0x1698ee82",
    "feeAmountTickSpacing(uint24)": "0x22afcccb",
    "getReserves()": "0x0902f1ac",
    "slot0()": "0x3850c7bd",
    "liquidity()": "0x1a686502",
    "tickBitmap(int16)": "0x5339c296",
    "ticks(int24)": "0xf30dba93",
    "symbol()": "0x95d89b41",
    "decimals()": "0x313ce567",
    "totalSupply()": "0x18160ddd",
    "balanceOf(address)": "0x70a08231",
    "getPoolTokens(bytes32)": "0xf94d4668",
    "getPausedState()": "0x1c0de051",
    "getProtocolFeesCollector()": "0xd2946c2b",
    "getFlashLoanFeePercentage()": "0xd877845c",
    "isPoolFromFactory(address)": "0x6634b753",
    "getSwapFeePercentage()": "0x55c67628",
    "getNormalizedWeights()": "0xf89f27ed",
    "getAmplificationParameter()": "0x6daccffa",
    "getRateProviders()": "0x238a2d59",
    "getRate()": "0x679aefce",
    "getPriceRateCache(address)": "0xb867ee5a",
    "getTokenRateCache(address)": "0x7f1260d1",
    "coins(uint256)": "0xc6610657",
    "balances(uint256)": "0x4903b0d1",
    "A()": "0xf446c1d0",
    "A_precise()": "0x76a2f0f0",
    "fee()": "0xddca3f43",
    "admin_fee()": "0xfee3f7f9",
    "offpeg_fee_multiplier()": "0x8edfdd5f",
    "stored_rates()": "0xfd0684b1",
    "is_killed()": "0x9c868ac0",
    "base_virtual_price()": "0x95ccc02f",
    "base_cache_updated()": "0x8296f84f",
    "gamma()": "0xb1373929",
    "D()": "0x0f529ba2",
    "price_scale()": "0xb9e8c9fd",
    "price_scale(uint256)": "0xa3f7cdd5",
    "mid_fee()": "0x92526c0c",
    "out_fee()": "0xee8de675",
    "fee_gamma()": "0x72d4f0e2",
    "future_A_gamma_time()": "0xf9ed9597",
    "getTotalPooledEther()": "0x37cfdaca",
    "getTotalShares()": "0xd5002f2e",
    "getExternalEther()": "0xe16a9065",
    "getExternalShares()": "0x63021d8b",
    "FLASHLOAN_PREMIUM_TOTAL()": "0x074b2e43",
    "POOL_REVISION()": "0x0148170e",
    "getReserveData(address)": "0x35ea6a75",
    "getVirtualUnderlyingBalance(address)": "0x6fb07f96",
})
# fmt: on

TOKENS_REGISTERED = "0xf5847d3f2197b16cdcd2098ec95d0905cd1abdaf415f07bb7cef2bba8ac5dec4"
"""The topic of the Vault's `TokensRegistered(bytes32,address[],address[])`."""

ENOUGH_GAS = 1_000_000
"""More than any of these functions takes, and little enough that a hostile one is no harm."""


class Unreadable(Exception):
    """A contract did not answer as its kind does; one sentence, for people, says how."""


class Read(NamedTuple):
    """One read of one contract.

    Attributes:
        signature: of the function, for people.
        most: how many bytes of the answer are wanted; what comes beyond is cut off.
    """

    to: Address
    signature: str
    data: bytes
    most: int = _WORD
    gas: int = ENOUGH_GAS


def ask(to: Address, signature: str, *arguments: int, words: int = 1) -> Read:
    """Return the read of a function whose arguments are words each, for an answer of `words`."""
    data = bytes.fromhex(SELECTORS[signature][2:])
    data += b"".join((value % _MODULUS).to_bytes(_WORD, "big") for value in arguments)
    return Read(to, signature, data, words * _WORD)


class Answer(NamedTuple):
    """What a contract said to a read; `said` is None where it reverted."""

    read: Read
    said: bytes | None

    @property
    def is_given(self) -> bool:
        """Whether the contract has the function and answered at least a word."""
        return self.said is not None and len(self.said) >= _WORD

    def words(self, count: int) -> tuple[int, ...]:
        """Return the first words of the answer, unsigned.

        Raises:
            Unreadable: it has fewer.
        """
        if self.said is None:
            raise Unreadable(f"{self.read.to} refuses {self.read.signature}")
        if len(self.said) < count * _WORD:
            raise Unreadable(
                f"{self.read.to} answers {self.read.signature} with {len(self.said)} bytes, "
                f"not {count} words of {_WORD}"
            )
        return tuple(
            int.from_bytes(self.said[start : start + _WORD], "big")
            for start in range(0, count * _WORD, _WORD)
        )

    def word(self) -> int:
        """Return the first word of the answer, unsigned.

        Raises:
            Unreadable: there is none.
        """
        return self.words(1)[0]

    def address(self) -> Address | None:
        """Return the address that the first word is; None for the zero address.

        Raises:
            Unreadable: there is no such word.
        """
        return address_of(self.word())

    def array(self, place: int) -> tuple[int, ...]:
        """Return the words of the list whose offset stands at `place` of the answer's head.

        Raises:
            Unreadable: there is no such list, or it is not whole.
        """
        offset = self.words(place + 1)[place]
        said = self.said or b""
        start = offset + _WORD
        count = int.from_bytes(said[offset:start], "big")
        if len(said) < start or len(said) - start < count * _WORD:
            raise Unreadable(f"{self.read.to} answers {self.read.signature} with a broken list")
        return tuple(
            int.from_bytes(said[start + at : start + at + _WORD], "big")
            for at in range(0, count * _WORD, _WORD)
        )


def address_of(word: int) -> Address | None:
    """Return the address in the lower twenty bytes of a word; None for the zero address."""
    value = word % (1 << 160)
    return Address(f"0x{value:040x}") if value else None


def addresses_of(words: Sequence[int]) -> tuple[Address | None, ...]:
    """Return the addresses that words are."""
    return tuple(address_of(word) for word in words)


def signed(word: int) -> int:
    """Return a word read as two's complement."""
    return word - _MODULUS if word >= _SIGN else word
