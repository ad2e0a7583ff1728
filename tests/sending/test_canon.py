"""The canon: what lies on the way to a head is asked for once, and again where the head moved."""

from __future__ import annotations

from typing import Any

import pytest

from aineon.chain.reader import BlockRef
from aineon.primitives import Block
from aineon.sending import canon as canon_module
from aineon.sending.canon import Canon


def name(number: int, fork: int = 0) -> str:
    return f"0x{fork:02x}{number:062x}"


class Node:
    """A chain of headers that counts what it is asked for by height."""

    def __init__(self, height: int) -> None:
        self.blocks = [Block(n, hash=name(n), parent_hash=name(n - 1)) for n in range(1, height)]
        self.blocks.insert(0, Block(0, hash=name(0)))
        self.asked: list[int] = []

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    def mine(self, count: int = 1, fork: int = 0) -> None:
        for _ in range(count):
            last = self.head
            hash_ = name(last.number + 1, fork)
            self.blocks.append(Block(last.number + 1, hash=hash_, parent_hash=last.hash))

    def reorganise(self, depth: int) -> None:
        del self.blocks[-depth:]
        self.mine(depth + 1, fork=1)

    async def block(self, block: BlockRef) -> Block | None:
        if isinstance(block, int):
            self.asked.append(block)
            return self.blocks[block] if block < len(self.blocks) else None
        return next((each for each in self.blocks if each.hash == block), None)

    async def hashes(self, canon: Canon, *heights: int) -> dict[int, str]:
        """What the canon says, after forgetting what was asked before."""
        self.asked.clear()
        reader: Any = self
        found = await canon.at(reader, self.head, heights)
        assert found == {at: self.blocks[at].hash for at in heights if at < len(self.blocks)}
        return found


async def test_what_is_known_of_a_head_is_known_of_those_that_stand_on_it() -> None:
    node, canon = Node(20), Canon()
    await node.hashes(canon, 3, 5)
    assert node.asked == [3, 5, 19]
    await node.hashes(canon, 3, 5)
    assert node.asked == []
    node.mine()
    await node.hashes(canon, 3, 5)
    assert node.asked == []
    node.mine(4)
    await node.hashes(canon, 3, 5, 21)
    assert node.asked == [], "the parents were looked at on the way"
    await node.hashes(canon, 3, 5, 7)
    assert node.asked == [7, 24]


async def test_what_a_head_says_itself_is_not_asked() -> None:
    node, canon = Node(20), Canon()
    await node.hashes(canon, 18, 19)
    assert node.asked == []
    node.reorganise(2)
    await node.hashes(canon, 19, 20)
    assert node.asked == []
    await node.hashes(canon, 18, 19, 20)
    assert node.asked == [18, 20]


async def test_after_a_reorganisation_all_is_asked_again() -> None:
    node, canon = Node(20), Canon()
    before = await node.hashes(canon, 3, 18)
    node.reorganise(3)
    after = await node.hashes(canon, 3, 18)
    assert node.asked == [3, 18, 20]
    assert before[18] != after[18]


async def test_without_looking_at_parents_a_reorganisation_would_be_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: whoever trusts the heights alone keeps a hash that is gone."""
    node, canon = Node(20), Canon()

    async def always(*_: object) -> dict[int, str]:
        return {}

    monkeypatch.setattr(Canon, "_way_to", always)
    await node.hashes(canon, 18)
    node.reorganise(3)
    with pytest.raises(AssertionError):
        await node.hashes(canon, 18)


async def test_heads_that_are_far_apart_or_go_back_are_not_joined() -> None:
    node, canon = Node(20), Canon()
    await node.hashes(canon, 3)
    node.mine(canon_module.MOST_BLOCKS + 1)
    await node.hashes(canon, 3)
    assert 3 in node.asked
    del node.blocks[-1]
    await node.hashes(canon, 3)
    assert 3 in node.asked


async def test_what_a_node_says_while_its_head_moves_is_not_kept() -> None:
    """It is asked by height, and answers for the chain that it follows by then."""
    node, canon = Node(20), Canon()
    old: Any = node.head
    node.reorganise(3)
    reader: Any = node
    await canon.at(reader, old, [17])
    assert (await node.hashes(canon, 17))[17] == name(17, fork=1)
    assert 17 in node.asked


async def test_a_height_above_the_head_is_not_kept() -> None:
    node, canon = Node(20), Canon()
    head = node.head
    node.mine()
    reader: Any = node
    for _ in range(2):
        node.asked.clear()
        assert await canon.at(reader, head, [20]) == {20: name(20)}
        assert 20 in node.asked


async def test_a_height_that_nobody_knows_is_left_out() -> None:
    node, canon = Node(20), Canon()
    assert await node.hashes(canon, 40) == {}
