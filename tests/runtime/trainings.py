"""A book with samples, and models that nobody had to train."""

from __future__ import annotations

from typing import Any

import numpy as np

from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.records import RunRecord, SampleRecord
from aineon.optimizer.arms import ARMS
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.models.ensemble import Ensemble, Stack
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.line import Line
from aineon.optimizer.models.live import Live
from aineon.optimizer.models.network import Network
from aineon.optimizer.models.trees import Trees
from aineon.optimizer.optimizer import feature_set
from aineon.optimizer.tape import Tape
from aineon.primitives import Provenance
from aineon.primitives.units import ETHER
from tests.optimizer.synthetic import synthetic_tape

RUN = RunRecord("sandbox", Provenance.SIMULATED, 7, "", 1_700_000_000.0)


def samples_of(tape: Tape, run_id: int) -> list[SampleRecord]:
    """The rows of a tape as a book has them, with as many features as the catalogue has."""
    vectors = np.zeros((len(tape), len(NAMES)))
    vectors[:, : tape.features.shape[1]] = tape.features
    return [
        SampleRecord(
            run_id=run_id,
            block_number=int(tape.blocks[row]),
            at=float(tape.times[row]),
            known_at=float(tape.known_at[row]),
            pair=tape.pair_names[tape.pairs[row]],
            vector=vectors[row].astype("<f8").tobytes(),
            feature_set=feature_set(NAMES),
            net_wei=round(tape.net[row] * ETHER),
            gas_wei=round(tape.gas[row] * ETHER),
            needed_payment_wei=(
                round(tape.needed[row] * tape.net[row] * ETHER)
                if np.isfinite(tape.needed[row])
                else None
            ),
            reachable=bool(np.isfinite(tape.needed[row])),
            won=None,
            offered_bps=None,
            censored=False,
            decided_by="table",
            lands=None,
            provenance=Provenance.SIMULATED,
        )
        for row in range(len(tape))
    ]


TAPE = synthetic_tape(3, 900)


def leaf(outputs: int) -> Trees:
    """A tree that says nothing."""
    none = np.zeros(1, dtype=np.int64)
    return Trees(none, none, np.zeros(1), np.zeros((1, 2), np.int64), np.zeros((1, outputs)), 0)


def untrained(rows: int = 420) -> Ensemble:
    """An ensemble that repeats the live table; nobody had to train it."""
    inputs = Inputs.of(TAPE)
    return Ensemble(
        trained_at=float(TAPE.times[0]),
        began_at=float(TAPE.times[0]),
        rows=rows,
        inputs=inputs,
        line=Line(np.zeros((3, inputs.width + 1))),
        forest=leaf(len(ARMS)),
        boosting=leaf(1),
        boosting_start=0.0,
        network=Network((np.zeros((inputs.width + 2, 1)),), (np.zeros(1),)),
        stack=Stack(
            np.array([1.0, 0, 0, 0, 0]),
            0.0,
            0.0,
            0.0,
            0.0,
            np.array([-9.0, 9]),
            np.array([-9.0, 9]),
        ),
        live=Live(),
        importance=np.zeros(len(TAPE.names)),
        metrics={},
    )


def beat(control: ControlStore, told: dict[str, Any]) -> None:
    control.beat(
        Heartbeat(
            "running", "", "simulation", "sandbox", "simulated", 1, 1, 0.0, 0.0, optimizer=told
        )
    )
