"""What is told before and beside a withdrawal: previews, cautions, snapshots and files."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.errors import LedgerError
from aineon.primitives import ETHER, Address, Book
from aineon.treasury import Payment, TreasuryView, WithdrawalState
from aineon.treasury.cautions import cautions_of
from aineon.treasury.confirming import OwnFactor
from aineon.treasury.exporting import withdrawals_csv, withdrawals_json
from aineon.treasury.policy import Used
from aineon.treasury.preview import Limits, Offer, Preview
from aineon.treasury.snapshot import Snapshot, history, look
from aineon.treasury.withdrawal import Strategy
from tests.databases import database_url
from tests.treasury.desks import DARK, DAY, NOON, PARTNER, POLICY, SAFE, SAVINGS, WEI, Bench

LOOKALIKE = Address(SAVINGS[:8] + "0" * 30 + SAVINGS[-4:])
PREVIEW = Preview(
    at=NOON,
    account=PARTNER,
    block=7,
    amount=2**200,
    destination=SAVINGS,
    asset_address=ETHER.address,
    asset_name="ETH",
    decimals=18,
    worth_wei=2**200,
    refusal="",
    state="cooling",
    reason="needs no approval",
    cooling_seconds=600.0,
    limits=Limits.of(POLICY, Used(3 * WEI, 2)),
    balance=None,
    promised=2**200 + 1,
    offers=(
        Offer(Strategy.SLOW, 2**70 + 1, 2**69 + 1, ""),
        Offer(Strategy.OPTIMIZED, waits="dear"),
    ),
    gas_used=21_000,
    trial="tried on block 7",
)


def seen(bench: Bench, folder: Path, at: float | None = None) -> Snapshot:
    with TreasuryView.open(database_url(folder / "live.db"), Book.LIVE) as view:
        return look(view, bench.at if at is None else at, 10)


def test_previews_travel_to_the_last_unit() -> None:
    for each in (
        PREVIEW,
        replace(PREVIEW, worth_wei=None, limits=Limits.of(POLICY, Used(None, 1))),
    ):
        assert Preview.from_answer(each.to_answer()) == each


@pytest.mark.parametrize("answer", ["", "[]", "{}", "null", "it was refused", '{"at": 1}'])
def test_what_is_no_preview_is_refused(answer: str) -> None:
    with pytest.raises(LedgerError, match="preview cannot be read"):
        Preview.from_answer(answer)


def test_what_is_left_of_the_limits() -> None:
    limits = Limits.of(POLICY, Used(150 * WEI, 5))
    assert limits.left_wei(60 * WEI) == -10 * WEI
    assert limits.left_count == 0
    assert limits.left_wei(None) is None
    assert Limits.of(POLICY, Used(None, 5)).left_wei(1) is None


def test_foreseeing_keeps_nothing_and_says_what_a_request_says(several: Bench) -> None:
    payment = Payment(ETHER, 5 * WEI, SAVINGS)
    foreseen = several.desk.foresee(payment, who="anna", at=NOON)
    assert several.audit.actions == ["destination.add"] * 3
    asked = several.request()
    assert (foreseen.withdrawal.state, foreseen.refusal) == (asked.state, "")
    assert foreseen.withdrawal.reason == asked.reason
    # Control: what is under way counts the next time.
    again = several.desk.foresee(payment, who="anna", at=NOON)
    assert (foreseen.used.count, again.used.count) == (0, 1)


def test_what_would_be_refused_is_foreseen(several: Bench) -> None:
    for payment, words in (
        (Payment(ETHER, 101 * WEI, SAVINGS), "most that is withdrawn"),
        (Payment(DARK, WEI, SAVINGS), "not known now"),
        (Payment(ETHER, WEI, LOOKALIKE), "not on the allow-list"),
    ):
        foreseen = several.desk.foresee(payment, who="anna", at=NOON)
        assert words in foreseen.refusal
        assert foreseen.withdrawal.state is WithdrawalState.DRAFT


def test_cautions(several: Bench, tmp_path: Path) -> None:
    def said(address: Address, at: float | None = None) -> str:
        return " ".join(cautions_of(address, seen(several, tmp_path, at)))

    assert "never paid from this book" in said(SAVINGS)
    assert "less than a week" in said(SAVINGS)
    assert "less than a week" not in said(SAVINGS, NOON + 8 * DAY)
    assert "meant for an emergency" in said(SAFE)
    assert "not on the allow-list" in said(LOOKALIKE)
    assert f"looks like {SAVINGS}, which is savings" in said(LOOKALIKE)
    several.paid(several.cooled())
    assert "never paid" not in said(SAVINGS)
    several.desk.remove_destination(SAVINGS, who="anna", at=several.at)
    assert f"looks like {SAVINGS}, which was on the allow-list as savings" in said(LOOKALIKE)
    # Control: an address that is known well and paid before takes no second look.
    several.paid(several.cooled(where=PARTNER))
    assert said(PARTNER, several.at + 8 * DAY) == ""


def test_an_entry_that_is_too_young_is_said(several: Bench, tmp_path: Path) -> None:
    fresh = several.desk.add_destination("0x" + "ab12cd34" * 5, "new", who="anna", at=NOON)
    assert "can be paid in 24.0 hours" in " ".join(
        cautions_of(fresh.address, seen(several, tmp_path))
    )


def test_a_snapshot_changes_with_decisions_and_not_with_time(
    several: Bench, tmp_path: Path
) -> None:
    asked = several.request(50 * WEI)
    first = seen(several, tmp_path)
    assert [each.id for each in first.pending] == [asked.id]
    assert first.find(asked.id) == asked
    assert first.entry(PARTNER) is not None
    assert seen(several, tmp_path, NOON + 60).fingerprint == first.fingerprint
    several.approve(asked)
    second = seen(several, tmp_path)
    assert [each.who for each in second.approvals[asked.id]] == ["bert"]
    assert second.fingerprint != first.fingerprint


def test_a_history_is_everything_that_happened(several: Bench, tmp_path: Path) -> None:
    done = several.paid(several.cooled())
    with TreasuryView.open(database_url(tmp_path / "live.db"), Book.LIVE) as view:
        told = history(view, done.id)
    assert told.withdrawal.state is WithdrawalState.CONFIRMED
    assert [event.new.value for event in told.events][-1] == "confirmed"
    assert [approval.who for approval in told.approvals] == ["bert"]


def test_files_say_whose_money_and_start_no_formula(several: Bench, tmp_path: Path) -> None:
    asked = several.request(WEI * 3 // 2)
    several.desk.cancel(asked.id, who="=cmd()", at=NOON)
    with TreasuryView.open(database_url(tmp_path / "live.db"), Book.LIVE) as view:
        table, tree = withdrawals_csv(view, NOON), withdrawals_json(view, NOON)
        rows = list(csv.DictReader(io.StringIO(table.text())))
        body = json.loads(tree.text())
    assert table.file_name == "aineon-LIVE-withdrawals-20270115T080000Z.csv"
    assert (body["book"], body["provenance"], len(body["withdrawals"])) == ("live", "live", 1)
    [row] = rows
    assert (row["book"], row["id"], row["amount"]) == ("live", asked.id, "1.5")
    assert row["amount_smallest_units"] == str(WEI * 3 // 2)
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


class Codes:
    """Anna has a second factor, whose code is 123456."""

    asks_for = "a code"

    def is_enrolled(self, name: str) -> bool:
        return name == "anna"

    def accepts(self, who: str, digest: str, proof: str) -> bool:
        return proof == "123456"


def test_whoever_has_a_second_factor_gives_it() -> None:
    factor = OwnFactor(Codes())
    digest = "ab" * 32
    assert factor.accepts("anna", digest, "123456")
    assert not factor.accepts("anna", digest, digest[:8])
    assert factor.accepts("bert", digest, digest[:8])
    assert not factor.accepts("bert", digest, "123456")
