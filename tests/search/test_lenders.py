"""Lenders: what their money costs to the unit, and which routes it may fund."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.amm import Pool, StableSwapPool, WeightedPool
from aineon.chain.snapshot.lenders import AaveTerms, LenderTerms, VaultTerms
from aineon.errors import ConfigurationError
from aineon.primitives import Address, Block
from aineon.search import CostModel, Hop, ParallelPools, Route
from aineon.search.funding import funded, priced
from aineon.search.lenders import (
    AAVE_V3,
    BALANCER_V2,
    FLASH_SWAP,
    LENDER_NAMES,
    OWN,
    FeeRounding,
    Lender,
    aave_v3,
    balancer_v2,
    flash_swap,
    lenders_from,
    own_capital,
    standard_lenders,
)
from aineon.search.sizing import optimal_input
from tests.search.markets import address, token, v2, v3

DAI, WETH, LINK = token(1, "DAI"), token(2, "WETH"), token(3, "LINK")
ETHER = 10**18
BLOCK = Block(7, base_fee_wei=9 * 10**9)
DEEP = v2(1, WETH, DAI, 1000 * ETHER, 2_000_000 * ETHER)
THIN = v2(2, WETH, DAI, 100 * ETHER, 220_000 * ETHER)
RANGED = v3(3, DAI, WETH, 0, [(-6000, 6000, 10**22)])
CURVE = StableSwapPool(address(5), (DAI, WETH), (ETHER, ETHER), A=100, fee=0)
VAULT = WeightedPool(
    address(6),
    (DAI, WETH),
    (ETHER, ETHER),
    (ETHER // 2, ETHER // 2),
    10**15,
    pool_id=f"{address(6)}{0:024x}",
)
ALL = (Lender(OWN), *standard_lenders())


def cycle(out: Pool, back: Pool) -> Route:
    """Ether out through one pool and back through another."""
    return Route([Hop(out, WETH, DAI), Hop(back, DAI, WETH)])


def terms(
    revision: int = 4, share: int = 0, aave: bool = True, balancer: bool = True
) -> LenderTerms:
    """What a snapshot may have read; a lender that is not there is None."""
    pool, vault = Address(address(8)), Address(address(9))
    return LenderTerms(
        block=BLOCK,
        aave=AaveTerms(pool, 9, revision, {WETH.address: 70 * ETHER}) if aave else None,
        balancer=VaultTerms(vault, share, {WETH.address: 50 * ETHER}) if balancer else None,
        refused={},
    )


class TestFees:
    @pytest.mark.parametrize(
        ("amount", "fee"), [(10_000, 5), (10_001, 6), (1, 1), (999, 1), (1000, 1), (3000, 2)]
    )
    def test_aave_rounds_up_from_revision_9_on(self, amount: int, fee: int) -> None:
        for revision in (9, 10, None):
            assert aave_v3(5, revision).fee(amount) == fee

    @pytest.mark.parametrize(
        ("amount", "fee"), [(10_000, 5), (10_001, 5), (1, 0), (999, 0), (1000, 1), (2999, 1)]
    )
    def test_aave_rounds_half_up_before(self, amount: int, fee: int) -> None:
        for revision in (1, 8):
            assert aave_v3(5, revision).fee(amount) == fee

    @given(amount=st.integers(0, 2**128), bps=st.integers(0, 10_000))
    def test_half_up_is_percent_mul(self, amount: int, bps: int) -> None:
        # PercentageMath.percentMul adds half of 1e4 before it divides.
        assert aave_v3(bps, 8).fee(amount) == (amount * bps + 5000) // 10_000

    @given(amount=st.integers(1, 2**112), share=st.integers(1, 10**18))
    def test_balancer_rounds_up_in_parts_of_1e18(self, amount: int, share: int) -> None:
        # FixedPoint.mulUp
        assert balancer_v2(share).fee(amount) == (amount * share - 1) // 10**18 + 1

    @given(amount=st.integers(0, 2**128), share=st.integers(0, 10**18))
    def test_sizes_are_found_with_no_less_than_the_fee(self, amount: int, share: int) -> None:
        lender = balancer_v2(share)
        assert lender.whole_fee_bps * amount >= lender.fee_bps * amount
        assert lender.whole_fee_bps < lender.fee_bps + 1

    def test_own_money_and_flash_swaps_take_nothing(self) -> None:
        assert own_capital({WETH: 1}).fee(ETHER) == flash_swap().fee(ETHER) == 0

    @pytest.mark.parametrize(
        ("changed", "named"),
        [
            ({"name": "aave"}, "lender is 'aave'"),
            ({"fee_bps": -1}, "fee_bps of own is -1"),
            ({"fee_bps": 10_001}, "fee_bps of own is 10001"),
            ({"fee_bps": 0.5}, "fee_bps of own is 0.5"),
            ({"gas_units": -1}, "gas_units of own is -1"),
        ],
    )
    def test_nonsense_is_refused(self, changed: dict[str, object], named: str) -> None:
        with pytest.raises(ConfigurationError, match=named):
            Lender(**{"name": OWN} | changed)  # type: ignore[arg-type]


class TestWhatMayFund:
    @pytest.mark.parametrize(
        ("route", "names"),
        [
            (cycle(DEEP, THIN), LENDER_NAMES),
            (cycle(RANGED, CURVE), LENDER_NAMES),
            # The Vault is locked while it lends, wherever its pool stands in the route.
            (cycle(DEEP, VAULT), (OWN, FLASH_SWAP, AAVE_V3)),
            (cycle(VAULT, DEEP), (OWN, AAVE_V3)),
            (cycle(CURVE, DEEP), (OWN, BALANCER_V2, AAVE_V3)),
            # Two pools cannot both pay first and be repaid last.
            (cycle(ParallelPools([DEEP, THIN], WETH, DAI), CURVE), (OWN, BALANCER_V2, AAVE_V3)),
            (cycle(ParallelPools([DEEP, VAULT], WETH, DAI), CURVE), (OWN, AAVE_V3)),
            (cycle(DEEP, ParallelPools([THIN, CURVE], WETH, DAI)), LENDER_NAMES),
        ],
    )
    def test_by_the_pools_of_the_route(self, route: Route, names: tuple[str, ...]) -> None:
        assert {each.name for each in ALL if each.may_fund(route, ETHER)} == set(names)

    def test_by_what_is_there(self) -> None:
        own = own_capital({WETH: 5})
        assert own.may_fund(cycle(DEEP, THIN))
        assert own.may_fund(cycle(DEEP, THIN), 5)
        assert not own.may_fund(cycle(DEEP, THIN), 6)
        from_dai = Route([Hop(DEEP, DAI, WETH), Hop(THIN, WETH, DAI)])
        assert not own.may_fund(from_dai)
        # Unknown is not nothing.
        assert Lender(OWN).may_fund(from_dai, 10**40)


class TestTheCheapest:
    def chosen(self, route: Route, *lenders: Lender, amount: int | None = None) -> str:
        return CostModel(lenders=lenders, native_token=WETH).lender_of(route, amount).name

    def test_own_money_as_far_as_it_goes(self) -> None:
        own = own_capital({WETH: ETHER})
        route = cycle(DEEP, THIN)
        assert self.chosen(route, *standard_lenders(), own, amount=ETHER) == OWN
        assert self.chosen(route, *standard_lenders(), own, amount=ETHER + 1) == FLASH_SWAP

    def test_what_has_no_fee_before_what_has(self) -> None:
        assert self.chosen(cycle(CURVE, DEEP), *standard_lenders()) == BALANCER_V2
        assert self.chosen(cycle(VAULT, DEEP), *standard_lenders()) == AAVE_V3

    def test_a_fee_of_the_vault_can_send_a_route_to_aave(self) -> None:
        dear = balancer_v2(10**15)  # 10 bps
        assert self.chosen(cycle(CURVE, DEEP), dear, aave_v3()) == AAVE_V3

    def test_fee_and_gas_are_weighed_where_both_are_known(self) -> None:
        model = CostModel(lenders=(balancer_v2(10**15), aave_v3()), native_token=WETH)
        route, gas_rate = cycle(CURVE, DEEP), Fraction(10 * 10**9)
        # 90,000 gas at 10 gwei are as much as 5 bps of 1.8 ether.
        border = 18 * ETHER // 10
        assert model.lender_of(route, border * 9 // 10, gas_rate).name == BALANCER_V2
        assert model.lender_of(route, border * 11 // 10, gas_rate).name == AAVE_V3

    def test_where_none_may_fund_the_cheapest_gives_the_bound(self) -> None:
        model = CostModel(lenders=(balancer_v2(),), native_token=WETH)
        assert model.lender_of(cycle(VAULT, DEEP)).name == BALANCER_V2
        assert not model.lender_of(cycle(VAULT, DEEP)).may_fund(cycle(VAULT, DEEP))


class TestFunding:
    ROUTE = cycle(THIN, DEEP)

    def model(self, *lenders: Lender) -> CostModel:
        return CostModel(lenders=lenders, native_token=WETH)

    def test_it_is_sized_for_the_money_that_carries_it_out(self) -> None:
        free, dear = optimal_input(self.ROUTE, 0), optimal_input(self.ROUTE, 9)
        assert free is not None
        assert dear is not None
        assert free[0] > dear[0]
        little = own_capital({WETH: free[0] - 1})
        found = funded(optimal_input, self.ROUTE, self.model(little, aave_v3(9)))
        assert found is not None
        assert (found.lender.name, found.amounts) == (AAVE_V3, dear)
        # The control: with one unit more the operator's own capital is enough.
        enough = own_capital({WETH: free[0]})
        found = funded(optimal_input, self.ROUTE, self.model(enough, aave_v3(9)))
        assert found is not None
        assert (found.lender.name, found.amounts) == (OWN, free)

    def test_a_fee_that_eats_everything_leaves_nothing(self) -> None:
        little = own_capital({WETH: 1})
        assert funded(optimal_input, self.ROUTE, self.model(little, aave_v3(3000))) is None

    def test_fee_gas_and_name_are_those_of_one_lender(self) -> None:
        model = self.model(*standard_lenders())
        gas_rate = model.gas_rate(self.ROUTE, BLOCK)
        assert gas_rate == 10 * 10**9
        for route, name in ((self.ROUTE, FLASH_SWAP), (cycle(VAULT, CURVE), AAVE_V3)):
            found = funded(lambda *_: (10_000, 20_000, 30_001), route, model, gas_rate)
            assert found is not None
            opportunity = priced(found, route, model, gas_rate, BLOCK)
            assert opportunity.lender == name
            (lender,) = (each for each in model.lenders if each.name == name)
            assert opportunity.flash_fee == lender.fee(10_000)
            units = model.gas_units(route, found.amounts, lender)
            assert opportunity.gas_units == units
            assert opportunity.gas_cost == units * 10 * 10**9

    def test_what_nobody_can_fund_has_no_lender(self) -> None:
        model = self.model(balancer_v2(available={WETH.address: 5}))
        found = funded(optimal_input, self.ROUTE, model)
        assert found is not None
        assert priced(found, self.ROUTE, model, None).lender is None


class TestFromTerms:
    def test_figures_and_availability_are_those_read(self) -> None:
        lenders = {each.name: each for each in lenders_from(terms(), own={WETH: 3})}
        assert set(lenders) == set(LENDER_NAMES)
        assert lenders[OWN].available == {WETH.address: 3}
        assert lenders[AAVE_V3].fee_bps == 9
        assert lenders[AAVE_V3].rounding is FeeRounding.HALF_UP
        assert lenders[AAVE_V3].available == {WETH.address: 70 * ETHER}
        assert lenders[BALANCER_V2].fee_bps == 0
        assert lenders[BALANCER_V2].available == {WETH.address: 50 * ETHER}
        newer = lenders_from(terms(revision=9, share=10**13))
        by_name = {each.name: each for each in newer}
        assert by_name[AAVE_V3].rounding is FeeRounding.UP
        assert by_name[BALANCER_V2].fee_bps == Fraction(1, 10)

    def test_only_what_is_allowed(self) -> None:
        assert [each.name for each in lenders_from(terms(), [AAVE_V3])] == [AAVE_V3]

    def test_what_cannot_be_read_lends_nothing(self) -> None:
        nobody = terms(aave=False, balancer=False)
        assert [each.name for each in lenders_from(nobody)] == [FLASH_SWAP]
        with pytest.raises(ConfigurationError, match="no lender is left of aave_v3"):
            lenders_from(nobody, [AAVE_V3])

    @given(amount=st.integers(0, 2**112), share=st.integers(0, 10**18))
    def test_fees_are_those_that_the_terms_name(self, amount: int, share: int) -> None:
        for revision in (8, 9):
            read = terms(revision, share)
            fees = {each.name: each.fee(amount) for each in lenders_from(read)}
            assert read.aave is not None
            assert read.balancer is not None
            assert fees[AAVE_V3] == read.aave.fee(amount)
            assert fees[BALANCER_V2] == read.balancer.fee(amount)

    def test_without_own_capital_there_is_no_such_lender(self) -> None:
        assert OWN not in {each.name for each in lenders_from(terms())}
        with pytest.raises(ConfigurationError, match="no lender is left"):
            lenders_from(terms(), [OWN])

    def test_a_name_that_is_none_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="lender is 'aave'"):
            lenders_from(terms(), ["aave"])
