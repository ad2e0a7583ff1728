"""Etherscan's API, version 2, as a witness: one GET for a receipt, and a key that nobody sees.

Source: docs.etherscan.io, "Geth/Parity Proxy", `eth_getTransactionReceipt`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from aineon.chain.client.values import receipt_of
from aineon.chain.reader import Receipt
from aineon.errors import AineonError, NodeUnavailable

if TYPE_CHECKING:
    import httpx

URL: Final = "https://api.etherscan.io/v2/api"
ANSWER_SECONDS: Final = 10.0
_LONGEST_WORDS: Final = 120
_LARGEST_ANSWER: Final = 1 << 22


class EtherscanWitness:
    """Asks Etherscan for receipts.

    Args:
        key: of the API; it is in no message, log line or repr.
        chain_id: which chain.
        url: where the API is.
        answer_seconds: how long to wait.
    """

    name: Final = "Etherscan"

    def __init__(
        self,
        key: str,
        chain_id: int = 1,
        *,
        url: str = URL,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._key = key
        self._chain_id = chain_id
        self._url = url
        self._seconds = answer_seconds
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        """Return a receipt; None where Etherscan knows of none.

        Raises:
            NodeUnavailable: it does not answer, or refuses.
        """
        answer = await self._get(transaction_hash)
        if not isinstance(answer, dict) or "result" not in answer:
            raise NodeUnavailable("Etherscan answers without a result")
        found = answer["result"]
        if found is None:
            return None
        if not isinstance(found, dict):
            # Its refusals are a result too: a sentence.
            raise NodeUnavailable(f"Etherscan refuses: {self._words(found)}")
        try:
            receipt = receipt_of(found)
        except (ValueError, LookupError, TypeError, AineonError) as error:
            raise NodeUnavailable(
                f"Etherscan's receipt cannot be read ({type(error).__name__})"
            ) from None
        if receipt.transaction_hash != transaction_hash:
            raise NodeUnavailable("Etherscan answers with another transaction's receipt")
        return receipt

    async def aclose(self) -> None:
        """Close the connection."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _get(self, transaction_hash: str) -> Any:
        import httpx

        query = {
            "chainid": str(self._chain_id),
            "module": "proxy",
            "action": "eth_getTransactionReceipt",
            "txhash": transaction_hash,
            "apikey": self._key,
        }
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(retries=0, trust_env=False)
        request = httpx.Request(
            "GET", httpx.URL(self._url, params=query), extensions={"timeout": limits}
        )
        try:
            # By the transport itself: httpx's clients write every URL into a log.
            response = await self._transport.handle_async_request(request)
            try:
                content = bytearray()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > _LARGEST_ANSWER:
                        break
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            # An error's text may hold the address, and with it the key.
            failure = f"Etherscan cannot be asked ({type(error).__name__})"
        else:
            if response.status_code == httpx.codes.OK:
                return _parsed(bytes(content))
            failure = f"Etherscan answers HTTP {response.status_code}"
        raise NodeUnavailable(failure)

    def _words(self, said: object) -> str:
        plain = "".join(letter if letter.isprintable() else " " for letter in str(said))
        return plain.replace(self._key, "…")[:_LONGEST_WORDS] if self._key else plain

    def __repr__(self) -> str:
        return f"EtherscanWitness(chain {self._chain_id})"


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
    except RecursionError:
        # A few kilobytes of brackets are enough.
        raise NodeUnavailable("Etherscan's answer is nested too deeply to be read") from None
