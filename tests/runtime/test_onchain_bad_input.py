"""What an engine on a chain lacks is said in one sentence, before anything is asked or sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from aineon.errors import AllNodesDown, ChainError, ConfigurationError, InvalidKey, WrongChain
from aineon.feeds.sandbox import SandboxFeed
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxNonceRow, OutboxTransactionRow
from aineon.ledger.store import BookStore
from aineon.ledger.tables import RunRow, table_of
from aineon.rehearsal.chains import CHAIN_ID, new_chain_id
from aineon.runtime import chain_link
from aineon.runtime.build import build_engine, build_feed
from aineon.runtime.carrying import require_what_signs
from aineon.runtime.chain_link import ChainLink
from aineon.sending.keys import play_key
from tests.ledger.booked import attempt, run
from tests.runtime.onchain import KEY, a_link, book_of, settings_in

GUESSABLE = "0x" + "ab" * 32
PUBLISHED = "0x" + "0" * 63 + "5"
GONE = new_chain_id()
PLAYED = "0x" + play_key(7, "operator").reveal().hex()


def compose(folder: Path, *, link: Any = None, keep: bool = True, **changes: Any) -> None:
    settings = settings_in(folder, **changes)
    books = book_of(settings) if keep else {}
    build_engine(settings, link=link, feed=SandboxFeed(seed=7, warm_up=1, blocks=1), **books)


def refusal(folder: Path, **options: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        compose(folder, **options)
    words = str(refused.value)
    assert "\n" not in words
    assert KEY[2:] not in words
    return words


async def test_with_everything_it_is_composed(tmp_path: Path) -> None:
    """The control: what is refused below is refused for what it lacks."""
    settings = settings_in(tmp_path)
    feed = SandboxFeed(seed=7, warm_up=1, blocks=1)
    engine = build_engine(settings, link=a_link(), feed=feed, **book_of(settings))
    await engine.executor.aclose()
    await engine.aclose()


def test_without_a_key(tmp_path: Path) -> None:
    assert "PRIVATE_KEY is not set" in refusal(tmp_path, link=a_link(), private_key=None)


def test_without_the_address_of_a_contract(tmp_path: Path) -> None:
    assert "AINEON_EXECUTOR is not set" in refusal(tmp_path, link=a_link(), executor_address=None)


def test_without_a_link(tmp_path: Path) -> None:
    assert (
        "AINEON_MODE is 'rehearsal'; plans are carried out on a chain only where there is one"
        in (refusal(tmp_path))
    )


def test_without_a_book(tmp_path: Path) -> None:
    words = refusal(tmp_path, link=a_link(), keep=False)
    assert "with a book, because what is signed is kept there first" in words


def test_the_feed_of_a_chain_without_a_link(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^the chain's feed needs a link; [^\n]*$"):
        build_feed(settings_in(tmp_path, feed="chain", rpc_urls="http://127.0.0.1:9"))


def test_a_public_mempool_without_a_node(tmp_path: Path) -> None:
    words = refusal(tmp_path, link=a_link(), public_mempool=True)
    assert words.startswith("no node is given")


def test_trades_that_nobody_would_carry(tmp_path: Path) -> None:
    words = refusal(tmp_path, link=a_link(), relay_urls="none")
    assert "AINEON_RELAYS is none and PUBLIC_MEMPOOL is off, so nobody would carry" in words


def test_what_is_refused_lets_go_of_its_book(tmp_path: Path) -> None:
    """Composed again with what was missing, it finds the book free."""
    refusal(tmp_path, link=a_link(), private_key=None)
    compose(tmp_path, link=a_link(), mode="rehearsal")


@pytest.mark.parametrize(
    "key",
    [
        KEY[:-1],
        KEY + "0",
        KEY[:-1] + "g",
        KEY[2:34],
        "0x" + "f" * 64,
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
    ],
)
def test_a_wrong_key_is_refused_without_being_shown(key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_in(tmp_path, private_key=key)
    words = str(refused.value)
    assert "\n" not in words
    assert words.startswith("PRIVATE_KEY")
    assert "64 hexadecimal digits" in words
    for shown in (words, repr(refused.value)):
        assert key.removeprefix("0x") not in shown
        assert not any(part in shown for part in ("5c5c", "ffff", "sausage"))


def test_a_good_key_is_in_no_text_of_the_settings(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for shown in (repr(settings), str(settings), str(settings.model_dump())):
        assert KEY[2:] not in shown


@pytest.mark.parametrize(
    "lacking",
    [
        {"link": None},
        {"link": a_link(), "private_key": None},
        {"link": a_link(), "executor_address": None},
        {"link": a_link(), "public_mempool": True},
    ],
)
def test_what_is_refused_begins_no_run(lacking: dict[str, Any], tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with pytest.raises((ConfigurationError, InvalidKey)):
        compose(tmp_path, **lacking)
    with BookStore.open(settings.book_url, settings.mode) as store:
        runs = _runs_of(store)
    assert runs == 0
    # The control: one that is composed begins one.
    compose(tmp_path, link=a_link())
    with BookStore.open(settings.book_url, settings.mode) as store:
        assert _runs_of(store) == 1


def _runs_of(store: BookStore) -> int:
    with store.engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(table_of(RunRow))).scalar_one()


@pytest.mark.parametrize("key", [GUESSABLE, PUBLISHED, PLAYED])
def test_a_key_that_others_know_signs_on_a_rehearsals_chain_alone(key: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, private_key=key)
    require_what_signs(settings, a_link())
    with pytest.raises(InvalidKey, match="use a key of your own") as refused:
        require_what_signs(settings, a_link(chain_id=1))
    assert key[2:] not in str(refused.value)
    # Nor may it sign withdrawals alone.
    for_withdrawals = settings_in(tmp_path, withdrawal_private_key=key)
    require_what_signs(for_withdrawals, a_link())
    with pytest.raises(InvalidKey, match="use a key of your own"):
        require_what_signs(for_withdrawals, a_link(chain_id=1))
    # The control: a key of one's own may sign there.
    require_what_signs(settings_in(tmp_path), a_link(chain_id=1))


@pytest.mark.parametrize(
    ("earlier", "now", "left"),
    [
        (GONE, CHAIN_ID, []),
        # The control: the same chain goes on, and so does what was sent there.
        (GONE, GONE, ["r-1"]),
        # A test chain's usual id may be that of one which still runs elsewhere.
        (CHAIN_ID, GONE, ["r-1"]),
    ],
    ids=["ended", "goes on", "elsewhere"],
)
def test_what_a_chain_that_ended_left_open_is_settled_at_the_start_of_another(
    earlier: int, now: int, left: list[str], tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    with BookStore.open(settings.book_url, settings.mode) as store:
        store.write(attempts=[attempt(store.begin_run(run()), "r-1")])
        _send(store, "r-1", earlier)
    compose(tmp_path, link=a_link(now))
    with BookStore.open(settings.book_url, settings.mode) as store:
        assert [each.attempt_id for each in store.unsettled()] == left


def _send(store: BookStore, name: str, chain_id: int) -> None:
    """Have the outbox know an attempt as handed over, on a chain."""
    party = {"chain_id": chain_id, "sender": "0x" + "01" * 20}
    intent = party | {
        "intent_id": name, "kind": "trade", "to_address": "0x" + "02" * 20, "value": 0,
        "data": b"", "digest": "", "fingerprint": "", "attempt_id": name, "cancels": None,
        "created_at": 1.0, "memo": None,
    }  # fmt: skip
    nonce = party | {"nonce": 0, "reserved_at": 1.0}
    transaction = party | {
        "intent_id": name, "nonce": 0, "ordinal": 0, "hash": "0x" + "ab" * 32, "raw": b"",
        "gas_limit": 21_000, "max_fee": 1, "priority_fee": 1, "signed_head": 1, "first_block": 2,
        "last_block": 3, "is_public": False, "state": "broadcast", "signed_at": 1.0,
        "changed_at": 1.0,
    }  # fmt: skip
    rows = {OutboxIntentRow: intent, OutboxNonceRow: nonce, OutboxTransactionRow: transaction}
    with store.engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table_of(table)).values(**values))


class Unlucky:
    """Connects where the failures are through."""

    def __init__(self, *failures: ChainError) -> None:
        self.failures = list(failures)

    async def __call__(self, *_: object) -> ChainLink:
        if self.failures:
            raise self.failures.pop(0)
        return a_link()


@pytest.mark.parametrize(
    "failure",
    [
        WrongChain("node-1 reads chain 10 with genesis block 0xab, not chain 1 with 0xcd"),
        AllNodesDown("no node can be read: node-1 is down"),
    ],
)
async def test_an_engine_waits_for_its_chain_and_says_what_is_wrong(
    failure: ChainError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(chain_link, "connect", Unlucky(failure, failure))
    monkeypatch.setattr(chain_link.asyncio, "sleep", sleep)
    told: list[str] = []
    link = await chain_link.connect_patiently(settings_in(tmp_path), told.append)
    assert link.reader.chain_id == CHAIN_ID
    assert told == [str(failure)] * 2
    assert pauses == [1.0, 2.0]


async def test_a_recording_does_not_wait_for_another_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_link, "connect", Unlucky(WrongChain("node-1 reads chain 10")))
    told: list[str] = []
    with pytest.raises(WrongChain):
        await chain_link.connect_patiently(
            settings_in(tmp_path), told.append, hopeless=(WrongChain,)
        )
    assert told == []
