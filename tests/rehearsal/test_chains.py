"""Chain ids of rehearsals: never a real chain's."""

from __future__ import annotations

import pytest

from aineon.rehearsal.chains import CHAIN_ID, begins_once, is_rehearsal_chain, new_chain_id


def test_a_new_id_is_a_rehearsals_and_not_given_out_twice() -> None:
    ids = {new_chain_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(map(is_rehearsal_chain, ids))
    assert is_rehearsal_chain(CHAIN_ID)


@pytest.mark.parametrize(
    "chain_id", [0, 1, 137, 42_161, CHAIN_ID + 1, 31_336_999_999_999, 32_337_000_000_000, 2**64]
)
def test_all_other_chains_are_none(chain_id: int) -> None:
    assert not is_rehearsal_chain(chain_id)


def test_only_an_id_of_its_own_is_never_used_again() -> None:
    """What was left open on a test chain's usual id may lie on one that still runs."""
    assert begins_once(new_chain_id())
    assert not begins_once(CHAIN_ID)
    assert not begins_once(1)
