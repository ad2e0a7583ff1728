"""A relay on the loopback: takes bundles as mainnet's relays do, for the rehearsal's blocks.

JSON-RPC over HTTP: `eth_sendBundle` and `eth_cancelBundle`. Each request is signed in its header
`X-Flashbots-Signature: address:signature`, an EIP-191 signature over the 0x-hex of the body's
keccak. A bundle waits for the one block that it names; `BlockMaker` fetches it then.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Self

from eth_utils.crypto import keccak

from aineon.errors import RehearsalRefused
from aineon.primitives import Address, parse_address
from aineon.rehearsal.bundles import Bundle, Verdict
from aineon.rehearsal.http_server import Request, Response, read_request
from aineon.rehearsal.transactions import read_transaction

SIGNATURE_HEADER = "x-flashbots-signature"
MOST_BLOCKS_AHEAD = 25
_MOST_VERDICTS = 1000
_INVALID_REQUEST = -32600
_NO_SUCH_METHOD = -32601
_INVALID_PARAMETERS = -32602
_UNAVAILABLE = -32000


class Fault(StrEnum):
    """What the relay does wrong, for those who test how they bear it."""

    NONE = "none"
    REFUSE = "answers every request with an error"
    SERVER_ERROR = "answers HTTP 500"
    HANG = "never answers"
    DROP = "accepts bundles and forgets them"
    LOSE_ANSWER = "accepts bundles and hangs up without an answer"


class Relay:
    """A relay that runs from `start` to `aclose`.

    Attributes:
        url: where it listens.
        fault: what it does wrong from now on.
        verdicts: what became of the bundles that met their block, the latest last.
        head: the latest block that was made, or is being made.
        received: how many requests have come.
    """

    def __init__(self, head: int) -> None:
        self.head = head
        self._waiting: list[Bundle] = []
        self._server: asyncio.Server | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self.url = ""
        self.fault = Fault.NONE
        self.verdicts: deque[Verdict] = deque(maxlen=_MOST_VERDICTS)
        self.received = 0

    @classmethod
    async def start(cls, head: int) -> Self:
        """Listen on a free loopback port; `head` is the number of the latest block."""
        relay = cls(head)
        # What checks signatures takes long to import; nobody waits for it yet.
        await asyncio.to_thread(__import__, "eth_account")
        relay._server = await asyncio.start_server(relay._serve, "127.0.0.1", 0)
        host, port = relay._server.sockets[0].getsockname()
        relay.url = f"http://{host}:{port}"
        return relay

    async def aclose(self) -> None:
        """Stop listening and hang up on everybody."""
        assert self._server is not None
        self._server.close()
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # --- for the maker of blocks -----------------------------------------------------------

    @property
    def waiting(self) -> tuple[Bundle, ...]:
        """The bundles whose block has not come."""
        return tuple(self._waiting)

    def take(self, block: int) -> list[Bundle]:
        """Return the bundles for a block that is being made; they and all older ones are gone."""
        self.head = block
        due = [bundle for bundle in self._waiting if bundle.block == block]
        self._waiting = [bundle for bundle in self._waiting if bundle.block > block]
        return due

    def tell(self, verdicts: Sequence[Verdict]) -> None:
        """Note what became of them."""
        self.verdicts.extend(verdicts)

    # --- for those who send ----------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            while (request := await read_request(reader)) is not None:
                response = await self._respond(request)
                if response is None:
                    break
                writer.write(response.encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            return  # whoever spoke nonsense or left is hung up on
        except asyncio.CancelledError:
            return  # the relay closes; a server's task has nobody else to tell
        finally:
            self._answering.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def _respond(self, request: Request) -> Response | None:
        """Return the answer; None to hang up without one."""
        self.received += 1
        fault = self.fault
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault is Fault.SERVER_ERROR:
            return Response(500, b"the relay has a bad day")
        answer = self._answer(request)
        return None if fault is Fault.LOSE_ANSWER else Response(200, json.dumps(answer).encode())

    def _answer(self, request: Request) -> dict[str, Any]:
        number = None
        try:
            call = json.loads(request.body)
            number = call.get("id")
            result = self._carry_out(call, request)
        except (ValueError, AttributeError) as error:
            return _failure(number, _INVALID_REQUEST, f"not a JSON-RPC request: {error}")
        except _RelayError as error:
            return _failure(number, error.code, str(error))
        except RehearsalRefused as error:
            return _failure(number, _INVALID_PARAMETERS, str(error))
        return {"jsonrpc": "2.0", "id": number, "result": result}

    def _carry_out(self, call: Mapping[str, Any], request: Request) -> Any:
        if self.fault is Fault.REFUSE:
            raise _RelayError(_UNAVAILABLE, "the relay takes no bundles now")
        sender = signer_of(request)
        if call.get("method") == "eth_sendBundle":
            return self._send_bundle(_parameters(call), sender)
        if call.get("method") == "eth_cancelBundle":
            return self._cancel(_parameters(call), sender)
        raise _RelayError(_NO_SUCH_METHOD, f"there is no method {call.get('method')!r}")

    def _send_bundle(self, parameters: Mapping[str, Any], sender: Address) -> dict[str, str]:
        bundle = read_bundle(parameters, sender)
        first, last = self.head + 1, self.head + MOST_BLOCKS_AHEAD
        if not first <= bundle.block <= last:
            raise RehearsalRefused(f"blockNumber is {bundle.block}; allowed is {first} to {last}")
        if bundle.replacement is not None:
            self._forget(bundle.replacement, sender)
        known = any(other.hash == bundle.hash and other.block == bundle.block
                    for other in self._waiting)  # fmt: skip
        if self.fault is not Fault.DROP and not known:
            self._waiting.append(bundle)
        return {"bundleHash": bundle.hash}

    def _cancel(self, parameters: Mapping[str, Any], sender: Address) -> bool:
        self._forget(str(parameters.get("replacementUuid")), sender)
        return True

    def _forget(self, replacement: str, sender: Address) -> None:
        self._waiting = [
            bundle
            for bundle in self._waiting
            if (bundle.replacement, bundle.sender) != (replacement, sender)
        ]


class _RelayError(Exception):
    """A refusal with a code of JSON-RPC."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def signer_of(request: Request) -> Address:
    """Return who signed a request.

    Raises:
        RehearsalRefused: there is no signature, or it is not the named address's for this body.
    """
    from eth_account import Account
    from eth_account.messages import encode_defunct

    named, _, signature = request.headers.get(SIGNATURE_HEADER, "").partition(":")
    digest = f"0x{keccak(request.body).hex()}"
    try:
        claimed = parse_address(named)
        signer = Account.recover_message(encode_defunct(text=digest), signature=signature)
    except Exception as error:
        # Whatever is wrong with a stranger's signature, it is the same answer to them.
        raise RehearsalRefused(
            "X-Flashbots-Signature is missing or malformed; allowed is address:signature"
        ) from error
    if parse_address(signer) != claimed:
        raise RehearsalRefused(f"X-Flashbots-Signature is not {claimed}'s for this body")
    return claimed


def read_bundle(parameters: Mapping[str, Any], sender: Address | None = None) -> Bundle:
    """Return the bundle that `eth_sendBundle` describes.

    Raises:
        RehearsalRefused: a parameter is missing or malformed; the message names it.
    """
    raws = parameters.get("txs")
    if not isinstance(raws, list) or not raws:
        raise RehearsalRefused("txs is missing or empty; allowed is a list of raw transactions")
    replacement = parameters.get("replacementUuid")
    return Bundle(
        transactions=tuple(map(read_transaction, raws)),
        block=_number("blockNumber", parameters.get("blockNumber")),
        may_revert=frozenset(str(each).lower() for each in parameters.get("revertingTxHashes", ())),
        earliest=_seconds("minTimestamp", parameters),
        latest=_seconds("maxTimestamp", parameters),
        replacement=None if replacement is None else str(replacement),
        sender=sender,
    )


def _number(name: str, value: object) -> int:
    try:
        return int(str(value), 16)
    except ValueError as error:
        raise RehearsalRefused(f"{name} is {value!r}; allowed is a number in 0x-hex") from error


def _seconds(name: str, parameters: Mapping[str, Any]) -> int | None:
    value = parameters.get(name)
    if value is None or (type(value) is int and value >= 0):
        # Relays read zero as "no limit".
        return value or None
    raise RehearsalRefused(f"{name} is {value!r}; allowed is a number of seconds")


def _parameters(call: Mapping[str, Any]) -> Mapping[str, Any]:
    given = call.get("params")
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        raise RehearsalRefused("params is malformed; allowed is a list of one object")
    return given[0]


def _failure(number: object, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}
