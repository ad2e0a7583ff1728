"""Curve's crypto pools, slow and literal: storage, unsigned words, one line after the other.

Written from the contracts alone (Tricrypto of May 2021, Tricrypto2 of July 2021, the two-coin
pool with ETH of 2022) on words that revert where the EVM's would. It shares nothing with the
library.
"""

# ruff: noqa: N802, N803, N806, C901, PLR0912, PLR0915, SIM300 -- names and shape are the contracts'

from __future__ import annotations

import copy
from typing import Any

MASK = 2**128 - 1


class Revert(Exception):
    """The contract's."""


class Word(int):
    """A uint256: Vyper's arithmetic reverts beyond its range and at a division by zero."""

    def __new__(cls, value: int) -> Word:
        if not 0 <= value < 2**256:
            raise Revert("overflow")
        return super().__new__(cls, value)

    def __add__(self, other: int) -> Word:
        return Word(int(self) + int(other))

    def __sub__(self, other: int) -> Word:
        return Word(int(self) - int(other))

    def __mul__(self, other: int) -> Word:
        return Word(int(self) * int(other))

    def __pow__(self, other: int, _: object = None) -> Word:
        return Word(int(self) ** int(other))

    def __floordiv__(self, other: int) -> Word:
        if not other:
            raise Revert("division by zero")
        return Word(int(self) // int(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> Word:
        return Word(int(other) - int(self))

    def __rfloordiv__(self, other: int) -> Word:
        return Word(other) // self

    def __deepcopy__(self, _: Any) -> Word:
        return self


E18 = Word(10**18)


def require(condition: bool, reason: str = "") -> None:
    if not condition:
        raise Revert(reason)


class ReferenceCrypto:
    """One contract; `kind` is "tricrypto", "tricrypto2" or "two"."""

    def __init__(self, kind: str, **storage: Any) -> None:
        self.kind = kind
        self.n = 2 if kind == "two" else 3
        self.multiplier = 100 if kind == "tricrypto" else 10_000
        self.block_timestamp = Word(0)
        self.future_A_gamma_time = Word(0)
        for name, value in storage.items():
            setattr(self, name, self.words(value))

    @staticmethod
    def words(value: Any) -> Any:
        if isinstance(value, bool):
            return value
        return Word(value) if isinstance(value, int) else [Word(v) for v in value]

    def snapshot(self) -> dict[str, Any]:
        return copy.deepcopy(self.__dict__)

    # --- Math ---

    def safe_A_gamma(self) -> None:
        n, mult = self.n, self.multiplier
        low, high, gamma = {
            "tricrypto": (27 * mult, 10_000 * 27 * mult, 10**16),
            "tricrypto2": (27 * mult // 100, 27 * mult * 1000, 5 * 10**16),
            "two": (n**n * mult // 10, n**n * mult * 100_000, 2 * 10**16),
        }[self.kind]
        require(low - 1 < self.ann < high + 1, "A")
        require(10**10 - 1 < self.gamma < gamma + 1, "gamma")

    def geometric_mean(self, unsorted: list[Word]) -> Word:
        x = sorted(unsorted, reverse=True)
        D = x[0]
        for _ in range(255):
            D_prev = D
            if self.n == 2:
                D = (D + x[0] * x[1] // D) // 2
            else:
                tmp = E18
                for _x in x:
                    tmp = tmp * _x // D
                D = D * (2 * 10**18 + tmp) // (3 * 10**18)
            diff = D - D_prev if D > D_prev else D_prev - D
            if diff <= 1 or diff * 10**18 < D:
                return D
        raise Revert

    def newton_D(self, unsorted: list[Word]) -> Word:
        self.safe_A_gamma()
        N, ANN, gamma = self.n, self.ann, self.gamma
        x = sorted(unsorted, reverse=True)
        require(10**9 - 1 < x[0] < 10**33 + 1)
        for other in x[1:]:
            require(other * 10**18 // x[0] > (10**14 if N == 2 else 10**11) - 1)
        D = self.geometric_mean(x) * N
        S = Word(0)
        for x_i in x:
            S += x_i
        for _ in range(255):
            D_prev = D
            if N == 2:
                K0 = Word(10**18 * 4) * x[0] // D * x[1] // D
            else:
                K0 = E18
                for _x in x:
                    K0 = K0 * _x * N // D
            g = gamma + 10**18
            g = g - K0 + 1 if g > K0 else K0 - g + 1
            mul1 = E18 * D // gamma * g // gamma * g * self.multiplier // ANN
            mul2 = Word(2 * 10**18) * N * K0 // g
            neg_fprime = (S + S * mul2 // 10**18) + mul1 * N // K0 - mul2 * D // 10**18
            D_plus = D * (neg_fprime + S) // neg_fprime
            D_minus = D * D // neg_fprime
            if K0 < 10**18:
                D_minus += D * (mul1 // neg_fprime) // 10**18 * (E18 - K0) // K0
            else:
                D_minus -= D * (mul1 // neg_fprime) // 10**18 * (K0 - 10**18) // K0
            D = D_plus - D_minus if D_plus > D_minus else (D_minus - D_plus) // 2
            diff = D - D_prev if D > D_prev else D_prev - D
            if diff * 10**14 < max(10**16, D):
                for _x in x:
                    require(10**16 - 1 < _x * 10**18 // D < 10**20 + 1)
                return D
        raise Revert

    def newton_y(self, x: list[Word], D: Word, i: int) -> Word:
        self.safe_A_gamma()
        N, ANN, gamma = self.n, self.ann, self.gamma
        require(10**17 - 1 < D < 10**33 + 1)
        if N == 2:
            x_j = x[1 - i]
            y = D**2 // (x_j * 4)
            K0_i = Word(10**18 * 2) * x_j // D
            require(10**16 * 2 - 1 < K0_i < 10**20 * 2 + 1)
            S_i, limit = x_j, max(x_j // 10**14, D // 10**14, 100)
        else:
            for k in range(3):
                if k != i:
                    require(10**16 - 1 < x[k] * 10**18 // D < 10**20 + 1)
            y, K0_i, S_i = D // N, E18, Word(0)
            x_sorted = list(x)
            x_sorted[i] = Word(0)
            x_sorted.sort(reverse=True)
            limit = max(x_sorted[0] // 10**14, D // 10**14, 100)
            for j in range(2, N + 1):
                _x = x_sorted[N - j]
                y = y * D // (_x * N)
                S_i += _x
            for j in range(N - 1):
                K0_i = K0_i * x_sorted[j] * N // D
        for _ in range(255):
            y_prev = y
            K0 = K0_i * y * N // D
            S = S_i + y
            g = gamma + 10**18
            g = g - K0 + 1 if g > K0 else K0 - g + 1
            mul1 = E18 * D // gamma * g // gamma * g * self.multiplier // ANN
            mul2 = Word(2 * 10**18) * K0 // g + 10**18
            yfprime = E18 * y + S * mul2 + mul1
            dyfprime = D * mul2
            if yfprime < dyfprime:
                y = y_prev // 2
                continue
            yfprime = yfprime - dyfprime
            fprime = yfprime // y
            y_minus = mul1 // fprime
            y_plus = (yfprime + E18 * D) // fprime + y_minus * 10**18 // K0
            y_minus += E18 * S // fprime
            y = y_prev // 2 if y_plus < y_minus else y_plus - y_minus
            diff = y - y_prev if y > y_prev else y_prev - y
            if diff < max(limit, y // 10**14):
                require(10**16 - 1 < y * 10**18 // D < 10**20 + 1)
                return y
        raise Revert

    def halfpow(self, power: Word) -> Word:
        intpow = power // 10**18
        otherpow = power - intpow * 10**18
        if intpow > 59:
            return Word(0)
        result = E18 // 2**intpow
        if otherpow == 0:
            return result
        term, S, neg = E18, E18, False
        for i in range(1, 256):
            K = Word(i) * 10**18
            c = K - 10**18
            if otherpow > c:
                c = otherpow - c
                neg = not neg
            else:
                c = c - otherpow
            term = term * (c * (5 * 10**17) // 10**18) // K
            S = S - term if neg else S + term
            if term < 10**10:
                return result * S // 10**18
        raise Revert

    def sqrt_int(self, x: Word) -> Word:
        if x == 0:
            return x
        z, y = (x + 10**18) // 2, x
        for _ in range(256):
            if z == y:
                return y
            y = z
            z = (x * 10**18 // z + z) // 2
        raise Revert

    # --- Swap ---

    def xp(self, balances: list[Word]) -> list[Word]:
        result = [balances[0] * self.precisions[0]]
        for k in range(1, self.n):
            scaled = balances[k] * self.price_scale[k - 1] * self.precisions[k]
            result.append(scaled // 10**18)
        return result

    def _fee(self, xp: list[Word]) -> Word:
        f = xp[0] + sum(xp[1:], Word(0))
        if self.n == 2:
            K = Word(10**18 * 4) * xp[0] // f * xp[1] // f
        else:
            K = E18
            for x_i in xp:
                K = K * 3 * x_i // f
        f = self.fee_gamma * 10**18 // (self.fee_gamma + 10**18 - K)
        return (self.mid_fee * f + self.out_fee * (E18 - f)) // 10**18

    def get_dy(self, i: int, j: int, dx: int) -> int:
        D = self.D
        if self.kind == "two" and self.future_A_gamma_time > 0:
            D = self.newton_D(self.xp(self.balances))
        xp = list(self.balances)
        xp[i] += dx
        xp = self.xp(xp)
        y = self.newton_y(xp, D, j)
        dy = xp[j] - y - 1
        xp[j] = y
        if j > 0:
            dy = dy * 10**18 // self.price_scale[j - 1]
        dy = dy // self.precisions[j]
        return dy - self._fee(xp) * dy // 10**10

    def exchange(self, i: int, j: int, dx: int) -> int:
        """Swap, or revert and leave the storage as it was."""
        before = self.snapshot()
        try:
            return self._exchange(i, j, Word(dx))
        except Revert:
            self.__dict__ = before
            raise

    def _exchange(self, i: int, j: int, dx: Word) -> int:
        require(dx > 0)
        xp = list(self.balances)
        y, x0 = xp[j], xp[i]
        xp[i] = x0 + dx
        self.balances[i] = xp[i]
        xp = self.xp(xp)
        prec_i, prec_j = self.precisions[i], self.precisions[j]
        t = self.future_A_gamma_time
        if self.kind != "tricrypto" and t > 0:
            x0 *= prec_i
            if i > 0:
                x0 = x0 * self.price_scale[i - 1] // 10**18
            x1 = xp[i]
            xp[i] = x0
            self.D = self.newton_D(xp)
            xp[i] = x1
            if self.block_timestamp >= t:
                self.future_A_gamma_time = Word(1)
        dy = xp[j] - self.newton_y(xp, self.D, j)
        xp[j] -= dy
        dy -= 1
        if j > 0:
            dy = dy * 10**18 // self.price_scale[j - 1]
        dy = dy // prec_j
        dy -= self._fee(xp) * dy // 10**10
        y -= dy
        self.balances[j] = y
        y *= prec_j
        if j > 0:
            y = y * self.price_scale[j - 1] // 10**18
        xp[j] = y
        p, ix = Word(0), j
        if dx > 10**5 and dy > 10**5:
            if i != 0 and j != 0:
                p = self.last_prices[i - 1] * (dx * prec_i) // (dy * prec_j)
            elif i == 0:
                p = (dx * prec_i) * 10**18 // (dy * prec_j)
            else:
                p = (dy * prec_j) * 10**18 // (dx * prec_i)
                ix = i
        if self.kind != "two":
            self.tweak_price(xp, ix, p)
        return int(dy)

    def tweak_price(self, _xp: list[Word], i: int, p_i: Word) -> None:
        n = self.n
        oracle, last = list(self.price_oracle), list(self.last_prices)
        scale = list(self.price_scale)
        if self.last_prices_timestamp < self.block_timestamp:
            passed = self.block_timestamp - self.last_prices_timestamp
            alpha = self.halfpow(passed * 10**18 // self.ma_half_time)
            for k in range(n - 1):
                oracle[k] = (last[k] * (E18 - alpha) + oracle[k] * alpha) // 10**18
                require(oracle[k] < MASK)
            self.price_oracle = oracle
            self.last_prices_timestamp = self.block_timestamp
        D_unadjusted = self.newton_D(_xp)
        if p_i > 0:
            last[i - 1] = p_i
        else:
            __xp = list(_xp)
            dx_price = __xp[0] // 10**6
            __xp[0] += dx_price
            for k in range(n - 1):
                fallen = _xp[k + 1] - self.newton_y(__xp, D_unadjusted, k + 1)
                last[k] = scale[k] * dx_price // fallen
        for price in last:
            require(price < MASK)
        self.last_prices = last
        old_xcp_profit, old_virtual_price = self.xcp_profit, self.virtual_price
        xp = [D_unadjusted // n] + [D_unadjusted * 10**18 // (s * n) for s in scale]
        xcp_profit = virtual_price = E18
        if old_virtual_price > 0:
            virtual_price = E18 * self.geometric_mean(xp) // self.total_supply
            xcp_profit = old_xcp_profit * virtual_price // old_virtual_price
            t = self.future_A_gamma_time
            if self.kind == "tricrypto":
                require(virtual_price >= old_virtual_price, "Loss")
            else:
                require(not (virtual_price < old_virtual_price and t == 0), "Loss")
                if t == 1:
                    self.future_A_gamma_time = Word(0)
        self.xcp_profit = xcp_profit
        norm = Word(0)
        for k in range(n - 1):
            ratio = oracle[k] * 10**18 // scale[k]
            ratio = ratio - 10**18 if ratio > 10**18 else E18 - ratio
            norm += ratio**2
        needs = self.not_adjusted
        step = self.adjustment_step
        if self.kind == "tricrypto":
            if not needs and virtual_price - 10**18 > (xcp_profit - 10**18) // 2 + 10**13:
                needs = self.not_adjusted = True
            far = norm > self.price_threshold**2
        else:
            if not needs and virtual_price * 2 - 10**18 > xcp_profit + self.extra * 2:
                needs = self.not_adjusted = True
            far = norm > step**2
        if needs and far and old_virtual_price > 0:
            norm = self.sqrt_int(norm // 10**18)
            p_new = [(scale[k] * (norm - step) + step * oracle[k]) // norm for k in range(n - 1)]
            xp = [_xp[0]] + [_xp[k + 1] * p_new[k] // scale[k] for k in range(n - 1)]
            D = self.newton_D(xp)
            xp = [D // n] + [D * 10**18 // (p * n) for p in p_new]
            new_price = E18 * self.geometric_mean(xp) // self.total_supply
            if new_price > 10**18 and (new_price - 10**18) * 2 > xcp_profit - 10**18:
                for price in p_new:
                    require(price < MASK)
                self.price_scale, self.D, self.virtual_price = p_new, D, new_price
                return
            self.not_adjusted = False
        self.D, self.virtual_price = D_unadjusted, virtual_price
