"""Exports: exact, labelled in every row, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import LedgerError
from aineon.ledger.export import TRADE_COLUMNS, trades_csv, trades_json
from aineon.ledger.exporting import Export, safe_cell
from aineon.ledger.reading import BookReader
from aineon.primitives import Provenance, SimulatedMoney
from tests.ledger.booked import (
    NOON,
    attempt,
    included,
    open_book,
    reverted,
    run,
    trade,
    unresolved,
)

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[BookReader]:
    with open_book(tmp_path) as store:
        run_id = store.begin_run(run())
        trade(store, run_id, included("sim-1", amount_out=None, net=SimulatedMoney(2**200)))
        trade(store, run_id, reverted("sim-2", reason="=HYPERLINK(0)"), pair="@SUM/-1")
        trade(store, run_id, unresolved("sim-3"), expected_profit=-5)
        store.write(attempts=[attempt(run_id, "sim-4")])
        with BookReader.of(store) as opened:
            yield opened


def test_json_keeps_every_digit_and_says_what_it_is(reader: BookReader) -> None:
    export = trades_json(reader, NOON + 60)
    assert export.file_name == "aineon-SIMULATED-trades-20270115T080100Z.json"
    assert export.media_type == "application/json"
    content = json.loads(export.text())
    assert (content["format"], content["version"]) == ("aineon-trades", "2")
    assert (content["book"], content["provenance"]) == ("simulation", "simulated")
    rows = content["trades"]
    assert [row["attempt_id"] for row in rows] == ["sim-4", "sim-3", "sim-2", "sim-1"]
    assert {(row["book"], row["provenance"]) for row in rows} == {("simulation", "simulated")}
    assert [row["outcome"] for row in rows] == [None, "unresolved", "reverted", "included"]
    assert rows[3]["net_wei"] == str(2**200)
    assert rows[2]["net_wei"] == "-7"
    assert rows[1]["net_wei"] is rows[0]["net_wei"] is None
    assert all(tuple(row) == TRADE_COLUMNS for row in rows)
    assert content["summary"]["attempts"] == "3"
    assert content["summary"]["net_wei"] == str(2**200 - 7)


def test_no_integer_is_left_for_a_reader_to_round(reader: BookReader) -> None:
    def refuse(text: str) -> int:
        raise AssertionError(f"integer {text} in the export")

    json.loads(trades_json(reader, NOON).text(), parse_int=refuse)


def test_csv_cells_start_no_formula(reader: BookReader) -> None:
    export = trades_csv(reader, NOON)
    assert export.file_name == "aineon-SIMULATED-trades-20270115T080000Z.csv"
    header, *rows = csv.reader(io.StringIO(export.text(), newline=""))
    assert tuple(header) == TRADE_COLUMNS
    assert len(rows) == 4
    for cell in [*header, *(cell for row in rows for cell in row)]:
        assert not cell.startswith(FORMULA)
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["provenance"] for row in table] == ["simulated"] * 4
    assert table[2]["reason"] == "'=HYPERLINK(0)"
    assert table[2]["pair"] == "'@SUM/-1"
    assert table[2]["net_wei"] == " -7"
    assert int(table[2]["net_wei"]) == -7
    assert table[0]["net_wei"] == ""


@given(st.text() | st.integers().map(str) | st.floats(allow_nan=False).map(str))
def test_no_text_makes_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(FORMULA)
    assert cell.lstrip(" ")[:1] not in {"=", "@", "\t", "\r", "\n"}
    assert text in cell


@pytest.mark.parametrize("number", ["-5", "-0.5", "+1", "-1e+18"])
def test_numbers_stay_numbers(number: str) -> None:
    assert safe_cell(number) == f" {number}"
    assert float(safe_cell(number)) == float(number)


@pytest.mark.parametrize("text", ["-5+1", "=1", "@x", " =1", "-", "-1 ", "+49 30"])
def test_text_that_looks_like_a_formula_is_quoted(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_what_is_harmless_is_left_alone() -> None:
    assert [safe_cell(value) for value in (None, "", "WETH/USDC", 0.7, " ")] == [
        "",
        "",
        "WETH/USDC",
        "0.7",
        " ",
    ]


def test_one_run_names_itself(reader: BookReader) -> None:
    export = trades_json(reader, NOON, reader.scope(1))
    assert export.file_name == "aineon-SIMULATED-trades-run1-20270115T080000Z.json"
    assert json.loads(export.text())["run_id"] == "1"


def test_a_period_holds_what_was_settled_in_it_and_says_so(reader: BookReader) -> None:
    late = NOON + 7_200
    whole, hour = (json.loads(trades_json(reader, late, period=p).text()) for p in ("day", "hour"))
    assert len(whole["trades"]) == 4
    assert hour["trades"] == []
    assert (whole["summary"]["period"], hour["summary"]["attempts"]) == ("day", "0")
    assert "-trades-last-hour-" in trades_csv(reader, late, period="hour").file_name
    assert trades_csv(reader, late, period="hour").text().count("sim-") == 0


def test_a_replay_is_called_replayed(tmp_path: Path) -> None:
    with open_book(tmp_path) as store, BookReader.of(store) as reader:
        store.begin_run(run(feed="replay", provenance=Provenance.REPLAYED))
        export = trades_json(reader, NOON)
        assert "-REPLAYED-" in export.file_name
        content = json.loads(export.text())
        assert (content["provenance"], content["trades"]) == ("replayed", [])


def test_saving(reader: BookReader, tmp_path: Path) -> None:
    export = trades_csv(reader, NOON)
    path = export.save(tmp_path / "exports")
    assert path.read_bytes().decode() == export.text()
    assert [item.name for item in path.parent.iterdir()] == [export.file_name]


def test_half_an_export_is_never_left(tmp_path: Path) -> None:
    def pieces() -> Iterator[str]:
        yield "first"
        raise OSError(28, "No space left on device")

    with pytest.raises(LedgerError, match=r"trades\.csv cannot be written: No space left"):
        Export("trades.csv", "text/csv", pieces).save(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be written"):
        Export("trades.csv", "text/csv", pieces).save(tmp_path / "file")
