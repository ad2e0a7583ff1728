"""Versions of a mapping: each stays what it was, and a new one costs what it changes."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.market.versions import VersionedMap
from aineon.primitives import Address

KEYS = [Address(f"0x{number:040x}") for number in range(5)]


def first(content: dict[Address, int] | None = None) -> VersionedMap[int]:
    return VersionedMap(content or dict.fromkeys(KEYS, 0))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),
            st.sampled_from(["changed", "overlaid"]),
            st.dictionaries(st.sampled_from(KEYS), st.integers(1, 99)),
        ),
        max_size=30,
    )
)
def test_every_version_stays_what_it_was(steps: list[tuple[int, str, dict[Address, int]]]) -> None:
    versions = [(first(), dict.fromkeys(KEYS, 0))]
    for place, way, changes in steps:
        version, content = versions[place % len(versions)]
        versions.append((getattr(version, way)(changes), content | changes))
    for version, content in versions:
        assert dict(version) == content
        assert {key: version[key] for key in version} == content
        assert list(version.items()) == list(content.items())
        assert list(version.values()) == list(content.values())
        assert list(version.keys()) == KEYS
        assert version.current() == content
        assert len(version) == len(KEYS)


def test_the_newest_version_reads_the_dictionary_itself() -> None:
    old = first()
    table = old.current()
    new = old.changed({KEYS[0]: 7})
    assert new.current() is table
    assert old.current() is not table
    assert (old[KEYS[0]], new[KEYS[0]]) == (0, 7)


def test_a_version_beside_leaves_the_dictionary_to_the_other() -> None:
    base = first()
    table = base.current()
    beside = base.overlaid({KEYS[0]: 7})
    assert base.current() is table
    branch = beside.changed({KEYS[1]: 8})
    assert branch.current() is not table
    assert (branch[KEYS[0]], branch[KEYS[1]], base[KEYS[0]], base[KEYS[1]]) == (7, 8, 0, 0)


def test_an_old_version_is_not_read_through_ever_more_changes() -> None:
    old = newest = first()
    for number in range(1, 400):
        newest = newest.changed({KEYS[1]: number})
    assert (old[KEYS[0]], old[KEYS[1]], newest[KEYS[1]]) == (0, 0, 399)
    assert old.current() == dict.fromkeys(KEYS, 0)
    # It has a dictionary of its own from now on.
    assert old.current() is old.current()


@pytest.mark.parametrize("key", ["0x", None, 7])
def test_what_is_no_key_is_missing(key: Any) -> None:
    version = first().changed({KEYS[0]: 1})
    assert key not in version
    assert version.get(key) is None
    with pytest.raises(KeyError):
        version[key]
    with pytest.raises(TypeError):
        version[KEYS[0]] = 5  # type: ignore[index]


def test_every_version_stays_as_it_was_after_a_long_chain_and_garbage_collection() -> None:
    names = [Address(f"0x{place:040x}") for place in range(20)]
    newest = VersionedMap(dict.fromkeys(names, 0))
    kept, truth = [], dict.fromkeys(names, 0)
    for step in range(1, 2001):
        if step % 250 == 1:
            kept.append((newest, dict(truth)))
        change = {names[step * 7 % 20]: step, names[step * 3 % 20]: -step}
        truth |= change
        newest = newest.changed(change)
    del newest
    gc.collect()
    for version, content in kept:
        # By key first: reading a version that is far behind gives it a dictionary of its own.
        assert {name: version[name] for name in names} == content == dict(version.items())
