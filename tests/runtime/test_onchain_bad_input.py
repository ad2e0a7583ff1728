"""What an engine on a chain lacks is said in one sentence, before anything is asked or sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aineon.errors import ConfigurationError
from aineon.feeds.sandbox import SandboxFeed
from aineon.runtime.build import build_engine, build_feed
from tests.runtime.onchain import KEY, a_link, book_of, settings_in


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
