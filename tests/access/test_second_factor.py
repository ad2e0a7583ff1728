"""The second factor: confirmed before it counts, each code once, and few tries."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pyotp
import pytest

from aineon.access import second_factor
from aineon.access.one_time_codes import RECOVERY_CODES, plain, step_of
from aineon.access.sealing import Seal, SealKey
from aineon.access.throttle import Budget
from aineon.errors import CodeThrottled, EnrolmentRefused, UnknownUser, WrongSealKey
from aineon.treasury.approvals import SecondFactor as Protocol
from aineon.treasury.confirming import require_second_factor
from tests.access.office import NOON, Office, opened


def check(office: Office, code: str, lane: str = "session") -> bool:
    return office.second_factor.check("anna", code, office.now, lane=lane)


def test_it_counts_when_a_code_has_confirmed_it(office: Office) -> None:
    office.add()
    begun = office.second_factor.enrol_begin("Anna", office.now)
    assert begun.uri.startswith("otpauth://totp/AINEON:anna?secret=")
    assert begun.secret in begun.uri
    assert len(begun.secret) == 32
    app = pyotp.TOTP(begun.secret)
    assert not office.users.get("anna").has_second_factor
    assert not check(office, office.code(app))
    with pytest.raises(EnrolmentRefused, match="not the code which the app shows now"):
        office.second_factor.enrol_confirm("anna", office.code(app, 5), office.now)
    codes = office.second_factor.enrol_confirm("anna", office.code(app), office.now)
    assert len(set(codes)) == RECOVERY_CODES == 10
    assert office.users.get("anna").has_second_factor
    assert office.second_factor.is_enrolled("ANNA")
    assert [entry.decision.subject for entry in office.told("second_factor.enrol")] == ["anna"]
    # The code that confirmed it was one, and is used.
    assert not check(office, office.code(app))
    office.clock.advance(30)
    assert check(office, office.code(app))


def test_a_code_counts_a_step_early_or_late_and_once(office: Office) -> None:
    office.add()
    app, _ = office.enrol()
    for wrong in (-2, 2):
        assert not check(office, office.code(app, wrong))
    early = office.code(app, -1)
    assert check(office, f" {early[:3]} {early[3:]} ")
    assert not check(office, early)
    assert check(office, office.code(app, 1))
    # What is older than a code that was taken was seen before it, perhaps by others.
    assert not check(office, office.code(app))


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "x" * 10_000, "\ud800"]
)
def test_what_is_no_code_costs_no_try(office: Office, code: str) -> None:
    office.add()
    app, _ = office.enrol()
    for _ in range(10):
        assert not check(office, code)
    assert check(office, office.code(app))


def test_five_wrong_codes_and_then_none_is_looked_at(office: Office) -> None:
    office.add()
    app, _ = office.enrol()
    wrong = f"{(int(office.code(app)) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert not check(office, wrong)
    for code in (wrong, office.code(app)):
        with pytest.raises(CodeThrottled, match="wait 15 minutes") as caught:
            check(office, code)
        assert caught.value.wait == 900
    # Somebody else's tries are apart, and so is what he does elsewhere.
    assert check(office, office.code(app), lane="device:x")
    office.clock.advance(900)
    assert check(office, office.code(app))
    # A flood is one entry; right codes are none.
    [entry] = office.told("second_factor.refuse")
    assert entry.details == {"lane": "session", "refused_before": 0}


def test_ten_wrong_codes_in_three_hours_and_the_owner_gets_in_all_the_same(office: Office) -> None:
    office.add()
    app, recovery = office.enrol()
    looked = 0
    for _ in range(16):
        try:
            looked += not check(office, f"{(int(office.code(app)) + 1) % 1_000_000:06}")
        except CodeThrottled:
            office.clock.advance(900)
    assert looked == 10
    with pytest.raises(CodeThrottled):
        check(office, office.code(app))
    assert check(office, recovery[0])
    office.clock.advance(3 * 3_600)
    assert check(office, office.code(app))


def test_who_spends_the_tries_keeps_no_recovery_code_out(office: Office) -> None:
    """He knows the password, and begins each window with whatever might bar its owner."""
    office.add()
    app, recovery = office.enrol()
    for mine in recovery[:3]:
        for n in range(5):
            assert not check(office, f"{n:016}")
            with contextlib.suppress(CodeThrottled):
                check(office, f"{(int(office.code(app)) + 1) % 1_000_000:06}")
        with pytest.raises(CodeThrottled):
            check(office, office.code(app))
        assert check(office, mine)
        office.clock.advance(900)


def test_recovery_codes_have_an_end_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_factor, "RECOVERIES", Budget(most=2, seconds=900.0))
    office.add()
    app, recovery = office.enrol()
    for _ in range(2):
        assert not check(office, "a" * 16)
    with pytest.raises(CodeThrottled):
        check(office, recovery[0])
    assert check(office, office.code(app))


def test_right_codes_are_never_throttled(office: Office) -> None:
    office.add()
    app, _ = office.enrol()
    for _ in range(12):
        assert check(office, office.code(app))
        office.clock.advance(30)


def test_a_recovery_code_counts_once(office: Office) -> None:
    office.add()
    _, codes = office.enrol()
    assert check(office, codes[3])
    assert not check(office, codes[3])
    assert check(office, codes[4].upper().replace("-", " "))
    assert office.second_factor.recovery_left("anna") == 8
    assert [entry.details["left"] for entry in office.told("second_factor.recover")] == [9, 8]


def test_recovery_codes_are_their_users(office: Office) -> None:
    office.add()
    office.add("bert")
    _, codes = office.enrol()
    office.enrol("bert")
    assert not office.second_factor.check("bert", codes[0], office.now)
    assert check(office, codes[0])


def test_recovery_codes_are_renewed_with_a_code(office: Office) -> None:
    office.add()
    app, old = office.enrol()
    with pytest.raises(EnrolmentRefused):
        office.second_factor.renew_recovery("anna", "000000", office.now)
    new = office.second_factor.renew_recovery("anna", office.code(app), office.now)
    assert not set(new) & set(old)
    assert not check(office, old[0])
    assert check(office, new[0])


def test_replacing_it_takes_a_code_of_the_present_one(office: Office) -> None:
    """A session that somebody else got hold of must not be enough to replace it."""
    office.add()
    app, codes = office.enrol()
    for code in ("", "000000"):
        with pytest.raises(EnrolmentRefused, match="takes a code of the present one"):
            office.second_factor.enrol_begin("anna", office.now, code)
    begun = office.second_factor.enrol_begin("anna", office.now, codes[0])
    other = pyotp.TOTP(begun.secret)
    # Until it is confirmed the present one counts.
    assert check(office, office.code(app))
    office.second_factor.enrol_confirm("anna", office.code(other), office.now)
    office.clock.advance(60)
    assert not check(office, office.code(app))
    assert not check(office, codes[1])
    assert check(office, office.code(other))


def test_an_enrolment_waits_for_a_quarter_of_an_hour(office: Office) -> None:
    office.add()
    with pytest.raises(EnrolmentRefused, match="no second factor was begun"):
        office.second_factor.enrol_confirm("anna", "123456", office.now)
    begun = office.second_factor.enrol_begin("anna", office.now)
    office.clock.advance(901)
    app = pyotp.TOTP(begun.secret)
    with pytest.raises(EnrolmentRefused, match="in the last minutes"):
        office.second_factor.enrol_confirm("anna", office.code(app), office.now)


def test_codes_that_confirm_are_throttled(office: Office) -> None:
    office.add()
    app = pyotp.TOTP(office.second_factor.enrol_begin("anna", office.now).secret)
    for _ in range(5):
        with pytest.raises(EnrolmentRefused):
            office.second_factor.enrol_confirm("anna", office.code(app, 9), office.now)
    with pytest.raises(CodeThrottled):
        office.second_factor.enrol_confirm("anna", office.code(app), office.now)


def test_nobody_enrols_for_nobody(office: Office) -> None:
    with pytest.raises(UnknownUser):
        office.second_factor.enrol_begin("bert", office.now)
    assert not office.second_factor.check("bert", "123456", office.now)


def test_of_two_who_give_one_code_one_gets_through(tmp_path: Path) -> None:
    seal = Seal(SealKey.new())
    with opened(tmp_path, seal) as office:
        office.add()
        app, _ = office.enrol()
        code, at = office.code(app), office.now
    start = threading.Barrier(3)
    taken: list[bool] = []

    def give() -> None:
        with opened(tmp_path, seal) as mine:
            start.wait()
            taken.append(mine.second_factor.check("anna", code, at))

    threads = [threading.Thread(target=give) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, False, True]


def test_a_seed_is_sealed_for_its_user(office: Office, tmp_path: Path) -> None:
    office.add()
    app, codes = office.enrol()
    with opened(tmp_path, Seal(SealKey.new())) as other, pytest.raises(WrongSealKey):
        other.second_factor.check("anna", office.code(app), office.now)
    # Recovery codes open without the key.
    with opened(tmp_path, Seal(SealKey.new())) as other:
        assert other.second_factor.check("anna", codes[0], office.now)


# --- for others -----------------------------------------------------------------------------


def test_the_treasury_takes_a_code(office: Office) -> None:
    office.add()
    app, codes = office.enrol()
    factor: Protocol = office.second_factor
    digest = "d" * 64
    assert not factor.accepts("anna", digest, "")
    assert not factor.accepts("anna", digest, digest[:8])
    assert not factor.accepts("bert", digest, office.code(app))
    require_second_factor(factor, "ANNA", digest, office.code(app))
    assert not factor.accepts("anna", digest, office.code(app))
    assert factor.accepts("anna", digest, codes[0])
    assert "one-time code" in factor.asks_for


def test_too_many_tries_are_refused_there_as_wrong_ones(office: Office) -> None:
    office.add()
    app, _ = office.enrol()
    wrong = f"{(int(office.code(app)) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert not office.second_factor.accepts("anna", "d", wrong)
    assert not office.second_factor.accepts("anna", "d", office.code(app))


def test_a_voucher_stands_for_one_subject_once(office: Office) -> None:
    office.add()
    office.add("bert")
    app, _ = office.enrol()
    assert office.second_factor.vouch("anna", "digest", "000000", office.now) is None
    voucher = office.second_factor.vouch("anna", "digest", office.code(app), office.now)
    assert voucher is not None
    accepts = office.second_factor.accepts
    assert not accepts("anna", "other", voucher)
    assert not accepts("bert", "digest", voucher)
    assert not accepts("anna", "digest", voucher[:-1])
    assert accepts("anna", "digest", voucher)
    assert not accepts("anna", "digest", voucher)


@pytest.mark.parametrize("what", ["late", "signed out"])
def test_a_voucher_ends(office: Office, what: str) -> None:
    office.add()
    _, codes = office.enrol()
    voucher = office.second_factor.vouch("anna", "digest", codes[0], office.now)
    assert voucher is not None
    if what == "late":
        office.clock.advance(600)
    else:
        office.users.end_sessions("anna", who="root", at=office.now)
    assert not office.second_factor.accepts("anna", "digest", voucher)


def test_codes_are_those_of_rfc_6238() -> None:
    """Its test vectors are of eight digits; ours are their last six (appendix B, SHA-1)."""
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, code in ((59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")):
        assert step_of(seed, code, at, None) == at // 30
        assert step_of(seed, code, at, at // 30) is None
        assert step_of(seed, code, at + 60, None) is None
    assert step_of(seed, "755224", 0, None) == 0
    assert plain(" 287-082 ") == "287082"
    assert NOON % 30 == 0
