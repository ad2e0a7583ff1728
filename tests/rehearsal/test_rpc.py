"""Hanging up on a node that does not answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from aineon.errors import RehearsalError
from aineon.rehearsal.rpc import Rpc

PATIENCE_SECONDS = 20


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Somebody who takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_who_waits_for_an_answer_is_not_waited_for(silent: socket.socket) -> None:
    rpc = Rpc(f"http://127.0.0.1:{silent.getsockname()[1]}")
    said: list[str] = []

    def ask() -> None:
        with pytest.raises(RehearsalError) as refused:
            rpc.ask("eth_blockNumber")
        said.append(str(refused.value))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    connection, _ = silent.accept()
    with connection:
        # Its request is under way.
        assert connection.recv(4)
        closing = threading.Thread(target=rpc.close, daemon=True)
        closing.start()
        closing.join(PATIENCE_SECONDS)
        asking.join(PATIENCE_SECONDS)
        assert not closing.is_alive()
        assert not asking.is_alive()
    assert "does not answer" in said[0]
    with pytest.raises(RehearsalError, match="does not answer any more"):
        rpc.ask("eth_blockNumber")
    rpc.close()
