"""The cashier: carries withdrawals out through `aineon.sending`, and tells what became of them."""

from aineon.treasury.cashier.cashier import Cashier, CashierRules, Round
from aineon.treasury.cashier.pricing import Pricing

__all__ = ["Cashier", "CashierRules", "Pricing", "Round"]
