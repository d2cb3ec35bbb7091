"""The sessions room: one session for one car at one charger, its transactions, and what it takes.

Answers the port `Transactions`. A start or a stop is in the database before the device is answered, in one unit of work
with the fact that tells it. Readings only count in memory; once a minute the count is written down, so that a hub that
is killed goes on from the register's last known place.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.state import Picture
from hub.core.store import Store
from hub.core.tables import millis
from hub.core.tasks import Tasks
from hub.model.charger import Charger, Status
from hub.model.errors import NotKept
from hub.model.facts import ChargerChanged, SessionProgressed
from hub.model.ids import ChargerId, SessionId, StationId, TransactionId
from hub.model.reading import ChargerReading, ChargerReport, ChargerStatus
from hub.model.session import LiveSession, TransactionStart, TransactionStop
from hub.sessions import store as books
from hub.sessions.energy import Count, Flag, Flags, Sample, begin, counted, counted_own, finished, has_moved, stands
from hub.sessions.lifecycle import (
    FREE,
    LATE,
    PLUGGED,
    Begun,
    Entry,
    Session,
    Sight,
    believed,
    entry,
    is_same,
    sight,
    stays_open,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_S = 10.0  # how often somebody looks for sessions that moved on
PROGRESS_S = 60.0
PROGRESS_WH = 10.0
LOST_STOP_S = 180.0  # a free outlet whose transaction was not ended by then: the stop was lost, drivers wait less
MUTE_S = 1800.0  # a session without a transaction or a status that takes nothing for so long is over
RATED_W = 24_000.0  # what is believed of a charger at least, whatever the drawing allows it


@dataclass(slots=True)
class Open:
    """A session that has not ended, and what is known of it since the hub runs."""

    session: Session
    count: Count
    unseen: bool = False  # open since before the hub started, and its charger has said no status yet
    stayed: bool = False  # its charger has said since the last stop that a car is plugged in
    free_since_s: float | None = None  # its outlet is free, and its transaction has not ended
    left_unseen: bool = False  # the car left while the hub was not there to see it
    moved_at_s: float = float("-inf")
    told_wh: float | None = None  # what the last progress told
    told_at_s: float = float("-inf")

    @property
    def reason_unsaid(self) -> str:
        """Why it ends when nobody says why."""
        return "unplugged_unseen" if self.left_unseen else "Other"

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


class Sessions:
    """The sessions that are open now, and the way of all others into the database."""

    def __init__(self, picture: Picture, bus: Bus, store: Store, clock: Clock) -> None:
        self._picture, self._bus, self._store, self._clock = picture, bus, store, clock
        self._tasks = Tasks("sessions")
        self._open: dict[ChargerId, Open] = {}
        self._past: dict[TransactionId, Open] = {}  # history whose stop has not come yet
        self._plugged: dict[ChargerId, datetime] = {}  # since when a car is seen
        self._idle: dict[ChargerId, Sample] = {}  # where a register stands that nobody has a session on
        self._turns: dict[ChargerId, asyncio.Lock] = {}
        self._steps: set[asyncio.Task[Any]] = set()

    # life

    async def start(self) -> None:
        """Read what is open, before any device speaks."""
        await self._store.write(lambda tx: books.ready_numbers(tx.connection, self._store.epoch, self._clock.now()))
        for session, count in await self._store.read(books.open_sessions):
            self._resume(Open(session, count, unseen=True, told_wh=count.energy_wh))
        self._tasks.keep("look", self._look)

    async def stop(self) -> None:
        """Let what has begun come to its end, and write down how far everything was counted."""
        await self._tasks.close()
        await asyncio.gather(*self._steps, return_exceptions=True)
        await self._write_down([open_ for open_ in self._open.values() if open_.count.energy_wh != open_.told_wh])
        self._open.clear()

    def _resume(self, resumed: Open) -> None:
        """The latest session of a charger is the open one, others are history."""
        charger = resumed.session.charger
        if (before := self._open.get(charger)) is not None and before.session.running is not None:
            self._past[before.session.running] = before
        self._open[charger] = resumed

    # the port Transactions

    def open_at(self, charger: ChargerId) -> LiveSession | None:
        """The session that is open at a charger."""
        found = self._open.get(charger)
        return None if found is None else found.live()

    def transaction_of(self, charger: ChargerId) -> TransactionId | None:
        """The transaction that runs at a charger."""
        found = self._open.get(charger)
        return None if found is None else found.session.running

    async def started(self, charger: Charger, start: TransactionStart) -> TransactionId:
        """A start: in the database when this returns. Raises NotKept."""
        return await self._in_turn(charger.id, self._started(charger, start))

    async def stopped(self, station: StationId, stop: TransactionStop) -> None:
        """A stop: in the database when this returns, whatever it ends. Raises NotKept."""
        found = self._with(stop.transaction)
        if found is not None and self._may_end(station, found.session):
            await self._in_turn(found.session.charger, self._stopped(station, stop))
        else:
            await self._stopped_unknown(station, stop)

    async def end_all(self, charger: ChargerId, station: StationId, reason: str) -> None:
        """A device leaves its place in the drawing: what is open there ends as it stands. Raises NotKept."""
        await self._in_turn(charger, self._end_all(charger, station, reason))

    def heard(self, charger: Charger, report: ChargerReport) -> None:
        """What a device says: readings count, and a free outlet ends a session. Never waits."""
        if isinstance(report, ChargerReading):
            self._measured(charger, report)
        elif isinstance(report, ChargerStatus):
            self._saw(charger.id, report)

    # one step after the other for each charger

    async def _in_turn(self, charger: ChargerId, step: Coroutine[Any, Any, T]) -> T:
        """Do a step when those before it are done, and to its end: also when who asked for it has gone away."""
        turn = self._turns.setdefault(charger, asyncio.Lock())

        async def take() -> T:
            async with turn:
                return await step

        task = asyncio.create_task(take(), name=f"sessions.{charger}")
        self._steps.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _begin_step(self, charger: ChargerId, step: Coroutine[Any, Any, None]) -> None:
        """A step that nobody waits for."""
        self._tasks.once(charger, self._in_turn(charger, step))

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._steps.discard(task)
        if not task.cancelled() and (failed := task.exception()) is not None:
            log.debug("%s: %s", task.get_name(), failed)  # who asked hears it, if he is still there

    # starts

    async def _started(self, charger: Charger, said: TransactionStart) -> TransactionId:
        now = self._clock.now()
        start = replace(said, at=believed(said.at, now))
        before = self._open.get(charger.id)
        kind = _entry(before, charger, start)
        if before is not None and kind is Entry.SAME:
            assert before.session.running is not None
            return before.session.running
        if before is not None and kind in (Entry.CLAIM, Entry.JOIN):
            return await self._goes_on(charger, before, start)
        fresh = self._fresh(charger, start, now)
        ending = self._replaced(before, start, fresh.session) if before is not None and kind is Entry.NEXT else None
        saying = books.Saying(start, _digest(charger, start))
        begin_ = partial(books.begin, session=fresh.session, count=fresh.count, saying=saying, ended=ending)
        begun = await self._store.write(begin_)
        if begun.session is None:
            return begun.number  # told before
        fresh.session = begun.session
        if kind is Entry.PAST:
            self._past[begun.number] = fresh
        else:
            self._take(fresh)
        return begun.number

    async def _goes_on(self, charger: Charger, open_: Open, start: TransactionStart) -> TransactionId:
        """The open session gets a transaction: its first, which says whose it is, or a further one."""
        session, count = open_.session, open_.count
        if start.meter_wh is not None:
            count = _reaching(session, count, Sample(start.meter_wh, start.at), _most_w(charger))
        saying = books.Saying(start, _digest(charger, start))
        begun = await self._store.write(partial(books.go_on, session=session, count=count, saying=saying))
        if begun.session is not None:
            open_.session, open_.count, open_.stayed = begun.session, count, False
            self._show(charger.id)
        return begun.number

    def _fresh(self, charger: Charger, start: TransactionStart, now: datetime) -> Open:
        started_at = start.at or now
        is_late = now - started_at > LATE
        plugged_at = None if is_late else self._plugged.get(charger.id)
        flags = _flags({Flag.CLOCK: start.at is None, Flag.LATE: is_late})
        session = Session(
            id=_session_id(started_at),
            charger=charger.id,
            station=charger.station,
            started_at=started_at,
            token=start.token,
            start_wh=start.meter_wh,
            plugged_at=None if plugged_at is None else min(plugged_at, started_at),
            begun=Begun(start.at, start.meter_wh),
        )
        return Open(session, begin(start.meter_wh, start.at, flags))

    def _replaced(self, before: Open, start: TransactionStart, by: Session) -> books.Ended:
        """How a session ends whose end never came, because another one begins."""
        session = before.session
        if session.stopped_at is not None:
            return self._as_it_stands(before, session.stopped_at, session.reason)
        register = None if start.meter_wh is None else Sample(start.meter_wh, start.at)
        count = finished(before.count, register, self._most_w(session.charger))
        return books.Ended(session, count, by.started_at, "replaced")

    # stops

    async def _stopped(self, station: StationId, said: TransactionStop) -> None:
        open_ = self._with(said.transaction)
        if open_ is None:  # it has ended while this waited for its turn
            return
        now = self._clock.now()
        at = believed(said.at, now)
        session = open_.session
        register = None if said.meter_wh is None else Sample(said.meter_wh, at)
        count = finished(open_.count, register, self._most_w(session.charger))
        is_fresh = at is None or now - at <= LATE
        flags = {Flag.CLOCK: at is None, Flag.UNPLUGGED_UNSEEN: open_.left_unseen and is_fresh}
        count = replace(count, flags=count.flags | _flags(flags))
        stop = replace(said, at=max(at or now, session.started_at), reason=said.reason or open_.reason_unsaid)
        session = replace(session, stopped_at=stop.at, reason=stop.reason)
        await self._stop(open_, Open(session, count), stop, now)

    async def _stop(self, open_: Open, after: Open, stop: TransactionStop, now: datetime) -> None:
        session, count = after.session, after.count
        assert stop.at is not None
        if self._is_current(open_) and stays_open(self._status_of(session.charger), stop.at, now):
            await self._store.write(partial(books.stop, session=session, count=count, stop=stop))
            open_.session, open_.count, open_.stayed = session, count, False
            self._show(session.charger)
            return
        ended = [books.Ended(session, count, stop.at, stop.reason), *self._older_than(session)]
        await self._store.write(partial(books.end, ended=ended, stop=stop))
        self._forget(ended)

    def _older_than(self, session: Session) -> list[books.Ended]:
        """History at the same charger that began earlier: its stop was lost, or comes as one that nobody waits for."""
        return [
            self._as_it_stands(past, session.started_at, "replaced")
            for past in self._past.values()
            if past.session.charger == session.charger and past.session.started_at < session.started_at
        ]

    async def _stopped_unknown(self, station: StationId, stop: TransactionStop) -> None:
        """A stop of no transaction that runs: told before, somebody else's, or of a start that never came here."""
        told = await self._store.read(partial(books.told_transaction, number=stop.transaction))
        charger = self._only_charger_of(station)
        if told is not None and is_same(told.station, station):
            return
        if told is not None or charger is None or stop.meter_wh is None:
            log.warning("%s ended transaction %s, which is not one of its own", station, stop.transaction)
            return
        await self._in_turn(charger.id, self._stray(charger, stop))

    async def _stray(self, charger: Charger, said: TransactionStop) -> None:
        """A charge whose start is not known: it ends what flows without a start, else it is a session by itself."""
        now = self._clock.now()
        at = believed(said.at, now)
        stop = replace(said, at=at or now, reason=said.reason)
        open_ = self._open.get(charger.id)
        is_meant = open_ is not None and open_.session.is_unauthorised and now - (at or now) <= LATE
        if open_ is None or not is_meant:
            open_ = self._unknown_start(charger, stop, at or now)
        register = None if said.meter_wh is None or open_.count.last is None else Sample(said.meter_wh, at)
        count = finished(open_.count, register, _most_w(charger))
        count = replace(count, flags=count.flags | _flags({Flag.CLOCK: at is None}))
        ended = books.Ended(open_.session, count, at or now, stop.reason)
        log.warning("%s ended transaction %s, whose start is not known", charger.station, said.transaction)
        digest = _digest_of("stop", charger.station, said.transaction, at, said.meter_wh)
        stray = partial(books.stray, ended=ended, stop=stop, is_new=not is_meant)
        await self._store.write(partial(stray, said=digest))
        if is_meant:
            self._forget([ended])

    def _unknown_start(self, charger: Charger, stop: TransactionStop, at: datetime) -> Open:
        session = Session(
            id=_session_id(at), charger=charger.id, station=charger.station, started_at=at, token=stop.token
        )
        is_late = self._clock.now() - at > LATE
        return Open(session, Count(flags=_flags({Flag.START_MISSING: True, Flag.LATE: is_late})))

    async def _end_all(self, charger: ChargerId, station: StationId, reason: str) -> None:
        now, everything = self._clock.now(), (*self._open.values(), *self._past.values())
        ended = [
            self._as_it_stands(open_, now, open_.session.reason or reason)
            for open_ in everything
            if open_.session.charger == charger and is_same(open_.session.station, station)
        ]
        if ended:
            await self._store.write(partial(books.end, ended=ended))
            self._forget(ended)

    def _as_it_stands(self, open_: Open, at: datetime, reason: str | None, *flags: Flag) -> books.Ended:
        count = finished(open_.count, None, self._most_w(open_.session.charger))
        return books.Ended(open_.session, replace(count, flags=count.flags | set(flags)), at, reason)

    # what devices say

    def _measured(self, charger: Charger, reading: ChargerReading) -> None:
        open_ = self._open.get(charger.id)
        if open_ is None:
            self._without_session(charger, reading)
            return
        before, most_w = open_.count.energy_wh, _most_w(charger)
        if reading.energy_wh is not None:
            open_.count = counted(open_.count, Sample(reading.energy_wh, reading.at), most_w)
        elif reading.session_wh is not None:
            own = Sample(reading.session_wh, reading.at)
            open_.count = counted_own(open_.count, own, open_.session.started_at, most_w)
        if open_.count.energy_wh != before:
            open_.moved_at_s = self._clock.monotonic()
            self._show(charger.id)

    def _without_session(self, charger: Charger, reading: ChargerReading) -> None:
        """Energy that flows though no transaction was begun is a session all the same, once it is worth the word."""
        if reading.energy_wh is None:
            return
        sample, stood = Sample(reading.energy_wh, reading.at), self._idle.get(charger.id)
        if stood is not None and has_moved(stood, sample, _most_w(charger)):
            self._idle.pop(charger.id)
            self._begin_step(charger.id, self._noticed(charger, stood, sample))
        elif stood is None or not stands(stood, sample):
            self._idle[charger.id] = sample

    async def _noticed(self, charger: Charger, stood: Sample, sample: Sample) -> None:
        """Open a session that nobody has authorised."""
        if charger.id in self._open:
            return
        now = self._clock.now()
        started_at = stood.at or now
        session = Session(
            id=_session_id(started_at),
            charger=charger.id,
            station=charger.station,
            started_at=started_at,
            start_wh=stood.wh,
            plugged_at=self._plugged.get(charger.id),
        )
        count = counted(begin(stood.wh, stood.at, frozenset({Flag.NO_AUTHORISATION})), sample, _most_w(charger))
        await self._store.write(partial(books.insert_session, session=session, count=count))
        log.warning("energy flows at %s, and no transaction was begun", charger.id)
        fresh = Open(session, count, moved_at_s=self._clock.monotonic())
        self._take(fresh)
        if self._status_of(charger.id) in FREE:
            await self._leave(charger.id, session.id, unseen=True)

    def _saw(self, charger: ChargerId, report: ChargerStatus) -> None:
        if report.status in PLUGGED:
            self._plugged.setdefault(charger, report.at)
        elif report.status in FREE:
            self._plugged.pop(charger, None)
        open_ = self._open.get(charger)
        if open_ is None:
            return
        unseen, open_.unseen = open_.unseen, False
        open_.stayed = open_.stayed or report.status in PLUGGED
        match sight(open_.session, report.status):
            case Sight.GONE:
                self._begin_step(charger, self._leave(charger, open_.session.id, unseen=unseen))
            case Sight.STOP_DUE if open_.free_since_s is None:
                open_.free_since_s, open_.left_unseen = self._clock.monotonic(), unseen
            case Sight.NOTHING:
                open_.free_since_s, open_.left_unseen = None, False

    async def _leave(self, charger: ChargerId, session: SessionId, *, unseen: bool) -> None:
        """The car has gone: its session is over, now or when this is noticed."""
        open_ = self._open.get(charger)
        if open_ is None or open_.session.id != session:
            return
        reason = open_.session.reason or ("unplugged_unseen" if unseen else "EVDisconnected")
        flags = [Flag.UNPLUGGED_UNSEEN] if unseen else []
        is_untold = self._status_of(charger) is None
        at = (open_.session.stopped_at if is_untold else None) or self._clock.now()
        ended = [self._as_it_stands(open_, at, reason, *flags), *self._older_than(open_.session)]
        await self._store.write(partial(books.end, ended=ended))
        self._forget(ended)

    # now and then

    async def _look(self) -> None:
        while True:
            await self._clock.sleep(LOOK_S)
            now_s = self._clock.monotonic()
            for charger, open_ in list(self._open.items()):
                if self._is_over(open_, now_s):
                    step = self._leave(charger, open_.session.id, unseen=open_.left_unseen)
                    self._begin_step(charger, step)
            await self._write_down([o for o in self._open.values() if self._is_due(o, now_s)])

    def _is_over(self, open_: Open, now_s: float) -> bool:
        """Its outlet is free and the stop was lost; or it has no transaction, says nothing, and takes nothing."""
        live = self._picture.chargers.get(open_.session.charger)
        if live is None or not live.online:
            return False
        if open_.free_since_s is not None and now_s - open_.free_since_s > LOST_STOP_S:
            return True
        is_mute = open_.session.is_unauthorised and live.status not in PLUGGED
        return is_mute and now_s - open_.moved_at_s > MUTE_S

    def _is_due(self, open_: Open, now_s: float) -> bool:
        """It has moved on enough to be written down, and no step on it is under way."""
        turn = self._turns.get(open_.session.charger)
        if (turn is not None and turn.locked()) or now_s - open_.told_at_s < PROGRESS_S:
            return False
        energy_wh = open_.count.energy_wh
        return energy_wh is not None and energy_wh - (open_.told_wh or 0.0) >= PROGRESS_WH

    async def _write_down(self, due: list[Open]) -> None:
        """Note how far each was counted, in one unit of work, and say so."""
        if not due:
            return
        steps = [(o.session, o.count, self._progress(o)) for o in due]
        for open_ in due:
            open_.told_wh, open_.told_at_s = open_.count.energy_wh, self._clock.monotonic()
        with suppress(NotKept):  # the store says so; a later one counts from what is there
            await self._store.write(partial(books.checkpoints, steps=steps), durable=False)

    def _progress(self, open_: Open) -> SessionProgressed | None:
        session, energy_wh = open_.session, open_.count.energy_wh
        if energy_wh is None or self._store.is_short_of_space:
            return None
        live = self._picture.chargers.get(session.charger)
        power_w = None if live is None or live.reading is None else live.reading.power_w
        return SessionProgressed(
            at=self._clock.now(), charger=session.charger, session=session.id, energy_wh=energy_wh, power_w=power_w
        )

    # small questions

    def _with(self, transaction: TransactionId) -> Open | None:
        """The session in which this transaction runs."""
        if (past := self._past.get(transaction)) is not None:
            return past
        return next((o for o in self._open.values() if o.session.running == transaction), None)

    def _may_end(self, station: StationId, session: Session) -> bool:
        """Its own station, or the one that took its place in the drawing; of a charger that left it, anybody."""
        drawn = self._picture.site.chargers.get(session.charger)
        return drawn is None or is_same(station, session.station) or is_same(station, drawn.station)

    def _only_charger_of(self, station: StationId) -> Charger | None:
        found = [c for c in self._picture.site.chargers.values() if is_same(c.station, station)]
        return found[0] if len(found) == 1 else None

    def _is_current(self, open_: Open) -> bool:
        return self._open.get(open_.session.charger) is open_

    def _status_of(self, charger: ChargerId) -> Status | None:
        live = self._picture.chargers.get(charger)
        return None if live is None else live.status

    def _most_w(self, charger: ChargerId) -> float:
        drawn = self._picture.site.chargers.get(charger)
        return RATED_W if drawn is None else _most_w(drawn)

    # what is open, and how the picture shows it

    def _take(self, fresh: Open) -> None:
        charger = fresh.session.charger
        self._open[charger] = fresh
        self._idle.pop(charger, None)
        self._show(charger)

    def _forget(self, ended: list[books.Ended]) -> None:
        gone = {one.session.id for one in ended}
        self._past = {number: past for number, past in self._past.items() if past.session.id not in gone}
        for charger in {one.session.charger for one in ended}:
            open_ = self._open.get(charger)
            if open_ is not None and open_.session.id in gone:
                del self._open[charger]
                self._show(charger)

    def _show(self, charger: ChargerId) -> None:
        live = self._picture.chargers.get(charger)
        if live is not None:
            live.session = self.open_at(charger)
            self._bus.publish(ChargerChanged(charger))


def _entry(before: Open | None, charger: Charger, start: TransactionStart) -> Entry:
    if before is None:
        return Entry.FIRST
    return entry(before.session, charger.station, start, stayed=before.stayed)


def _reaching(session: Session, count: Count, start: Sample, most_w: float) -> Count:
    """The count at a further start; one from before the session was noticed adds what was taken until then."""
    if session.is_unauthorised and session.start_wh is not None and start.wh <= session.start_wh:
        return replace(count, energy_wh=(count.energy_wh or 0.0) + session.start_wh - start.wh)
    return counted(count, start, most_w)


def _most_w(charger: Charger) -> float:
    """What is believed that the charger can give."""
    return max(charger.max_a * 3 * 250, RATED_W)


def _flags(which: dict[Flag, bool]) -> Flags:
    return frozenset(flag for flag, holds in which.items() if holds)


def _session_id(at: datetime) -> SessionId:
    """48 bits of milliseconds and 80 of chance, as in a UUID of version 7 (RFC 9562, section 5.7)."""
    return SessionId(f"{millis(at):012x}{secrets.token_hex(10)}")


def _digest(charger: Charger, start: TransactionStart) -> str | None:
    """What makes a start the same when it comes again; without a clock nothing does."""
    if start.at is None:
        return None
    return _digest_of("start", charger.station, charger.connector, start.at, start.token, start.meter_wh)


def _digest_of(*what: object) -> str:
    return blake2b(repr(what).encode(), digest_size=16).hexdigest()
