"""Reading what tokens say of themselves, with care: their authors are strangers."""

from __future__ import annotations

from collections.abc import Iterable

from aineon.chain.addresses import ChainAddresses
from aineon.chain.snapshot.calls import Answer, ask
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.primitives import ETHER, Address, Token

_WORD = 32
_MOST_DECIMALS = 255
# An offset, a length and four times what a symbol may have.
_SYMBOL_WORDS = 4
_LITTLE_GAS = 100_000


async def read_tokens(
    chain: PinnedChain, known: ChainAddresses, addresses: Iterable[Address]
) -> dict[Address, Token]:
    """Return the tokens at these addresses: those of the chain's file, the others as they say.

    Symbols are reduced to `[A-Za-z0-9._+$-]{1,16}` (`Token` does), and are empty where a token
    says nothing of use; decimals are None where it does not tell them.
    """
    tokens: dict[Address, Token] = {ETHER.address: ETHER, **known.tokens}
    if known.lido is not None:
        tokens[known.lido.steth.address] = known.lido.steth
    unknown = sorted(set(addresses) - tokens.keys())
    reads = [
        read._replace(gas=_LITTLE_GAS)
        for address in unknown
        for read in (ask(address, "symbol()", words=_SYMBOL_WORDS), ask(address, "decimals()"))
    ]
    answers = await chain.read(reads, "tokens")
    for address, symbol, decimals in zip(unknown, answers[::2], answers[1::2], strict=True):
        tokens[address] = Token(address, _text(symbol), _decimals(decimals))
    return tokens


def _text(answer: Answer) -> str:
    """Return a symbol: a string, or, of the first tokens (MKR), 32 bytes filled up with zeros."""
    said = answer.said or b""
    if len(said) == _WORD:
        content = said.partition(b"\0")[0]
    elif int.from_bytes(said[:_WORD], "big") == _WORD:
        length = int.from_bytes(said[_WORD : 2 * _WORD], "big")
        content = said[2 * _WORD :][:length]
    else:
        content = b""
    return content.decode("utf-8", "ignore")


def _decimals(answer: Answer) -> int | None:
    if not answer.is_given:
        return None
    decimals = answer.word()
    return decimals if decimals <= _MOST_DECIMALS else None
