"""One chain for each file of tests; where it cannot be had, the file is skipped with a notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal.packages import CONTRACTS, anvil, present
from tests.contracts.chain import Chain
from tests.contracts.comparing import Bench, Protocol


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    """A running anvil of this file's own."""
    try:
        program = anvil()
        for package in CONTRACTS:
            present(package, package.files[0])
    except Unavailable as why:
        pytest.skip(f"the real contracts are not at hand: {why}")
    with Chain(program) as chain:
        yield chain


@pytest.fixture(scope="module")
def deployed(chain: Chain) -> Callable[[Protocol], Bench]:
    """Deploy a protocol's real contracts and their bench."""

    def deploy(protocol: Protocol) -> Bench:
        try:
            return protocol.deploy(chain)
        except Unavailable as why:
            pytest.skip(f"the real contracts are not at hand: {why}")

    return deploy
