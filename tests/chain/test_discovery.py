"""Finding pools through factories and vaults, and what strangers' tokens say of themselves."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from aineon.chain.addresses import ChainAddresses
from aineon.chain.snapshot import ConcentratedSeed, PairSeed, VaultSeed, discover, read_pools
from aineon.chain.snapshot.metadata import read_tokens
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.errors import ConfigurationError, InvalidLog, NodeRefused, RangeTooWide
from aineon.primitives import Address, Token
from tests.chain.answering import Burn, asked, put, text, words
from tests.chain.snapshot_world import AnvilReader, SnapshotWorld, running_chain, undone
from tests.contracts.abi import encode, selector
from tests.contracts.balancer_kinds import KINDS
from tests.contracts.chain import OPTIONS

RESERVES = (10**24, 3 * 10**12)


@pytest.fixture(scope="module")
def deployed() -> Iterator[SnapshotWorld]:
    with running_chain() as chain:
        yield SnapshotWorld(chain)


@pytest.fixture
def world(deployed: SnapshotWorld) -> Iterator[SnapshotWorld]:
    with undone(deployed.chain):
        yield deployed


def with_pools(world: SnapshotWorld) -> tuple[str, ...]:
    """Make a pool on each venue, and return the tokens of the one in the Vault."""
    world.create_pair(*RESERVES)
    both = [int(each, 16) for each in world.tokens]
    for fee in (500, 3000):
        called = selector("createPool(address,address,uint24)")
        world.chain.send(world.v3_factory, called + encode(*both, fee))
    kind = KINDS[1]
    return world.create_vault_pool(kind, kind.setting(Random("discovery")))


# --- venues --------------------------------------------------------------------------------


def test_pools_of_all_venues_and_fee_tiers_are_found(world: SnapshotWorld, tmp_path: Path) -> None:
    held = with_pools(world)
    known = world.addresses(tmp_path)
    tokens = [*known.discovery_tokens, *map(Token, held)]
    seeds = asyncio.run(discover(AnvilReader(world.chain), known, tokens))
    assert [type(seed) for seed in seeds] == [
        PairSeed,
        ConcentratedSeed,
        ConcentratedSeed,
        VaultSeed,
    ]
    spacings = {s.fee_pips: s.tick_spacing for s in seeds if isinstance(s, ConcentratedSeed)}
    assert spacings == {500: 10, 3000: 60}
    only = asyncio.run(discover(AnvilReader(world.chain), known, tokens, venues=["uniswap_v2"]))
    assert only == seeds[:1]
    assert all(seed.venue in {"uniswap_v2", "uniswap_v3", "balancer_v2"} for seed in seeds)


def test_tokens_without_pools_give_none(world: SnapshotWorld, tmp_path: Path) -> None:
    known = world.addresses(tmp_path)
    assert asyncio.run(discover(AnvilReader(world.chain), known)) == ()


def test_an_unknown_venue_is_refused_with_those_that_are_known(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    known = world.addresses(tmp_path)
    with pytest.raises(ConfigurationError, match=r"kyber .* allowed are balancer_v2, curve, unisw"):
        asyncio.run(discover(AnvilReader(world.chain), known, venues=["kyber"]))


def test_a_pool_of_an_unknown_factory_is_found_and_then_refused(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    held = with_pools(world)
    known = changed(world, tmp_path, {"factories": []})
    seeds = asyncio.run(discover(AnvilReader(world.chain), known, [Token(each) for each in held]))
    (seed,) = seeds
    assert isinstance(seed, VaultSeed)
    assert seed.kind is None
    read = asyncio.run(read_pools(AnvilReader(world.chain), seeds))
    assert "none of the Balancer factories" in read.refused[seed.address]


def test_a_kind_of_pool_that_is_none_is_refused(world: SnapshotWorld, tmp_path: Path) -> None:
    held = with_pools(world)
    address = world.factories[KINDS[1].name]
    known = changed(world, tmp_path, {"factories": [{"address": address, "kind": "magic"}]})
    with pytest.raises(ConfigurationError, match="'magic'; allowed are weighted_2021, weighted"):
        asyncio.run(discover(AnvilReader(world.chain), known, [Token(each) for each in held]))


def changed(world: SnapshotWorld, folder: Path, changes: Mapping[str, Any]) -> ChainAddresses:
    data = world.data()
    data["balancer"] |= changes
    path = folder / "changed.json"
    path.write_text(json.dumps(data), "utf-8")
    return ChainAddresses.from_file(path)


class Forgetful(AnvilReader):
    """A node that refuses to search its logs, or finds nonsense in them."""

    def __init__(self, world: SnapshotWorld, finds: Exception | list[dict[str, Any]]) -> None:
        super().__init__(world.chain)
        self._finds = finds

    async def logs(self, **_: Any) -> list[Mapping[str, Any]]:
        if isinstance(self._finds, Exception):
            raise self._finds
        return list(self._finds)


@pytest.mark.parametrize(
    "error", [RangeTooWide("up to 10 blocks"), NodeRefused("no logs", -32000, "no logs")]
)
def test_listed_vault_pools_are_found_where_no_logs_are_told(
    world: SnapshotWorld, tmp_path: Path, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = [Token(each) for each in with_pools(world)]
    known = world.addresses(tmp_path)
    (seed,) = asyncio.run(discover(AnvilReader(world.chain), known, tokens))
    assert isinstance(seed, VaultSeed)
    forgetful = Forgetful(world, error)
    assert asyncio.run(discover(forgetful, known, tokens)) == ()
    listed = changed(world, tmp_path, {"pools": {"ids": [seed.pool_id], "listed_until": 1}})
    with caplog.at_level(logging.WARNING):
        assert asyncio.run(discover(forgetful, listed, tokens)) == (seed,)
    assert "were not looked for" in caplog.text


def test_a_log_of_the_vault_that_names_no_pool_is_refused(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    known = world.addresses(tmp_path)
    with pytest.raises(InvalidLog, match="names no pool"):
        asyncio.run(discover(Forgetful(world, [{"topics": [], "data": "0x"}]), known))


def test_progress_counts_every_read(world: SnapshotWorld, tmp_path: Path) -> None:
    with_pools(world)
    told: list[tuple[int, int, str]] = []
    known, reader = world.addresses(tmp_path), AnvilReader(world.chain)
    seeds = asyncio.run(discover(reader, known, progress=lambda *each: told.append(each)))
    asyncio.run(read_pools(reader, seeds, progress=lambda *each: told.append(each)))
    last = {what: (done, total) for done, total, what in told}
    assert {"uniswap_v2 pairs", "uniswap_v3 pools", "reserves", "prices and liquidity"} <= {*last}
    assert all(done == total for done, total in last.values())


# --- kept on disk --------------------------------------------------------------------------


def test_what_was_found_is_kept_and_looked_for_again_after_a_while(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    tokens = [Token(each) for each in (*world.tokens, *with_pools(world))]
    known, folder = world.addresses(tmp_path), tmp_path / "cache"
    reader = AnvilReader(world.chain)

    def search(fresh_for: int = 100) -> Sequence[Any]:
        return asyncio.run(discover(reader, known, tokens, folder=folder, fresh_for=fresh_for))

    first = search()
    (file,) = folder.iterdir()
    asked_for = reader.calls
    assert search() == first
    assert reader.calls == asked_for
    both = [int(each, 16) for each in world.tokens]
    created = selector("createPool(address,address,uint24)") + encode(*both, 10000)
    world.chain.send(world.v3_factory, created)
    assert search() == first
    assert len(search(fresh_for=1)) == len(first) + 1
    assert len(search()) == len(first) + 1
    assert [file] == list(folder.iterdir())


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1, "key": {}}', "other"])
def test_a_file_that_cannot_be_believed_is_rewritten(
    world: SnapshotWorld, tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    with_pools(world)
    known, folder = world.addresses(tmp_path), tmp_path / "cache"
    reader = AnvilReader(world.chain)
    seeds = asyncio.run(discover(reader, known, folder=folder))
    (file,) = folder.iterdir()
    good = file.read_text("utf-8")
    if content == "other":
        content = good.replace('"chain_id": 31337', '"chain_id": 1')
    file.write_text(content, "utf-8")
    assert asyncio.run(discover(reader, known, folder=folder)) == seeds
    assert "is not used and will be rewritten" in caplog.text
    assert json.loads(file.read_text("utf-8")) == json.loads(good)


def test_another_chain_of_the_same_id_has_a_file_of_its_own(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    with_pools(world)
    known, folder = world.addresses(tmp_path), tmp_path / "cache"
    asyncio.run(discover(AnvilReader(world.chain), known, folder=folder))
    # Two anvils that start in the same second have the same genesis, and are the same chain.
    with running_chain(replace(OPTIONS, genesis_timestamp=1_700_000_000)) as other:
        assert asyncio.run(discover(AnvilReader(other), known, folder=folder)) == ()
    assert len(list(folder.iterdir())) == 2


def test_blocks_that_no_node_would_search_are_searched_later(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    tokens = [Token(each) for each in with_pools(world)]
    known, folder = world.addresses(tmp_path), tmp_path / "cache"
    forgetful = Forgetful(world, RangeTooWide("up to 10 blocks"))

    def search(reader: AnvilReader, fresh_for: int) -> Sequence[Any]:
        return asyncio.run(discover(reader, known, tokens, folder=folder, fresh_for=fresh_for))

    assert search(forgetful, 100) == ()
    world.chain.ask("anvil_mine", hex(200))
    (seed,) = search(AnvilReader(world.chain), 1)
    assert isinstance(seed, VaultSeed)
    world.chain.ask("anvil_mine", hex(200))
    # What was found stays found, even where the logs are then refused.
    assert search(forgetful, 1) == (seed,)


def test_a_folder_that_cannot_be_written_to_is_no_failure(
    world: SnapshotWorld, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with_pools(world)
    known = world.addresses(tmp_path)
    taken = tmp_path / "file"
    taken.write_text("", "utf-8")
    assert asyncio.run(discover(AnvilReader(world.chain), known, folder=taken / "cache"))
    assert "cannot be written" in caplog.text


# --- tokens of strangers -------------------------------------------------------------------

SYMBOL, DECIMALS = asked("symbol()"), asked("decimals()")
SAID: dict[str, tuple[bytes | Burn, str]] = {
    "a string": (text(b"LINK"), "LINK"),
    "32 bytes": (b"MKR".ljust(32, b"\0"), "MKR"),
    "a script": (text(b"<script>alert(1)</script>"), "scriptalert1scri"),
    "not text": (text(b"\xff\xfeA\xc3"), "A"),
    "ten thousand letters": (text(b"A" * 10_000), "A" * 16),
    "a length beyond all memory": (words(32, 2**255) + b"LONG".ljust(32, b"\0"), "LONG"),
    "an offset to nowhere": (words(2**200, 4) + b"GONE".ljust(32, b"\0"), ""),
    "nothing": (b"", ""),
    "all the gas": (Burn(), ""),
}


@pytest.mark.parametrize("said", SAID)
def test_symbols_are_read_with_care(world: SnapshotWorld, tmp_path: Path, said: str) -> None:
    answer, symbol = SAID[said]
    hostile, good = Address("0x" + "66" * 20), Address(world.tokens[0])
    put(world.chain, hostile, {SYMBOL: answer, DECIMALS: words(8)})
    tokens = read(world, tmp_path, [hostile, good])
    assert (tokens[hostile].symbol, tokens[hostile].decimals) == (symbol, 8)
    assert tokens[good].decimals == 18


@pytest.mark.parametrize("said", [b"", words(256), words(2**255), b"\x12", Burn()])
def test_decimals_that_are_none_stay_unknown(
    world: SnapshotWorld, tmp_path: Path, said: bytes | Burn
) -> None:
    hostile = Address("0x" + "66" * 20)
    put(world.chain, hostile, {SYMBOL: text(b"X"), DECIMALS: said})
    assert read(world, tmp_path, [hostile])[hostile].decimals is None


def test_an_address_without_code_is_a_token_without_a_name(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    nobody = Address("0x" + "55" * 20)
    token = read(world, tmp_path, [nobody])[nobody]
    assert (token.symbol, token.decimals) == ("", None)


def read(world: SnapshotWorld, folder: Path, addresses: list[Address]) -> dict[Address, Token]:
    async def go() -> dict[Address, Token]:
        chain = await PinnedChain.at(AnvilReader(world.chain), "latest")
        return await read_tokens(chain, world.addresses(folder), addresses)

    return asyncio.run(go())
