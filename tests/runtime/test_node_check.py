"""Asking each node how it is: a sentence for each, and never an address."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aineon.chain.addresses import mainnet
from aineon.errors import ConfigurationError
from aineon.primitives import ManualClock
from aineon.runtime import errands, node_check
from aineon.runtime.node_check import look_at_nodes
from aineon.runtime.settings import Settings, load_given
from tests.runtime.test_supervisor import until

NOW = 1_800_000_000.0


@contextmanager
def node(chain_id: int = 1, status: int = 200) -> Iterator[str]:
    """Answer as a node of mainnet does whose head is five seconds old."""
    block = {
        "number": hex(21_000_000),
        "hash": "0x" + "ab" * 32,
        "parentHash": "0x" + "cd" * 32,
        "timestamp": hex(int(NOW) - 5),
        "baseFeePerGas": hex(10**9),
        "gasLimit": hex(30_000_000),
        "gasUsed": hex(15_000_000),
    }

    def result_of(call: dict[str, Any]) -> Any:
        if call["method"] == "eth_chainId":
            return hex(chain_id)
        genesis = call["params"][:1] == ["0x0"]
        return {**block, "number": "0x0", "hash": mainnet().genesis_hash} if genesis else block

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            calls = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            one = isinstance(calls, dict)
            answers = [
                {"jsonrpc": "2.0", "id": each["id"], "result": result_of(each)}
                for each in ([calls] if one else calls)
            ]
            body = json.dumps(answers[0] if one else answers).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/canary-key"
        finally:
            server.shutdown()
            thread.join()


def settings_of(*urls: str) -> Settings:
    return load_given(env={"AINEON_RPC_URLS": ",".join(urls)} if urls else {})


def test_each_node_has_its_line_and_none_its_address() -> None:
    with node() as well, node(chain_id=5) as other, node(status=403) as shut:
        words = look_at_nodes(settings_of(well, other, shut), ManualClock(NOW))
    first, second, third = words.splitlines()
    assert first.startswith("node-1: healthy, chain 1, head 21,000,000 is 5 s old, answers in ")
    assert first.endswith(" ms")
    assert second.startswith("node-2: ")
    assert "chain" in second
    assert third.startswith("node-3: ")
    assert "canary" not in words
    assert "127.0.0.1" not in words


def test_a_node_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_check, "_PATIENCE_SECONDS", 0.0)
    with node() as well:
        words = look_at_nodes(settings_of(well), ManualClock(NOW))
    assert words == "node-1: no answer within 0 s"


def test_without_a_node_there_is_nothing_to_ask() -> None:
    with pytest.raises(ConfigurationError, match="no node is given"):
        look_at_nodes(settings_of())


def test_an_errand_says_what_came_of_it() -> None:
    def fail() -> str:
        raise ConfigurationError("no node is given")

    done = errands.Errand("test", lambda: "all is well")
    until(lambda: done.words is not None)
    assert (done.words, done.failed) == ("all is well", False)
    failed = errands.Errand("test", fail)
    until(lambda: failed.words is not None)
    assert (failed.words, failed.failed) == ("no node is given", True)
