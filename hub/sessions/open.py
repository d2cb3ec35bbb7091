"""A session that has not ended, as it lives in memory, and how it begins and ends. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from hub.core.state import LiveCharger, Picture
from hub.core.tables import millis
from hub.model.charger import Charger
from hub.model.facts import SessionProgressed
from hub.model.ids import SessionId
from hub.model.session import LiveSession, TransactionStart, TransactionStop
from hub.sessions.energy import Count, Flag, Flags, Sample, begin, counted, finished, follows
from hub.sessions.lifecycle import FREE, LATE, PLUGGED, Begun, Ended, Entry, Session, entry

RATED_W = 24_000.0  # what is believed of a charger at least, whatever the drawing allows it
NEVER_S = float("-inf")
LOST_STOP_S = 180.0  # a free outlet whose transaction was not ended by then: the stop was lost; drivers wait less
REPLAY_S = 300.0  # energy without a start may have one: a charger that was away sends what it has kept
MUTE_S = 1800.0  # without a transaction and a status: what takes nothing for so long is over
STOOD = timedelta(days=1)  # what a register moved on since longer ago may be several cars'
PROGRESS_S = 60.0
PROGRESS_WH = 10.0


@dataclass(slots=True)
class Open:
    """A session that has not ended, and what is known of it since the hub runs. `_s` are monotonic seconds."""

    session: Session
    count: Count
    unseen: bool = False  # open since before the hub started, and its charger has said no status yet
    is_untold: bool = False  # its transaction was begun when the device had given up to ask for its number
    stayed: bool = False  # its charger has said since the last stop that a car is plugged in
    free_at: datetime | None = None  # its outlet is free since then, and its transaction has not ended
    free_at_s: float | None = None
    left_unseen: bool = False  # the car left while the hub was not there to see it
    moved_at_s: float = NEVER_S  # when it last took something
    told_wh: float | None = None  # what was last written down
    told_at_s: float = NEVER_S

    def live(self) -> LiveSession:
        """As the picture shows it."""
        session = self.session
        return LiveSession(
            id=session.id,
            started_at=session.started_at,
            transaction=session.running,
            token=session.token,
            start_wh=session.start_wh,
            energy_wh=self.count.energy_wh,
        )

    def is_over(self, live: LiveCharger | None, now_s: float) -> bool:
        """Its outlet is free and nobody has said the end; or it has no transaction, says nothing, and takes nothing."""
        if live is None or not live.online:
            return False
        if self.session.running is None and live.status in FREE:
            return True  # it was seen, and could not be written down then
        if self.free_at_s is not None and now_s - self.free_at_s > LOST_STOP_S:
            return True
        is_mute = self.session.is_unauthorised and live.status not in PLUGGED
        return is_mute and now_s - self.moved_at_s > MUTE_S

    def has_moved_on(self, now_s: float) -> bool:
        """It has taken enough to be written down, and that was not a moment ago."""
        energy_wh = self.count.energy_wh
        if energy_wh is None or now_s - self.told_at_s < PROGRESS_S:
            return False
        return energy_wh - (self.told_wh or 0.0) >= PROGRESS_WH

    def progress(self, at: datetime, picture: Picture) -> SessionProgressed | None:
        """The fact of what it has taken so far."""
        session, live = self.session, picture.chargers.get(self.session.charger)
        if self.count.energy_wh is None:
            return None
        return SessionProgressed(
            at=at,
            charger=session.charger,
            session=session.id,
            energy_wh=self.count.energy_wh,
            power_w=None if live is None or live.reading is None else live.reading.power_w,
        )


@dataclass(slots=True)
class Idle:
    """A register on which nobody has a session: where it stood, and where it is since it moved by what a car takes."""

    stood: Sample
    newest: Sample
    moved_at_s: float | None = None

    def is_charge(self, now_s: float) -> bool:
        """It has moved, and no start has come since that explains it."""
        return self.moved_at_s is not None and now_s - self.moved_at_s >= REPLAY_S


def most_w(charger: Charger | None) -> float:
    """What is believed that a charger can give: three phases of what it is drawn with, at high voltage."""
    return RATED_W if charger is None else max(charger.max_a * 3 * 250, RATED_W)


def session_id(at: datetime, chance: str) -> SessionId:
    """48 bits of milliseconds, then 20 hex digits of chance: in the order of a UUID version 7 (RFC 9562, 5.7)."""
    return SessionId(f"{millis(at):012x}{chance}")


def flags(which: Mapping[Flag, bool]) -> Flags:
    """The flags that hold."""
    return frozenset(flag for flag, holds in which.items() if holds)


# beginning


def entry_beside(before: Open | None, charger: Charger, start: TransactionStart) -> Entry:
    """What a start is, beside what is open at its charger."""
    if before is None:
        return Entry.FIRST
    return entry(before.session, charger.station, start, stayed=before.stayed)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is told, since when a car is seen at that outlet, and 20 hex digits of chance for an id."""

    now: datetime
    plugged_at: datetime | None
    chance: str


def fresh(charger: Charger, start: TransactionStart, moment: Moment) -> Open:
    """A session that begins with this start; its number is not given yet."""
    started_at = start.at or moment.now
    is_late = moment.now - started_at > LATE
    plugged_at = None if is_late or moment.plugged_at is None else min(moment.plugged_at, started_at)
    session = Session(
        id=session_id(started_at, moment.chance),
        charger=charger.id,
        station=charger.station,
        started_at=started_at,
        token=start.token,
        start_wh=start.meter_wh,
        plugged_at=plugged_at,
        begun=Begun(start.at, start.meter_wh),
    )
    known = flags({Flag.CLOCK: start.at is None, Flag.LATE: is_late})
    return Open(session, begin(start.meter_wh, start.at, known))


def noticed(charger: Charger, stood: Sample, sample: Sample, moment: Moment) -> Open:
    """A session that nobody has authorised: its register moved on from where it had stood."""
    started_at = stood.at or moment.now
    session = Session(
        id=session_id(started_at, moment.chance),
        charger=charger.id,
        station=charger.station,
        started_at=started_at,
        start_wh=stood.wh,
        plugged_at=None if moment.plugged_at is None else min(moment.plugged_at, started_at),
    )
    count = begin(stood.wh, stood.at, frozenset({Flag.NO_AUTHORISATION}))
    return Open(session, counted(count, sample, most_w(charger)))


def unknown_start(
    charger: Charger, stop: TransactionStop, at: datetime, moment: Moment, stood: Sample | None = None
) -> Open:
    """A session of which only the stop is known. It has taken what the register moved on from where it `stood`."""
    is_late = moment.now - at > LATE
    plugged_at = None if is_late or moment.plugged_at is None or moment.plugged_at > at else moment.plugged_at
    started_at = plugged_at or at
    session = Session(
        id=session_id(started_at, moment.chance),
        charger=charger.id,
        station=charger.station,
        started_at=started_at,
        token=stop.token,
        plugged_at=plugged_at,
    )
    known = flags({Flag.START_MISSING: True, Flag.LATE: is_late})
    if stood is None or stop.meter_wh is None:
        return Open(session, Count(flags=known))
    register, limit_w = Sample(stop.meter_wh, at), most_w(charger)
    is_stale = stood.at is None or at - stood.at > STOOD
    if is_stale or register.wh < stood.wh or not follows(stood, register, limit_w):
        return Open(session, Count(flags=known))
    return Open(session, finished(begin(stood.wh, stood.at, known), register, limit_w))


def count_at_start(open_: Open, start: TransactionStart, limit_w: float) -> Count:
    """The count of an open session at a start that belongs to it.

    One from before the session was noticed adds what was taken until then.
    """
    session, count = open_.session, open_.count
    count = replace(count, flags=count.flags - {Flag.NO_AUTHORISATION})
    if start.meter_wh is None:
        return count
    if session.is_unauthorised and session.start_wh is not None and start.meter_wh <= session.start_wh:
        return replace(count, energy_wh=(count.energy_wh or 0.0) + session.start_wh - start.meter_wh)
    return counted(count, Sample(start.meter_wh, start.at), limit_w)


# ending


def as_it_stands(open_: Open, at: datetime, reason: str | None, limit_w: float, *more: Flag) -> Ended:
    """How a session ends of which no device says the end: as far as it was counted."""
    count = finished(open_.count, None, limit_w)
    return Ended(open_.session, replace(count, flags=count.flags | set(more)), at, reason)


def replaced(open_: Open, start: TransactionStart, at: datetime, limit_w: float) -> Ended:
    """How a session ends because another one begins: at its stop, or where its register stands at that start."""
    session = open_.session
    if session.stopped_at is not None:
        return as_it_stands(open_, session.stopped_at, session.reason, limit_w)
    register = None if start.meter_wh is None else Sample(start.meter_wh, start.at)
    return Ended(session, finished(open_.count, register, limit_w), at, "replaced")


def stopped(open_: Open, said: TransactionStop, at: datetime | None, limit_w: float) -> Count:
    """The count at a stop; `at` None where the device's clock could not be meant."""
    register = None if said.meter_wh is None else Sample(said.meter_wh, at)
    count = finished(open_.count, register, limit_w)
    return count if at is not None else replace(count, flags=count.flags | {Flag.CLOCK})


# what makes two messages the same


def digest_of_start(charger: Charger, start: TransactionStart) -> str | None:
    """By this a start is known when it comes again; without a clock nothing does."""
    if start.at is None:
        return None
    return _digest("start", charger.station, charger.connector, start.at, start.token, start.meter_wh)


def digest_of_stop(charger: Charger, stop: TransactionStop, at: datetime | None) -> str:
    """By this a stop is known whose transaction is not."""
    return _digest("stop", charger.station, stop.transaction, at, stop.meter_wh)


def _digest(*what: object) -> str:
    return blake2b(repr(what).encode(), digest_size=16).hexdigest()
