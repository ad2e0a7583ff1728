"""The way out: one request, one answer, and never a second try.

Libraries retry sends. The first try lands, the second is told "nonce too low", and the caller
believes that nothing happened. Here a request goes out once. Whatever is not a well-formed
answer to it is unclear, and unclear is not no: only a nonce and a hash on the chain decide.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aineon.sending.carriers import Verdict

if TYPE_CHECKING:
    import httpx

ANSWER_SECONDS: Final = 4.0
CONNECT_SECONDS: Final = 2.0
_LARGEST_ANSWER: Final = 1 << 16
_MOST_BRACKETS: Final = 200
_LONGEST_REASON: Final = 200
_SHORTEST_SECRET: Final = 6
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]+")
_MASK: Final = "…"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a result, a refusal in words, or nothing that tells."""

    verdict: Verdict
    reason: str = ""
    result: Any = None


class Channel:
    """Posts JSON-RPC to one address, without retries, redirects or proxies.

    Args:
        name: for messages; the address may hold a key and is never in one.
        url: where to.
        answer_seconds: how long to wait for the whole answer.
    """

    def __init__(self, name: str, url: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.name = name
        self._url = url
        self._seconds = answer_seconds
        self._client: httpx.AsyncClient | None = None
        secrets = [part for part in re.split(r"[/?&=@:]", url) if len(part) >= _SHORTEST_SECRET]
        self._secrets = re.compile("|".join(map(re.escape, secrets)) or r"(?!)", re.IGNORECASE)

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> Reply:
        """Post `body` once and return what the answer means."""
        import httpx

        try:
            async with asyncio.timeout(self._seconds):
                status, content = await self._exchange(body, headers or {})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            # No connection, so no byte of the request has left.
            return Reply(Verdict.REFUSED, "could not be reached")
        except TimeoutError:
            return Reply(Verdict.UNCLEAR, f"did not answer within {self._seconds:g} seconds")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return Reply(Verdict.UNCLEAR, f"broke off ({type(error).__name__})")
        return self._meaning(status, content)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        request = {"Content-Type": "application/json", **headers}
        async with self._opened().stream(
            "POST", self._url, content=body, headers=request
        ) as response:
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > _LARGEST_ANSWER:
                    break
            return response.status_code, bytes(content)

    def _opened(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(
                # A proxy that the environment names would see private transactions.
                trust_env=False,
                follow_redirects=False,
                transport=httpx.AsyncHTTPTransport(retries=0, trust_env=False),
                timeout=httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)),
            )
        return self._client

    def _meaning(self, status: int, content: bytes) -> Reply:
        answer = _parsed(content)
        error = answer.get("error") if isinstance(answer, dict) else None
        server_failed = status >= 500
        if error and not server_failed:
            return Reply(Verdict.REFUSED, self.words(f"refuses: {_message_of(error)}"))
        if status == 429:
            return Reply(Verdict.REFUSED, "allows no more requests now (HTTP 429)")
        if status != 200 or not isinstance(answer, dict) or "result" not in answer:
            return Reply(Verdict.UNCLEAR, f"answered HTTP {status} without a result")
        return Reply(Verdict.ACCEPTED, result=answer["result"])

    def words(self, text: str) -> str:
        """Return what the other side said, fit for a log: printable, short, without addresses."""
        plain = _URL.sub(_MASK, _UNPRINTABLE.sub(" ", text))
        return self._secrets.sub(_MASK, plain)[:_LONGEST_REASON]

    def __repr__(self) -> str:
        return f"Channel({self.name})"


def _parsed(content: bytes) -> Any:
    """Return the JSON in `content`; None where it is none that a relay would answer."""
    # A hundred thousand brackets in each other can end the process where the recursion limit
    # was raised: the parser is C, and its stack is not Python's.
    if content.count(b"[") + content.count(b"{") > _MOST_BRACKETS:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return None


def request_body(method: str, parameters: list[Any]) -> bytes:
    """Return a JSON-RPC request, as the bytes that are signed and sent."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    return json.dumps(request, separators=(",", ":")).encode()


def _message_of(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    message = str(error.get("message", "refused without a reason"))
    code = error.get("code")
    return f"{message} ({code})" if isinstance(code, int) else message
