"""Intents, nonces and judgements: what may be signed, and what evidence means."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.chain.reader import Receipt
from aineon.errors import IllegalTransition, InvalidIntent, NonceWaiting, Underpriced
from aineon.primitives import Address, Block
from aineon.sending.intent import Fees, Intent, IntentKind, Window, cancel_of
from aineon.sending.nonces import ChainNonces, Spender, Unexplained, inspect
from aineon.sending.settling import Evidence, judge
from aineon.sending.slots import (
    MOST_TIP_FOR_NOTHING_WEI,
    MOST_VERSIONS,
    Landing,
    Slot,
    Version,
    choose_nonce,
    gap_in,
    require_fees,
)
from aineon.sending.standing import Standing, sent_intent
from aineon.sending.states import ENDED, LEGAL, TransactionState, check_transition
from tests.sending.engines import FEES, payment, trade
from tests.sending.fakes import SENDER

S = TransactionState


def version(
    nonce: int = 0, state: TransactionState = S.SIGNED, *, ordinal: int = 0, **options: Any
) -> Version:
    given = {
        "row_id": nonce * 10 + ordinal, "intent_id": f"withdrawal:{nonce}.{ordinal}",
        "kind": IntentKind.WITHDRAWAL, "cancels": None, "nonce": nonce, "ordinal": ordinal,
        "hash": f"0x{nonce * 10 + ordinal:064x}", "raw": b"", "fees": FEES, "gas_limit": 21_000,
        "window": None, "is_public": True, "signed_head": 1, "state": state, "landing": None,
    }  # fmt: skip
    return Version(**(given | options))


def slot(*versions: Version) -> Slot:
    return Slot(SENDER, versions[0].nonce, versions)


def trade_version(nonce: int = 0, state: TransactionState = S.SIGNED, **options: Any) -> Version:
    kind, window = IntentKind.TRADE, Window(5, 6)
    return version(nonce, state, **({"kind": kind, "window": window, "is_public": False} | options))


# --- intents ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"intent_id": " "}, "not a name of 1 to 200"),
        ({"intent_id": "x" * 201}, "not a name of 1 to 200"),
        ({"value": -1}, "value of intent w is -1"),
        ({"value": 1.0}, "value of intent w is 1.0"),
        ({"value": True}, "value of intent w is True"),
        ({"value": 2**256}, "value of intent w"),
        ({"gas_limit": 20_999}, "gas_limit 20999 of intent w is below 21000"),
        ({"gas_limit": 16_777_217}, "gas_limit of intent w is 16777217, not an int from 0 to 1677"),
        ({"window": Window(1, 2)}, "trades have target blocks, and a withdrawal has some"),
        ({"kind": IntentKind.TRADE}, "trades have target blocks, and a trade has none"),
        ({"kind": IntentKind.CANCEL}, "a cancel, and nothing else, names an intent"),
        ({"cancels": "x"}, "a cancel, and nothing else, names an intent"),
        ({"kind": IntentKind.CANCEL, "cancels": "x", "value": 1}, "a cancel moves nothing"),
    ],
)
def test_intents_that_contradict_themselves_are_refused(change: Any, words: str) -> None:
    good = {"intent_id": "w", "kind": IntentKind.WITHDRAWAL, "to": SENDER, "gas_limit": 21_000}
    Intent(**good, fees=FEES)
    with pytest.raises(InvalidIntent, match=words):
        Intent(**(good | {"fees": FEES} | change))


@pytest.mark.parametrize(("first", "last"), [(5, 4), (0, 25), (-1, 0), (1.0, 2)])
def test_windows_are_short_ranges(first: Any, last: Any) -> None:
    with pytest.raises(InvalidIntent):
        Window(first, last)


def test_a_tip_is_part_of_the_cap() -> None:
    with pytest.raises(InvalidIntent, match="priority_fee_wei 2 is above max_fee_wei 1"):
        Fees(1, 2)


@given(st.integers(0, 10**14), st.integers(0, 10**14))
def test_raised_fees_are_what_nodes_ask_for(one: int, other: int) -> None:
    fees = Fees(max(one, other), min(one, other))
    raised = fees.raised()
    assert raised.covers(fees)
    assert raised.max_fee_wei * 10 >= fees.max_fee_wei * 11 > (raised.max_fee_wei - 1) * 10 - 1


def test_fees_do_not_change_what_an_intent_does_and_all_else_does() -> None:
    base = payment(1)
    assert payment(1, FEES.raised()).fingerprint == base.fingerprint
    others = [payment(2), Intent("withdrawal:1", base.kind, base.to, 21_000, FEES, value=2)]
    others += [Intent("withdrawal:1", base.kind, base.to, 21_000, FEES, value=1, digest="d")]
    assert len({intent.fingerprint for intent in [base, *others]}) == 4


# --- nonces ----------------------------------------------------------------------------------


def test_the_lowest_nonce_that_admits_an_intent_is_taken() -> None:
    missed, paid = slot(trade_version(4, S.MISSED)), slot(version(5, S.BROADCAST))
    assert choose_nonce([], 9, payment()) == 9
    assert choose_nonce([missed], 5, payment()) == 4
    assert choose_nonce([missed], 5, trade(1, 1)) == 4
    assert choose_nonce([paid], 6, payment()) == 6
    assert choose_nonce([missed, paid], 6, trade(1, 1)) == 4
    with pytest.raises(NonceWaiting):
        choose_nonce([paid], 6, trade(1, 1))
    # A payment that joined a trade's nonce keeps it.
    with pytest.raises(NonceWaiting):
        choose_nonce([slot(trade_version(4), version(4, ordinal=1))], 5, trade(1, 1))


def test_only_what_is_public_must_be_outbid() -> None:
    require_fees(None, "x", Fees(0, 0))
    require_fees(slot(trade_version()), "x", Fees(0, 0))
    with pytest.raises(Underpriced):
        require_fees(slot(version()), "x", FEES)
    require_fees(slot(version()), "x", FEES.raised())


def test_a_gap_is_a_missed_trade_that_something_lasting_waits_behind() -> None:
    missed, flying = slot(trade_version(4, S.MISSED)), slot(trade_version(4))
    paid = slot(version(5, S.BROADCAST))
    assert gap_in([missed, paid]) == (missed, FEES)
    assert gap_in([flying, paid]) is None
    assert gap_in([missed, slot(trade_version(5))]) is None
    assert gap_in([slot(trade_version(4, S.MISSED), version(4, ordinal=1)), paid]) is None
    crowd = [trade_version(4, S.MISSED, ordinal=n) for n in range(MOST_VERSIONS - 1)]
    assert gap_in([slot(*crowd)]) is None
    crowded = slot(*crowd, trade_version(4, S.BROADCAST, ordinal=MOST_VERSIONS))
    assert gap_in([crowded]) == (crowded, FEES)
    public = slot(trade_version(4, S.MISSED, is_public=True))
    assert gap_in([public]) == (public, FEES.raised())
    assert gap_in([paid]) is None
    assert gap_in([]) is None


def test_a_gap_does_not_take_over_the_share_that_a_trade_paid_its_builder() -> None:
    usual, lavish = MOST_TIP_FOR_NOTHING_WEI, 400 * MOST_TIP_FOR_NOTHING_WEI
    missed = trade_version(4, S.MISSED, fees=Fees(lavish, lavish))
    paid = slot(version(5, S.BROADCAST))
    assert gap_in([slot(missed), paid]) == (slot(missed), Fees(lavish, usual))
    # A usual tip is taken over as it is.
    modest = trade_version(4, S.MISSED, fees=Fees(lavish, usual - 1))
    assert gap_in([slot(modest), paid]) == (slot(modest), Fees(lavish, usual - 1))
    # What is public must be outbid, or nodes refuse it; and what waits may offer more itself.
    public = slot(trade_version(4, S.MISSED, fees=Fees(lavish, lavish), is_public=True))
    assert gap_in([public]) == (public, Fees(lavish, lavish).raised())
    urgent = slot(version(5, S.BROADCAST, fees=Fees(lavish, usual + 1)))
    assert gap_in([slot(missed), urgent]) == (slot(missed), Fees(lavish, usual + 1))


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_the_fence_sees_every_nonce_too_many(latest: int, extra: int, low: int, alive: int) -> None:
    slots = [slot(version(low + n)) for n in range(alive)]
    seen = ChainNonces(Block(1), latest, latest + extra)
    report = inspect(SENDER, seen, slots, low + alive)
    assert bool(report.alarms) == (latest + extra > low + alive)
    assert bool(report.obstacles) == (not report.alarms and latest < low)


def test_what_stays_unexplained_becomes_an_alarm() -> None:
    unexplained = Unexplained()
    assert unexplained.inspect([3], 10).obstacles
    assert not unexplained.inspect([3], 12).alarms
    assert unexplained.inspect([3], 13).alarms
    assert unexplained.inspect([], 14).words == ""
    # It was explained in between, so patience begins anew.
    assert not unexplained.inspect([3], 15).alarms


# --- states ----------------------------------------------------------------------------------


def test_the_table_of_states_is_closed_and_ends() -> None:
    assert set(LEGAL) == set(S)
    assert {state for state in S if not LEGAL[state]} == ENDED
    # What may still be mined is never final without having been seen in a block.
    before_final = {state for state in S if S.FINALISED in LEGAL[state]}
    assert before_final == {S.MINED}
    assert {state for state in S if S.REPLACED in LEGAL[state]} == {S.SUPERSEDED}


def test_illegal_steps_are_refused() -> None:
    check_transition("0x1", S.SIGNED, S.SIGNED)
    with pytest.raises(IllegalTransition, match="0x1 is finalised and cannot become broadcast"):
        check_transition("0x1", S.FINALISED, S.BROADCAST)


# --- judgement -------------------------------------------------------------------------------

STATES = st.sampled_from(
    [S.SIGNED, S.BROADCAST, S.UNRESOLVED, S.REFUSED, S.MISSED, S.MINED, S.SUPERSEDED]
)


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    nonce, count = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    landed = draw(st.one_of(st.none(), st.integers(0, count - 1)))
    versions = []
    for ordinal in range(count):
        if landed is None:
            state = draw(STATES.filter(lambda s: s not in {S.MINED, S.SUPERSEDED}))
            where = None
        else:
            state = S.MINED if ordinal == landed else S.SUPERSEDED
            height = draw(st.integers(1, 9))
            where = Landing(height, f"0x{height}a", True, 1, 1) if ordinal == landed else None
        make = draw(st.sampled_from([version, trade_version]))
        versions.append(make(nonce, state, ordinal=ordinal, landing=where))
    return slot(*versions)


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    heights = st.integers(1, 9)
    hashes = st.builds(lambda n, fork: f"0x{n}{fork}", heights, st.sampled_from("ab"))
    names = [f"0x{nonce * 10 + ordinal:064x}" for nonce in range(4) for ordinal in range(3)]
    receipts = {}
    for name in draw(st.sets(st.sampled_from(names))):
        height, block_hash = draw(heights), draw(hashes)
        receipts[name] = Receipt(
            name, Address(SENDER), draw(st.booleans()), height, block_hash, 0, 1, 1, ()
        )
    canonical = {
        height: f"0x{height}{draw(st.sampled_from('ab'))}" for height in draw(st.sets(heights))
    }
    spenders = {
        nonce: Spender(draw(st.sampled_from([*names, "0xfeed"])), 1)
        for nonce in draw(st.sets(st.integers(0, 3)))
    }
    latest = draw(st.integers(0, 4))
    nonces = ChainNonces(Block(draw(st.integers(0, 12))), latest, latest)
    final = draw(st.one_of(st.none(), st.integers(0, 9)))
    return Evidence(nonces, final, receipts, canonical, spenders)


@given(slots(), evidence())
def test_judgements_are_legal_and_need_proof(one: Slot, proof: Evidence) -> None:
    judged = judge([one], proof)
    for subject in one.versions:
        mine = [change for change in judged.changes if change.version is subject]
        for before, after in pairwise([subject.state, *(change.state for change in mine)]):
            check_transition(subject.hash, before, after)
        for change in mine:
            _check_proof(one, change, proof, bool(judged.foreign))
    mined = [c for c in judged.changes if c.state in {S.MINED, S.FINALISED}]
    assert len(mined) <= 1


def _check_proof(one: Slot, change: Any, proof: Evidence, foreign: bool) -> None:
    if change.state in {S.MINED, S.FINALISED}:
        landing = change.landing
        assert proof.canonical[landing.block_number] == landing.block_hash
    if change.state is S.FINALISED:
        assert proof.is_final(change.landing.block_number)
    if change.state is S.REPLACED:
        # Something else has this nonce for good: a version that is final, or a proven stranger.
        stranger = proof.spenders.get(one.nonce)
        own = {version.hash for version in one.versions}
        strange = stranger is not None and stranger.transaction_hash not in own
        assert (foreign and strange) or any(v.state is S.MINED for v in one.versions)
    if change.state is S.MISSED:
        assert change.version.window.last < proof.nonces.head.number


@pytest.mark.parametrize(
    ("versions", "standing"),
    [
        ([version(state=S.SIGNED)], Standing.IN_FLIGHT),
        ([version(state=S.SUPERSEDED)], Standing.IN_FLIGHT),
        ([version(state=S.MINED), version(state=S.SUPERSEDED)], Standing.MINED),
        ([version(state=S.REPLACED), version(state=S.FINALISED)], Standing.FINAL),
        ([version(state=S.REPLACED)], Standing.DISPLACED),
        ([version(state=S.REPLACED), version(1, S.BROADCAST)], Standing.IN_FLIGHT),
        ([trade_version(state=S.BROADCAST)], Standing.IN_FLIGHT),
        ([trade_version(state=S.MISSED)], Standing.MISSED),
        ([trade_version(state=S.REPLACED)], Standing.MISSED),
    ],
)
def test_how_an_intent_stands(versions: list[Version], standing: Standing) -> None:
    assert sent_intent(versions).standing is standing


def test_a_displaced_intent_that_was_cancelled_is_cancelled() -> None:
    assert sent_intent([version(state=S.REPLACED)], cancelled=True).standing is Standing.CANCELLED


def test_a_cancel_goes_to_the_sender_and_costs_nothing_but_gas() -> None:
    cancel = cancel_of("withdrawal:1", SENDER, FEES)
    assert (cancel.to, cancel.value, cancel.gas_limit) == (SENDER, 0, 21_000)
    assert cancel.cancels == "withdrawal:1"
