"""A cashier on a chain of its own: real signatures, real tokens, a real node."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from aineon.chain.client import ChainClient, Endpoint
from aineon.errors import Unavailable
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Address, Block, Book, Token, parse_address
from aineon.primitives.units import GWEI
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.protocols import tokens
from aineon.safety import Stop, StopFile
from aineon.sending import LocalSigner, PublicMempool, Sender, parse_private_key
from aineon.treasury import (
    Desk,
    House,
    Payment,
    Strategy,
    TreasuryStore,
    Withdrawal,
    WithdrawalState,
)
from aineon.treasury.cashier import Cashier, CashierRules, Multisend, Pricing, Round
from tests.contracts.bytecode import bench
from tests.treasury.desks import DAY, NOON, POLICY, SAVINGS, WEI, AuditInMemory
from tests.treasury.template import open_book

KEY = parse_private_key("0x" + "4d9e" * 15 + "0b17")
ACCOUNT = LocalSigner(KEY).address
UNTIL_FINAL = 100
PRICING = Pricing(usual_tip_wei=GWEI, most_fee_wei=100 * GWEI, patience_seconds=3600)


@dataclass(frozen=True)
class Identity:
    chain_id: int = 31_337
    genesis_hash: str | None = None


@dataclass
class Rig:
    """A chain, a treasury, and the cashier between them."""

    folder: Path
    anvil: Anvil
    deployer: Deployer
    reader: ChainClient
    book: BookStore
    desk: Desk
    sender: Sender
    stop: Stop
    weth: Token
    coin: Token
    cashier: Cashier
    at: float = NOON

    def mine(self, count: int = 1) -> None:
        self.anvil.ask("anvil_mine", hex(count))

    def mine_at(self, base_fee_wei: int) -> None:
        """Make a block that has this base fee."""
        self.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei))
        self.mine()

    def ether_of(self, address: Address) -> int:
        return int(self.anvil.ask("eth_getBalance", address, "latest"), 16)

    def give_ether(self, amount: int) -> None:
        self.anvil.ask("anvil_setBalance", ACCOUNT, hex(amount))

    def token_of(self, token: Token, address: Address) -> int:
        return tokens.balance(self.deployer, token, address)

    def cooled(
        self, amount: int, asset: Token = ETHER, strategy: Strategy = Strategy.STANDARD, **how: Any
    ) -> Withdrawal:
        """A withdrawal that may be signed now."""
        payment = Payment(asset, amount, how.pop("where", SAVINGS), strategy)
        asked = self.desk.request(payment, who="anna", at=self.at)
        if asked.state is WithdrawalState.PENDING_APPROVAL:
            asked = self.desk.approve(asked.id, asked.digest, who="bert", at=self.at)
        assert asked.cooling_until is not None
        self.at = asked.cooling_until
        return asked

    def batches(self, code_hash: str | None = None) -> Multisend:
        """Have the cashier pay several by one transaction, through a contract of our own."""
        self.anvil.ask("evm_setAutomine", True)
        found = deploy_multisend(self.deployer)
        self.anvil.ask("evm_setAutomine", False)
        multisend = found if code_hash is None else replace(found, code_hash=code_hash)
        rules = CashierRules(ACCOUNT, self.desk.house.assets, self.weth, PRICING, multisend)
        self.cashier = Cashier(self.desk.dispatch, self.sender, self.reader, self.book, rules)
        return multisend

    def destination(self, label: str, balance: int = 1) -> Address:
        """An address on the allow-list, aged, which has so much ether already."""
        address = Address("0x" + hashlib.sha256(label.encode()).hexdigest()[:40])
        self.desk.add_destination(address, label, who="anna", at=NOON - 2 * DAY)
        self.anvil.ask("anvil_setBalance", address, hex(balance))
        return address

    def now(self, withdrawal: Withdrawal) -> Withdrawal:
        return self.desk.store.get(withdrawal.id)

    async def round(self) -> Round:
        """One head: look at the chain, then let the cashier work."""
        await self.sender.reconcile()
        head = await self.reader.block("latest")
        assert isinstance(head, Block)
        self.at += 12
        return await self.cashier.round(head, self.at)


def deploy_multisend(deployer: Deployer) -> Multisend:
    """Deploy what pays several destinations at once; the hash is that of its code."""
    address = deployer.deploy(bench("Multisend"))
    code = bytes.fromhex(deployer.rpc.ask("eth_getCode", address, "latest")[2:])
    return Multisend(address, f"0x{keccak(code).hex()}")


@contextmanager
def a_chain() -> Iterator[Anvil]:
    """A chain that makes blocks on demand; skips where anvil is not at hand."""
    try:
        node = Anvil.start()
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")
    with node:
        yield node


@asynccontextmanager
async def a_rig(folder: Path) -> AsyncIterator[Rig]:
    """Everything, with 10 ether, 10 WETH and 5,000 coins in the account."""
    with a_chain() as anvil, open_book(folder, Book.REHEARSAL) as book:
        (unlocked, *_) = anvil.ask("eth_accounts")
        deployer = Deployer(anvil.rpc, parse_address(unlocked))
        weth = tokens.deploy_wrapped_ether(deployer)
        coin = tokens.deploy_token(deployer, "COIN", 6)
        tokens.wrap(deployer, weth, 10 * WEI)
        deployer.send(weth.address, "transfer(address,uint256)", ACCOUNT, 10 * WEI)
        tokens.mint(deployer, coin, ACCOUNT, 5_000 * 10**6)
        anvil.ask("anvil_setBalance", ACCOUNT, hex(10 * WEI))
        anvil.ask("evm_setAutomine", False)
        house = House(
            31_337,
            POLICY,
            (ETHER, weth, coin),
            worth=lambda token, amount: amount * (1 if token == weth else 10**9),
        )
        desk = Desk(TreasuryStore(book), house, AuditInMemory())
        desk.add_destination(SAVINGS, "savings", who="anna", at=NOON - 2 * DAY)
        stop = Stop([StopFile(folder / "STOP")])
        public = PublicMempool("anvil", anvil.url, 30.0)
        reader = await ChainClient.connect([Endpoint("node-1", anvil.url)], Identity())
        async with reader, Sender(book, LocalSigner(KEY), reader, stop, public=public) as sender:
            await sender.start()
            rules = CashierRules(ACCOUNT, house.assets, weth, PRICING)
            cashier = Cashier(desk.dispatch, sender, reader, book, rules)
            yield Rig(
                folder, anvil, deployer, reader, book, desk, sender, stop, weth, coin, cashier
            )
