"""Bundle relays and the public mempool: the two ways a transaction reaches a block builder.

A relay may lie. It may keep what it refused, hand it on, or have it mined alone, later, or in
another order than asked (relay equivocation). So nothing that is signed may depend on the
bundle: every trade carries, in the contract, the last block it may run in and the least it must
earn, and is worth sending to one's worst enemy. What a relay answers is kept as information
and decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from aineon.errors import SendingError
from aineon.sending.carriers import Answer, Parcel, Verdict
from aineon.sending.signer import LocalSigner
from aineon.sending.transport import ANSWER_SECONDS, Channel, Reply, request_body

MOST_TRANSACTIONS: Final = 100
MOST_BYTES: Final = 300_000
SIGNATURE_HEADER: Final = "X-Flashbots-Signature"
_REMEMBERED: Final = 64


class RelayIdentity:
    """Signs requests to relays, each body once however many relays it goes to.

    A signature takes some milliseconds, and all relays of a block are told the same.

    Args:
        signer: a key of its own, because relays know searchers by it and the key that pays
            should sign nothing but transactions.
    """

    def __init__(self, signer: LocalSigner) -> None:
        self._signer = signer
        self._headers: dict[bytes, str] = {}

    def header(self, body: bytes) -> str:
        """Return who asks: address and signature over the hex of the body's keccak-256."""
        from eth_utils.address import to_checksum_address
        from eth_utils.crypto import keccak

        known = self._headers.get(body)
        if known is None:
            if len(self._headers) >= _REMEMBERED:
                self._headers.clear()
            signature = self._signer.sign_text("0x" + keccak(body).hex())
            known = f"{to_checksum_address(self._signer.address)}:{signature}"
            self._headers[body] = known
        return known


class BundleRelay:
    """Hands bundles to one relay (`eth_sendBundle`), one request for each target block.

    Args:
        name: for messages and statistics.
        url: the relay's address.
        identity: signs the requests; shared by all relays.
        answer_seconds: how long to wait for an answer.
    """

    is_public: Final = False

    def __init__(
        self, name: str, url: str, identity: RelayIdentity, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self.name = name
        self._identity = identity
        self._channel = Channel(name, url, answer_seconds)

    async def carry(self, parcel: Parcel) -> Sequence[Answer]:
        """Hand the bundle over for each of its target blocks, all at once.

        Raises:
            SendingError: it is larger than relays take, or names no block.
        """
        check_bundle(parcel)
        bodies = [bundle_body(parcel, block) for block in parcel.blocks]
        replies = await asyncio.gather(*map(self._post, bodies))
        return [
            Answer(self.name, reply.verdict, reply.reason, block)
            for reply, block in zip(replies, parcel.blocks, strict=True)
        ]

    async def _post(self, body: bytes) -> Reply:
        headers = {SIGNATURE_HEADER: self._identity.header(body)}
        reply = await self._channel.post(body, headers)
        if reply.verdict is Verdict.ACCEPTED and not _names_bundle(reply.result):
            return Reply(Verdict.UNCLEAR, "answered without the hash of the bundle")
        return reply

    async def aclose(self) -> None:
        """Close the connection."""
        await self._channel.aclose()

    def __repr__(self) -> str:
        return f"BundleRelay({self.name})"


class PublicMempool:
    """Hands transactions to a node (`eth_sendRawTransaction`), where everybody sees them.

    For chains without relays, and for transactions that nobody gains by seeing. A trade sent
    this way is copied by others; the composition root builds one only where a setting says so.

    Args:
        name: for messages and statistics.
        url: the node's address.
        answer_seconds: how long to wait for an answer.
    """

    is_public: Final = True

    def __init__(self, name: str, url: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.name = name
        self._channel = Channel(name, url, answer_seconds)

    async def carry(self, parcel: Parcel) -> Sequence[Answer]:
        """Hand the transactions over, in their order."""
        answers = []
        for raw, transaction_hash in zip(parcel.raw, parcel.hashes, strict=True):
            body = request_body("eth_sendRawTransaction", ["0x" + raw.hex()])
            reply = await self._channel.post(body)
            if reply.verdict is Verdict.ACCEPTED and reply.result != transaction_hash:
                reply = Reply(Verdict.UNCLEAR, "answered another hash than the transaction's")
            answers.append(Answer(self.name, reply.verdict, reply.reason))
        return answers

    async def aclose(self) -> None:
        """Close the connection."""
        await self._channel.aclose()

    def __repr__(self) -> str:
        return f"PublicMempool({self.name})"


def check_bundle(parcel: Parcel) -> None:
    """Check the limits that relays set.

    Raises:
        SendingError: too many transactions or bytes, none at all, or no target block.
    """
    size = sum(map(len, parcel.raw))
    if not 1 <= len(parcel.raw) <= MOST_TRANSACTIONS or size > MOST_BYTES:
        raise SendingError(
            f"a bundle of {len(parcel.raw)} transactions and {size} bytes is not one that relays "
            f"take: 1 to {MOST_TRANSACTIONS} transactions, at most {MOST_BYTES} bytes"
        )
    if not parcel.blocks:
        raise SendingError("a bundle names no block that it is meant for")


def bundle_body(parcel: Parcel, block: int) -> bytes:
    """Return the request that asks for `parcel` in `block`; none of it may revert."""
    bundle = {"txs": ["0x" + raw.hex() for raw in parcel.raw], "blockNumber": hex(block)}
    return request_body("eth_sendBundle", [bundle])


def _names_bundle(result: object) -> bool:
    named = result.get("bundleHash") if isinstance(result, dict) else result
    return isinstance(named, str) and bool(named)
