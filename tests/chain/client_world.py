"""A real node for tests of the client, and small contracts to read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import pytest

from aineon.chain.client import ON_DEMAND
from aineon.errors import Unavailable
from aineon.primitives import Address, parse_address
from aineon.rehearsal.anvil import CHAIN_ID, Anvil

SENDER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

# What each runs when called.
ECHO = "5f355f5260205ff3"  # returns the first word it is given
REFUSE = "63deadbeef5f526004601cfd"  # reverts with 0xdeadbeef
BURN = "fe"  # uses all gas it has
WRITE = "60015f5560015f5260205ff3"  # stores something, and returns 1
LOG = "5f355f525f3560205fa1"  # one log: its first word is the topic and the data
COUNT = "435f5260205ff3"  # returns the number of the block
CALLER = "335f5260205ff3"  # returns who called
THIRSTY = "6201d4c05b600190038060045700"  # counts down from 120,000: some 3 million gas
BIG = "620100005ff3"  # returns 65,536 zero bytes

QUICK = replace(ON_DEMAND, request_s=2.0, poll_every_s=0.02, check_every_s=3600.0, patience_s=2.0)


class AnvilChain(NamedTuple):
    """What the client must find there."""

    chain_id: int = CHAIN_ID
    genesis_hash: str | None = None


@contextmanager
def an_anvil() -> Iterator[Anvil]:
    """Run an anvil, or skip where there is none."""
    try:
        anvil = Anvil.start()
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")
    with anvil:
        yield anvil


def deploy(anvil: Anvil, code: str) -> Address:
    """Put a contract that runs `code` at an address of its own, without a block."""
    address = parse_address("0x" + hashlib.sha256(code.encode()).hexdigest()[:40])
    anvil.rpc.ask("anvil_setCode", address, "0x" + code)
    return address


def send(anvil: Anvil, to: Address, data: str) -> dict[str, str]:
    """Send a transaction into a block of its own, and return its receipt."""
    wanted = {"from": SENDER, "to": to, "data": data, "gas": hex(1_000_000)}
    receipt: dict[str, str] = anvil.rpc.ask("eth_sendTransactionSync", wanted)
    return receipt
