"""One chain with the real protocols for each file of tests; each test leaves it as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aineon.chain.client import ChainClient
from aineon.errors import Unavailable
from aineon.rehearsal.relay import Relay
from tests.contracts.routes.scenes import Scene
from tests.execution.live.rig import Rig, client_of, engine


@pytest.fixture(scope="module")
def built() -> Iterator[Scene]:
    try:
        made = Scene(seed=3)
    except Unavailable as why:
        pytest.skip(f"the real contracts are not at hand: {why}")
    yield made
    made.close()


@pytest.fixture
def scene(built: Scene) -> Iterator[Scene]:
    """The chain of this file, as it was built; blocks are made by the tests."""
    before = built.ask("evm_snapshot")
    built.ask("evm_setAutomine", False)
    yield built
    built.ask("anvil_dropAllTransactions")
    built.ask("evm_setAutomine", True)
    assert built.ask("evm_revert", before)


@pytest.fixture
async def reader(scene: Scene) -> AsyncIterator[ChainClient]:
    client = await client_of(scene.world.anvil.url)
    yield client
    await client.aclose()


@pytest.fixture
async def relay(scene: Scene) -> AsyncIterator[Relay]:
    async with await Relay.start(scene.world.head()) as started:
        yield started


@pytest.fixture
async def rig(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> AsyncIterator[Rig]:
    async with engine(scene, reader, relay, tmp_path) as made:
        yield made
