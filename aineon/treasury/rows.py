"""Between the treasury's rows and its values; every function works within an open transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, and_, or_, select

from aineon.ledger.rows import token_of
from aineon.ledger.tables import TokenRow, table_of
from aineon.ledger.treasury_tables import (
    AppliedCommandRow,
    DestinationRow,
    WithdrawalApprovalRow,
    WithdrawalEventRow,
    WithdrawalRow,
    WithdrawalRuleRow,
)
from aineon.primitives import Address, Book
from aineon.treasury.approvals import Approval
from aineon.treasury.destinations import Destination, Purpose
from aineon.treasury.policy import DAY_SECONDS, Used
from aineon.treasury.rules import Rule
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Origin, Payment, Strategy, Withdrawal, WithdrawalEvent

WITHDRAWALS: Final = table_of(WithdrawalRow)
EVENTS: Final = table_of(WithdrawalEventRow)
APPROVALS: Final = table_of(WithdrawalApprovalRow)
DESTINATIONS: Final = table_of(DestinationRow)
RULES: Final = table_of(WithdrawalRuleRow)
APPLIED: Final = table_of(AppliedCommandRow)
_TOKENS: Final = table_of(TokenRow)


def withdrawals_where(
    connection: Connection, book: Book, condition: Any = None, limit: int | None = None
) -> tuple[Withdrawal, ...]:
    """Return the withdrawals that meet a condition, newest first."""
    query: Select[Any] = (
        select(WITHDRAWALS, _TOKENS.c.symbol, _TOKENS.c.decimals)
        .join(_TOKENS, _TOKENS.c.address == WITHDRAWALS.c.asset)
        .order_by(WITHDRAWALS.c.created_at.desc(), WITHDRAWALS.c.id)
        .limit(limit)
    )
    if condition is not None:
        query = query.where(condition)
    rows = connection.execute(query).mappings()
    return tuple(_withdrawal_of(row, book) for row in rows)


def in_states(states: Collection[WithdrawalState]) -> Any:
    """Return the condition that picks withdrawals in one of `states`."""
    return WITHDRAWALS.c.state.in_([state.value for state in states])


def used_at(
    connection: Connection, at: float, states: Collection[WithdrawalState]
) -> Mapping[str, int | None]:
    """Return what counts against a day's limits at `at`: the worth in wei by withdrawal.

    That is what is in one of `states`, however old, and what was confirmed in the 24 hours
    before. A clock that was set back counts more, never less.
    """
    paid = and_(
        WITHDRAWALS.c.state == WithdrawalState.CONFIRMED.value,
        WITHDRAWALS.c.changed_at > at - DAY_SECONDS,
    )
    query = select(WITHDRAWALS.c.id, WITHDRAWALS.c.worth_wei).where(or_(in_states(states), paid))
    return {row.id: row.worth_wei for row in connection.execute(query)}


def used_without(used: Mapping[str, int | None], withdrawal_id: str) -> Used:
    """Add up what counts, one withdrawal left out."""
    others = [worth for name, worth in used.items() if name != withdrawal_id]
    known = [worth for worth in others if worth is not None]
    return Used(sum(known) if len(known) == len(others) else None, len(others))


def withdrawal_columns(withdrawal: Withdrawal) -> dict[str, object]:
    """Return what is stored of a withdrawal."""
    return {
        "id": withdrawal.id,
        "version": withdrawal.version,
        "chain_id": withdrawal.chain_id,
        "asset": withdrawal.asset.address,
        "amount": withdrawal.amount,
        "destination": withdrawal.destination,
        "strategy": withdrawal.strategy.value,
        "origin": withdrawal.origin.value,
        "requested_by": withdrawal.requested_by,
        "edited_by": withdrawal.edited_by,
        "state": withdrawal.state.value,
        "reason": withdrawal.reason,
        "worth_wei": withdrawal.worth_wei,
        "rule_id": withdrawal.rule_id,
        "created_at": withdrawal.created_at,
        "admitted_at": withdrawal.admitted_at,
        "changed_at": withdrawal.changed_at,
        "cooling_until": withdrawal.cooling_until,
        "expires_at": withdrawal.expires_at,
        "batch_id": withdrawal.batch_id,
        "intent_id": withdrawal.intent_id,
        "transaction_hash": withdrawal.transaction_hash,
        "block_number": withdrawal.block_number,
        "cancel_asked_by": withdrawal.cancel_asked_by,
        "waits_because": withdrawal.waits_because,
        "waits_since": withdrawal.waits_since,
        "gas_wei": withdrawal.gas_wei,
    }


def _withdrawal_of(row: RowMapping, book: Book) -> Withdrawal:
    return Withdrawal(
        id=row["id"],
        version=row["version"],
        book=book,
        chain_id=row["chain_id"],
        payment=Payment(
            token_of(row["asset"], row),
            row["amount"],
            Address(row["destination"]),
            Strategy(row["strategy"]),
        ),
        origin=Origin(row["origin"]),
        requested_by=row["requested_by"],
        edited_by=row["edited_by"],
        state=WithdrawalState(row["state"]),
        reason=row["reason"],
        worth_wei=row["worth_wei"],
        rule_id=row["rule_id"],
        created_at=row["created_at"],
        admitted_at=row["admitted_at"],
        changed_at=row["changed_at"],
        cooling_until=row["cooling_until"],
        expires_at=row["expires_at"],
        batch_id=row["batch_id"],
        intent_id=row["intent_id"],
        transaction_hash=row["transaction_hash"],
        block_number=row["block_number"],
        cancel_asked_by=row["cancel_asked_by"],
        waits_because=row["waits_because"],
        waits_since=row["waits_since"],
        gas_wei=row["gas_wei"],
    )


def events_of(connection: Connection, withdrawal_id: str) -> tuple[WithdrawalEvent, ...]:
    """Return all changes of a withdrawal, oldest first."""
    query = select(EVENTS).where(EVENTS.c.withdrawal_id == withdrawal_id).order_by(EVENTS.c.id)
    return tuple(
        WithdrawalEvent(
            number=row.id,
            withdrawal_id=row.withdrawal_id,
            version=row.version,
            what=row.what,
            old=None if row.old is None else WithdrawalState(row.old),
            new=WithdrawalState(row.new),
            who=row.who,
            reason=row.reason,
            audit=row.audit,
            at=row.at,
        )
        for row in connection.execute(query)
    )


def approvals_of(connection: Connection, withdrawal_id: str) -> tuple[Approval, ...]:
    """Return all approvals that were ever given to a withdrawal, void ones included."""
    query = select(APPROVALS).where(APPROVALS.c.withdrawal_id == withdrawal_id)
    return tuple(
        Approval(
            row.withdrawal_id,
            row.version,
            row.digest,
            row.who,
            row.alone,
            row.at,
            row.expires_at,
            row.voided_at,
        )
        for row in connection.execute(query.order_by(APPROVALS.c.id))
    )


def all_destinations(connection: Connection) -> tuple[Destination, ...]:
    """Return every entry that was ever on the allow-list, oldest first."""
    rows = connection.execute(select(DESTINATIONS).order_by(DESTINATIONS.c.id))
    return tuple(
        Destination(
            Address(row.address),
            row.label,
            row.share,
            Purpose(row.purpose),
            row.added_by,
            row.added_at,
            row.usable_from,
            row.removed_by,
            row.removed_at,
        )
        for row in rows
    )


def listed_rules(connection: Connection) -> tuple[Rule, ...]:
    """Return the rules that are in force, oldest first."""
    query = (
        select(RULES, _TOKENS.c.symbol, _TOKENS.c.decimals)
        .join(_TOKENS, _TOKENS.c.address == RULES.c.asset)
        .where(RULES.c.removed_at.is_(None))
        .order_by(RULES.c.created_at, RULES.c.id)
    )
    return tuple(_rule_of(row) for row in connection.execute(query).mappings())


def _rule_of(row: RowMapping) -> Rule:
    return Rule(
        id=row["id"],
        origin=Origin(row["origin"]),
        asset=token_of(row["asset"], row),
        threshold=row["threshold"],
        schedule=row["schedule"],
        keep=row["keep"],
        amount=row["amount"],
        destination=None if row["destination"] is None else Address(row["destination"]),
        strategy=Strategy(row["strategy"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        last_slot=row["last_slot"],
        words=row["words"],
    )


def rule_columns(rule: Rule) -> dict[str, object]:
    """Return what is stored of a rule."""
    return {
        "id": rule.id,
        "origin": rule.origin.value,
        "asset": rule.asset.address,
        "threshold": rule.threshold,
        "schedule": rule.schedule,
        "keep": rule.keep,
        "amount": rule.amount,
        "destination": rule.destination,
        "strategy": rule.strategy.value,
        "created_by": rule.created_by,
        "created_at": rule.created_at,
        "last_slot": rule.last_slot,
        "words": rule.words,
    }
