"""Why a trade was refused: the executor's own words, the protocols', and the EVM's."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "not the operator": "only the operator may send trades",
    "not the owner": "only the owner may do this",
    "not the guardian": "only the guardian and the owner may pause",
    "not the next owner": "only the proposed owner may accept",
    "paused": "the executor is paused until its owner unpauses it",
    "too late": "the block is after the trade's deadline",
    "not a base": "the base token is not on the executor's list",
    "unknown money": "the money is none of own, Balancer, Aave and flash swap",
    "unknown step": "a step is of no known kind",
    "no flash swap": "the first step's pool is none that pays first",
    "broken route": "the steps do not lead from the base token back to it",
    "more than there is": "a step asks for more than the steps before it obtained",
    "leftover": "a hop did not spend all that the hop before it obtained",
    "too little out": "a step obtained nothing, or less than its least amount",
    "too little profit": "the treasury would get less than the trade's least profit",
    "a base already": "the token is on the executor's list already",
    "builder share": "the builder would get more than its largest share",
    "builder is paid in ether": "a builder is paid only where the base token is wrapped ether",
    "partial fill": "a Uniswap V3 pool ran out of liquidity before all was swapped",
    "not called back": "a pool did not ask for its payment",
    "not awaited": "the caller is not the contract that is being called at this moment",
    "not our loan": "somebody else asked for this loan",
    "other data": "a callback brought other data than the trade was sent with",
    "transfer refused": "a token refused a transfer",
    "approval refused": "a token refused an approval",
    "allowance left": "a pool took less than it was allowed to",
    "not ether": "a step wraps or unwraps something that is not ether",
    "not staked ether": "a step unwraps something that is not wrapped staked ether",
    "treasury is nobody": "the treasury cannot be the zero address",
    "owner is nobody": "the owner cannot be the zero address",
    "nothing proposed": "no such change was proposed",
    "too early": "the change was proposed less than two days ago",
}
"""The executor's words for a refusal, and what they mean."""

_ERROR = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_WORD = 32
_PANICS: Mapping[int, str] = {
    0x01: "an assertion failed",
    0x11: "an amount over- or underflowed",
    0x12: "a division by zero",
    0x32: "an index was out of range",
}


def decode_revert(data: bytes) -> str:
    """Say in words why a call was reverted.

    The words of `Error(string)` come first, as the contract wrote them, be it the executor, a pool
    or a token; what the executor means by them follows. Whatever cannot be read is given as hex.
    """
    if not data:
        return "reverted without a reason"
    if data[:4] == _ERROR:
        words = _text(data[4:])
        if words is not None:
            meaning = REASONS.get(words)
            return f"{words}: {meaning}" if meaning else words
    if data[:4] == _PANIC and len(data) == 4 + _WORD:
        code = int.from_bytes(data[4:], "big")
        return f"panic 0x{code:02x}: {_PANICS.get(code, 'see the Solidity manual')}"
    return f"reverted with 0x{data.hex()}"


def _text(body: bytes) -> str | None:
    """Return the one text of an ABI-encoded answer; None where it is malformed."""
    if len(body) < 2 * _WORD or int.from_bytes(body[:_WORD], "big") != _WORD:
        return None
    length = int.from_bytes(body[_WORD : 2 * _WORD], "big")
    text = body[2 * _WORD : 2 * _WORD + length]
    if len(text) != length:
        return None
    printable = text.decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else "�" for letter in printable)
