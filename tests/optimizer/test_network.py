from __future__ import annotations

import numpy as np
import pytest

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import from_log_odds
from aineon.optimizer.models.ensemble import bid_rows
from aineon.optimizer.models.network import Network
from aineon.optimizer.training.material import Material
from aineon.optimizer.training.members import fit_network, network_arrays


def test_the_flat_network_says_what_the_other_library_says() -> None:
    dice = np.random.default_rng(12)
    rows = dice.normal(size=(120, 6))
    told = np.sort(dice.normal(size=(120, 16)), axis=1)
    landed = (dice.random((120, 1)) < from_log_odds(told)).astype(np.float64)
    network = fit_network(Material(rows, told, landed))
    asked = bid_rows(dice.normal(size=(30, 6)), told[:30])
    ours = from_log_odds(network_arrays(network).log_odds(asked))
    assert np.abs(ours - network.predict_proba(asked)[:, 1]).max() < 1e-12


def test_layers_come_back_from_their_arrays() -> None:
    network = Network((np.ones((3, 2)), np.ones((2, 1))), (np.zeros(2), np.ones(1)))
    again = Network.from_arrays(network.arrays(), width=3)
    assert again.log_odds(np.array([[1.0, 2.0, -1.0]])).tolist() == [5.0]


@pytest.mark.parametrize(
    ("name", "shape"),
    [("weights0", (4, 2)), ("weights0", (3, 5)), ("weights1", (2, 2)), ("biases0", (3,))],
)
def test_layers_that_do_not_fit_are_refused(name: str, shape: tuple[int, ...]) -> None:
    network = Network((np.ones((3, 2)), np.ones((2, 1))), (np.zeros(2), np.ones(1)))
    with pytest.raises(ModelRefused):
        Network.from_arrays(network.arrays() | {name: np.ones(shape)}, width=3)


def test_no_layers_are_refused() -> None:
    with pytest.raises(ModelRefused):
        Network.from_arrays({}, width=3)
