"""No trade is begun while nothing could be written into the audit."""

from __future__ import annotations

from aineon.errors import AuditUnwritable
from aineon.execution.live.audit_watch import AuditWatch, nobody_asks


class Audit:
    """Can be made to fail; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    def check(self) -> None:
        self.asked += 1
        if self.broken:
            raise AuditUnwritable("the audit cannot be written: its disk is full")


async def test_a_broken_audit_is_in_the_way_until_it_can_be_written() -> None:
    audit = Audit()
    watch = AuditWatch(audit.check)
    assert [await watch.obstacle(block) for block in range(10)] == [""] * 10
    assert audit.asked == 2
    audit.broken = True
    said = [await watch.obstacle(block) for block in range(10, 14)]
    assert all("its disk is full" in words for words in said)
    # While it is broken it is asked at each block, so that trading goes on at once.
    assert audit.asked == 6
    audit.broken = False
    assert await watch.obstacle(14) == ""


async def test_control_without_an_audit_nothing_is_in_the_way() -> None:
    assert await AuditWatch(nobody_asks).obstacle(1) == ""
