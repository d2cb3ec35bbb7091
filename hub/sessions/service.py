"""The sessions room: one session for one car at one charger, its transactions, and what it takes.

Answers the port `Transactions`. A start or a stop is in the database before the device is answered, in one unit of work
with the fact that tells it. Readings only count in memory; once a minute the count is written down, so that a hub that
is killed goes on from the register's last known place.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.state import Picture
from hub.core.store import Store
from hub.core.tasks import Tasks
from hub.model.charger import Charger, Status
from hub.model.errors import NotKept
from hub.model.facts import ChargerChanged
from hub.model.ids import ChargerId, SessionId, StationId, TransactionId
from hub.model.reading import ChargerReading, ChargerReport, ChargerStatus
from hub.model.session import LiveSession, TransactionStart, TransactionStop
from hub.sessions import open as opened
from hub.sessions import store as books
from hub.sessions import strays
from hub.sessions.energy import Flag, Sample, counted, counted_own, has_moved, stands
from hub.sessions.lifecycle import (
    FREE,
    LATE,
    PLUGGED,
    Ended,
    Entry,
    Session,
    Sight,
    believed,
    is_same,
    sight,
    stays_open,
)
from hub.sessions.open import Idle, Moment, Open, most_w

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_S = 10.0  # how often somebody looks for sessions that moved on
MOST_REFUSED = 50  # starts of one charger that wait for a database that takes them


class Sessions:
    """The sessions that are open now, and the way of all others into the database."""

    def __init__(self, picture: Picture, bus: Bus, store: Store, clock: Clock) -> None:
        self._picture, self._bus, self._store, self._clock = picture, bus, store, clock
        self._tasks = Tasks("sessions")
        self._open: dict[ChargerId, Open] = {}
        self._past: dict[TransactionId, Open] = {}  # history whose stop has not come yet
        self._plugged: dict[ChargerId, datetime] = {}  # since when a car is seen
        self._idle: dict[ChargerId, Idle] = {}  # where a register stands that nobody has a session on
        self._refused: dict[ChargerId, list[TransactionStart]] = {}  # what the database did not take
        self._turns: dict[ChargerId, asyncio.Lock] = {}
        self._steps: set[asyncio.Task[Any]] = set()

    # life

    async def start(self) -> None:
        """Read what is open, before any device speaks."""
        await self._store.write(lambda tx: books.ready_numbers(tx.connection, self._store.epoch, self._clock.now()))
        now_s = self._clock.monotonic()
        for session, count in await self._store.read(books.open_sessions):
            self._resume(Open(session, count, unseen=True, told_wh=count.energy_wh, moved_at_s=now_s))
        self._tasks.keep("look", self._look)

    async def stop(self) -> None:
        """Let what has begun come to its end, and write down how far everything was counted."""
        await self._tasks.close()
        await asyncio.gather(*self._steps, return_exceptions=True)
        await self._write_down([open_ for open_ in self._open.values() if open_.count.energy_wh != open_.told_wh])
        self._open.clear()
        for charger in list(self._refused):
            self._forget_refused(charger)

    def _resume(self, resumed: Open) -> None:
        """The latest session of a charger is the open one, others are history."""
        charger = resumed.session.charger
        before = self._open.get(charger)
        if before is not None and before.session.transaction is not None:
            self._past[before.session.transaction] = before
        self._open[charger] = resumed
        self._show(charger)

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
        return await self._in_turn(charger.id, self._asked(charger, start))

    async def stopped(self, station: StationId, stop: TransactionStop) -> None:
        """A stop: in the database when this returns, whatever it ends. Raises NotKept."""
        found = self._with(stop.transaction)
        if found is not None and self._may_end(station, found.session):
            await self._in_turn(found.session.charger, self._stopped(stop))
        else:
            await self._stopped_unknown(station, stop)

    async def end_all(self, charger: ChargerId, station: StationId, reason: str) -> None:
        """A device leaves its place in the drawing: what is open there ends as it stands. Raises NotKept."""
        self._plugged.pop(charger, None)  # the car that stands at the next device came when that one says so
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
        """A step that nobody waits for. Where the database does not take it, `_look` finds it undone."""

        async def quietly() -> None:
            with suppress(NotKept):
                await self._in_turn(charger, step)

        self._tasks.once(charger, quietly())

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._steps.discard(task)
        if not task.cancelled() and (failed := task.exception()) is not None:
            log.debug("%s: %s", task.get_name(), failed)  # who asked hears it, if he is still there

    # starts

    async def _asked(self, charger: Charger, start: TransactionStart) -> TransactionId:
        """A device asks for a number. What is not kept is remembered: a device that gives up asking may charge."""
        try:
            await self._make_up(charger)
            number = await self._started(charger, start)
        except NotKept:
            waiting = self._refused.setdefault(charger.id, [])
            if start not in waiting:
                self._refused[charger.id] = [*waiting, start][-MOST_REFUSED:]
            raise
        open_ = self._open.get(charger.id)
        if open_ is not None and open_.session.running == number:
            open_.is_untold = False
        return number

    async def _make_up(self, charger: Charger) -> None:
        """Begin what could not be kept when the device said it. Raises NotKept."""
        while waiting := self._refused.get(charger.id):
            number = await self._started(charger, waiting[0])
            log.warning("the start of transaction %d at %s is kept now", number, charger.id)
            del waiting[0]
            open_, live = self._open.get(charger.id), self._picture.chargers.get(charger.id)
            if open_ is not None and open_.session.running == number and live is not None:
                open_.is_untold = True
                if live.reading is not None:
                    self._measured(charger, live.reading)
                if live.status in FREE:
                    open_.free_at, open_.free_at_s = self._clock.now(), self._clock.monotonic()
        self._refused.pop(charger.id, None)

    def _forget_refused(self, charger: ChargerId) -> None:
        for start in self._refused.pop(charger, ()):
            log.error("a start at %s by %s could not be kept, and is forgotten now", charger, start.token)

    async def _started(self, charger: Charger, said: TransactionStart) -> TransactionId:
        start = replace(said, at=believed(said.at, self._clock.now()))
        before = self._open.get(charger.id)
        kind = opened.entry_beside(before, charger, start)
        if before is not None and kind is Entry.SAME:
            assert before.session.running is not None
            return before.session.running
        saying = books.Saying(start, opened.digest_of_start(charger, start))
        if before is not None and kind in (Entry.CLAIM, Entry.JOIN):
            return await self._go_on(charger, before, saying)
        fresh = opened.fresh(charger, start, self._moment(charger.id))
        ended = None
        if before is not None and kind is Entry.NEXT:
            ended = opened.replaced(before, start, fresh.session.started_at, most_w(charger))
        work = partial(books.begin, session=fresh.session, count=fresh.count, saying=saying, ended=ended)
        begun = await self._store.write(work)
        if begun.session is not None:
            fresh.session = begun.session
            self._take(fresh, is_past=kind is Entry.PAST)
        return begun.number

    async def _go_on(self, charger: Charger, open_: Open, saying: books.Saying) -> TransactionId:
        """The open session gets a transaction: its first, which says whose it is, or a further one."""
        count = opened.count_at_start(open_, saying.start, most_w(charger))
        begun = await self._store.write(partial(books.go_on, session=open_.session, count=count, saying=saying))
        if begun.session is not None:
            open_.session, open_.count, open_.stayed = begun.session, count, False
            self._show(charger.id)
        return begun.number

    # stops

    async def _stopped(self, said: TransactionStop) -> None:
        open_ = self._with(said.transaction)
        if open_ is None:  # it has ended while this waited for its turn
            return
        now = self._clock.now()
        at = believed(said.at, now)
        count = opened.stopped(open_, said, at, self._most_w(open_.session.charger))
        if open_.left_unseen and now - (at or now) <= LATE:
            count = replace(count, flags=count.flags | {Flag.UNPLUGGED_UNSEEN})
        stopped_at = max(at or now, open_.session.started_at)
        reason = said.reason or ("unplugged_unseen" if open_.left_unseen else "Other")
        session = replace(open_.session, stopped_at=stopped_at, reason=reason)
        stop = replace(said, at=stopped_at, reason=reason)
        charger = session.charger
        if self._open.get(charger) is open_ and stays_open(self._status_of(charger), stopped_at, now):
            await self._store.write(partial(books.stop, session=session, count=count, stop=stop))
            open_.session, open_.count, open_.stayed = session, count, False
            self._show(charger)
        else:
            await self._end(Ended(session, count, stopped_at, reason), stop)

    async def _end(self, ended: Ended, stop: TransactionStop | None = None) -> None:
        """A session is over, and with it the history at that charger whose stops never came."""
        everything = [ended, *self._older_than(ended.session)]
        await self._store.write(partial(books.end, ended=everything, stop=stop))
        self._forget(everything)

    def _older_than(self, session: Session) -> list[Ended]:
        return [
            opened.as_it_stands(past, session.started_at, "replaced", self._most_w(session.charger))
            for past in self._past.values()
            if past.session.charger == session.charger and past.session.started_at < session.started_at
        ]

    async def _stopped_unknown(self, station: StationId, said: TransactionStop) -> None:
        """A stop of no transaction that runs: told before, somebody else's, or of a start that never came here."""
        owner = await self._store.read(partial(books.station_of, number=said.transaction))
        if owner is not None and is_same(owner, station):
            return
        chargers = [one for one in self._picture.site.chargers.values() if is_same(one.station, station)]
        if owner is not None or not chargers:
            log.warning("%s ended transaction %s, which is not one of its own", station, said.transaction)
            return
        for charger in chargers:
            await self._in_turn(charger.id, self._make_up(charger))
        stop = replace(said, at=believed(said.at, self._clock.now()))
        if await self._was_told(chargers, stop):
            return
        outlets = [self._outlet(one) for one in chargers]
        meant = strays.outlet_of(outlets, stop)
        if meant is not None and meant.running is not None and not strays.is_numbered(stop):
            await self._in_turn(meant.charger.id, self._stopped(replace(said, transaction=meant.running)))
        elif stop.meter_wh is None:
            log.warning("%s ended transaction %s: nothing is known of it", station, said.transaction)
        else:
            place = meant or next((one for one in outlets if one.running is None), outlets[0])
            await self._in_turn(place.charger.id, self._stray(place.charger, said, is_sure=meant is not None))

    async def _was_told(self, chargers: list[Charger], stop: TransactionStop) -> bool:
        """A stop without a number has come before, and its answer was lost."""
        if stop.at is None or stop.meter_wh is None:
            return False
        ids = [one.id for one in chargers]
        return await self._store.read(partial(books.is_stop_known, chargers=ids, at=stop.at, meter_wh=stop.meter_wh))

    async def _stray(self, charger: Charger, said: TransactionStop, *, is_sure: bool) -> None:
        """A charge whose start is not known: it ends what flows without a start, else it is a session by itself.

        Where it is not sure that it was this outlet, nobody can tell its energy.
        """
        now = self._clock.now()
        at = believed(said.at, now)
        open_, idle = self._open.get(charger.id), self._idle.get(charger.id)
        is_meant = is_sure and open_ is not None and open_.session.is_unauthorised and now - (at or now) <= LATE
        if open_ is None or not is_meant:
            stood = idle.stood if is_sure and idle is not None else None
            open_ = opened.unknown_start(charger, said, at or now, self._moment(charger.id), stood)
            count = open_.count
        else:
            count = opened.stopped(open_, said, at, most_w(charger))
        ended = Ended(open_.session, count, at or now, said.reason)
        saying = books.Stray(replace(said, at=at or now), opened.digest_of_stop(charger, said, at), is_new=not is_meant)
        log.warning("%s ended transaction %s, whose start is not known", charger.station, said.transaction)
        await self._store.write(partial(books.stray, ended=ended, saying=saying))
        if count.last is not None and charger.id in self._idle:
            self._idle[charger.id] = Idle(count.last, count.last)  # what is beyond that is nobody's yet
        self._forget([ended])

    async def _end_all(self, charger: ChargerId, station: StationId, reason: str) -> None:
        self._forget_refused(charger)
        now, limit_w = self._clock.now(), self._most_w(charger)
        ended = [
            opened.as_it_stands(open_, now, open_.session.reason or reason, limit_w)
            for open_ in (*self._open.values(), *self._past.values())
            if open_.session.charger == charger and is_same(open_.session.station, station)
        ]
        if ended:
            await self._store.write(partial(books.end, ended=ended))
            self._forget(ended)
            self._idle.pop(charger, None)  # the next device has another register

    # what devices say

    def _measured(self, charger: Charger, reading: ChargerReading) -> None:
        open_ = self._open.get(charger.id)
        if open_ is None:
            self._without_session(charger, reading)
            return
        before, limit_w = open_.count.energy_wh, most_w(charger)
        if reading.energy_wh is not None:
            open_.count = counted(open_.count, Sample(reading.energy_wh, reading.at), limit_w)
        elif reading.session_wh is not None:
            own = Sample(reading.session_wh, reading.at)
            open_.count = counted_own(open_.count, own, open_.session.started_at, limit_w)
        if open_.count.energy_wh != before:
            open_.moved_at_s = self._clock.monotonic()
            self._picture.chargers[charger.id].session = open_.live()  # who heard the reading tells that it changed

    def _without_session(self, charger: Charger, reading: ChargerReading) -> None:
        """Energy that flows though no transaction was begun is a session all the same, once it is worth the word."""
        if reading.energy_wh is None:
            return
        sample, idle = Sample(reading.energy_wh, reading.at), self._idle.get(charger.id)
        if idle is not None and has_moved(idle.stood, sample, most_w(charger)):
            idle.newest = sample
            if idle.moved_at_s is None:
                idle.moved_at_s = self._clock.monotonic()
        elif idle is None or not stands(idle.stood, sample):
            self._idle[charger.id] = Idle(sample, sample)

    async def _notice(self, charger: Charger, idle: Idle) -> None:
        """Open a session that nobody has authorised."""
        if self._idle.get(charger.id) is not idle:
            return
        found = opened.noticed(charger, idle.stood, idle.newest, self._moment(charger.id))
        await self._store.write(partial(books.insert_session, session=found.session, count=found.count))
        log.warning("energy flows at %s, and no transaction was begun", charger.id)
        found.moved_at_s, found.left_unseen = self._clock.monotonic(), self._status_of(charger.id) in FREE
        self._take(found)
        if found.left_unseen:
            await self._leave(charger.id, found.session.id)

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
                open_.left_unseen = unseen
                self._begin_step(charger, self._leave(charger, open_.session.id))
            case Sight.STOP_DUE if open_.free_at is None:
                open_.free_at, open_.free_at_s = report.at, self._clock.monotonic()
                open_.left_unseen = unseen
            case Sight.NOTHING:
                open_.free_at = open_.free_at_s = None
                open_.left_unseen = False

    async def _leave(self, charger: ChargerId, session: SessionId) -> None:
        """The car has gone: its session is over; at its stop, where nobody can say whether it is still there."""
        open_ = self._open.get(charger)
        if open_ is None or open_.session.id != session:
            return
        stopped_at = open_.session.stopped_at if self._status_of(charger) is None else None
        at = stopped_at or open_.free_at or self._clock.now()
        unsaid = "Other" if open_.session.running is not None else "EVDisconnected"
        reason = open_.session.reason or ("unplugged_unseen" if open_.left_unseen else unsaid)
        marks = [Flag.UNPLUGGED_UNSEEN] if open_.left_unseen else []
        await self._end(opened.as_it_stands(open_, at, reason, self._most_w(charger), *marks))

    # now and then

    async def _look(self) -> None:
        while True:
            await self._clock.sleep(LOOK_S)
            now_s = self._clock.monotonic()
            for charger in list(self._refused):
                self._begin_step(charger, self._make_up_where_drawn(charger))
            for charger, idle in list(self._idle.items()):
                drawn = self._picture.site.chargers.get(charger)
                if drawn is not None and idle.is_charge(now_s):
                    self._begin_step(charger, self._notice(drawn, idle))
            for charger, open_ in list(self._open.items()):
                drawn, station = self._picture.site.chargers.get(charger), open_.session.station
                if drawn is None or not is_same(drawn.station, station):  # killed when it left the drawing
                    reason = "retired" if drawn is None else "replaced"
                    self._begin_step(charger, self._end_all(charger, station, reason))
                elif open_.is_over(self._picture.chargers.get(charger), now_s):
                    self._begin_step(charger, self._leave(charger, open_.session.id))
            await self._write_down([open_ for open_ in self._open.values() if self._is_due(open_, now_s)])

    async def _make_up_where_drawn(self, charger: ChargerId) -> None:
        if (drawn := self._picture.site.chargers.get(charger)) is not None:
            await self._make_up(drawn)
        else:
            self._forget_refused(charger)

    def _is_due(self, open_: Open, now_s: float) -> bool:
        """It has moved on enough to be written down, and no step on it is under way."""
        turn = self._turns.get(open_.session.charger)
        return open_.has_moved_on(now_s) and not (turn is not None and turn.locked())

    async def _write_down(self, due: Iterable[Open]) -> None:
        """Note how far each was counted, in one unit of work, and say so."""
        now, is_told = self._clock.now(), not self._store.is_short_of_space
        steps = [(open_.session, open_.count, open_.progress(now, self._picture) if is_told else None) for open_ in due]
        if not steps:
            return
        for open_ in due:
            open_.told_wh, open_.told_at_s = open_.count.energy_wh, self._clock.monotonic()
        with suppress(NotKept):  # the store has said so; the next time counts from what is there
            await self._store.write(partial(books.checkpoints, steps=steps), durable=False)

    # small questions

    def _with(self, transaction: TransactionId) -> Open | None:
        """The session in which this transaction runs."""
        if (past := self._past.get(transaction)) is not None:
            return past
        return next((o for o in self._open.values() if o.session.running == transaction), None)

    def _may_end(self, station: StationId, session: Session) -> bool:
        """Its own station, or the one that has its place in the drawing; where the charger has left that, anybody."""
        drawn = self._picture.site.chargers.get(session.charger)
        return drawn is None or is_same(station, session.station) or is_same(station, drawn.station)

    def _outlet(self, charger: Charger) -> strays.Outlet:
        at_it = charger.id
        return strays.Outlet(charger, self._open.get(at_it), self._idle.get(at_it), at_it in self._plugged)

    def _status_of(self, charger: ChargerId) -> Status | None:
        live = self._picture.chargers.get(charger)
        return None if live is None else live.status

    def _most_w(self, charger: ChargerId) -> float:
        return most_w(self._picture.site.chargers.get(charger))

    def _moment(self, charger: ChargerId) -> Moment:
        return Moment(self._clock.now(), self._plugged.get(charger), secrets.token_hex(10))

    # what is open, and how the picture shows it

    def _take(self, fresh: Open, *, is_past: bool = False) -> None:
        charger = fresh.session.charger
        if is_past:
            assert fresh.session.transaction is not None
            self._past[fresh.session.transaction] = fresh
        else:
            self._open[charger] = fresh
            self._idle.pop(charger, None)
            self._show(charger)

    def _forget(self, ended: Iterable[Ended]) -> None:
        gone = {one.session.id for one in ended}
        self._past = {number: past for number, past in self._past.items() if past.session.id not in gone}
        for one in ended:
            charger = one.session.charger
            open_ = self._open.get(charger)
            if open_ is not None and open_.session.id == one.session.id:
                del self._open[charger]
                if one.count.last is not None and not one.count.own:  # what is beyond that is nobody's yet
                    self._idle[charger] = Idle(one.count.last, one.count.last)
                self._show(charger)

    def _show(self, charger: ChargerId) -> None:
        live = self._picture.chargers.get(charger)
        if live is not None:
            live.session = self.open_at(charger)
            self._bus.publish(ChargerChanged(charger))
