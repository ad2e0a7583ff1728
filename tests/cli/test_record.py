"""`aineon record`: a chain's blocks become a recording that plays."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from aineon.feeds.base import FeedStep
from aineon.feeds.replay import ReplayFeed
from aineon.market import Market
from aineon.primitives import Provenance
from aineon.rehearsal.world import World
from tests.cli.shell import Shell, one_sentence
from tests.feeds.following import a_world, truth


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with a_world() as world:
        # Time goes on, as it does on a chain of others.
        world.anvil.ask("evm_setIntervalMining", 1)
        yield world


@pytest.fixture
def told(world: World, shell: Shell) -> dict[str, str]:
    """What the command has to know of the world's chain."""
    file = shell.folder / "chain.json"
    world.write_addresses(file)
    return {
        "AINEON_RPC_URLS": world.anvil.websocket_url,
        "AINEON_CHAIN_FILE": str(file),
        "AINEON_TOKENS": ",".join(world.tokens),
    }


def test_it_records_so_many_blocks(shell: Shell, world: World, told: dict[str, str]) -> None:
    done = shell.aineon("record", "blocks.jsonl.gz", "--blocks", "2", **told)
    assert done.returncode == 0, done.stderr
    assert "reading all pools" in done.stderr
    assert "and 2 after it: blocks.jsonl.gz" in done.stdout
    assert_plays(shell.folder / "blocks.jsonl.gz", world, 3)


def test_a_signal_closes_the_recording(shell: Shell, world: World, told: dict[str, str]) -> None:
    out, _ = stopped_after("block ", shell, told, "blocks.jsonl")
    assert " after it: blocks.jsonl" in out
    assert_plays(shell.folder / "blocks.jsonl", world, 1)


def stopped_after(words: str, shell: Shell, told: dict[str, str], name: str) -> tuple[str, int]:
    """Record until a line begins with these words, then send a signal."""
    with shell.start("record", name, **told) as process:
        stuck = Timer(60, process.kill)
        stuck.start()
        assert process.stderr is not None
        while not process.stderr.readline().startswith(words):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()
        stuck.cancel()
    return out, process.returncode


def assert_plays(path: Path, world: World, steps: int) -> None:
    feed = ReplayFeed(path)
    market = Market()
    played = [item for item in feed.blocks() if isinstance(item, FeedStep)]
    for step in played:
        market.apply(step.update)
    assert len(played) >= steps
    assert market.pools == asyncio.run(truth(world))
    assert feed.provenance is Provenance.SIMULATED
    assert world.addresses.name in feed.source


def test_a_recording_is_never_overwritten(shell: Shell) -> None:
    (shell.folder / "mine.jsonl").write_text("dear to me", "utf-8")
    done = shell.aineon("record", "mine.jsonl", AINEON_RPC_URLS="http://127.0.0.1:1")
    assert done.returncode == 1
    assert "mine.jsonl exists" in done.stderr
    one_sentence(done)


def test_without_a_node_there_is_nothing_to_record(shell: Shell) -> None:
    done = shell.aineon("record", "blocks.jsonl")
    assert done.returncode == 2
    assert "AINEON_RPC_URLS" in done.stderr
    assert not (shell.folder / "blocks.jsonl").exists()


def test_a_node_that_does_not_answer_is_waited_for(shell: Shell) -> None:
    nobody = {"AINEON_RPC_URLS": "http://127.0.0.1:1"}
    out, code = stopped_after("no node can be read: node-1 is down", shell, nobody, "blocks.jsonl")
    assert code == 1
    assert "nothing was recorded" in out
