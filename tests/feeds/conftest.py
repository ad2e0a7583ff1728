"""One world for all tests of the chain feed in a process; each leaves it as it found it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from aineon.chain.client import ChainClient
from aineon.rehearsal.world import World
from tests.faults.proxy import FaultProxy
from tests.feeds.following import a_world, as_it_was, reading


@pytest.fixture(scope="session")
def built() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def world(built: World) -> Iterator[World]:
    with as_it_was(built):
        yield built


@pytest.fixture
async def node(world: World) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(world.anvil.url) as proxy:
        yield proxy


@pytest.fixture
async def reader(world: World, node: FaultProxy) -> AsyncIterator[ChainClient]:
    async with reading(world, node.url) as reader:
        yield reader
