"""JSON-RPC to a node of our own, for setting things up: plain, blocking, and without retries."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import threading
from collections.abc import Sequence
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import urlsplit

from aineon.errors import RehearsalError, RehearsalRefused, RehearsalReverted

CALL_SECONDS = 100
EXECUTION_REVERTED = 3

Request = tuple[str, Sequence[Any]]


class Rpc:
    """One connection to a node; threads take turns.

    Everything raises `RehearsalReverted` where a contract refused, `RehearsalRefused` where the
    node did, and `RehearsalError` where it cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._ids = itertools.count(1)
        self._turn = threading.Lock()
        self._is_closed = False
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=CALL_SECONDS)

    def close(self) -> None:
        """Hang up for good; whoever waits for an answer is told at once that none will come."""
        self._is_closed = True
        socket = self._connection.sock
        if socket is not None:
            with contextlib.suppress(OSError):
                socket.shutdown(SHUT_RDWR)
        with self._turn:
            self._connection.close()

    def ask(self, method: str, *parameters: Any) -> Any:
        """Make one request and return its result."""
        return _result(method, self._post(self._request(method, parameters)))

    def ask_many(self, requests: Sequence[Request]) -> list[Any]:
        """Make several requests in one, and return their results in the same order."""
        if not requests:
            return []
        sent = [self._request(*request) for request in requests]
        answers = self._post(sent)
        if not isinstance(answers, list):
            raise RehearsalRefused(f"{len(sent)} requests in one: {answers}")
        found = {answer["id"]: answer for answer in answers}
        return [_result(request["method"], found[request["id"]]) for request in sent]

    def _request(self, method: str, parameters: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}

    def _post(self, content: Any) -> Any:
        with self._turn:
            if self._is_closed:
                raise RehearsalError(f"the rehearsal's node at {self.url} does not answer any more")
            try:
                headers = {"Content-Type": "application/json"}
                self._connection.request("POST", "/", json.dumps(content).encode(), headers)
                return json.loads(self._connection.getresponse().read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._connection.close()
                raise RehearsalError(
                    f"the rehearsal's node at {self.url} does not answer: {type(error).__name__}"
                ) from error


def _result(method: str, answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    if error.get("code") == EXECUTION_REVERTED:
        data = error.get("data") or "0x"
        raise RehearsalReverted(f"{method}: {error['message']}", bytes.fromhex(data[2:]))
    raise RehearsalRefused(f"{method}: {error}")
