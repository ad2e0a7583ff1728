"""The real protocols: what they pay is what AINEON's pools say, and what lenders ask is known."""

from __future__ import annotations

import pytest

from aineon.amm import Pool
from aineon.errors import RehearsalReverted, Unavailable
from aineon.primitives import Address, Token
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.listing import DECIMALS, LISTINGS
from aineon.rehearsal.protocols import aave_v3, tokens
from aineon.rehearsal.sites import Site, read_pools
from aineon.rehearsal.world import World
from tests.contracts.bytecode import bench


def some_amount(world: World, token: Token) -> int:
    """A sum worth some thousand dollars, and no round one."""
    return int(4321.0987 / world.prices.dollars[token])


def pool_of(world: World, site: Site) -> Pool:
    (pool,) = read_pools(world.deployer, [site])
    return pool


@pytest.mark.parametrize("place", range(len(LISTINGS)), ids=[str(each) for each in LISTINGS])
def test_a_swap_pays_and_leaves_what_the_pool_says(world: World, place: int) -> None:
    site = world.sites[place]
    trader = Deployer(world.anvil.rpc, world.accounts.traders[0])
    traded = [token for token in site.tokens if token in world.tokens.values()]
    for token_in, token_out in ((a, b) for a in traded for b in traded if a != b):
        amount = some_amount(world, token_in)
        quote = pool_of(world, site).quote_exact_input(token_in, token_out, amount)
        before = tokens.balance(trader, token_out, trader.account)
        trader.transact(site.spender, site.swap(trader.account, token_in, token_out, amount))
        received = tokens.balance(trader, token_out, trader.account) - before
        assert received == quote.amount_out
        assert pool_of(world, site) == quote.pool_after


def test_tokens_have_the_decimals_that_they_claim(world: World) -> None:
    for symbol, token in world.tokens.items():
        (decimals,) = world.deployer.call(token.address, "decimals()", ["uint8"])
        assert decimals == token.decimals == DECIMALS[symbol]


@pytest.fixture
def borrower(world: World) -> Address:
    try:
        return world.deployer.deploy(bench("FlashLoanBench"))
    except Unavailable as why:
        pytest.skip(str(why))


def borrow(
    world: World, borrower: Address, lender: str, token: Token, amount: int, keep: int = 0
) -> tuple[int, int]:
    """Take a loan; return what the borrower held meanwhile, and the fee."""
    place = {"aave": world.aave.pool, "balancer": world.venues.balancer_v2.vault}[lender]
    call = f"borrow_from_{lender}(address,address,uint256,uint256)"
    world.deployer.send(borrower, call, place, token.address, amount, keep)
    (held,) = world.deployer.call(borrower, "held()", ["uint256"])
    (fee,) = world.deployer.call(borrower, "fee()", ["uint256"])
    return held, fee


@pytest.mark.parametrize("symbol", ["WETH", "USDC"])
@pytest.mark.parametrize("amount", [1_000_000, 999, 1000, 123_456_789_017])
def test_aave_lends_for_five_basis_points_rounded_half_up(
    world: World, borrower: Address, symbol: str, amount: int
) -> None:
    token = world.tokens[symbol]
    fee = (amount * aave_v3.FLASH_PREMIUM_BPS + 5000) // 10_000
    world.deployer.send(token.address, "transfer(address,uint256)", borrower, fee)
    assert borrow(world, borrower, "aave", token, amount) == (amount + fee, fee)
    assert tokens.balance(world.deployer, token, borrower) == 0


@pytest.mark.parametrize("symbol", DECIMALS)
def test_balancer_lends_for_nothing(world: World, borrower: Address, symbol: str) -> None:
    token = world.tokens[symbol]
    held = tokens.balance(world.deployer, token, world.venues.balancer_v2.vault)
    assert borrow(world, borrower, "balancer", token, held) == (held, 0)


@pytest.mark.parametrize(("lender", "reason"), [("aave", "allowance"), ("balancer", "BAL#515")])
def test_control_a_loan_that_is_not_paid_back_reverts(
    world: World, borrower: Address, lender: str, reason: str
) -> None:
    token = world.tokens["USDC"]
    world.deployer.send(token.address, "transfer(address,uint256)", borrower, 10**6)
    with pytest.raises(RehearsalReverted, match=reason):
        borrow(world, borrower, lender, token, 10**9, keep=1)


def test_a_refused_transaction_says_why(world: World) -> None:
    usdc = world.tokens["USDC"]
    nobody = Deployer(world.anvil.rpc, world.accounts.crowd)
    with pytest.raises(RehearsalReverted, match="transfer amount exceeds balance"):
        nobody.send(usdc.address, "transfer(address,uint256)", nobody.account, 1)
