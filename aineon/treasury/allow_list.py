"""AllowList: the only addresses that money goes to, each once its entry has aged."""

from __future__ import annotations

from collections.abc import Sequence

from aineon.errors import DestinationRefused, InvalidWithdrawal, UnknownWithdrawal
from aineon.ledger.audit import JsonValue
from aineon.primitives import Address
from aineon.treasury.addresses import parse_destination, refuse_lookalike, refuse_own
from aineon.treasury.destinations import Destination, Purpose, check_label, check_share
from aineon.treasury.house import House
from aineon.treasury.journal import Journal
from aineon.treasury.store import Reading, TreasuryStore
from aineon.treasury.withdrawal import check_name, same_person


class AllowList:
    """Adds, changes and removes destinations; every change is audited first."""

    def __init__(self, store: TreasuryStore, house: House, journal: Journal) -> None:
        self._store = store
        self._house = house
        self._journal = journal

    def add(
        self,
        address: str,
        label: str,
        *,
        who: str,
        at: float,
        share: int = 0,
        purpose: Purpose = Purpose.PAYMENTS,
    ) -> Destination:
        """Enter an address; it can be paid when the entry has aged.

        Raises:
            DestinationRefused: it is no address that can be paid, one of our own, looks like
                another one, or is on the list already; or there is a safe address already.
            InvalidWithdrawal: label, share or name are malformed.
            AuditUnwritable: nothing was changed.
        """
        entry = Destination(
            parse_destination(address),
            check_label(label),
            check_share(share),
            purpose,
            check_name(who),
            at,
            at + self._house.policy.destination_age_seconds,
        )
        with self._store.writing() as work:
            self._check_new(entry, work)
            detail: dict[str, JsonValue] = {
                "label": entry.label,
                "share": entry.share,
                "purpose": entry.purpose.value,
                "usable_from": entry.usable_from,
            }
            self._journal.note("destination.add", entry.address, detail, who, at)
            work.add_destination(entry)
        return entry

    def set_share(self, address: str, share: int, *, who: str, at: float) -> Destination:
        """Change a destination's part of automatic withdrawals.

        Raises:
            UnknownWithdrawal: it is not on the list.
            InvalidWithdrawal: as `add`, or it is the safe address, which takes none.
            AuditUnwritable: nothing was changed.
        """
        check_share(share)
        check_name(who)
        with self._store.writing() as work:
            entry = _listed(work, parse_destination(address))
            if share and entry.purpose is Purpose.SAFE:
                raise InvalidWithdrawal("the safe address takes no share of automatic withdrawals")
            detail: dict[str, JsonValue] = {"share": share, "before": entry.share}
            self._journal.note("destination.share", entry.address, detail, who, at)
            work.change_destination(entry.address, {"share": share})
            return _listed(work, entry.address)

    def remove(self, address: Address, *, who: str, at: float) -> Destination:
        """Take an address off the list at once; adding it again begins its age anew.

        Raises:
            UnknownWithdrawal: it is not on the list.
            AuditUnwritable: nothing was changed.
        """
        check_name(who)
        with self._store.writing() as work:
            entry = _listed(work, address)
            self._journal.note("destination.remove", entry.address, {"label": entry.label}, who, at)
            work.change_destination(entry.address, {"removed_by": who, "removed_at": at})
        return entry

    def was_ever_listed(self, address: Address) -> bool:
        """Whether an address is or was on the list."""
        with self._store.reading() as treasury:
            entries = (*treasury.destinations(), *treasury.former_destinations())
        return any(entry.address == address for entry in entries)

    def _check_new(self, entry: Destination, treasury: Reading) -> None:
        listed = treasury.destinations()
        refuse_own(entry.address, self._house.ours)
        if entry.address in self._house.pools:
            raise DestinationRefused(
                f"destination {entry.address} is a pool of the market; money sent there is lost"
            )
        former = treasury.former_destinations()
        refuse_clash(entry.address, entry.label, entry.purpose, listed, former)
        refuse_lookalike(entry.address, self._house.ours)


def refuse_clash(
    address: Address,
    label: str,
    purpose: Purpose,
    listed: Sequence[Destination],
    former: Sequence[Destination],
) -> None:
    """Check that an entry to be does not clash with those on the list, or trusted former ones.

    Raises:
        DestinationRefused: address or label are taken, the address looks like another one, or
            there is a safe address already.
    """
    for other in listed:
        if other.address == address:
            raise DestinationRefused(
                f"destination {address} is on the allow-list already ({other.label})"
            )
        if same_person(other.label, label):
            raise DestinationRefused(
                f"the label {label!r} is that of {other.address}; two destinations need two labels"
            )
        if purpose is Purpose.SAFE and other.purpose is Purpose.SAFE:
            raise DestinationRefused(
                f"{other.address} ({other.label}) is the safe address; remove it first"
            )
    known = {each.address: each.label for each in (*listed, *former) if each.was_trusted}
    refuse_lookalike(address, known)


def _listed(treasury: Reading, address: Address) -> Destination:
    found = treasury.destination(address)
    if found is None:
        raise UnknownWithdrawal(f"destination {address} is not on the allow-list")
    return found
