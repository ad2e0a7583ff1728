"""Anvil: on a port of its own, as asked, and gone with whoever started it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from aineon.errors import RehearsalError, RehearsalRefused, RehearsalReverted
from aineon.rehearsal.anvil import Anvil, AnvilOptions

pytestmark = pytest.mark.usefixtures("at_hand")
PATIENCE_SECONDS = 20


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def ended(processes: list[psutil.Process]) -> bool:
    """Whether all have ended within the tests' patience."""
    alive = processes
    for _ in range(PATIENCE_SECONDS * 10):
        _, alive = psutil.wait_procs(alive, timeout=0.1)
        # A zombie has ended; it waits for a parent that does not look.
        alive = [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
        if not alive:
            return True
    return False


def test_two_at_once_have_ports_of_their_own() -> None:
    with Anvil.start() as one, Anvil.start() as other:
        assert one.url != other.url
        assert one.ask("eth_chainId") == other.ask("eth_chainId") == hex(31_337)
        assert one.websocket_url.startswith("ws://127.0.0.1:")


def test_a_chain_is_as_its_options_say() -> None:
    options = AnvilOptions(chain_id=99, gas_limit=40_000_000, base_fee_wei=7, genesis_timestamp=5)
    with Anvil.start(options) as anvil:
        block = anvil.ask("eth_getBlockByNumber", "latest", False)
        assert anvil.ask("eth_chainId") == hex(99)
        assert int(block["gasLimit"], 16) == 40_000_000
        assert int(block["baseFeePerGas"], 16) == 7
        assert int(block["timestamp"], 16) == 5


def test_no_transaction_may_use_more_gas_than_on_mainnet() -> None:
    with Anvil.start() as anvil:
        sender, receiver, *_ = anvil.ask("eth_accounts")
        request = {"from": sender, "to": receiver}
        anvil.ask("eth_sendTransaction", {**request, "gas": hex(2**24)})
        with pytest.raises(RehearsalRefused, match="gas"):
            anvil.ask("eth_sendTransaction", {**request, "gas": hex(2**24 + 1)})


def test_many_requests_in_one_keep_their_order() -> None:
    with Anvil.start() as anvil:
        asked = [("eth_getBalance", [account, "latest"]) for account in anvil.ask("eth_accounts")]
        found = anvil.rpc.ask_many([*asked, ("eth_chainId", [])])
        assert found[-1] == hex(31_337)
        assert len(found) == len(asked) + 1
        assert anvil.rpc.ask_many([]) == []


def test_refusals_are_told_from_reverts() -> None:
    with Anvil.start() as anvil:
        with pytest.raises(RehearsalRefused, match="eth_nothing"):
            anvil.ask("eth_nothing")
        # PUSH1 42 PUSH0 MSTORE PUSH1 32 PUSH0 REVERT, as creation code.
        with pytest.raises(RehearsalReverted) as refusal:
            anvil.ask("eth_call", {"data": "0x602a5f5260205ffd"}, "latest")
        assert refusal.value.data == (42).to_bytes(32, "big")


def test_what_ends_before_it_listens_is_quoted() -> None:
    with pytest.raises(RehearsalError, match="ended before it listened: .*no-such-option"):
        Anvil.start(AnvilOptions(extra=("--no-such-option",)))


def test_closing_leaves_nobody_behind() -> None:
    before = set(psutil.Process().children(recursive=True))
    anvil = Anvil.start()
    started = [each for each in psutil.Process().children(recursive=True) if each not in before]
    assert len(started) == 2
    assert anvil.is_running
    anvil.close()
    anvil.close()
    assert ended(started)
    assert not anvil.is_running
    with pytest.raises(RehearsalError, match="does not answer"):
        anvil.ask("eth_chainId")


def kill_starter(starter: psutil.Process) -> None:
    starter.kill()


def kill_guard(starter: psutil.Process) -> None:
    starter.children()[0].kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(
    "accident",
    [
        kill_starter,
        pytest.param(
            kill_guard,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux ends it, others wait"),
        ),
    ],
)
def test_it_dies_with_whoever_started_it(
    accident: Callable[[psutil.Process], None], tmp_path: Path
) -> None:
    script = tmp_path / "starter.py"
    script.write_text(
        textwrap.dedent("""
            import sys
            from aineon.rehearsal.anvil import Anvil
            anvil = Anvil.start()
            print("up", flush=True)
            sys.stdin.read()
        """),
        "utf-8",
    )
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"up\n"
        process = psutil.Process(starter.pid)
        others = family(process)[1:]
        assert len(others) == 2
        accident(process)
        assert ended(others)
        with contextlib.suppress(ProcessLookupError):
            starter.send_signal(signal.SIGKILL)
