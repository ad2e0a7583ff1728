"""Curve's contracts, written down again line by line: what StableSwapPool is measured against.

Slow and plain on purpose. `U` is a uint256 that reverts as Vyper does; every class follows one
contract, with its own order of operations, and changes its balances as the contract does.
"""

from __future__ import annotations

from collections.abc import Sequence

FEE_DENOMINATOR = 10**10
PRECISION = 10**18


class Revert(Exception):
    """The contract would revert."""


class U(int):
    """A uint256: no result below zero or beyond 256 bits, no division by zero."""

    def __new__(cls, value: int) -> U:
        if not 0 <= value < 2**256:
            raise Revert(f"{value} is no uint256")
        return super().__new__(cls, value)

    def __add__(self, other: int) -> U:
        return U(int(self) + int(other))

    __radd__ = __add__

    def __sub__(self, other: int) -> U:
        return U(int(self) - int(other))

    def __rsub__(self, other: int) -> U:
        return U(int(other) - int(self))

    def __mul__(self, other: int) -> U:
        return U(int(self) * int(other))

    __rmul__ = __mul__

    def __floordiv__(self, other: int) -> U:
        if other == 0:
            raise Revert("division by zero")
        return U(int(self) // int(other))


class ThreePool:
    """StableSwap3Pool.vy."""

    A_PRECISION = 1
    settles_or_reverts = False
    burn_margin = 1

    def __init__(
        self,
        balances: Sequence[int],
        amp: int,
        fee: int,
        admin_fee: int,
        rates: Sequence[int],
        supply: int = 0,
        feemul: int = 0,
    ) -> None:
        self.balances = [U(balance) for balance in balances]
        self.amp, self.fee, self.admin_fee = U(amp), U(fee), U(admin_fee)
        self.rates = [U(rate) for rate in rates]
        self.n = len(self.balances)
        self.supply = U(supply)
        self.feemul = U(feemul)

    def _xp(self, balances: Sequence[U]) -> list[U]:
        return [rate * b // PRECISION for rate, b in zip(self.rates, balances, strict=True)]

    def _D_P(self, D: U, xp: Sequence[U]) -> U:  # noqa: N802
        D_P = D
        for x in xp:
            D_P = D_P * D // (x * self.n)
        return D_P

    def get_D(self, xp: Sequence[U]) -> U:  # noqa: N802
        S = U(0)
        for x in xp:
            S = S + x
        if S == 0:
            return U(0)
        D = S
        Ann = self.amp * self.n
        for _ in range(255):
            D_P = self._D_P(D, xp)
            D_prev = D
            D = ((Ann * S // self.A_PRECISION + D_P * self.n) * D) // (
                (Ann - self.A_PRECISION) * D // self.A_PRECISION + (self.n + 1) * D_P
            )
            if abs(int(D) - int(D_prev)) <= 1:
                return D
        if self.settles_or_reverts:
            raise Revert("no convergence")
        return D

    def _newton(self, c: U, b: U, D: U) -> U:
        y = D
        for _ in range(255):
            y_prev = y
            y = (y * y + c) // (2 * y + b - D)
            if abs(int(y) - int(y_prev)) <= 1:
                return y
        if self.settles_or_reverts:
            raise Revert("no convergence")
        return y

    def get_y(self, i: int, j: int, x: U, xp: Sequence[U]) -> U:
        D = self.get_D(xp)
        c = D
        S_ = U(0)
        Ann = self.amp * self.n
        for k in range(self.n):
            if k == i:
                _x = x
            elif k != j:
                _x = xp[k]
            else:
                continue
            S_ = S_ + _x
            c = c * D // (_x * self.n)
        c = c * D * self.A_PRECISION // (Ann * self.n)
        b = S_ + D * self.A_PRECISION // Ann
        return self._newton(c, b, D)

    def get_y_D(self, i: int, xp: Sequence[U], D: U) -> U:  # noqa: N802
        c = D
        S_ = U(0)
        Ann = self.amp * self.n
        for k in range(self.n):
            if k == i:
                continue
            S_ = S_ + xp[k]
            c = c * D // (xp[k] * self.n)
        c = c * D * self.A_PRECISION // (Ann * self.n)
        b = S_ + D * self.A_PRECISION // Ann
        return self._newton(c, b, D)

    def get_dy(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = (xp[j] - y - 1) * PRECISION // self.rates[j]
        return dy - self.fee * dy // FEE_DENOMINATOR

    def exchange(self, i: int, j: int, dx: int) -> U:
        old_balances = list(self.balances)
        xp = self._xp(old_balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y - 1
        dy_fee = dy * self.fee // FEE_DENOMINATOR
        dy = (dy - dy_fee) * PRECISION // self.rates[j]
        dy_admin_fee = dy_fee * self.admin_fee // FEE_DENOMINATOR
        dy_admin_fee = dy_admin_fee * PRECISION // self.rates[j]
        self.balances[i] = old_balances[i] + dx
        self.balances[j] = old_balances[j] - dy - dy_admin_fee
        return dy

    def get_virtual_price(self) -> U:
        return self.get_D(self._xp(self.balances)) * PRECISION // self.supply

    def calc_token_amount(self, amounts: Sequence[int], deposit: bool) -> U:
        D0 = self.get_D(self._xp(self.balances))
        balances = [
            b + a if deposit else b - a for a, b in zip(amounts, self.balances, strict=True)
        ]
        D1 = self.get_D(self._xp(balances))
        diff = D1 - D0 if deposit else D0 - D1
        return diff * self.supply // D0

    def _deposit_fee(self, i: int, old: U, new: U, ys: U, fee: U) -> U:
        return fee

    def add_liquidity(self, amounts: Sequence[int]) -> U:
        _fee = self.fee * self.n // (4 * (self.n - 1))
        old_balances = list(self.balances)
        D0 = self.get_D(self._xp(old_balances))
        new_balances = [b + a for a, b in zip(amounts, old_balances, strict=True)]
        D1 = self.get_D(self._xp(new_balances))
        if not D1 > D0:
            raise Revert("D1 > D0")
        ys = (D0 + D1) // self.n
        for i in range(self.n):
            ideal_balance = D1 * old_balances[i] // D0
            difference = U(abs(int(ideal_balance) - int(new_balances[i])))
            dynamic = self._deposit_fee(i, old_balances[i], new_balances[i], ys, _fee)
            fee = dynamic * difference // FEE_DENOMINATOR
            self.balances[i] = new_balances[i] - fee * self.admin_fee // FEE_DENOMINATOR
            new_balances[i] = new_balances[i] - fee
        D2 = self.get_D(self._xp(new_balances))
        mint_amount = self.supply * (D2 - D0) // D0
        self.supply = self.supply + mint_amount
        return mint_amount

    def _burn_fee(self, xavg: U, ys: U, fee: U) -> U:
        return fee

    def _calc_withdraw_one_coin(self, amount: int, i: int) -> tuple[U, U]:
        _fee = self.fee * self.n // (4 * (self.n - 1))
        xp = self._xp(self.balances)
        D0 = self.get_D(xp)
        D1 = D0 - U(amount) * D0 // self.supply
        xp_reduced = list(xp)
        new_y = self.get_y_D(i, xp, D1)
        dy_0 = (xp[i] - new_y) * PRECISION // self.rates[i]
        ys = (D0 + D1) // (2 * self.n)
        for j in range(self.n):
            if j == i:
                dx_expected = xp[j] * D1 // D0 - new_y
                xavg = (xp[j] + new_y) // 2
            else:
                dx_expected = xp[j] - xp[j] * D1 // D0
                xavg = xp[j]
            fee = self._burn_fee(xavg, ys, _fee)
            xp_reduced[j] = xp_reduced[j] - fee * dx_expected // FEE_DENOMINATOR
        dy = xp_reduced[i] - self.get_y_D(i, xp_reduced, D1)
        dy = (dy - self.burn_margin) * PRECISION // self.rates[i]
        return dy, dy_0 - dy

    def remove_liquidity_one_coin(self, amount: int, i: int) -> U:
        dy, dy_fee = self._calc_withdraw_one_coin(amount, i)
        self.balances[i] = self.balances[i] - (dy + dy_fee * self.admin_fee // FEE_DENOMINATOR)
        self.supply = self.supply - amount
        return dy


class Base(ThreePool):
    """SwapTemplateBase.vy, and the factory's plain pools."""

    A_PRECISION = 100
    settles_or_reverts = True

    def get_dy(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y - 1
        fee = self.fee * dy // FEE_DENOMINATOR
        return (dy - fee) * PRECISION // self.rates[j]


class Compound(ThreePool):
    """StableSwapCompound.vy, and the pools of early 2020."""

    def _D_P(self, D: U, xp: Sequence[U]) -> U:  # noqa: N802
        D_P = D
        for x in xp:
            D_P = D_P * D // (x * self.n + 1)
        return D_P

    def get_dy(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = (xp[j] - y) * PRECISION // self.rates[j]
        return dy - self.fee * dy // FEE_DENOMINATOR

    def exchange(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y
        dy_fee = dy * self.fee // FEE_DENOMINATOR
        dy_admin_fee = dy_fee * self.admin_fee // FEE_DENOMINATOR
        self.balances[i] = x * PRECISION // self.rates[i]
        self.balances[j] = (y + (dy_fee - dy_admin_fee)) * PRECISION // self.rates[j]
        return (dy - dy_fee) * PRECISION // self.rates[j]


class Reth(Base):
    """StableSwapRETH.vy and SwapTemplateY.vy."""

    def get_dy(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y
        fee = self.fee * dy // FEE_DENOMINATOR
        return (dy - fee) * PRECISION // self.rates[j]

    def exchange(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y - 1
        dy_fee = dy * self.fee // FEE_DENOMINATOR
        dy_admin_fee = dy_fee * self.admin_fee // FEE_DENOMINATOR
        self.balances[i] = x * PRECISION // self.rates[i]
        self.balances[j] = (y + (dy_fee - dy_admin_fee)) * PRECISION // self.rates[j]
        return (dy - dy_fee) * PRECISION // self.rates[j]


class Steth(Base):
    """StableSwapSTETH.vy: two coins of 18 decimals, balances held less the admin's."""

    def _D_P(self, D: U, xp: Sequence[U]) -> U:  # noqa: N802
        D_P = D
        for x in xp:
            D_P = D_P * D // (x * self.n + 1)
        return D_P

    def exchange(self, i: int, j: int, dx: int) -> U:
        xp = list(self.balances)
        x = xp[i] + dx
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y - 1
        dy_fee = dy * self.fee // FEE_DENOMINATOR
        dy = dy - dy_fee
        dy_admin_fee = dy_fee * self.admin_fee // FEE_DENOMINATOR
        self.balances[i] = self.balances[i] + dx
        self.balances[j] = self.balances[j] - dy_admin_fee - dy
        return dy

    def remove_liquidity_one_coin(self, amount: int, i: int) -> U:
        dy, _ = self._calc_withdraw_one_coin(amount, i)
        self.balances[i] = self.balances[i] - dy
        self.supply = self.supply - amount
        return dy


class Aave(Base):
    """StableSwapAave.vy: a fee that rises as the coins part."""

    burn_margin = 0

    _D_P = Compound._D_P
    remove_liquidity_one_coin = Steth.remove_liquidity_one_coin

    def _dynamic_fee(self, xpi: U, xpj: U, fee: U) -> U:
        if self.feemul <= FEE_DENOMINATOR:
            return fee
        xps2 = xpi + xpj
        xps2 = xps2 * xps2
        return (self.feemul * fee) // (
            (self.feemul - FEE_DENOMINATOR) * 4 * xpi * xpj // xps2 + FEE_DENOMINATOR
        )

    def _deposit_fee(self, i: int, old: U, new: U, ys: U, fee: U) -> U:
        return self._dynamic_fee(old + new, ys, fee)

    def _burn_fee(self, xavg: U, ys: U, fee: U) -> U:
        return self._dynamic_fee(xavg, ys, fee)

    def get_dy(self, i: int, j: int, dx: int) -> U:
        precisions = [rate // PRECISION for rate in self.rates]
        xp = [b * p for b, p in zip(self.balances, precisions, strict=True)]
        x = xp[i] + U(dx) * precisions[i]
        y = self.get_y(i, j, x, xp)
        dy = (xp[j] - y) // precisions[j]
        _fee = (
            self._dynamic_fee((xp[i] + x) // 2, (xp[j] + y) // 2, self.fee) * dy // FEE_DENOMINATOR
        )
        return dy - _fee

    def exchange(self, i: int, j: int, dx: int) -> U:
        precisions = [rate // PRECISION for rate in self.rates]
        xp = [b * p for b, p in zip(self.balances, precisions, strict=True)]
        x = xp[i] + U(dx) * precisions[i]
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y
        dy_fee = (
            dy * self._dynamic_fee((xp[i] + x) // 2, (xp[j] + y) // 2, self.fee) // FEE_DENOMINATOR
        )
        admin = dy_fee * self.admin_fee // FEE_DENOMINATOR // precisions[j]
        paid = (dy - dy_fee) // precisions[j]
        self.balances[i] = self.balances[i] + dx
        self.balances[j] = self.balances[j] - admin - paid
        return paid


class NextGeneration(Aave):
    """CurveStableSwapNG.vy with its views."""

    burn_margin = 1
    remove_liquidity_one_coin = ThreePool.remove_liquidity_one_coin

    def _D_P(self, D: U, xp: Sequence[U]) -> U:  # noqa: N802
        D_P = D
        for x in xp:
            D_P = D_P * D // x
        return D_P // self.n**self.n

    def _deposit_fee(self, i: int, old: U, new: U, ys: U, fee: U) -> U:
        return self._dynamic_fee(self.rates[i] * (old + new) // PRECISION, ys, fee)

    def get_dy(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y - 1
        fee = (
            self._dynamic_fee((xp[i] + x) // 2, (xp[j] + y) // 2, self.fee) * dy // FEE_DENOMINATOR
        )
        return (dy - fee) * PRECISION // self.rates[j]

    def exchange(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        x = xp[i] + U(dx) * self.rates[i] // PRECISION
        y = self.get_y(i, j, x, xp)
        dy = xp[j] - y - 1
        dy_fee = (
            dy * self._dynamic_fee((xp[i] + x) // 2, (xp[j] + y) // 2, self.fee) // FEE_DENOMINATOR
        )
        dy = (dy - dy_fee) * PRECISION // self.rates[j]
        admin = dy_fee * self.admin_fee // FEE_DENOMINATOR * PRECISION // self.rates[j]
        after = list(xp)
        after[i], after[j] = x, y
        self._upkeep(after, self.get_D(xp))
        self.balances[i] = self.balances[i] + dx
        self.balances[j] = self.balances[j] - dy - admin
        return dy

    def _upkeep(self, xp: Sequence[U], D: U) -> None:
        Ann = self.amp * self.n
        Dr = D // self.n**self.n
        for x in xp:
            Dr = Dr * D // x
        xp0_A = Ann * xp[0] // self.A_PRECISION
        for x in xp[1:]:
            _ = 10**18 * (xp0_A + Dr * xp[0] // x) // (xp0_A + Dr)
        if D >= 2**128:
            raise Revert("D does not pack")

    def calc_token_amount(self, amounts: Sequence[int], deposit: bool) -> U:
        D0 = self.get_D(self._xp(self.balances))
        new_balances = [
            b + a if deposit else b - a for a, b in zip(amounts, self.balances, strict=True)
        ]
        D1 = self.get_D(self._xp(new_balances))
        base_fee = self.fee * self.n // (4 * (self.n - 1))
        ys = (D0 + D1) // self.n
        for i in range(self.n):
            old, new = self.balances[i], new_balances[i]
            ideal_balance = D1 * old // D0
            difference = U(abs(int(ideal_balance) - int(new)))
            xs = self.rates[i] * (old + new) // PRECISION
            fee = self._dynamic_fee(xs, ys, base_fee)
            new_balances[i] = new - fee * difference // FEE_DENOMINATOR
        D2 = self.get_D(self._xp(new_balances))
        diff = D2 - D0 if deposit else D0 - D2
        return diff * self.supply // D0


class Meta(Base):
    """SwapTemplateMeta.vy and StableSwapRAI.vy over a base pool."""

    def __init__(
        self,
        base: ThreePool,
        balances: Sequence[int],
        amp: int,
        fee: int,
        admin_fee: int,
        rates: Sequence[int],
        cached: tuple[int, int] | None = None,
        now: int = 0,
    ) -> None:
        super().__init__(balances, amp, fee, admin_fee, [*rates, 0])
        self.base, self.cached, self.now = base, cached, now

    def _load(self) -> None:
        if self.cached is None:
            self.rates[-1] = self.base.get_virtual_price()
            return
        updated = self.cached[1]
        if self.now > updated + 600:
            self.cached = (int(self.base.get_virtual_price()), self.now)
        self.rates[-1] = U(self.cached[0])

    def exchange(self, i: int, j: int, dx: int) -> U:
        self._load()
        return super().exchange(i, j, dx)

    def get_dy_underlying(self, i: int, j: int, dx: int) -> U:
        cached = self.cached
        self._load()
        self.cached = cached  # a view stores nothing
        last = self.n - 1
        xp = self._xp(self.balances)
        base_i, base_j = i - last, j - last
        meta_i = i if base_i < 0 else last
        meta_j = j if base_j < 0 else last
        if base_i < 0:
            x = xp[i] + U(dx) * self.rates[i] // PRECISION
        elif base_j < 0:
            base_inputs = [0] * self.base.n
            base_inputs[base_i] = dx
            x = self.base.calc_token_amount(base_inputs, True) * self.rates[last] // PRECISION
            x = x - x * self.base.fee // (2 * FEE_DENOMINATOR)
            x = x + xp[last]
        else:
            return self.base.get_dy(base_i, base_j, dx)
        y = self.get_y(meta_i, meta_j, x, xp)
        dy = xp[meta_j] - y - 1
        dy = dy - self.fee * dy // FEE_DENOMINATOR
        if base_j < 0:
            return dy * PRECISION // self.rates[meta_j]
        return self.base._calc_withdraw_one_coin(dy * PRECISION // self.rates[last], base_j)[0]

    def exchange_underlying(self, i: int, j: int, dx: int) -> U:
        self._load()
        last = self.n - 1
        base_i, base_j = i - last, j - last
        meta_i = i if base_i < 0 else last
        meta_j = j if base_j < 0 else last
        if base_i >= 0 and base_j >= 0:
            return self.base.exchange(base_i, base_j, dx)
        old_balances = list(self.balances)
        xp = self._xp(old_balances)
        dx_w_fee = U(dx)
        if base_i < 0:
            x = xp[i] + dx_w_fee * self.rates[i] // PRECISION
        else:
            base_inputs = [0] * self.base.n
            base_inputs[base_i] = dx
            dx_w_fee = self.base.add_liquidity(base_inputs)
            x = dx_w_fee * self.rates[last] // PRECISION
            x = x + xp[last]
        y = self.get_y(meta_i, meta_j, x, xp)
        dy = xp[meta_j] - y - 1
        dy_fee = dy * self.fee // FEE_DENOMINATOR
        dy = (dy - dy_fee) * PRECISION // self.rates[meta_j]
        dy_admin_fee = dy_fee * self.admin_fee // FEE_DENOMINATOR
        dy_admin_fee = dy_admin_fee * PRECISION // self.rates[meta_j]
        self.balances[meta_i] = old_balances[meta_i] + dx_w_fee
        self.balances[meta_j] = old_balances[meta_j] - dy - dy_admin_fee
        if base_j >= 0:
            dy = self.base.remove_liquidity_one_coin(dy, base_j)
        return dy


class MetaNextGeneration(NextGeneration):
    """CurveStableSwapMetaNG.vy over a base pool."""

    def __init__(
        self,
        base: ThreePool,
        balances: Sequence[int],
        amp: int,
        fee: int,
        admin_fee: int,
        rates: Sequence[int],
        feemul: int,
    ) -> None:
        super().__init__(balances, amp, fee, admin_fee, [*rates, 0], feemul=feemul)
        self.base = base

    def _xp(self, balances: Sequence[U]) -> list[U]:
        self.rates[-1] = self.base.get_virtual_price()
        return super()._xp(balances)

    def exchange_underlying(self, i: int, j: int, dx: int) -> U:
        if i > 0 and j > 0:
            return self.base.exchange(i - 1, j - 1, dx)
        xp = self._xp(self.balances)
        rates = list(self.rates)
        dx_w_fee = U(dx)
        if i == 0:
            x = xp[0] + dx_w_fee * rates[0] // PRECISION
        else:
            base_inputs = [0] * self.base.n
            base_inputs[i - 1] = dx
            dx_w_fee = self.base.add_liquidity(base_inputs)
            x = dx_w_fee * rates[1] // PRECISION
            x = x + xp[1]
        meta_i, meta_j = min(i, 1), min(j, 1)
        y = self.get_y(meta_i, meta_j, x, xp)
        dy = xp[meta_j] - y - 1
        fee = self._dynamic_fee((xp[meta_i] + x) // 2, (xp[meta_j] + y) // 2, self.fee)
        dy_fee = dy * fee // FEE_DENOMINATOR
        dy = (dy - dy_fee) * PRECISION // rates[meta_j]
        admin = dy_fee * self.admin_fee // FEE_DENOMINATOR * PRECISION // rates[meta_j]
        self.balances[meta_i] = self.balances[meta_i] + dx_w_fee
        self.balances[meta_j] = self.balances[meta_j] - dy - admin
        if j > 0:
            dy = self.base.remove_liquidity_one_coin(dy, j - 1)
        return dy

    def get_dy_underlying(self, i: int, j: int, dx: int) -> U:
        xp = self._xp(self.balances)
        rates = list(self.rates)
        if i == 0:
            x = xp[0] + U(dx) * rates[0] // PRECISION
        elif j == 0:
            base_inputs = [0] * self.base.n
            base_inputs[i - 1] = dx
            x = self.base.calc_token_amount(base_inputs, True) * rates[1] // PRECISION
            x = x + xp[1]
        else:
            return self.base.get_dy(i - 1, j - 1, dx)
        meta_i, meta_j = min(i, 1), min(j, 1)
        y = self.get_y(meta_i, meta_j, x, xp)
        dy = xp[meta_j] - y - 1
        fee = self._dynamic_fee((xp[meta_i] + x) // 2, (xp[meta_j] + y) // 2, self.fee)
        dy = dy - fee * dy // FEE_DENOMINATOR
        if j == 0:
            return dy * PRECISION // rates[0]
        return self.base._calc_withdraw_one_coin(dy * PRECISION // rates[1], j - 1)[0]
