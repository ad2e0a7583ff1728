"""An engine that tells of its optimizer, and opportunities that it was asked about."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from aineon.ledger.records import OpportunityRecord
from aineon.optimizer.telling import (
    AlarmTold,
    ArmTold,
    BandTold,
    BinTold,
    CaptureTold,
    OptimizerTold,
    WayTold,
)
from tests.console import places
from tests.ledger import booked
from tests.ledger.test_sample_figures import sample

ETHER: Final = 10**18
NOON: Final = 1_767_268_800.0
KEY: Final = "0xw>0xp>0xu>0xq>0xw"

KNOWS_NOTHING: Final = OptimizerTold(
    leading="rule",
    words="no outcome is known yet, so the rule decides",
    labels=0,
    decisions={},
    attempted=0,
)
KNOWS: Final = OptimizerTold(
    leading="mean",
    words="",
    labels=4_321,
    decisions={"rule": 300, "table": 700, "mean": 1_000},
    attempted=1_500,
    model_version="v-0002",
    model_trained_at=NOON,
    calibration=(BinTold(0.1, 0.08, 600), BinTold(0.5, 0.55, 400), BinTold(0.8, 0.8, 0)),
    calibration_error=0.012,
    captured=(
        CaptureTold("chosen", 9 * ETHER // 10, 0.45),
        CaptureTold("rule", -ETHER // 10, -0.05),
        CaptureTold("clairvoyant", 2 * ETHER, 1.0),
    ),
    arms=(ArmTold(200, 5, 0.1), ArmTold(4_000, 80, 0.4), ArmTold(9_900, 1, None)),
    ways=(WayTold("flashbots", "early", "private", 0.62, 0.5, 0.7, 40),),
    bands=(
        BandTold(900, -ETHER // 100, ETHER // 50, ETHER // 10, 0.9, -0.04, 96),
        BandTold(3_600, None, None, None, None, None, 0),
    ),
    alarms=(AlarmTold(NOON, "dearer", "bids that used to land do not any more"),),
    exploring_left_wei=ETHER // 1_000,
    regret_wei=ETHER // 4_000,
    regime="volatile",
    regime_since_block=1_234,
    regime_probabilities={"quiet": 0.125, "volatile": 0.8},
)


def told(standing: OptimizerTold, role: str = "observe") -> dict[str, Any]:
    """What the heartbeat holds."""
    training = {"at": NOON, "seconds": 7.2, "rows": 3_000, "words": "not promoted: too close"}
    history = [{"version": name, "at": NOON, "words": ""} for name in ("v-3", "v-2", "v-3", "v-1")]
    return {"role": role, **asdict(standing), "training": training, "history": history}


def thought_of(run_id: int, **changes: Any) -> OpportunityRecord:
    """An opportunity that the optimizer was asked about."""
    seen = booked.opportunity(
        run_id,
        at=time.time(),
        route_key=KEY,
        net_wei=8 * 10**15,
        net_profit=9 * 10**15,
        gate="score",
        reason="an attempt is expected to cost more than it brings",
    )
    thought: dict[str, Any] = {
        "lands": 0.234,
        "bid_bps": 4_000,
        "expected_net_wei": 1_200_000_000_000_000,
        "band_low_wei": 0,
        "band_high_wei": 5 * 10**15,
        "decided_by": "mean",
        "decision_words": "an attempt is expected to cost more than it brings",
        "reasons": {"tip_mean_50": -0.123, "tip_last": 0.045, "forgotten": 0.0},
        "regime": "volatile",
        "model_version": "v-0002",
    }
    return replace(seen, **{**thought, **changes})


def place(folder: Path, standing: OptimizerTold | None, **thought: Any) -> None:
    """Leave a heartbeat and a book with one opportunity and three samples."""
    places.beat(folder, optimizer=None if standing is None else told(standing))
    with places.open_book(folder) as store:
        run_id = store.begin_run(booked.run())
        store.write(
            step=booked.step(run_id),
            opportunities=[thought_of(run_id, **thought)],
            samples=[
                sample(run_id, known_at=NOON),
                sample(run_id, known_at=NOON, won=True, offered_bps=5_000),
                sample(run_id, known_at=NOON, won=False, offered_bps=5_000, censored=True),
            ],
        )
