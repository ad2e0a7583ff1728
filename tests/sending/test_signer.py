"""Keys and signers: right signatures, and a key that no text shows."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import InvalidKey, InvalidValue
from aineon.primitives import Address
from aineon.rehearsal.accounts import ROLES
from aineon.sending.intent import Fees
from aineon.sending.keys import (
    PrivateKey,
    is_published_test_key,
    parse_private_key,
    play_key,
    refuse_known_key,
)
from aineon.sending.published_keys import PUBLISHED_TEST_KEYS
from aineon.sending.relays import RelayIdentity
from aineon.sending.signer import LocalSigner, UnsignedTransaction
from tests.shared_data import load_json

SECRET = "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d"
OWN = "8c1f" + "3a91c05e" * 7 + "77d2"
UNSIGNED = UnsignedTransaction(
    1, 7, Address("0x" + "22" * 20), 5, b"\1\2", 100_000, Fees(30 * 10**9, 10**9)
)


def shown_in(value: object) -> str:
    return f"{value!r} {value!s} {getattr(value, '__dict__', '')}"


def test_what_it_signs_is_what_others_read() -> None:
    signer = LocalSigner(parse_private_key("0x" + OWN))
    signed = signer.sign(UNSIGNED)
    assert signed.hash == "0x" + keccak(signed.raw).hex()
    assert Account.recover_transaction(signed.raw).lower() == signer.address
    # The same bytes again: a deterministic signature, as RFC 6979 has it.
    assert signer.sign(UNSIGNED) == signed


def test_the_published_example_of_a_key_and_its_account() -> None:
    vector = load_json("signing_vectors.json")["keystores"][0]
    signer = LocalSigner(parse_private_key(vector["private_key"]))
    assert signer.address == vector["address"].lower()


def test_a_relay_header_is_address_and_signature_of_the_body() -> None:
    signer = LocalSigner(parse_private_key(OWN))
    identity = RelayIdentity(signer)
    body = b'{"jsonrpc":"2.0"}'
    address, signature = identity.header(body).split(":")
    message = encode_defunct(text="0x" + keccak(body).hex())
    assert Account.recover_message(message, signature=signature) == address
    assert address.lower() == signer.address
    assert identity.header(body) is identity.header(body)


@pytest.mark.parametrize(
    "make", [parse_private_key, lambda text: LocalSigner(PrivateKey(bytes.fromhex(text)))]
)
def test_no_text_shows_the_key(make: Any) -> None:
    holder = make(OWN)
    assert OWN not in shown_in(holder).lower()
    assert str(int(OWN, 16)) not in shown_in(holder)
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidKey, match="not to be pickled or copied"):
            escape(holder)


def test_a_failing_signature_does_not_show_the_key() -> None:
    signer = LocalSigner(parse_private_key(OWN))
    broken = UnsignedTransaction(1, -7, UNSIGNED.to, 5, b"", 100_000, Fees(1, 1))
    with pytest.raises(InvalidKey, match="nonce -7 of 0x.* could not be signed") as caught:
        signer.sign(broken)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    told = "".join(traceback.format_exception(caught.value))
    assert OWN not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        (None, "is empty"),
        (SECRET[:-1], "63 hexadecimal digits long"),
        (SECRET + "0", "65 hexadecimal digits long"),
        ("0x" + SECRET[:40], "as long as an address"),
        (SECRET[:-1] + "g", "64 characters long, and not all of them are hexadecimal"),
        (" ".join(["abandon"] * 12), "perhaps a seed phrase"),
        ("0" * 64, "no account belongs to it"),
        ("f" * 64, "no account belongs to it"),
        ("０" * 64, "not all of them are hexadecimal"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(text: Any, words: str) -> None:
    with pytest.raises(InvalidKey, match=words) as caught:
        parse_private_key(text)
    if text and text.strip():
        assert text.strip() not in str(caught.value)
        assert text.strip()[:12] not in str(caught.value)


@given(st.text(max_size=63).filter(lambda text: len(text.strip()) > 5))
def test_no_text_is_ever_shown(text: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        parse_private_key(text)
    assert text.strip() not in str(caught.value)


def test_spellings_of_a_key() -> None:
    keys = {
        parse_private_key(t).reveal() for t in (OWN, "0x" + OWN, "0X" + OWN.upper(), f" {OWN}\n")
    }
    assert keys == {bytes.fromhex(OWN)}


def test_published_keys_are_refused() -> None:
    anvil = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    ganache = "0x" + SECRET
    small, pattern = "0x" + "0" * 60 + "abcd", "0x" + "deadbeef" * 8
    for text in (anvil, ganache, small, pattern):
        key = parse_private_key(text)
        with pytest.raises(InvalidKey, match="published test key, a rehearsal's, or easily"):
            refuse_known_key(key, LocalSigner(key).address)
    own = parse_private_key(OWN)
    refuse_known_key(own, LocalSigner(own).address)


@given(st.integers(0, 2**32 - 1), st.sampled_from(ROLES))
def test_the_keys_of_rehearsals_are_refused_whatever_their_seed(seed: int, role: str) -> None:
    key = play_key(seed, role)
    assert key.is_guessable
    assert key.reveal() != play_key(seed + 1, role).reveal()
    # The control: without its mark it is as good as any.
    assert not PrivateKey(bytes(16) + b"\1" + key.reveal()[17:]).is_guessable


def test_a_signer_says_whether_its_key_is_a_secret() -> None:
    LocalSigner(parse_private_key(OWN)).require_secret()
    with pytest.raises(InvalidKey, match="use a key of your own"):
        LocalSigner(play_key(7, "operator")).require_secret()


def test_published_keys_are_known_by_address() -> None:
    assert is_published_test_key("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    assert is_published_test_key("0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1")
    assert is_published_test_key("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")
    assert not is_published_test_key("0x" + "12" * 20)
    assert len(PUBLISHED_TEST_KEYS) == 3 * 20 + 32 + 3
    with pytest.raises(InvalidValue):
        is_published_test_key("f39f")


def test_the_list_is_what_the_mnemonics_give() -> None:
    Account.enable_unaudited_hdwallet_features()
    phrase = "test test test test test test test test test test test junk"
    for number in (0, 19):
        path = f"m/44'/60'/0'/0/{number}"
        assert is_published_test_key(Account.from_mnemonic(phrase, account_path=path).address)
