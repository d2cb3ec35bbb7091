"""Truth tables: what a start, a stop and a status are, beside the session that is open at the charger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.model.charger import Status
from hub.model.ids import ChargerId, SessionId, StationId, TransactionId
from hub.model.session import TransactionStart
from hub.sessions.energy import Count
from hub.sessions.lifecycle import Begun, Ended, Entry, Session, Sight, believed, claimed, entry, sight, stays_open

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP = StationId("CP1")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def session(
    token: str | None = "ANNE",
    transaction: int | None = 7,
    stopped: float | None = None,
    begun: tuple[float | None, float | None] = (0, 1000),
) -> Session:
    """A session that began at noon with 1000 Wh on the register."""
    minutes, meter_wh = begun
    return Session(
        id=SessionId("s"),
        charger=ChargerId("bay-1"),
        station=CP,
        started_at=NOON,
        token=token,
        start_wh=1000,
        transaction=None if transaction is None else TransactionId(transaction),
        begun=None if transaction is None else Begun(None if minutes is None else at(minutes), meter_wh),
        stopped_at=None if stopped is None else at(stopped),
    )


RUNS, STOPPED = session(), session(stopped=30)
NO_CLOCK = session(begun=(None, 1000))
UNAUTHORISED = session(token=None, transaction=None)


@pytest.mark.parametrize(
    ("open_", "minutes", "token", "meter_wh", "other", "is_"),
    [
        # it runs, and is told again
        (RUNS, 0, "ANNE", 1000, {}, Entry.SAME),
        (RUNS, 0, "ANNE", None, {}, Entry.SAME),
        (RUNS, 1, "ANNE", 1000, {}, Entry.SAME),  # its clock goes, its register stands: the same try
        (NO_CLOCK, None, "ANNE", 1000, {}, Entry.SAME),
        (RUNS, 9, "ANNE", 1800, {"resumes": True}, Entry.SAME),  # Q7: after a restart under a new start
        # it runs, and something else begins
        (RUNS, 9, "BERT", 1000, {}, Entry.NEXT),
        (RUNS, 9, "BERT", 1800, {"resumes": True}, Entry.NEXT),
        (RUNS, 9, "ANNE", 1800, {}, Entry.NEXT),
        (NO_CLOCK, None, "ANNE", 1800, {}, Entry.NEXT),
        (RUNS, 9, "ANNE", 1800, {"stayed": True}, Entry.NEXT),
        # Q19: history
        (RUNS, -600, "BERT", 100, {}, Entry.PAST),
        (RUNS, -600, "ANNE", 100, {}, Entry.PAST),
        (STOPPED, -600, "ANNE", 100, {"stayed": True}, Entry.PAST),
        # the transaction has ended, the car is still there
        (STOPPED, 40, "ANNE", 1800, {"stayed": True}, Entry.JOIN),
        (STOPPED, 40, "ANNE", 1800, {}, Entry.NEXT),  # its charger has not said that the car stayed
        (STOPPED, 40, "BERT", 1800, {"stayed": True}, Entry.NEXT),
        (session(token=None, stopped=30), 40, None, 1800, {"stayed": True}, Entry.NEXT),
        # energy flows without a start
        (UNAUTHORISED, 5, "ANNE", 1300, {}, Entry.CLAIM),
        (UNAUTHORISED, None, "ANNE", 1300, {}, Entry.CLAIM),
        (UNAUTHORISED, 60, "ANNE", 1300, {}, Entry.NEXT),
        (UNAUTHORISED, -5, "ANNE", 900, {}, Entry.CLAIM),  # told late: where it was noticed is a little further on
        (UNAUTHORISED, -600, "ANNE", -9000, {}, Entry.PAST),
        (UNAUTHORISED, -5, "ANNE", None, {}, Entry.PAST),
        # another device stands there by now
        (RUNS, 0, "ANNE", 1000, {"station": "CP2"}, Entry.NEXT),
        (RUNS, -600, "ANNE", 1000, {"station": "CP2"}, Entry.PAST),
        (RUNS, 0, "ANNE", 1000, {"station": "cp1"}, Entry.SAME),
    ],
)
def test_what_a_start_is(
    open_: Session,
    minutes: float | None,
    token: str | None,
    meter_wh: float | None,
    other: dict[str, object],
    is_: Entry,
) -> None:
    start = TransactionStart(
        connector=1,
        at=None if minutes is None else at(minutes),
        token=token,
        meter_wh=meter_wh,
        resumes=bool(other.get("resumes")),
    )
    station = StationId(str(other.get("station", CP)))
    assert entry(open_, station, start, stayed=bool(other.get("stayed"))) is is_


@pytest.mark.parametrize(
    ("status", "runs", "stopped", "unauthorised"),
    [
        (Status.AVAILABLE, Sight.STOP_DUE, Sight.GONE, Sight.GONE),
        (Status.RESERVED, Sight.NOTHING, Sight.GONE, Sight.GONE),
        (Status.UNAVAILABLE, Sight.NOTHING, Sight.GONE, Sight.GONE),
        (Status.PREPARING, Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
        (Status.CHARGING, Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
        (Status.SUSPENDED_EV, Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
        (Status.SUSPENDED_EVSE, Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
        (Status.FINISHING, Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
        (Status.FAULTED, Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
        (None, Sight.NOTHING, Sight.GONE, Sight.NOTHING),
    ],
)
def test_what_a_status_means(status: Status | None, runs: Sight, stopped: Sight, unauthorised: Sight) -> None:
    assert [sight(one, status) for one in (RUNS, STOPPED, UNAUTHORISED)] == [runs, stopped, unauthorised]


@pytest.mark.parametrize(
    ("status", "minutes_ago", "stays"),
    [
        (Status.FINISHING, 0, True),
        (Status.CHARGING, 0, True),  # its status comes a moment later
        (Status.PREPARING, 0, True),
        (Status.AVAILABLE, 0, False),
        (Status.FAULTED, 0, False),
        (None, 0, False),  # Q8: it never says whether a car is there
        (Status.FINISHING, 60, False),  # history: what it does now says nothing of then
    ],
)
def test_whether_a_session_goes_on_after_its_stop(status: Status | None, minutes_ago: float, stays: bool) -> None:
    assert stays_open(status, at(-minutes_ago), NOON) is stays


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (NOON, NOON),
        (at(-100_000), at(-100_000)),
        (at(4), at(4)),
        (at(6), None),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime(2099, 1, 1, tzinfo=UTC), None),
        (None, None),
    ],
)
def test_whose_clock_is_believed(said: datetime | None, meant: datetime | None) -> None:
    assert believed(said, NOON) == meant


def test_a_claim_says_whose_it_is_and_an_older_start_is_the_start() -> None:
    start = TransactionStart(connector=1, at=at(-5), token="ANNE", meter_wh=900)
    one = claimed(UNAUTHORISED, start, TransactionId(8))
    assert (one.started_at, one.start_wh, one.token, one.running) == (at(-5), 900, "ANNE", 8)
    later = claimed(
        UNAUTHORISED, TransactionStart(connector=1, at=at(2), token="ANNE", meter_wh=1100), TransactionId(8)
    )
    assert (later.started_at, later.start_wh, later.token) == (NOON, 1000, "ANNE")


def test_a_further_transaction_goes_on_with_the_session() -> None:
    start = TransactionStart(connector=1, at=at(40), token="ANNE", meter_wh=1800)
    one = claimed(STOPPED, start, TransactionId(8))
    assert (one.id, one.started_at, one.start_wh, one.running, one.reason) == ("s", NOON, 1000, 8, None)


def test_no_session_ends_before_it_began() -> None:
    assert Ended(RUNS, Count(), at(-5), None).ended_at == NOON
