"""An attempt beside its signature: the very same one comes back, or a sentence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aineon.errors import ExecutionError
from aineon.execution.live.memo import read_memo, write_memo
from aineon.execution.settlement import Attempt
from aineon.primitives import Token, Transfers
from tests.execution.making import make_plan
from tests.scripted import CHEAP, DEAR

ATTEMPT = Attempt("live-0001-000001", make_plan(CHEAP, DEAR), 100, 2, 1_700_000_000.25)


def test_the_same_attempt_comes_back() -> None:
    back = read_memo(write_memo(ATTEMPT))
    assert back == ATTEMPT
    assert back.plan.encode() == ATTEMPT.plan.encode()
    assert back.plan.pools == ATTEMPT.plan.pools
    token, told = back.plan.base_token, ATTEMPT.plan.base_token
    assert (token.symbol, token.decimals) == (told.symbol, told.decimals)


def test_what_a_token_moves_comes_back_too() -> None:
    odd = Token(ATTEMPT.plan.base_token.address, "ODD", None, Transfers.SHARES)
    plan = replace(ATTEMPT.plan, flash_loan=replace(ATTEMPT.plan.flash_loan, token=odd))
    back = read_memo(write_memo(replace(ATTEMPT, plan=plan))).plan.base_token
    assert (back.decimals, back.transfers) == (None, Transfers.SHARES)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version":2}'])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ExecutionError, match="kept in the outbox cannot be read"):
        read_memo(text)


def test_an_altered_plan_is_refused() -> None:
    content = json.loads(write_memo(ATTEMPT))
    content["flash_loan"]["amount"] += 1
    with pytest.raises(ExecutionError, match="its plan is "):
        read_memo(json.dumps(content))
