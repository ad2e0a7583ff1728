"""What logs prove, by receipts written by hand: what is missing or contradicts is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from eth_utils.crypto import keccak

from aineon.chain.reader import Receipt
from aineon.errors import InvalidLog
from aineon.execution.live.receipts import Places, realised
from aineon.primitives import Address
from tests.execution.making import make_plan
from tests.scripted import CHEAP, DEAR, WETH

PLAN = make_plan(CHEAP, DEAR)
EXECUTOR, TREASURY = Address("0x" + "ee" * 20), Address("0x" + "aa" * 20)
LENDER, ANYBODY = Address("0x" + "1e" * 20), Address("0x" + "99" * 20)
PLACES = Places(EXECUTOR, TREASURY, WETH)
BORROWED, FEE, PROFIT, PAID = PLAN.amount_in, PLAN.flash_loan.fee, 10**15, 10**14


def topic(event: str) -> str:
    return "0x" + keccak(text=event).hex()


def word(value: int | str) -> str:
    return f"{int(value, 16) if isinstance(value, str) else value:064x}"


def log(address: str, event: str, topics: Sequence[str], *data: int) -> dict[str, Any]:
    named = [topic(event), *(f"0x{word(each)}" for each in topics)]
    return {"address": address, "topics": named, "data": "0x" + "".join(map(word, data))}


def transfer(sender: str, recipient: str, amount: int, token: str = WETH.address) -> dict[str, Any]:
    return log(token, "Transfer(address,address,uint256)", [sender, recipient], amount)


def withdrawal(amount: int, account: str = EXECUTOR) -> dict[str, Any]:
    return log(WETH.address, "Withdrawal(address,uint256)", [account], amount)


def traded(profit: int = PROFIT, paid: int = PAID, executor: str = EXECUTOR) -> dict[str, Any]:
    event = "Traded(address,uint8,uint256,uint256,uint256)"
    return log(executor, event, [WETH.address], 2, BORROWED, profit, paid)


LENT = transfer(LENDER, EXECUTOR, BORROWED)
REPAID = transfer(EXECUTOR, LENDER, BORROWED + FEE)
INCOME = transfer(EXECUTOR, TREASURY, PROFIT)


def found(*logs: dict[str, Any]) -> Any:
    receipt = Receipt("0x1", ANYBODY, True, 1, "0x2", 0, 100_000, 10**9, logs)
    return realised(receipt, PLAN, PLACES)


def test_all_of_it_agrees() -> None:
    result = found(LENT, REPAID, INCOME, withdrawal(PAID), traded())
    assert (result.profit, result.flash_fee, result.builder_payment) == (PROFIT, FEE, PAID)
    assert result.gross_profit == PROFIT + FEE + PAID
    assert result.discrepancy == ""


def test_only_the_last_unwrapping_pays_the_builder() -> None:
    result = found(LENT, withdrawal(77), REPAID, INCOME, withdrawal(PAID), traded())
    assert result.builder_payment == PAID
    assert not result.discrepancy
    # What others unwrap is theirs.
    theirs = found(LENT, REPAID, INCOME, withdrawal(PAID), withdrawal(5, ANYBODY), traded())
    assert not theirs.discrepancy


def test_own_money_that_comes_back_is_no_profit() -> None:
    out, back = transfer(TREASURY, EXECUTOR, 500), transfer(EXECUTOR, TREASURY, 500 + PROFIT)
    assert found(LENT, REPAID, out, back, withdrawal(PAID), traded()).profit == PROFIT


@pytest.mark.parametrize(
    ("logs", "words"),
    [
        ((LENT, REPAID, INCOME), "the contract's event is missing"),
        ((LENT, REPAID, INCOME, traded(executor=ANYBODY)), "the contract's event is missing"),
        ((LENT, REPAID, INCOME, withdrawal(PAID), traded(PROFIT + 1)), "profit is "),
        ((LENT, REPAID, INCOME, traded()), "builder payment is "),
        ((LENT, REPAID, transfer(EXECUTOR, TREASURY, 1, "0x" + "fa" * 20), withdrawal(PAID),
          traded()), "profit is "),
        ((REPAID, INCOME, withdrawal(PAID), traded()), "no loan of "),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_said(logs: tuple[dict[str, Any], ...], words: str) -> None:
    assert words in found(*logs).discrepancy


def test_a_malformed_log_is_refused() -> None:
    short = INCOME | {"data": "0x01"}
    with pytest.raises(InvalidLog, match="is too short"):
        found(LENT, REPAID, short, traded())
    bare = INCOME | {"topics": INCOME["topics"][:2]}
    with pytest.raises(InvalidLog, match="has 2 topics"):
        found(LENT, REPAID, bare, traded())
