"""World: everything stands, the same for the same seed, and its description is true."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import psutil
import pytest

from aineon.chain.addresses import ChainAddresses
from aineon.execution.contract import is_executor_code
from aineon.primitives.units import ETHER
from aineon.rehearsal import listing
from aineon.rehearsal import world as module
from aineon.rehearsal.anvil import AnvilOptions
from aineon.rehearsal.description import EXECUTOR
from aineon.rehearsal.listing import LISTINGS
from aineon.rehearsal.protocols import tokens
from aineon.rehearsal.world import World

SOME = (LISTINGS[0], LISTINGS[5], LISTINGS[9], LISTINGS[-1])


def test_all_pools_stand_at_the_outside_prices(world: World) -> None:
    pools = world.read_pools()
    assert len({pool.address for pool in pools}) == len(LISTINGS)
    for listed, pool in zip(LISTINGS, pools, strict=True):
        held = [world.tokens[symbol] for symbol in listed.symbols]
        for token_in, token_out in ((a, b) for a in held for b in held if a != b):
            price = pool.spot_price(token_in, token_out)
            assert price == pytest.approx(world.prices.rate(token_in, token_out), rel=1e-3)


def test_the_description_is_read_back_whole(world: World, tmp_path: Path) -> None:
    path = tmp_path / "chain.json"
    world.write_addresses(path)
    found = ChainAddresses.from_file(path)
    assert found == world.addresses
    assert found.chain_id == int(world.anvil.ask("eth_chainId"), 16)
    assert found.genesis_hash == world.anvil.ask("eth_getBlockByNumber", "0x0", False)["hash"]
    assert found.native_token == world.wrapped_ether
    assert set(found.venues) == {"uniswap_v2", "sushiswap", "uniswap_v3"}
    assert found.contracts[EXECUTOR] == world.executor
    assert found.aave_pool == world.aave.pool
    assert found.balancer is not None
    assert found.balancer.listed_until == int(world.anvil.ask("eth_blockNumber"), 16)
    assert len(found.balancer.pool_ids) == len([x for x in LISTINGS if "balancer" in x.kind])
    assert set(found.balancer.factories.values()) == {"weighted", "composable_stable"}
    for address in (*found.contracts.values(), *found.balancer.factories, *found.tokens):
        assert world.anvil.ask("eth_getCode", address, "latest") != "0x"


def test_our_contract_stands_with_its_roles_and_money(world: World) -> None:
    code = bytes.fromhex(world.anvil.ask("eth_getCode", world.executor, "latest")[2:])
    assert is_executor_code(code)
    for role in ("owner", "operator", "guardian", "treasury"):
        account = getattr(world.accounts, role)
        assert world.deployer.call_address(world.executor, f"{role}()") == account.address
        assert int(world.anvil.ask("eth_getBalance", account.address, "latest"), 16) >= ETHER
    treasury = world.accounts.treasury.address
    assert tokens.balance(world.deployer, world.wrapped_ether, treasury) == module.OWN_MONEY
    allowance = world.deployer.call(
        world.wrapped_ether.address,
        "allowance(address,address)",
        ["uint256"],
        treasury,
        world.executor,
    )
    assert allowance == (module.OWN_MONEY,)


def test_keys_are_no_ones_that_are_published(world: World) -> None:
    unlocked = set(world.anvil.ask("eth_accounts"))
    assert not unlocked & {account.address for account in world.accounts.roles}
    assert "key" not in repr(world.accounts)


def test_lenders_have_what_they_are_said_to_lend(world: World) -> None:
    for symbol, dollars in listing.RESERVES.items():
        token = world.tokens[symbol]
        (_, _, _, _, _, _, _, _, share, *_) = world.deployer.call(
            world.aave.pool,
            "getReserveData(address)",
            ("uint256", "uint128", "uint128", "uint128", "uint128", "uint128", "uint40",
             "uint16", "address"),
            token.address,
        )  # fmt: skip
        held = tokens.balance(world.deployer, token, share)
        assert held * world.prices.dollars[token] == pytest.approx(dollars, rel=1e-6)


async def test_a_build_that_is_called_off_leaves_no_node(at_hand: None) -> None:
    before = set(psutil.Process().children(recursive=True))
    building = asyncio.create_task(World.build(listings=SOME))
    while set(psutil.Process().children(recursive=True)) <= before:
        done, _ = await asyncio.wait([building], timeout=0.01)
        assert not done
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_a_build_that_is_called_off_does_not_go_on_to_its_end(
    at_hand: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stops a rehearsal in the making waits for the next answer, and not for all of them."""
    begun, reached = threading.Event(), []
    give_out = World._give_out_money

    def held(self: World) -> None:
        begun.set()
        for _ in range(1000):
            if self.anvil.rpc._is_closed:
                break
            threading.Event().wait(0.01)
        give_out(self)

    monkeypatch.setattr(World, "_give_out_money", held)
    monkeypatch.setattr(World, "_deploy_executor", lambda _: reached.append("the end"))
    building = asyncio.create_task(World.build(listings=SOME))
    assert await asyncio.to_thread(begun.wait, 20)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert reached == []


async def test_the_same_seed_makes_the_same_world(at_hand: None) -> None:
    options = AnvilOptions(genesis_timestamp=1_800_000_000)
    one = await World.build(3, listings=SOME, options=options)
    twin = await World.build(3, listings=SOME, options=options)
    other = await World.build(4, listings=SOME, options=options)
    try:
        assert one.read_pools() == twin.read_pools()
        assert one.addresses == twin.addresses
        assert one.accounts == twin.accounts
        assert one.accounts.operator != other.accounts.operator
    finally:
        for each in (one, twin, other):
            await each.aclose()
    assert not one.anvil.is_running
