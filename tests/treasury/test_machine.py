"""Whatever people, rules and the cashier do in whatever order, the treasury keeps its word.

The machine pushes: half of its rules take the next step of some withdrawal, so that deep states
are reached. What must hold is judged from its own notes of what was allowed, never from the
treasury's reasons.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aineon.errors import AuditUnwritable, TreasuryError
from aineon.primitives import ETHER, Address, Book, Token
from aineon.treasury import (
    Approvers,
    Desk,
    Holdings,
    Origin,
    Payment,
    Rule,
    Strategy,
    Withdrawal,
    WithdrawalState,
)
from aineon.treasury.house import sweep_digest
from aineon.treasury.states import ENDED, IN_FLIGHT, LEGAL, SIGNED_OR_LATER
from tests.treasury.desks import (
    DARK,
    DAY,
    HOUR,
    NOON,
    PARTNER,
    POLICY,
    SAFE,
    SAVINGS,
    USDC,
    WEI,
    bench,
    worth,
)

S = WithdrawalState
STRANGER = Address("0x" + "ab12cd34" * 5)
PEOPLE = ("anna", "bert", "cora", "Anna", "BERT")
people = st.sampled_from(PEOPLE)
places = st.sampled_from((SAVINGS, PARTNER, SAVINGS, PARTNER, STRANGER, SAFE))
amounts = st.sampled_from(
    (WEI // 10, WEI, WEI + 1, 20 * WEI, 20 * WEI + 1, 60 * WEI, 90 * WEI, 100 * WEI, 101 * WEI, 9)
)
assets = st.sampled_from((ETHER, ETHER, ETHER, USDC, DARK))
waits = st.sampled_from((1.0, 599.0, 600.0, HOUR, 11 * HOUR, DAY - 1))
numbers = st.integers(0, 10**6)


def worth_of(asset: Token, amount: int) -> int | None:
    return amount if asset == ETHER else worth(asset, amount)


@dataclass
class Notes:
    """What the machine itself saw being allowed for one withdrawal."""

    origin: Origin
    author: str
    editor: str = ""
    version: int = 1
    words: dict[int, set[str]] = field(default_factory=dict)
    decided_at: float | None = None
    ended: Withdrawal | None = None
    signed: Withdrawal | None = None


class TreasuryMachine(RuleBasedStateMachine):
    approvers = Approvers.SEVERAL

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="aineon-treasury-"))
        self.bench = bench(self.folder, approvers=self.approvers)
        self.notes: dict[str, Notes] = {}
        self.listed = dict.fromkeys((SAVINGS, PARTNER, SAFE), NOON - DAY)
        self.paid: list[tuple[float, Withdrawal]] = []

    def teardown(self) -> None:
        self.every_change_is_audited()
        self.bench.book.close()
        shutil.rmtree(self.folder)

    # --- helpers ---------------------------------------------------------------------------

    @property
    def at(self) -> float:
        return self.bench.at

    def all(self) -> tuple[Withdrawal, ...]:
        """All withdrawals in the order they were made: their names are random."""
        with self.bench.desk.store.reading() as treasury:
            found = treasury.newest(10_000)
        order = {name: place for place, name in enumerate(self.notes)}
        return tuple(sorted(found, key=lambda each: order.get(each.id, len(order))))

    def pick(self, number: int) -> Withdrawal:
        found = list(self.all())
        # Those that can still move are met more often.
        moving = [each for each in found if each.state not in ENDED]
        return (moving * 4 + found)[number % (len(moving) * 4 + len(found))]

    def note_new(self, made: Withdrawal, author: str) -> None:
        notes = self.notes.setdefault(made.id, Notes(made.origin, author))
        if made.state is S.COOLING and notes.decided_at is None:
            notes.decided_at = self.at

    @contextlib.contextmanager
    def tried(self):  # type: ignore[no-untyped-def]
        """A refusal is fine, and then nothing is changed."""
        before = self.all()
        try:
            yield
        except TreasuryError:
            assert self.all() == before

    # --- people ----------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        for where in (SAVINGS, PARTNER):
            self.bench.desk.set_share(where, 1, who="anna", at=self.at)

    @rule(who=people, asset=assets, amount=amounts, where=places, drafted=st.booleans())
    def ask(self, who: str, asset: Token, amount: int, where: Address, drafted: bool) -> None:
        self.ask_for(who, asset, amount, where, Desk.draft if drafted else Desk.request)

    def ask_for(
        self, who: str, asset: Token, amount: int, where: Address, way: Callable[..., Withdrawal]
    ) -> None:
        amount = amount * 2000 // 10**12 if asset == USDC else amount
        with self.tried():
            payment = Payment(asset, max(1, amount), where)
            made = way(self.bench.desk, payment, who=who, at=self.at)
            self.note_new(made, who)

    @precondition(lambda self: self.notes)
    @rule(number=numbers, who=people, amount=amounts, where=places)
    def edit(self, number: int, who: str, amount: int, where: Address) -> None:
        old = self.pick(number)
        with self.tried():
            payment = Payment(ETHER, amount, where)
            new = self.bench.desk.edit(old.id, payment, who=who, at=self.at)
            notes = self.notes[old.id]
            notes.version, notes.editor = notes.version + 1, who
            notes.decided_at = self.at if new.state is S.COOLING else None
            assert old.state not in SIGNED_OR_LATER | ENDED

    @precondition(lambda self: self.notes)
    @rule(
        number=numbers,
        by=st.sampled_from(("author", "editor", "who has", "anybody")),
        who=people,
        flaw=st.sampled_from(("none", "none", "stale digest", "no proof")),
    )
    def approve(self, number: int, by: str, who: str, flaw: str) -> None:
        """Approve as whoever may not, or not like that."""
        waiting = [each for each in self.all() if each.state is S.PENDING_APPROVAL]
        found = waiting[number % len(waiting)] if waiting else self.pick(number)
        notes = self.notes[found.id]
        given = notes.words.setdefault(notes.version, set())
        roles = {"author": notes.author, "editor": notes.editor, "who has": min(given, default="")}
        who = roles.get(by, who)
        name = who.upper() if number % 2 else who
        digest = "0" * 64 if flaw == "stale digest" else found.digest
        proof = "" if flaw == "no proof" else found.digest[:8]
        with self.tried():
            new = self.bench.desk.approve(found.id, digest, who=name, at=self.at, proof=proof)
            if self.approvers is Approvers.SEVERAL:
                barred = {notes.author.casefold(), notes.editor.casefold()}
                assert name.casefold() not in barred
            else:
                assert flaw != "no proof"
            assert flaw != "stale digest"
            given.add(name.casefold())
            if new.state is S.COOLING:
                notes.decided_at = self.at

    @precondition(lambda self: self.notes)
    @rule(number=numbers, who=people, rejected=st.booleans())
    def take_back(self, number: int, who: str, rejected: bool) -> None:
        desk, found = self.bench.desk, self.pick(number)
        with self.tried():
            (desk.reject if rejected else desk.cancel)(found.id, who=who, at=self.at)

    @rule(seconds=waits)
    def wait(self, seconds: float) -> None:
        self.bench.at += seconds
        self.bench.desk.dispatch.expire(self.at)

    @precondition(lambda self: self.notes)
    @rule(
        what=st.sampled_from(("list", "sweep", "rule", "audit", "anyhow", "submit")),
        number=numbers,
        who=people,
        where=places,
        state=st.sampled_from(S),
    )
    def disturb(
        self, what: str, number: int, who: str, where: Address, state: WithdrawalState
    ) -> None:
        """Do what is rarer, so that it does not drown the rest."""
        if what == "list":
            self.change_list(who, where)
        elif what == "sweep":
            self.sweep(who, number % 2 == 0)
        elif what == "rule":
            self.start_by_rule(number % 300 * WEI)
        elif what == "audit":
            self.fail_to_audit(number, who)
        elif what == "anyhow":
            self.carry(self.pick(number), state)
        else:
            with self.tried():
                made = self.bench.desk.submit(self.pick(number).id, who=who, at=self.at)
                self.note_new(made, who)

    def change_list(self, who: str, where: Address) -> None:
        desk = self.bench.desk
        with self.tried():
            if where not in self.listed:
                desk.add_destination(where, f"to {where[:6]}", who=who, at=self.at)
                self.listed[where] = self.at + DAY
            elif len(self.listed) > 2:
                desk.remove_destination(where, who=who, at=self.at)
                del self.listed[where]

    def sweep(self, who: str, proven: bool) -> None:
        proof = sweep_digest(Book.LIVE, SAFE)[:8] if proven else ""
        holdings = Holdings({ETHER: 20 * WEI, USDC: 10**9}, WEI // 10)
        with self.tried():
            for each in self.bench.desk.sweep(holdings, who=who, at=self.at, proof=proof):
                assert proven
                assert each.destination == SAFE
                self.note_new(each, who)

    def start_by_rule(self, ether: int) -> None:
        automatic = Rule(
            "r-1", Origin.AUTOMATIC, ETHER, 10 * WEI, None, WEI, None, None,
            Strategy.OPTIMIZED, "bert", NOON,
        )  # fmt: skip
        open_before = [e for e in self.all() if e.rule_id and e.state in IN_FLIGHT]
        with self.tried():
            for each in self.bench.desk.apply_rule(automatic, Holdings({ETHER: ether}), self.at):
                assert not open_before
                self.note_new(each, "bert")

    def fail_to_audit(self, number: int, who: str) -> None:
        found, before = self.pick(number), self.all()
        desk, audit = self.bench.desk, self.bench.audit
        actions = (
            lambda: desk.cancel(found.id, who=who, at=self.at),
            lambda: desk.request(found.payment, who=who, at=self.at),
            lambda: desk.approve(
                found.id, found.digest, who="eve", at=self.at, proof=found.digest[:8]
            ),
            lambda: desk.edit(found.id, found.payment, who=who, at=self.at),
            *(
                lambda state=state: self.bench.advance(found, state)
                for state in sorted(LEGAL[found.state])
            ),
        )
        audit.broken = True
        for action in actions:
            with contextlib.suppress(TreasuryError, AuditUnwritable):
                action()
        audit.broken = False
        assert self.all() == before

    # --- pushing ---------------------------------------------------------------------------

    @precondition(lambda self: self.notes)
    @rule(number=numbers, choice=numbers, steps=st.integers(1, 7))
    def push(self, number: int, choice: int, steps: int) -> None:
        """Take the next steps of a withdrawal, whatever they are."""
        found = self.pick(number)
        for step in range(steps):
            self.push_once(found.id, choice + step)

    @rule(amount=amounts, who=people, number=numbers, steps=st.integers(1, 7))
    def ask_and_push(self, amount: int, who: str, number: int, steps: int) -> None:
        self.ask_for(who, ETHER, amount, SAVINGS, Desk.request)
        if self.notes:
            self.push(number, number, steps)

    def push_once(self, withdrawal_id: str, choice: int) -> None:
        found = self.bench.withdrawal(withdrawal_id)
        notes = self.notes[found.id]
        if found.state is S.PENDING_APPROVAL:
            barred = {notes.author.casefold(), notes.editor.casefold()}
            barred |= notes.words.get(notes.version, set())
            free = [who for who in ("anna", "bert", "cora", "dora") if who not in barred]
            who = free[choice % len(free)]
            with self.tried():
                new = self.bench.approve(found, who, found.digest[:8])
                notes.words.setdefault(notes.version, set()).add(who)
                notes.decided_at = self.at if new.state is S.COOLING else None
        elif found.state is S.COOLING and found.cooling_until is not None:
            self.carry(found, S.SIGNED)
            self.bench.at = max(self.at, found.cooling_until)
            self.carry(self.bench.withdrawal(found.id), S.SIGNED)
        elif found.state in SIGNED_OR_LATER:
            following = sorted(LEGAL[found.state] - {S.CANCELLED})
            self.carry(found, following[choice % len(following)])

    def carry(self, found: Withdrawal, state: WithdrawalState) -> None:
        with self.tried():
            new = self.bench.advance(found, state)
            if state is S.SIGNED:
                self.judge_signature(new)
            if state is S.CONFIRMED:
                self.paid.append((self.at, new))

    def judge_signature(self, signed: Withdrawal) -> None:
        """Everything that had to be there was there: by the machine's own notes."""
        notes, at = self.notes[signed.id], self.at
        assert signed.version == notes.version
        assert self.listed.get(signed.destination, 10**12) <= at
        assert notes.decided_at is not None
        notes.signed = signed
        if signed.origin is Origin.EMERGENCY:
            return
        value = worth_of(signed.asset, signed.amount)
        assert value is not None
        assert POLICY.min_wei <= value <= POLICY.max_wei
        needed = 0 if value <= WEI else 1 if value <= 20 * WEI else 2
        words = notes.words.get(notes.version, set())
        cooling = POLICY.cooling_seconds
        if self.approvers is Approvers.SINGLE:
            needed = min(1, needed)
            cooling = POLICY.cooling_alone_seconds if needed else cooling
        else:
            assert not words & {notes.author.casefold(), notes.editor.casefold()}
        assert len(words) >= needed
        assert at >= notes.decided_at + cooling

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    def limits_hold(self) -> None:
        """Of what obeys limits, no 24 hours ever see too much: in flight and paid together."""
        counted = [
            each
            for each in self.all()
            if each.origin is not Origin.EMERGENCY
            and (
                each.state in IN_FLIGHT
                or (each.state is S.CONFIRMED and each.changed_at > self.at - DAY)
            )
        ]
        worths = [worth_of(each.asset, each.amount) for each in counted]
        assert sum(value for value in worths if value is not None) <= POLICY.daily_wei
        assert len(counted) <= POLICY.daily_count

    @invariant()
    def paid_is_what_was_signed(self) -> None:
        for at, each in self.paid:
            signed = self.notes[each.id].signed
            assert signed is not None
            assert (each.digest, each.amount) == (signed.digest, signed.amount)
            within = [
                other
                for when, other in self.paid
                if at - DAY < when <= at and other.origin is not Origin.EMERGENCY
            ]
            total = sum(worth_of(other.asset, other.amount) or 0 for other in within)
            assert total <= POLICY.daily_wei

    @invariant()
    def what_has_ended_stays(self) -> None:
        for each in self.all():
            notes = self.notes.get(each.id)
            assert notes is not None
            if notes.ended is not None:
                assert each == notes.ended
            elif each.state in ENDED:
                notes.ended = each

    def every_change_is_audited(self) -> None:
        entries = self.bench.audit.entries
        with self.bench.desk.store.reading() as treasury:
            for each in treasury.newest(10_000):
                events = treasury.events(each.id)
                assert events[-1].new is each.state
                assert events[-1].version == each.version
                for event in events:
                    entry = entries[event.audit - 1]
                    assert (entry["subject"], entry["who"]) == (each.id, event.who)
                    assert event.new.value in entry["detail"]["states"]


class SingleOperatorMachine(TreasuryMachine):
    approvers = Approvers.SINGLE


TestSeveral = TreasuryMachine.TestCase
TestSeveral.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)
TestSingle = SingleOperatorMachine.TestCase
TestSingle.settings = settings(max_examples=8, stateful_step_count=40, deadline=None)
