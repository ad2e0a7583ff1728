"""What a receipt proves: the treasury's income by the base token's own Transfer logs.

Nothing here believes our contract: its income is added up from what the tokens logged (ERC-20
Transfer, WETH9 Withdrawal), and the contract's `Traded` event only has to agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from aineon.chain.decoding import RawLog
from aineon.chain.reader import Receipt
from aineon.errors import InvalidLog
from aineon.execution.plan import ExecutionPlan
from aineon.primitives import Address, Token, TokenAmount, parse_address
from aineon.search.lenders import AAVE_V3, BALANCER_V2

_WORD: Final = 32
_TRANSFER: Final = "Transfer(address,address,uint256)"
_WITHDRAWAL: Final = "Withdrawal(address,uint256)"
_TRADED: Final = "Traded(address,uint8,uint256,uint256,uint256)"


@dataclass(frozen=True, slots=True)
class Places:
    """Whose accounts the money of a trade passes.

    Attributes:
        executor: the contract that traded.
        treasury: where its profit went in that block.
        native_token: the wrapped native token, from which builders are paid; None where none is.
    """

    executor: Address
    treasury: Address
    native_token: Token | None


@dataclass(frozen=True, slots=True)
class Realised:
    """What a trade that went through came to, in the base token unless it says otherwise.

    Attributes:
        profit: what the treasury got more than it gave.
        builder_payment: in wei.
        flash_fee: what the lender got back more than it gave.
        discrepancy: how the contract's own event contradicts the tokens' logs; empty where it
            agrees.
    """

    profit: int
    builder_payment: int
    flash_fee: int
    discrepancy: str = ""

    @property
    def gross_profit(self) -> int:
        """What the route left, before loan fee and builder."""
        return self.profit + self.builder_payment + self.flash_fee


class _Transfer(NamedTuple):
    sender: Address
    recipient: Address
    amount: int


class _Traded(NamedTuple):
    amount: int
    profit: int
    builder_payment: int


def realised(receipt: Receipt, plan: ExecutionPlan, places: Places) -> Realised:
    """Return what the logs of a receipt say that `plan` came to.

    Raises:
        InvalidLog: a log that counts is malformed.
    """
    token = plan.base_token
    transfers = tuple(_transfers(receipt.logs, token.address))
    profit = _net_income(transfers, places.treasury)
    traded = _traded(receipt.logs, places.executor)
    payment = _builder_payment(receipt.logs, traded, places)
    fee, without_loan = _flash_fee(transfers, plan, places.executor)
    complaints = [without_loan, *_contradictions(plan, traded, profit, payment)]
    return Realised(profit, payment, fee, "; ".join(filter(None, complaints)))


def net_received(receipt: Receipt, token: Token, account: Address) -> int:
    """Return how much of a token an account got more than it gave, by the token's own logs.

    Raises:
        InvalidLog: a log that counts is malformed.
    """
    return _net_income(tuple(_transfers(receipt.logs, token.address)), account)


def _contradictions(
    plan: ExecutionPlan, traded: _Traded | None, profit: int, payment: int
) -> Iterator[str]:
    if traded is None:
        yield "the contract's event is missing"
        return
    token = plan.base_token
    pairs = (
        ("amount", traded.amount, plan.amount_in, "the plan"),
        ("profit", traded.profit, profit, "the token's logs"),
        ("builder payment", traded.builder_payment, payment, "the wrapped ether's logs"),
    )
    for name, told, found, source in pairs:
        if told != found:
            yield (
                f"{name} is {TokenAmount(token, told)} by the contract's event, and "
                f"{TokenAmount(token, found)} by {source}"
            )


def _net_income(transfers: Sequence[_Transfer], account: Address) -> int:
    income = sum(each.amount for each in transfers if each.recipient == account)
    return income - sum(each.amount for each in transfers if each.sender == account)


def _flash_fee(
    transfers: Sequence[_Transfer], plan: ExecutionPlan, executor: Address
) -> tuple[int, str]:
    """What the lender's account gained, and what is wrong with the loan; empty where nothing is.

    Own money has no lender, and a flash swap's is paid within its price.
    """
    loan = plan.flash_loan
    if loan.provider not in {AAVE_V3, BALANCER_V2}:
        return 0, ""
    lent = (each for each in transfers if each.recipient == executor)
    first = next(lent, None)
    if first is None or first.amount != loan.amount:
        return loan.fee, f"no loan of {TokenAmount(loan.token, loan.amount)} came first"
    return _net_income(transfers, first.sender), ""


def _builder_payment(logs: Sequence[RawLog], traded: _Traded | None, places: Places) -> int:
    """What the contract unwrapped last, right before it told of the trade.

    Routes unwrap ether on their way too, so that only the last counts, and only where the
    contract says that there was a payment at all.
    """
    if traded is None or not traded.builder_payment or places.native_token is None:
        return 0
    wrapper = places.native_token.address
    unwrapped = [
        _number(log)
        for log in _of(logs, wrapper, _WITHDRAWAL, topics=2)
        if _account(log["topics"][1]) == places.executor
    ]
    return unwrapped[-1] if unwrapped else 0


def _traded(logs: Sequence[RawLog], executor: Address) -> _Traded | None:
    told = [
        [_number(log, place) for place in range(4)]
        for log in _of(logs, executor, _TRADED, topics=2)
    ]
    # One call of the contract tells of one trade.
    return _Traded(*told[0][1:]) if len(told) == 1 else None


def _transfers(logs: Sequence[RawLog], token: Address) -> Iterator[_Transfer]:
    for log in _of(logs, token, _TRANSFER, topics=3):
        _, sender, recipient = log["topics"]
        yield _Transfer(_account(sender), _account(recipient), _number(log))


def _of(logs: Sequence[RawLog], address: Address, event: str, topics: int) -> Iterator[RawLog]:
    name = _topic(event)
    for log in logs:
        if log["address"].lower() != address or not log["topics"]:
            continue
        if _content(log["topics"][0]) == name:
            if len(log["topics"]) != topics:
                raise InvalidLog(f"{event} of {address} has {len(log['topics'])} topics")
            yield log


def _account(topic: Any) -> Address:
    return parse_address("0x" + _content(topic)[-20:].hex())


def _number(log: RawLog, place: int = 0) -> int:
    word = _content(log["data"])[place * _WORD :][:_WORD]
    if len(word) != _WORD:
        raise InvalidLog(f"a log of {log['address']} is too short")
    return int.from_bytes(word, "big")


def _content(value: Any) -> bytes:
    return bytes.fromhex(value[2:]) if isinstance(value, str) else bytes(value)


@cache
def _topic(event: str) -> bytes:
    from eth_utils.crypto import keccak

    return keccak(text=event)
