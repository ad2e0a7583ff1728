"""The cashier: carries withdrawals out through `aineon.sending`, and tells what became of them."""

from aineon.treasury.cashier.cashier import Cashier
from aineon.treasury.cashier.multisend import Multisend
from aineon.treasury.cashier.pricing import Pricing
from aineon.treasury.cashier.scene import CashierRules, Round

__all__ = ["Cashier", "CashierRules", "Multisend", "Pricing", "Round"]
