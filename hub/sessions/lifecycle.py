"""What a start, a stop or a status means for the session that is open at a charger. Pure: values in, a word out.

Chargers send starts twice, after a restart, or days late; some never say that an outlet is free, and some say it before
they say that the charge has ended. Each function here is one table of such cases, and its test is that table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from hub.model.charger import WITH_CAR, Status
from hub.model.ids import ChargerId, SessionId, StationId, TransactionId
from hub.model.session import TransactionStart
from hub.sessions.energy import COARSE_WH, Count

OLDEST = datetime(2020, 1, 1, tzinfo=UTC)  # a clock that is set before this was never set
AHEAD = timedelta(minutes=5)  # one that runs further ahead than this is wrong
LATE = timedelta(minutes=5)  # what is told later than this after it happened says nothing of now
CLAIMED_WITHIN = timedelta(minutes=15)  # a start that comes later after the energy is another car's

PLUGGED = WITH_CAR | {Status.FINISHING}
FREE = frozenset({Status.AVAILABLE, Status.RESERVED, Status.UNAVAILABLE})
"""No car, once a charge is over: OCPP 1.6 leaves "finishing" for one of these at plug-out (section 4.9, F1, F7, F8)."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What the device said when it began its latest transaction; `at` None: its clock could not be meant."""

    at: datetime | None
    meter_wh: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that has not ended."""

    id: SessionId
    charger: ChargerId
    station: StationId
    started_at: datetime
    token: str | None = None
    start_wh: float | None = None
    plugged_at: datetime | None = None
    transaction: TransactionId | None = None  # the latest one
    begun: Begun | None = None
    stopped_at: datetime | None = None  # when the latest transaction ended; None while it runs
    reason: str | None = None

    @property
    def running(self) -> TransactionId | None:
        """The transaction that runs now."""
        return None if self.stopped_at is not None else self.transaction

    @property
    def is_unauthorised(self) -> bool:
        """Energy flows, and nobody has begun a transaction."""
        return self.transaction is None


@dataclass(frozen=True, slots=True)
class Ended:
    """A session as it ended."""

    session: Session
    count: Count
    at: datetime
    reason: str | None

    @property
    def ended_at(self) -> datetime:
        """Never before its start, whatever the clocks say."""
        return max(self.at, self.session.started_at)


def is_same(one: StationId, other: StationId) -> bool:
    """Stations write their names in letters of either case."""
    return one.casefold() == other.casefold()


class Entry(StrEnum):
    """What a start is."""

    FIRST = "first"  # nothing is open: a new session
    SAME = "same"  # the one that runs, told again
    CLAIM = "claim"  # whose token it is, of the open session that had none
    JOIN = "join"  # a further transaction of the open session: same token, and the car never left
    NEXT = "next"  # another session; the open one is over
    PAST = "past"  # history: a session of its own beside the open one


def entry(session: Session, station: StationId, start: TransactionStart, *, stayed: bool) -> Entry:
    """What a station's start is beside the open session.

    `stayed`: the charger has said since the last stop that a car is plugged in.
    """
    is_older = start.at is not None and start.at < session.started_at
    if not is_same(session.station, station):  # another device has its place by now
        return Entry.PAST if is_older else Entry.NEXT
    if session.running is not None and _is_same(session, start):
        return Entry.SAME
    if session.is_unauthorised:
        return _entry_unauthorised(session, start, is_older=is_older)
    if is_older:
        return Entry.PAST
    if session.running is None and stayed and start.token is not None and start.token == session.token:
        return Entry.JOIN
    return Entry.NEXT


def _entry_unauthorised(session: Session, start: TransactionStart, *, is_older: bool) -> Entry:
    """A start that comes a little after the energy says whose it is, and so does an older one that is told late."""
    if is_older:
        return Entry.CLAIM if _reaches(session, start) else Entry.PAST
    is_soon = start.at is None or start.at - session.started_at <= CLAIMED_WITHIN
    return Entry.CLAIM if is_soon else Entry.NEXT


def _is_same(session: Session, start: TransactionStart) -> bool:
    """The start that runs, told again.

    A device without a clock gives another time at each try, so the register counts too: it moves as soon as energy
    flows.
    """
    begun = session.begun
    if begun is None or session.token != start.token:
        return False
    same_register = start.meter_wh is not None and begun.meter_wh == start.meter_wh
    return start.resumes or same_register or (start.at is not None and begun.at == start.at)


def _reaches(session: Session, start: TransactionStart) -> bool:
    """The register has hardly moved from this older start to where the session was noticed: they are one charge."""
    if session.start_wh is None or start.meter_wh is None:
        return False
    return 0 <= session.start_wh - start.meter_wh <= COARSE_WH


def stays_open(status: Status | None, stopped_at: datetime, now: datetime) -> bool:
    """True when a car is still plugged in after the stop of its transaction, so that its session goes on."""
    return status in PLUGGED and now - stopped_at <= LATE


class Sight(StrEnum):
    """What a status means for the open session."""

    NOTHING = "nothing"
    GONE = "gone"  # the car has left: the session is over
    STOP_DUE = "stop_due"  # the car has left, and the end of its transaction has not come yet


def sight(session: Session, status: Status | None) -> Sight:
    """What a status says of the open session."""
    if session.running is not None:
        return Sight.STOP_DUE if status is Status.AVAILABLE else Sight.NOTHING
    if status is None and session.stopped_at is not None:
        return Sight.GONE  # nobody can say any more whether the car is there: it was over at the stop
    return Sight.GONE if status in FREE else Sight.NOTHING


def believed(at: datetime | None, now: datetime) -> datetime | None:
    """A device's time, or None where its clock cannot be meant: before 2020, or well ahead of ours."""
    return None if at is None or at < OLDEST or at > now + AHEAD else at


def claimed(session: Session, start: TransactionStart, transaction: TransactionId) -> Session:
    """The session with the transaction that claims it or goes on with it; an older start is its start."""
    older = session.is_unauthorised and start.at is not None and start.at < session.started_at
    at, start_wh = (start.at, start.meter_wh) if older else (None, None)
    return replace(
        session,
        started_at=at or session.started_at,
        start_wh=session.start_wh if start_wh is None else start_wh,
        token=start.token,
        transaction=transaction,
        begun=Begun(start.at, start.meter_wh),
        stopped_at=None,
        reason=None,
    )
