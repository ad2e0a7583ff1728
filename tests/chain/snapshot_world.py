"""Real contracts on an anvil, their pools, and the smallest reader that a snapshot needs."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aineon.chain.addresses import ChainAddresses
from aineon.chain.reader import BlockRef, Call
from aineon.errors import CallReverted, NodeRefused, Unavailable
from aineon.primitives import Address, Block
from aineon.rehearsal.anvil import AnvilOptions
from aineon.rehearsal.packages import CONTRACTS, UNISWAP_V2, UNISWAP_V3, anvil, present
from tests.contracts.abi import encode, selector
from tests.contracts.balancer_kinds import KINDS, Kind, Setting
from tests.contracts.balancer_v2 import DAY, ONE, artifact
from tests.contracts.bytecode import bench, real_contract
from tests.contracts.chain import DEPLOYER, OPTIONS, ZERO, Chain, ChainError, Reverted
from tests.contracts.tokens import deploy_tokens

KIND_NAMES = {
    "weighted of two tokens": "weighted_2021",
    "weighted 1": "weighted_2021",
    "weighted 2": "weighted",
    "weighted 3": "weighted",
    "stable 1": "stable_2021",
    "stable 2": "stable",
    "meta-stable": "meta_stable",
    "phantom stable": "phantom_stable",
    "composable stable 1": "composable_stable",
    "composable stable 2": "composable_stable",
    "composable stable 3": "composable_stable",
}


@contextmanager
def running_chain(options: AnvilOptions = OPTIONS) -> Iterator[Chain]:
    """Run an anvil, or skip where the real contracts are not at hand."""
    try:
        program = anvil()
        for package in CONTRACTS:
            present(package, package.files[0])
    except Unavailable as why:
        pytest.skip(f"the real contracts are not at hand: {why}")
    with Chain(program, options) as chain:
        yield chain


_MINUTES = itertools.count(1)


@contextmanager
def undone(chain: Chain) -> Iterator[None]:
    """Undo at the end whatever was done to a chain."""
    mark = chain.ask("evm_snapshot")
    # The same block mined anew would have the hash of the one undone, whose state anvil forgot.
    chain.ask("evm_increaseTime", 60 * next(_MINUTES))
    yield
    chain.ask("evm_revert", mark)


class AnvilReader:
    """A `ChainReader` over one anvil, as far as snapshots read; it counts its requests."""

    def __init__(self, chain: Chain, gas: int | None = None) -> None:
        self.chain = chain
        self.calls = 0
        self._gas = gas

    @property
    def chain_id(self) -> int:
        return int(self.chain.ask("eth_chainId"), 16)

    async def block(self, block: BlockRef) -> Block | None:
        method = "eth_getBlockByNumber"
        if isinstance(block, str) and block.startswith("0x"):
            method = "eth_getBlockByHash"
        named = hex(block) if isinstance(block, int) else block
        header = self.chain.ask(method, named, False)
        if header is None:
            return None
        return Block(
            number=int(header["number"], 16),
            timestamp=int(header["timestamp"], 16),
            hash=header["hash"],
            parent_hash=header["parentHash"],
        )

    async def call(self, call: Call, block: BlockRef = "latest") -> bytes:
        self.calls += 1
        request = {"data": "0x" + call.data.hex()}
        if call.to is not None:
            request["to"] = call.to
        if self._gas is not None:
            request["gas"] = hex(self._gas)
        assert isinstance(block, str)
        assert block.startswith("0x"), "a snapshot reads at a block's hash"
        try:
            return bytes.fromhex(self.chain.ask("eth_call", request, {"blockHash": block})[2:])
        except Reverted as error:
            raise CallReverted(str(error), error.data) from error
        except ChainError as error:
            raise NodeRefused(str(error), -32000, str(error)) from error

    async def logs(
        self,
        *,
        from_block: int | None = None,
        to_block: int | None = None,
        addresses: Sequence[Address] = (),
        topics: Sequence[Sequence[str]] = (),
        block_hash: str | None = None,
    ) -> list[Mapping[str, Any]]:
        assert block_hash is None
        wanted: dict[str, Any] = {"fromBlock": hex(from_block or 0), "topics": list(topics)}
        wanted["toBlock"] = "latest" if to_block is None else hex(to_block)
        if addresses:
            wanted["address"] = list(addresses)
        logs: list[Mapping[str, Any]] = self.chain.ask("eth_getLogs", wanted)
        return logs


class SnapshotWorld:
    """Uniswap V2, V3 and Balancer V2 on one chain, without a pool yet."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.tokens = deploy_tokens(chain, 2)
        for place, token in enumerate(self.tokens):
            chain.send(token, selector("configure(uint8,uint256)") + encode(18 - 12 * place, ONE))
        self.v2_factory = chain.deploy(real_contract(UNISWAP_V2, UNISWAP_V2.files[0]), ZERO)
        self.v3_factory = chain.deploy(real_contract(UNISWAP_V3, UNISWAP_V3.files[0]))
        self.v3_bench = chain.deploy(bench("UniswapV3Bench"), self.v3_factory, *self.tokens)
        owner = encode(int(self.v3_bench, 16))
        chain.send(self.v3_factory, selector("setOwner(address)") + owner)
        self._deploy_balancer()

    def _deploy_balancer(self) -> None:
        chain = self.chain
        authorizer = chain.deploy(artifact("authorizer/artifact/Authorizer"), DEPLOYER)
        vault = artifact("vault/artifact/Vault")
        self.vault = chain.deploy(vault, authorizer, ZERO, 90 * DAY, 30 * DAY).lower()
        fees = chain.deploy(artifact("ProtocolFeePercentagesProvider"), self.vault, ONE, ONE)
        library = chain.deploy(artifact("QueryProcessor"))
        self.factories: dict[str, str] = {}
        for kind in KINDS:
            code = re.sub("__.{38}", library[2:].lower(), artifact(kind.factory))
            given: list[str | list[int]] = [fees, [], []]
            self.factories[kind.name] = chain.deploy(code, self.vault, *given[: kind.asks])
        self.vault_bench = chain.deploy(bench("BalancerBench"), self.vault)

    def data(self) -> dict[str, Any]:
        """Return what a file of this chain's addresses holds."""
        tokens = [
            {"symbol": f"T{place}", "address": address, "decimals": 18 - 12 * place}
            for place, address in enumerate(self.tokens)
        ]
        tiers = [0, 1, 100, 500, 2500, 3000, 10000, 250000, 999999]
        return {
            "chain_id": 31337,
            "name": "a chain of our own",
            "native_token": "T0",
            "tokens": tokens,
            "discovery_tokens": ["T0", "T1"],
            "venues": [
                {"name": "uniswap_v2", "factory": self.v2_factory, "fee_pips": 3000},
                {
                    "name": "uniswap_v3",
                    "factory": self.v3_factory,
                    "fee_pips": None,
                    "fee_tiers": tiers,
                },
            ],
            "balancer": {
                "vault": {"address": self.vault},
                "factories": [
                    {"address": address, "kind": KIND_NAMES[name]}
                    for name, address in self.factories.items()
                ],
            },
        }

    def addresses(self, folder: Path) -> ChainAddresses:
        """Write a file of this chain's addresses, and read it."""
        path = folder / "chain.json"
        path.write_text(json.dumps(self.data()), "utf-8")
        return ChainAddresses.from_file(path)

    # --- pools -----------------------------------------------------------------------------

    def create_pair(self, reserve0: int, reserve1: int) -> str:
        """Create the pair of both tokens with these reserves."""
        both = encode(*(int(token, 16) for token in self.tokens))
        self.chain.send(self.v2_factory, selector("createPair(address,address)") + both)
        answer = self.chain.call(self.v2_factory, selector("getPair(address,address)") + both)
        pair = "0x" + answer[-20:].hex()
        for token, reserve in zip(self.tokens, (reserve0, reserve1), strict=True):
            arguments = encode(int(pair, 16), reserve)
            self.chain.send(token, selector("set_balance(address,uint256)") + arguments)
        self.chain.send(pair, selector("sync()"))
        return pair

    def swap_pair(self, pair: str, amount_in: int, amount_out: int) -> None:
        """Sell `amount_in` of token0 to a pair for `amount_out` of token1."""
        to_pair = encode(int(pair, 16), amount_in)
        self.chain.send(self.tokens[0], selector("mint(address,uint256)") + to_pair)
        arguments = encode(0, amount_out, int(DEPLOYER, 16), b"")
        self.chain.send(pair, selector("swap(uint256,uint256,address,bytes)") + arguments)

    def step_v3(self, pool: str, kind: int, *arguments: int) -> None:
        """Mint, burn or swap in a pool of Uniswap V3, as its bench numbers these."""
        called = selector("attempt(address,(int256,int256,int256,int256))")
        data = called + encode(int(pool, 16), kind, *(each % 2**256 for each in arguments))
        self.chain.send(self.v3_bench, data)

    def create_vault_pool(self, kind: Kind, setting: Setting) -> tuple[str, ...]:
        """Create a Balancer pool with tokens of its own, and return them."""
        tokens = deploy_tokens(self.chain, len(setting.decimals))
        places = [int(token, 16) for token in tokens]
        called = selector(
            "run(address,bytes,(address,uint256,uint256)[],uint256[],"
            "(uint256,uint256,uint256,uint256,uint256)[])"
        )
        states = list(zip(places, setting.decimals, setting.rates, strict=True))
        creation = kind.creation(setting, places)
        factory = int(self.factories[kind.name], 16)
        arguments = encode(factory, creation, states, list(setting.balances), [])
        self.chain.send(self.vault_bench, called + arguments)
        return tuple(tokens)

    def swap_vault(self, pool_id: str, sold: str, bought: str, amount_in: int) -> None:
        """Sell an exact amount to a Balancer pool."""
        called = selector(
            "attempt(bytes32,address,address,uint256,(uint256,uint256,uint256,uint256,uint256))"
        )
        sides = (int(pool_id, 16), int(sold, 16), int(bought, 16))
        data = called + encode(*sides, 0, 0, 0, 0, 0, amount_in)
        self.chain.send(self.vault_bench, data)
