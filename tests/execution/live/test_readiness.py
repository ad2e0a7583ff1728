"""Whether real money may move: every finding, fine and not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aineon.chain.client import ChainClient, ClientOptions, Endpoint
from aineon.chain.client.health import Agreement, NodeHealth
from aineon.execution.live.readiness import Expectations, Finding, readiness
from aineon.primitives import Address, Token
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.deploying import Deployer
from tests.contracts.routes.scenes import Scene
from tests.execution.live.rig import Identity, expectations
from tests.faults.proxy import FaultProxy, change

ALL = (
    "key", "contract", "roles", "treasury", "changes", "pause", "base tokens", "gas money",
    "nodes", "clock",
)  # fmt: skip


@dataclass
class Nodes:
    """Two nodes that agree, and are in time, unless told otherwise."""

    hashes: dict[str, str | None] = field(default_factory=lambda: {"a": "0x1", "b": "0x1"})
    skews: tuple[float | None, ...] = (0.0, 0.5)

    async def agreement(self, block_number: int) -> Agreement:
        return Agreement(block_number, self.hashes, {})

    def health(self) -> tuple[NodeHealth, ...]:
        return tuple(
            NodeHealth(f"node-{number}", "healthy", clock_skew_s=skew)
            for number, skew in enumerate(self.skews, 1)
        )


async def found(
    reader: ChainClient, expected: Expectations, nodes: Any = None
) -> dict[str, Finding]:
    """The findings, by name."""
    findings = await readiness(reader, expected, Nodes() if nodes is None else nodes)
    return {each.name: each for each in findings}


@contextmanager
def as_role(scene: Scene, role: Address, signature: str, *arguments: Any) -> Iterator[None]:
    """Something that a role of the contract did."""
    scene.ask("anvil_impersonateAccount", role)
    scene.ask("evm_setAutomine", True)
    caller = Deployer(scene.world.anvil.rpc, role)
    caller.transact(scene.executor, call_data(signature, *arguments))
    yield


async def test_everything_is_fine(scene: Scene, reader: ChainClient) -> None:
    expected = replace(
        expectations(scene), vault=scene.world.venues.balancer_v2.vault, aave=scene.world.aave.pool
    )
    findings = await found(reader, expected)
    assert tuple(findings) == ALL
    assert [each.words for each in findings.values() if not each.ok or each.is_warning] == []
    assert findings["changes"].words == "neither owner nor treasury is about to change"
    assert findings["treasury"].words.endswith("an account with a key of its own")


async def test_no_contract_another_one_and_one_for_another_chain(
    scene: Scene, reader: ChainClient
) -> None:
    plain = expectations(scene)
    cases = {
        "there is no contract": replace(plain, executor=Address("0x" + "77" * 20)),
        "is not the executor": replace(plain, executor=scene.native.address),
        "WETH of the contract": replace(plain, native_token=Token("0x" + "11" * 20)),
        "VAULT of the contract": replace(plain, vault=Address("0x" + "11" * 20)),
        "AAVE of the contract": replace(plain, aave=Address("0x" + "11" * 20)),
    }
    for words, expected in cases.items():
        findings = await found(reader, expected)
        assert not findings["contract"].ok
        assert words in findings["contract"].words
        # Nothing more is asked of a stranger.
        assert "roles" not in findings
        assert findings["gas money"].ok


async def test_the_contracts_operator_is_another_key(scene: Scene, reader: ChainClient) -> None:
    expected = replace(expectations(scene), operator=scene.world.accounts.searcher.address)
    findings = await found(reader, expected)
    assert "our key is that of" in findings["operator"].words
    assert not findings["operator"].ok


@pytest.mark.parametrize("setter", ["set_guardian(address)", "set_operator(address)"])
async def test_roles_that_fall_together(scene: Scene, reader: ChainClient, setter: str) -> None:
    owner = scene.world.accounts.owner.address
    shared = scene.operator if "guardian" in setter else scene.treasury
    with as_role(scene, owner, setter, shared):
        expected = replace(expectations(scene), operator=shared)
        findings = await found(reader, expected)
    assert "whoever steals its key would have both" in findings["roles"].words


async def test_an_owner_that_is_the_guardian(scene: Scene, reader: ChainClient) -> None:
    owner = scene.world.accounts.owner.address
    with as_role(scene, owner, "set_guardian(address)", owner):
        findings = await found(reader, expectations(scene))
    assert findings["roles"].words == f"owner and guardian are one, {owner}"


async def test_a_treasury_whose_key_is_printed_in_handbooks(
    scene: Scene, reader: ChainClient
) -> None:
    owner = scene.world.accounts.owner.address
    known = Address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    with as_role(scene, owner, "set_guardian(address)", known):
        findings = await found(reader, expectations(scene))
    assert not findings["roles"].ok
    assert findings["roles"].words == f"the guardian is {known}, whose key is printed in handbooks"


async def test_a_next_owner_is_told_of(scene: Scene, reader: ChainClient) -> None:
    heir = Address("0x" + "7e" * 20)
    with as_role(scene, scene.world.accounts.owner.address, "propose_owner(address)", heir):
        changes = (await found(reader, expectations(scene)))["changes"]
    assert changes.ok
    assert changes.is_warning
    assert changes.words == f"{heir} may take the contract over at any time, as its next owner"


async def test_a_next_treasury_is_told_of_with_its_date(scene: Scene, reader: ChainClient) -> None:
    heir = Address("0x" + "7e" * 20)
    with as_role(scene, scene.world.accounts.owner.address, "propose_treasury(address)", heir):
        changes = (await found(reader, expectations(scene)))["changes"]
        at = int(scene.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    day = datetime.fromtimestamp(at, UTC) + timedelta(days=2)
    assert changes.ok
    assert changes.is_warning
    assert changes.words == (
        f"from {day:%Y-%m-%d %H:%M} UTC on, the owner may have profit go to {heir}"
    )


@pytest.mark.parametrize(
    ("code", "words", "is_warning"),
    [
        ("0x6000", "a contract; only its owners can withdraw from it", False),
        ("0xef0100" + "7d" * 20, "that runs the code of 0x" + "7d" * 20, True),
    ],
)
async def test_what_kind_of_account_the_treasury_is(
    scene: Scene, reader: ChainClient, code: str, words: str, is_warning: bool
) -> None:
    scene.ask("anvil_setCode", scene.treasury, code)
    finding = (await found(reader, expectations(scene)))["treasury"]
    assert finding.ok
    assert finding.words.endswith(words)
    assert finding.is_warning is is_warning


async def test_a_pause(scene: Scene, reader: ChainClient) -> None:
    with as_role(scene, scene.world.accounts.guardian.address, "pause()"):
        findings = await found(reader, expectations(scene))
    assert not findings["pause"].ok


async def test_a_base_that_is_not_allowed(scene: Scene, reader: ChainClient) -> None:
    dollar = scene.world.tokens["DAI"]
    expected = replace(expectations(scene), base_tokens=(scene.native, dollar))
    findings = await found(reader, expected)
    assert findings["base tokens"].words == "not on the contract's list of bases: DAI"


async def test_too_little_gas_money(scene: Scene, reader: ChainClient) -> None:
    scene.ask("anvil_setBalance", scene.operator, hex(5 * 10**17))
    expected = replace(expectations(scene), least_balance_wei=10**18)
    finding = (await found(reader, expected))["gas money"]
    assert not finding.ok
    assert finding.words.endswith("has 0.5 ETH for gas, and needs at least 1 ETH")


async def test_a_published_key(scene: Scene, reader: ChainClient) -> None:
    expected = replace(
        expectations(scene), operator=Address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    )
    assert "printed in handbooks" in (await found(reader, expected))["key"].words


async def test_a_key_that_can_be_guessed(scene: Scene, reader: ChainClient) -> None:
    expected = replace(expectations(scene), key_flaw="anybody can work it out")
    finding = (await found(reader, expected))["key"]
    assert not finding.ok
    assert finding.words == "anybody can work it out"


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (Nodes({"a": "0x1", "b": "0x2"}), "the nodes disagree on block"),
        (Nodes({"a": "0x1", "b": None}), "fewer than two nodes know block"),
    ],
)
async def test_nodes_that_do_not_agree(
    scene: Scene, reader: ChainClient, nodes: Nodes, words: str
) -> None:
    finding = (await found(reader, expectations(scene), nodes))["nodes"]
    assert not finding.ok
    assert words in finding.words


@pytest.mark.parametrize(
    ("skews", "ok"), [((0.0, 1.9), True), ((0.0, -2.0), False), ((None, None), False)]
)
async def test_a_clock_that_is_off(
    scene: Scene, reader: ChainClient, skews: tuple[float | None, ...], ok: bool
) -> None:
    finding = (await found(reader, expectations(scene), Nodes(skews=skews)))["clock"]
    assert finding.ok is ok


async def test_nobody_tells_of_the_nodes(scene: Scene, reader: ChainClient) -> None:
    findings = {each.name: each for each in await readiness(reader, expectations(scene))}
    assert not findings["nodes"].ok
    assert not findings["clock"].ok


async def test_two_real_nodes_of_which_one_lies(scene: Scene) -> None:
    async with FaultProxy(scene.world.anvil.url) as proxy:
        proxy.on(
            "eth_getBlockByNumber",
            change(lambda block: block and block | {"hash": "0x" + "ab" * 32}),
            only=lambda request: request["params"][0] not in {"0x0", "latest"},
        )
        ends = [Endpoint("node-1", scene.world.anvil.url), Endpoint("node-2", proxy.url)]
        client = await ChainClient.connect(
            ends, Identity(), options=ClientOptions(stale_after_s=None)
        )
        scene.ask("anvil_mine", "0x3")
        findings = await found(client, expectations(scene), client)
        await client.aclose()
    assert "the nodes disagree on block" in findings["nodes"].words


async def test_no_node_at_all(scene: Scene) -> None:
    async with FaultProxy(scene.world.anvil.url) as proxy:
        options = ClientOptions(stale_after_s=None)
        client = await ChainClient.connect(
            [Endpoint("node-1", proxy.url)], Identity(), options=options
        )
    findings = await found(client, expectations(scene))
    await client.aclose()
    assert findings["chain"].words.startswith("the chain cannot be read: ")
