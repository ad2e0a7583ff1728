"""Preview: what a withdrawal would come to if it were asked for now; read by people, then asked.

It travels as the answer of a `withdrawal.preview` command, as JSON with amounts as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from aineon.errors import LedgerError
from aineon.treasury.policy import Policy, Used
from aineon.treasury.withdrawal import Strategy

_AMOUNTS: Final = ("least_wei", "most_wei", "daily_wei")
_AS_TEXT: Final = ("amount", "worth_wei", "balance", "promised")


@dataclass(frozen=True, slots=True)
class Offer:
    """What one gas strategy would offer now.

    Attributes:
        most_wei: the fee at its dearest; None where gas or its price are not known.
        likely_wei: the fee if it were mined in the next block.
        waits: why it would wait; empty where it would not.
    """

    strategy: Strategy
    most_wei: int | None = None
    likely_wei: int | None = None
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may leave: at once, and in a day with all that is under way.

    Attributes:
        least_wei, most_wei: worth of one withdrawal.
        daily_wei, daily_count: of any 24 hours.
        used: what counts already.
    """

    least_wei: int
    most_wei: int
    daily_wei: int
    daily_count: int
    used: Used

    @classmethod
    def of(cls, policy: Policy, used: Used) -> Limits:
        """Return the limits of a policy."""
        return cls(policy.min_wei, policy.max_wei, policy.daily_wei, policy.daily_count, used)

    def left_wei(self, worth_wei: int | None) -> int | None:
        """Return what is left of the day after so much more; negative where it is too much."""
        if worth_wei is None or self.used.worth_wei is None:
            return None
        return self.daily_wei - self.used.worth_wei - worth_wei

    @property
    def left_count(self) -> int:
        """How many more there may be today after one more; negative where it is too many."""
        return self.daily_count - self.used.count - 1


@dataclass(frozen=True, slots=True)
class Preview:
    """What the engine says of a payment before it is asked for.

    Attributes:
        at: when it was worked out.
        account: that it would leave from.
        block: on which; None where no node tells.
        amount, destination, asset_address, asset_name, decimals: what was read from the form.
        worth_wei: what limits would count; None where nobody knows.
        refusal: why a request would be refused; empty where it would be admitted.
        state: what a request would become, and `reason` in words.
        cooling_seconds: how long it would wait after that; None where it waits for approval.
        limits: those in force.
        balance: what is there of the asset, wrapped ether with ether; None where not known.
        promised: how much of it is to be withdrawn already, in the asset's smallest unit.
        offers: one for each gas strategy.
        gas_used: units; None where it could not be tried.
        trial: in words, what came of trying it, or why it could not be tried.
        failure: why it must not be made; empty where nothing speaks against it.
    """

    at: float
    account: str
    block: int | None
    amount: int
    destination: str
    asset_address: str
    asset_name: str
    decimals: int
    worth_wei: int | None
    refusal: str
    state: str
    reason: str
    cooling_seconds: float | None
    limits: Limits
    balance: int | None = None
    promised: int | None = None
    offers: tuple[Offer, ...] = ()
    gas_used: int | None = None
    trial: str = ""
    failure: str = ""

    def to_answer(self) -> str:
        """Return it as the answer of a command."""
        body = {field.name: getattr(self, field.name) for field in fields(self)}
        body |= {name: _text(body[name]) for name in _AS_TEXT}
        body["limits"] = _limits_body(self.limits)
        body["offers"] = [
            [each.strategy.value, _text(each.most_wei), _text(each.likely_wei), each.waits]
            for each in self.offers
        ]
        return json.dumps(body)

    @classmethod
    def from_answer(cls, answer: str) -> Preview:
        """Return what an answer says.

        Raises:
            LedgerError: it is no preview.
        """
        try:
            body = json.loads(answer)
            body |= {name: _number(body[name]) for name in _AS_TEXT}
            body["limits"] = _limits_of(body["limits"])
            body["offers"] = tuple(
                Offer(Strategy(name), _number(most), _number(likely), waits)
                for name, most, likely, waits in body["offers"]
            )
            return cls(**body)
        except (LookupError, TypeError, ValueError) as error:
            raise LedgerError(f"the engine's preview cannot be read: {error}") from error


def _limits_body(limits: Limits) -> dict[str, Any]:
    body: dict[str, Any] = {name: str(getattr(limits, name)) for name in _AMOUNTS}
    body["daily_count"] = limits.daily_count
    body["used"] = [_text(limits.used.worth_wei), limits.used.count]
    return body


def _limits_of(body: Mapping[str, Any]) -> Limits:
    worth, count = body["used"]
    least, most, daily = (int(body[name]) for name in _AMOUNTS)
    return Limits(least, most, daily, body["daily_count"], Used(_number(worth), count))


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
