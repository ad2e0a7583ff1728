"""Sealed secrets: they open with their key and for their purpose, and not otherwise."""

from __future__ import annotations

import copy
import os
import pickle
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.access import sealing
from aineon.access.sealing import (
    KEY_FILE,
    Seal,
    SealKey,
    add_key,
    drop_earlier_keys,
    open_keyring,
)
from aineon.errors import (
    InvalidSealKey,
    NotSealed,
    SealError,
    SealTampered,
    SealTruncated,
    WrongPurpose,
    WrongSealKey,
)

ONE, TWO = SealKey(bytes(range(32))), SealKey(bytes(range(1, 33)))
PURPOSE = "totp.7"
SECRET = b"JBSWY3DPEHPK3PXP"

purposes = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)


@given(purposes, st.binary(max_size=200))
def test_what_is_sealed_is_opened(purpose: str, secret: bytes) -> None:
    seal = Seal(ONE)
    sealed = seal.seal(purpose, secret)
    assert seal.open(purpose, sealed) == secret
    assert sealed.isascii()
    assert sealed.isprintable()


def test_the_same_secret_never_looks_the_same() -> None:
    seal = Seal(ONE)
    assert len({seal.seal(PURPOSE, SECRET) for _ in range(200)}) == 200


def test_what_was_sealed_before_still_opens() -> None:
    # AESGCM(bytes 0 to 31), a nonce of zeros, the text before the last colon as associated data.
    sealed = (
        "aineon-seal:1:totp.7:7873959f1fcb20c2:59:"
        "AAAAAAAAAAAAAAAARP7miewfx-1N4Pl-K3zJyQ1L4827IKqF7QHbibf5wJo"
    )
    assert Seal(ONE).open(PURPOSE, sealed) == SECRET


def test_every_changed_character_is_noticed() -> None:
    seal = Seal(ONE, TWO)
    sealed = seal.seal(PURPOSE, SECRET)
    for place, character in enumerate(sealed):
        for other in "aA0-_:.\n é=":
            if other == character:
                continue
            with pytest.raises(SealError):
                seal.open(PURPOSE, sealed[:place] + other + sealed[place + 1 :])


def test_every_flipped_bit_of_the_body_is_tampering() -> None:
    seal = Seal(ONE)
    sealed = seal.seal(PURPOSE, SECRET)
    header, _, body = sealed.rpartition(":")
    raw = sealing._decoded(body)
    assert raw is not None
    for place in range(len(raw)):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            with pytest.raises(SealTampered):
                seal.open(PURPOSE, f"{header}:{sealing._encoded(bytes(flipped))}")


def test_every_truncation_is_told_apart() -> None:
    seal = Seal(ONE)
    sealed = seal.seal(PURPOSE, SECRET)
    body_from = sealed.rindex(":") + 1
    for length in range(len(sealed)):
        kind = SealTruncated if length >= body_from else NotSealed
        with pytest.raises(kind):
            seal.open(PURPOSE, sealed[:length])
    assert seal.open(PURPOSE, sealed) == SECRET


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_other_texts_are_not_sealed(text: str) -> None:
    with pytest.raises(NotSealed):
        Seal(ONE).open(PURPOSE, text)


@pytest.mark.parametrize("length", [-1, 1, 5])
def test_a_length_that_was_changed_is_noticed(length: int) -> None:
    sealed = Seal(ONE).seal(PURPOSE, SECRET)
    mark, version, purpose, key, number, body = sealed.split(":")
    with pytest.raises(SealError):
        Seal(ONE).open(PURPOSE, f"{mark}:{version}:{purpose}:{key}:{int(number) + length}:{body}")


def test_a_secret_is_not_passed_off_as_another() -> None:
    seal = Seal(ONE)
    sealed = seal.seal("webhook.3", SECRET)
    with pytest.raises(WrongPurpose, match=r"for 'webhook.3'.*for 'totp.7'"):
        seal.open(PURPOSE, sealed)
    with pytest.raises(SealTampered):
        seal.open(PURPOSE, sealed.replace("webhook.3", PURPOSE))


@pytest.mark.parametrize("purpose", ["", "A", "a b", "a:b", ".a", "a" * 65, "é", "a\n"])
def test_other_purposes_are_refused(purpose: str) -> None:
    with pytest.raises(WrongPurpose):
        Seal(ONE).seal(purpose, SECRET)
    with pytest.raises(WrongPurpose):
        Seal(ONE).open(purpose, Seal(ONE).seal(PURPOSE, SECRET))


def test_another_key_opens_nothing() -> None:
    sealed = Seal(ONE).seal(PURPOSE, SECRET)
    with pytest.raises(WrongSealKey, match=f"{ONE.name}.*{TWO.name}"):
        Seal(TWO).open(PURPOSE, sealed)
    with pytest.raises(SealTampered):
        Seal(TWO).open(PURPOSE, sealed.replace(ONE.name, TWO.name))


def test_an_unknown_version_is_said() -> None:
    sealed = Seal(ONE).seal(PURPOSE, SECRET)
    with pytest.raises(NotSealed, match="version 2, which is not known"):
        Seal(ONE).open(PURPOSE, sealed.replace("seal:1:", "seal:2:"))


def test_a_new_key_seals_and_the_earlier_ones_open() -> None:
    sealed = Seal(ONE).seal(PURPOSE, SECRET)
    both = Seal(TWO, ONE)
    assert both.open(PURPOSE, sealed) == SECRET
    again = both.reseal(PURPOSE, sealed)
    assert Seal(TWO).open(PURPOSE, again) == SECRET
    assert both.reseal(PURPOSE, again) == again
    with pytest.raises(WrongSealKey):
        Seal(TWO).open(PURPOSE, sealed)


def test_a_key_is_shown_nowhere() -> None:
    shown = f"{ONE} {ONE!r} {Seal(ONE)!r}"
    assert bytes(range(32)).hex() not in shown
    for hide in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidSealKey):
            hide(ONE)


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "٠٠" * 32])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidSealKey) as refused:
        SealKey.parse(text)
    assert not text or text not in str(refused.value)
    assert SealKey.parse(f" {'AB' * 32}\n").reveal() == b"\xab" * 32


def test_a_seal_takes_different_keys() -> None:
    for keys in ((), (ONE, ONE)):
        with pytest.raises(InvalidSealKey):
            Seal(*keys)
    with pytest.raises(InvalidSealKey):
        SealKey(b"short")


# --- the keyring ---------------------------------------------------------------------------


def test_a_keyring_is_made_once(tmp_path: Path) -> None:
    sealed = open_keyring(tmp_path).seal(PURPOSE, SECRET)
    assert open_keyring(tmp_path).open(PURPOSE, sealed) == SECRET
    if os.name == "posix":
        assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_processes_that_need_it_at_once_have_the_same(tmp_path: Path) -> None:
    found: list[str] = []
    start = threading.Barrier(8)

    def need() -> None:
        start.wait()
        found.append(open_keyring(tmp_path).present.name)

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_key_is_changed_without_losing_anything(tmp_path: Path) -> None:
    sealed = open_keyring(tmp_path).seal(PURPOSE, SECRET)
    newer = add_key(tmp_path)
    assert newer.open(PURPOSE, sealed) == SECRET
    again = open_keyring(tmp_path).reseal(PURPOSE, sealed)
    assert again != sealed
    only = drop_earlier_keys(tmp_path)
    assert only.open(PURPOSE, again) == SECRET
    with pytest.raises(WrongSealKey):
        open_keyring(tmp_path).open(PURPOSE, sealed)


def test_keys_that_are_given_are_used_in_its_place(tmp_path: Path) -> None:
    given_keys = [ONE.reveal().hex(), TWO.reveal().hex()]
    seal = open_keyring(tmp_path, given_keys)
    assert seal.present.name == ONE.name
    assert seal.open(PURPOSE, Seal(TWO).seal(PURPOSE, SECRET)) == SECRET
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize("content", ["", "00\n", "zz" * 32, "00" * 32 + "\n\n", "é" * 32])
def test_what_is_no_keyring_is_refused_and_left(tmp_path: Path, content: str) -> None:
    path = tmp_path / KEY_FILE
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(InvalidSealKey):
        open_keyring(tmp_path)
    assert path.read_text() == content


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_keyring_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_keyring(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(InvalidSealKey, match="other users"):
        open_keyring(tmp_path)


def test_a_full_keyring_says_so(tmp_path: Path) -> None:
    for _ in range(63):
        add_key(tmp_path)
    with pytest.raises(InvalidSealKey, match="holds 64 keys already"):
        add_key(tmp_path)
    assert open_keyring(tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidSealKey, match="cannot be used"):
        open_keyring(tmp_path / "file")
