"""Stablecoins sold for wrapped ether in real pools, by the venues' real routers."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from aineon.amm.pool import Pool
from aineon.ledger.accounts import EntryKind, wallet
from aineon.primitives import ETHER, Token
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.protocols import tokens, uniswap_v2, uniswap_v3
from aineon.rehearsal.protocols.uniswap_v2 import PairSite
from aineon.rehearsal.protocols.uniswap_v3 import PoolSite
from aineon.sending import LocalSigner, PublicMempool, Sender, parse_private_key
from aineon.treasury import WithdrawalState
from aineon.treasury.cashier import Cashier, CashierRules
from aineon.treasury.cashier.exchanges import ConversionRules, Router, Sale
from tests.treasury.cashier.rig import ACCOUNT, PRICING, UNTIL_FINAL, Rig, a_rig
from tests.treasury.cashier.test_batches import entries
from tests.treasury.cashier.test_cashier import posted
from tests.treasury.desks import WEI, AuditInMemory

COIN = 10**6
PRICE = 2_000
"""Coins for an ether."""


@dataclass
class Market:
    """A rig, and venues where coins are sold."""

    rig: Rig
    sites: tuple[PairSite | PoolSite, ...]
    routers: tuple[Router, ...]

    @property
    def coin(self) -> Token:
        return self.rig.coin

    def pools(self) -> list[Pool]:
        return [_pool(self.rig.deployer, site) for site in self.sites]

    def rules(self) -> ConversionRules:
        return ConversionRules(
            tokens=(self.coin,),
            wanted=self.rig.weth,
            least_wei=WEI // 10,
            slippage_bps=100,
            routers=self.routers,
            pools=self.pools,
            worth=lambda _, amount: amount * WEI // (PRICE * COIN),
        )

    def convert(self, rules: ConversionRules | None = None) -> None:
        """Have the cashier convert, by these rules."""
        rig = self.rig
        told = CashierRules(
            ACCOUNT, rig.desk.house.assets, rig.weth, PRICING, conversion=rules or self.rules()
        )
        rig.cashier = Cashier(rig.desk.dispatch, rig.sender, rig.reader, rig.book, told)

    async def settle(self) -> str:
        """Let a step become final; returns what the round after it says."""
        self.rig.mine(UNTIL_FINAL)
        return (await self.rig.round()).conversion


@pytest.fixture
async def market(tmp_path: Path) -> AsyncIterator[Market]:
    async with a_rig(tmp_path) as rig:
        rig.anvil.ask("evm_setAutomine", True)
        deployer, coin, weth = rig.deployer, rig.coin, rig.weth
        tokens.wrap(deployer, weth, 3_000 * WEI)
        tokens.mint(deployer, coin, deployer.account, 6_000_000 * COIN)
        cheap, dear = (uniswap_v2.deploy(deployer, name, weth) for name in ("uniswap_v2", "sushi"))
        concentrated = uniswap_v3.deploy(deployer, weth)
        for taker in (cheap.router, dear.router, concentrated.positions):
            tokens.approve(deployer, coin, taker)
            tokens.approve(deployer, weth, taker)
        pairs = [
            uniswap_v2.create_pair(deployer, venue, coin, coins * COIN, weth, 500 * WEI)
            for venue, coins in ((cheap, 990_000), (dear, 1_010_000))
        ]
        rig.anvil.ask("evm_setAutomine", False)
        routers = [Router(each.venue, each.router, each.factory) for each in (cheap, dear)]
        routers.append(Router("uniswap_v3", concentrated.router, concentrated.factory))
        yield Market(rig, tuple(pairs), tuple(routers))


def _pool(deployer: Deployer, site: PairSite | PoolSite) -> Pool:
    return site.pool(deployer.call_many(site.queries()))


def name(rig: Rig, ordinal: int) -> str:
    return f"convert:{rig.reader.chain_id}:{ACCOUNT}:{ordinal}"


async def test_coins_are_sold_where_they_bring_most_and_posted(market: Market) -> None:
    rig = market.rig
    market.convert()
    best = market.pools()[0].quote_exact_input(market.coin, rig.weth, 5_000 * COIN)
    had = rig.token_of(rig.weth, ACCOUNT)
    assert f"are being converted ({name(rig, 0)}, approval)" in (await rig.round()).conversion
    assert f"are being converted ({name(rig, 1)}, withdrawal)" in await market.settle()
    assert await market.settle() == ""
    assert rig.token_of(market.coin, ACCOUNT) == 0
    assert rig.token_of(rig.weth, ACCOUNT) - had == best.amount_out
    assert posted(rig, wallet(ACCOUNT), market.coin) == -5_000 * COIN
    assert posted(rig, wallet(ACCOUNT), rig.weth) == best.amount_out
    assert entries(rig, EntryKind.CONVERSION) == 1
    assert await market.settle() == ""
    assert entries(rig, EntryKind.CONVERSION) == 1


async def test_control_where_policy_says_nothing_nothing_is_sold(market: Market) -> None:
    assert (await market.rig.round()).conversion == ""
    assert market.rig.token_of(market.coin, ACCOUNT) == 5_000 * COIN


async def test_what_is_to_be_withdrawn_as_it_is_stays(market: Market) -> None:
    rig = market.rig
    market.convert()
    rig.cooled(4_900 * COIN, market.coin)
    assert (await rig.round()).conversion == ""
    # Control: what is left after it is worth less than what is sold at once.
    market.convert(replace(market.rules(), least_wei=WEI // 100))
    assert "100 COIN are being converted" in (await rig.round()).conversion


async def test_a_bad_price_is_waited_out(market: Market) -> None:
    dearer = replace(market.rules(), worth=lambda _, amount: amount * WEI // (1_900 * COIN))
    market.convert(dearer)
    assert "are worth" in (await market.rig.round()).conversion


async def test_nothing_is_sold_that_cannot_be_audited(market: Market) -> None:
    rig = market.rig
    market.convert()
    audit = rig.desk.dispatch.journal._audit
    assert isinstance(audit, AuditInMemory)
    audit.broken = True
    assert "are not converted yet: the audit cannot be written" in (await rig.round()).conversion
    assert await rig.sender.status(name(rig, 0)) is None
    # Control: each step is written down when that can be done.
    audit.broken = False
    await rig.round()
    await market.settle()
    assert audit.actions[-2:] == ["conversion.allow", "conversion.sell"]


@pytest.mark.parametrize(
    ("quote", "least"), [(1_000, 990), (995, 990), (990, 990), (1_001, 991), (1_100, 1_089)]
)
def test_the_limit_holds_once_and_not_twice(quote: int, least: int) -> None:
    """Worth 1,000 and a limit of 1 %: below 990 nothing is sold, whatever the quote was."""
    sale = Sale(None, None, ETHER, ETHER, 1, quote)  # type: ignore[arg-type]
    assert sale.least(100, 1_000) == least


async def test_another_router_is_not_called(market: Market) -> None:
    routers = [replace(each, factory=market.coin.address) for each in market.routers]
    market.convert(replace(market.rules(), routers=tuple(routers)))
    assert "is not the router it should be" in (await market.rig.round()).conversion


async def test_a_price_that_fell_meanwhile_reverts_and_is_tried_anew(market: Market) -> None:
    """The swap is out when somebody moves the price: it must bring what was quoted, or nothing."""
    rig = market.rig
    market.convert()
    await rig.round()
    await market.settle()
    pair = market.sites[0]
    held = 1_000_000 * COIN
    reserve = market.pools()[0]
    slot = hex(8)  # of UniswapV2Pair's reserves
    assert isinstance(pair, PairSite)
    coins, ether = (held * 2, 500 * WEI)
    low, high = (coins, ether) if reserve.tokens[0] == market.coin else (ether, coins)
    word = (high << 112 | low).to_bytes(32, "big")
    rig.anvil.ask("anvil_setStorageAt", pair.address, slot, "0x" + word.hex())
    said = await market.settle()
    assert rig.token_of(market.coin, ACCOUNT) == 5_000 * COIN
    assert entries(rig, EntryKind.CONVERSION) == 0
    assert "converted" in said


async def test_a_conversion_that_was_not_mined_in_time_is_given_up(market: Market) -> None:
    rig = market.rig
    market.convert()
    await rig.round()
    await market.settle()
    head = await rig.reader.block("latest")
    assert head is not None
    assert head.timestamp is not None
    rig.anvil.ask("anvil_dropAllTransactions")
    rig.anvil.ask("evm_setNextBlockTimestamp", hex(head.timestamp + 3_600))
    rig.mine()
    assert name(rig, 1) in (await rig.round()).conversion
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.token_of(market.coin, ACCOUNT) == 5_000 * COIN
    await market.settle()
    await market.settle()
    assert rig.token_of(market.coin, ACCOUNT) == 0
    assert entries(rig, EntryKind.CONVERSION) == 1


async def test_a_concentrated_pool_is_sold_to_by_its_own_router(market: Market) -> None:
    rig = market.rig
    rig.anvil.ask("evm_setAutomine", True)
    coin_first = market.coin.address < rig.weth.address
    ratio = WEI / (PRICE * COIN) if coin_first else PRICE * COIN / WEI
    place = uniswap_v3.deploy(rig.deployer, rig.weth)
    for token in (market.coin, rig.weth):
        tokens.approve(rig.deployer, token, place.positions)
    made = uniswap_v3.create_pool(
        rig.deployer, place, market.coin, rig.weth, 500, int(math.sqrt(ratio) * 2**96)
    )
    tick = int(math.log(ratio) / math.log(1.0001)) // 10 * 10
    most = (2_000_000 * COIN, 1_000 * WEI) if coin_first else (1_000 * WEI, 2_000_000 * COIN)
    site = uniswap_v3.add_liquidity(rig.deployer, made, tick - 2_000, tick + 2_000, *most)
    rig.anvil.ask("evm_setAutomine", False)
    market.sites = (site,)
    market.routers = (*market.routers[:2], Router(site.venue, place.router, place.factory))
    market.convert()
    best = _pool(rig.deployer, site).quote_exact_input(market.coin, rig.weth, 5_000 * COIN)
    had = rig.token_of(rig.weth, ACCOUNT)
    await rig.round()
    await market.settle()
    await market.settle()
    assert rig.token_of(rig.weth, ACCOUNT) - had == best.amount_out


async def test_each_step_is_found_again_by_an_engine_that_knows_nothing(market: Market) -> None:
    """Control: in the first test one engine does it all, and the same is sold."""
    rig = market.rig
    for _ in range(5):
        market.convert()
        await rig.round()
        rig.mine(UNTIL_FINAL)
    assert rig.token_of(market.coin, ACCOUNT) == 0
    assert entries(rig, EntryKind.CONVERSION) == 1
    found = [await rig.sender.status(name(rig, number)) for number in range(3)]
    assert [each is not None for each in found] == [True, True, False]


async def test_another_account_of_the_same_book_converts_too(market: Market) -> None:
    """A key that was changed, or another rehearsal's chain, leaves its conversions in the book."""
    rig = market.rig
    signer = LocalSigner(parse_private_key("0x" + "5c" * 32))
    rig.anvil.ask("evm_setAutomine", True)
    tokens.mint(rig.deployer, market.coin, signer.address, 5_000 * COIN)
    rig.anvil.ask("evm_setAutomine", False)
    market.convert()
    assert "are being converted" in (await rig.round()).conversion
    assert "withdrawal)" in await market.settle()
    rig.mine(UNTIL_FINAL)
    await rig.sender.reconcile()
    rig.anvil.ask("anvil_setBalance", signer.address, hex(10 * WEI))
    public = PublicMempool("anvil", rig.anvil.url, 30.0)
    async with Sender(rig.book, signer, rig.reader, rig.stop, public=public) as sender:
        await sender.start()
        rules = CashierRules(
            signer.address, rig.desk.house.assets, rig.weth, PRICING, conversion=market.rules()
        )
        rig.cashier = Cashier(rig.desk.dispatch, sender, rig.reader, rig.book, rules)
        assert "are being converted" in (await rig.round()).conversion
    # What the former one has sold is posted by whoever is there now.
    assert posted(rig, wallet(ACCOUNT), market.coin) == -5_000 * COIN
    assert posted(rig, wallet(ACCOUNT), rig.weth) > 0


async def test_what_is_being_sold_is_not_paid_out(market: Market) -> None:
    """Both would be signed, and the payment reverted: the swap takes the coins first."""
    rig = market.rig
    market.convert()
    await rig.round()
    assert "withdrawal)" in await market.settle()
    asked = rig.cooled(1_000 * COIN, market.coin)
    assert rig.desk.dispatch.promised(0) == {market.coin: 1_000 * COIN}
    done = await rig.round()
    assert rig.now(asked).state is WithdrawalState.COOLING
    assert "the account has 0 COIN that is not leaving already" in done.waiting[asked.id]
    head = await rig.reader.block("latest")
    assert head is not None
    # Nor does a rule or a sweep count on it, or on the ether that its gas may take.
    there = (await rig.cashier.holdings(head)).balances
    assert there[market.coin] == 0
    [swap] = [each for slot in rig.sender.outbox.slots() for each in slot.versions if slot.is_open]
    ether = rig.ether_of(ACCOUNT) + rig.token_of(rig.weth, ACCOUNT)
    assert there[ETHER] == ether - swap.gas_limit * swap.fees.max_fee_wei
