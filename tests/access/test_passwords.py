"""Which passwords may be chosen, and how they are kept."""

from __future__ import annotations

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.access.passwords import COST, MOST_BYTES, PasswordHasher, require_fit
from aineon.errors import PasswordRefused

QUICK = PasswordHasher(cost=4)


@pytest.mark.parametrize(
    "password",
    [
        "violet tram under the bridge",
        "Tr0ub4dor&3-and-more",
        "abcdefghijklX",
        "äöüäöü ßßß éé",
        "a" * 60 + "violet tram",
        "annaismyname-violet",
    ],
)
def test_a_fit_password(password: str) -> None:
    require_fit(password, "anna")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "is 0 characters long"),
        ("violet tram", "is 11 characters long; allowed are 12 or more"),
        ("x" * (MOST_BYTES + 1), "longer than 72 bytes"),
        ("é" * 37, "longer than 72 bytes"),
        ("violet tram\0under", "or holds what is no text"),
        ("violet tram\ud800under", "or holds what is no text"),
        ("violet tram\tunder", "cannot be printed"),
        ("password1234", "most common"),
        ("P@ssw0rd!2026", "most common"),
        ("Administrator", "most common"),
        ("correct-horse-battery-staple", "most common"),
        ("aaaaaaaaaaaa", "over and over"),
        ("abcabcabcabcabc", "over and over"),
        ("xyxyxyxyxyxyx", "over and over"),
        ("123456789012", "a row of keys"),
        ("qwertyuiopasdf", "a row of keys"),
        ("zyxwvutsrqponm", "a row of keys"),
        ("1qaz2wsx3edc", "most common"),
        ("anna.karenina", "little more than the name"),
        ("Anna.Karenina7", "little more than the name"),
    ],
)
def test_an_unfit_password(password: str, why: str) -> None:
    with pytest.raises(PasswordRefused, match=why) as caught:
        require_fit(password, "anna.karenina")
    assert not password or password not in str(caught.value)


def test_a_password_matches_its_own_hash_alone() -> None:
    hashed = QUICK.hash("violet tram under the bridge")
    assert QUICK.takes(hashed)
    assert QUICK.matches("violet tram under the bridge", hashed)
    assert not QUICK.matches("violet tram under the Bridge", hashed)
    assert not QUICK.matches("", hashed)
    assert not QUICK.matches("violet tram under the bridge", None)
    assert "violet" not in hashed
    assert QUICK.hash("violet tram under the bridge") != hashed


def test_a_letter_may_be_typed_in_two_ways() -> None:
    assert QUICK.matches("ame\u0301lie et compagnie", QUICK.hash("amélie et compagnie"))


def test_what_bcrypt_would_cut_is_refused() -> None:
    full = "v" * MOST_BYTES
    hashed = QUICK.hash(full)
    assert QUICK.matches(full, hashed)
    assert not QUICK.matches(full + "w", hashed)
    assert not QUICK.matches("violet\0tram", QUICK.hash("violet"))
    for password in (full + "w", "violet\0tram"):
        with pytest.raises(PasswordRefused):
            QUICK.hash(password)


@settings(max_examples=40)
@given(st.text(max_size=100))
def test_whatever_is_typed_is_compared_once(password: str) -> None:
    """The time of a comparison must not depend on what is compared."""
    calls = []
    real = bcrypt.checkpw

    def counting(given: bytes, hashed: bytes) -> bool:
        calls.append(hashed)
        return real(given, hashed)

    hashed = QUICK.hash("violet tram under the bridge")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "checkpw", counting)
        for kept in (hashed, None):
            assert not QUICK.matches(password, kept)
    assert [len(one) for one in calls] == [60, 60]
    assert [one[:7] for one in calls] == [b"$2b$04$"] * 2


def test_only_hashes_of_the_same_cost_are_taken() -> None:
    usual = PasswordHasher()
    body = "." * 53
    assert COST == 12
    assert usual.takes(f"$2b$12${body}")
    assert usual.takes(f"$2a$12${body}")
    for other in (
        f"$2b$10${body}",
        f"$2x$12${body}",
        f"$2b$12${body}.",
        "violet",
        "",
        f"$1$12${body}",
    ):
        assert not usual.takes(other)
