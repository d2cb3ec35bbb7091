"""The way up to one operator: live status first, then the journal from the operator's cursor, as fast as is good.

One loop does it all, one thing after the other: it hears acks, sends the status when it is due, sends the next part of
the journal, and notes the cursor. Nothing is kept in memory but the few messages that are under way: the rest is read
from the journal when its turn comes, so a backlog of a week costs no more than one of a minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.entry import Position
from hub.core.journal import Journal
from hub.core.shown import iso
from hub.core.state import Picture
from hub.core.store import Store
from hub.core.tasks import Tasks
from hub.model.errors import NotKept, Unreachable
from hub.model.facts import OperatorConnected, OperatorDisconnected, OperatorOutOfStep
from hub.operators.batch import Known, Packed, Stretch, pack
from hub.operators.by_https import ByHttps
from hub.operators.by_mqtt import ByMqtt
from hub.operators.config import OperatorConfig
from hub.operators.filter import Filter
from hub.operators.live import Stamp, says_the_same, status_of
from hub.operators.pace import Pace
from hub.operators.progress import Progress
from hub.operators.store import READER
from hub.operators.ways import Way, way_now
from hub.wire.operator.base import read
from hub.wire.operator.errors import NotReadable
from hub.wire.operator.messages import MOST_ITEMS, Ack, Batch, Status

log = logging.getLogger(__name__)

TICK_S = 0.25
STILL_THERE_S = 60.0  # a status without news says that the hub is alive
CURSOR_EVERY_S = 1.0
SKIPS_EVERY_S = 10.0  # a part of the journal of which nothing goes up is told so seldom
DATABASE_PAUSE_S = 1.0
MOST_ACKS = 1000


@dataclass(frozen=True, slots=True)
class Hub:
    """What a way up needs of the hub."""

    store: Store
    journal: Journal
    picture: Picture
    bus: Bus
    clock: Clock


@dataclass(frozen=True, slots=True)
class Appearance:
    """What an operator sees of the hub: under which name, and how much of what happens."""

    hub_id: str
    filter: Filter


@dataclass(frozen=True, slots=True)
class Ways:
    """One of the two is there at least."""

    mqtt: ByMqtt | None
    https: ByHttps | None


class Uplink:
    """Keeps one operator up to date. An operator in trouble delays nothing else, and loses nothing."""

    def __init__(self, name: str, config: OperatorConfig, hub: Hub, shown_as: Appearance) -> None:
        self.name = name
        self._config, self._hub, self._shown_as = config, hub, shown_as
        self._tasks = Tasks(f"operator {name}")
        self._awake = asyncio.Event()
        self._acks: deque[bytes] = deque(maxlen=MOST_ACKS)
        self._ways = Ways(None, None)
        self._way: Way | None = None
        self._is_anew = True  # what was under way may be lost
        self._mqtt_lost_s: float | None = None
        self._connected_by: str | None = None  # "": not connected; None: nothing was heard yet
        self._since = hub.clock.now()
        self._last_ack: tuple[datetime, Ack] | None = None
        self._last_error: str | None = None
        self.moved = True  # the site's picture is not what the last status says
        self._rev = 0
        self._shown: Status | None = None
        self._shown_s = float("-inf")
        self._status_under_way: Status | None = None
        self._start = self._saved = self._pruned = 0
        self._epoch_sent: str | None = None
        self._progress = Progress.at(0)
        self._pace = Pace(config.most_per_s, 1)
        self._quiet_until_s = float("-inf")
        self._skipped_s = float("-inf")
        self._saved_s = float("-inf")

    # life

    async def start(self, ways: Ways, start: int) -> None:
        """Begin where the durable cursor is. What lies up to entry `start` is not for this operator."""
        self._start = start
        self._saved = await self._hub.journal.cursor(READER + self.name, start)
        oldest = await self._hub.journal.after(0, 1)
        self._pruned = oldest[0].no - 1 if oldest else self._hub.journal.head
        self._progress = Progress.at(self._saved)
        if self._saved == start:
            self._progress.sent = 0  # who is new is told first that what lies before is not for it
        self._ways, self._mqtt_lost_s = ways, self._now()
        for way in (ways.mqtt, ways.https):
            if way is not None:
                way.start()
        self._tasks.keep("send", self._send)
        self._tasks.keep("journal", self._watch_journal)
        self._tasks.keep("tick", self._tick)

    async def stop(self) -> None:
        """End it, and note how far the operator is."""
        await self._tasks.close()
        with suppress(NotKept):
            await self._save_cursor()
        for way in (self._ways.mqtt, self._ways.https):
            if way is not None:
                await way.stop()

    def heard_ack(self, payload: bytes) -> None:
        """An ack came."""
        self._acks.append(payload)
        self._awake.set()

    def mqtt_changed(self) -> None:
        """The connection to the broker came, or went."""
        self._is_anew = self._is_anew or self._way is self._ways.mqtt
        self._awake.set()

    def reply(self, payload: bytes) -> None:
        """Answer a command, now or at the next connection."""
        if self._ways.mqtt is not None:
            self._ways.mqtt.reply(payload)

    async def _watch_journal(self) -> None:
        seen = self._hub.journal.head
        while True:
            await self._hub.journal.grown(seen)
            seen = self._hub.journal.head
            self._awake.set()

    async def _tick(self) -> None:
        """Whatever waits for a time to come is looked at so often."""
        while True:
            await self._hub.clock.sleep(TICK_S)
            self._awake.set()

    # the loop

    async def _send(self) -> None:
        while True:
            self._awake.clear()
            try:
                await self._one_turn()
            except (Unreachable, NotKept) as failed:  # the database; the store says so itself
                self._note(failed.message)
                await self._hub.clock.sleep(DATABASE_PAUSE_S)

    async def _one_turn(self) -> None:
        await self._hear_acks()
        way = self._look_at_ways()
        if self._progress.look(self._now()):
            self._note("nothing was acknowledged for long; sending again")
        self._send_status(way)
        more = await self._send_next(way)
        if self._now() - self._saved_s >= CURSOR_EVERY_S:
            await self._save_cursor()
        if not more:
            await self._awake.wait()
        elif (pause_s := self._pace.pause_s(self._now())) > 0:
            await self._hub.clock.sleep(pause_s)
        else:
            await asyncio.sleep(0)  # the site's own work comes first

    # the way

    def _look_at_ways(self) -> Way:
        """The way to take now. After any change we go on after what the operator has, with the status first."""
        mqtt, now_s = self._ways.mqtt, self._now()
        if mqtt is None or mqtt.is_up:
            self._mqtt_lost_s = None
        elif self._mqtt_lost_s is None:
            self._mqtt_lost_s = now_s
        lost_for_s = 0.0 if self._mqtt_lost_s is None else now_s - self._mqtt_lost_s
        way = way_now(mqtt, self._ways.https, lost_for_s, self._config.fallback_after_s)
        if way is not self._way or self._is_anew:
            self._way, self._is_anew = way, False
            self._progress.connected_anew()
            self._pace = Pace(self._config.most_per_s, way.most_at_a_time)
            self._shown = self._status_under_way = None
        self._tell_connection(way)
        return way

    def _tell_connection(self, way: Way) -> None:
        by = way.name if way.is_up else "" if way.trouble is not None else None
        if by is None or by == self._connected_by:
            return
        now = self._hub.clock.now()
        if by:
            log.info("operator %s is connected by %s", self.name, by)
            self._hub.bus.publish(OperatorConnected(at=now, operator=self.name, way=by))
        else:
            why = way.trouble or "the connection ended"
            log.warning("operator %s is not connected: %s; trying again", self.name, why)
            self._note(why)
            self._hub.bus.publish(OperatorDisconnected(at=now, operator=self.name, why=why))
        self._connected_by, self._since = by, now

    # acks

    async def _hear_acks(self) -> None:
        for _ in range(len(self._acks)):  # those that come meanwhile wait for the next turn
            try:
                ack = read(Ack, self._acks.popleft())
            except NotReadable as wrong:
                self._note(f"an ack cannot be read: {wrong}")
                continue
            no = await self._hub.journal.no_of(Position(ack.epoch, ack.upto))
            self._last_ack = (self._hub.clock.now(), ack)
            if no is None:
                self._out_of_step(ack)
            elif ack.resend:
                self._progress.asked_again(min(no, self._progress.acked), self._now())
            elif ack.upto:  # nothing of an epoch says nothing of the one before it either
                self._progress.was_acked(no, self._now())

    def _out_of_step(self, ack: Ack) -> None:
        """The operator names a place that this journal never had: it gets everything, but not all the time."""
        if not self._progress.asked_again(0, self._now()):
            return
        self._shown = None
        log.error("operator %s acknowledges %s:%d, which this hub never sent", self.name, ack.epoch, ack.upto)
        fact = OperatorOutOfStep(at=self._hub.clock.now(), operator=self.name, epoch=ack.epoch, upto=ack.upto)
        self._hub.bus.publish(fact)

    async def _save_cursor(self) -> None:
        self._saved_s = self._now()
        if (acked := self._progress.acked) > self._saved:
            await self._hub.journal.advance(READER + self.name, acked)
            self._saved = acked

    # the live status

    def _send_status(self, way: Way) -> None:
        """It goes before any part of the journal that has not left yet."""
        since_s = self._now() - self._shown_s
        if self._status_under_way is not None or not way.may_send:
            return
        if self._shown is not None and since_s < self._config.status_interval_s:
            return
        if self._shown is not None and not self.moved and since_s < STILL_THERE_S:
            return
        self.moved = False
        status = self.status()
        if says_the_same(self._shown, status) and since_s < STILL_THERE_S:
            return
        self._shown = self._status_under_way = status
        self._shown_s = self._now()
        self._tasks.once("status", self._deliver_status(way, status))

    def status(self) -> Status:
        """The site as this operator sees it now."""
        hub = self._hub
        self._rev += 1
        stamp = Stamp(self._shown_as.hub_id, hub.journal.head_position, self._rev, hub.store.boot_id, hub.clock.now())
        return status_of(hub.picture, stamp, short_of_space=hub.store.is_short_of_space)

    async def _deliver_status(self, way: Way, status: Status) -> None:
        try:
            await way.send_status(status.to_json())
        except Unreachable as failed:
            self._note(failed.message)
            if self._shown is status:
                self._shown = None  # it is sent anew
        finally:
            if self._status_under_way is status:
                self._status_under_way = None
            self._awake.set()

    # the journal

    async def _send_next(self, way: Way) -> bool:
        """Send the next part. True when there may be more to send at once."""
        now_s = self._now()
        if not way.may_send or now_s < self._quiet_until_s:
            return False
        if not self._pace.has_room(now_s):
            return self._pace.pause_s(now_s) > 0
        after = self._progress.sent
        packed = await self.next_part(after, min(MOST_ITEMS, self._progress.room, self._pace.batch_events))
        if after != self._progress.sent:
            return True  # somebody asked for another part meanwhile
        if packed is None or self._may_wait(packed, after) or self._ends_an_epoch_first(packed):
            return False
        self._dispatch(way, packed)
        return packed.last < self._hub.journal.head

    def _ends_an_epoch_first(self, packed: Packed) -> bool:
        """True while the end of the epoch before is not acknowledged: an ack in the next says nothing about it."""
        waits = packed.epoch != self._epoch_sent and self._progress.acked < self._progress.sent
        if not waits:
            self._epoch_sent = packed.epoch
        return waits

    def _may_wait(self, packed: Packed, after: int) -> bool:
        """True for a short part of which nothing goes up: it is told later, in one piece with what follows."""
        now_s = self._now()
        if packed.events or packed.last - after >= MOST_ITEMS:
            return False
        if now_s - self._skipped_s >= SKIPS_EVERY_S:
            self._skipped_s = now_s
            return False
        self._quiet_until_s = now_s + 1.0  # or each fact that is filtered would cost a look at all before it
        return True

    async def next_part(self, after: int, most: int, most_bytes: int | None = None) -> Packed | None:
        """The part of the journal after an entry, as it goes up; None when there is none."""
        journal = self._hub.journal
        head, position = journal.head, journal.head_position
        if after >= head or most <= 0:
            return None
        begin = max(after, self._start)
        entries = await journal.after(begin, most) if begin < head else []
        stretch, known = Stretch(after, entries, head, position), Known(self._start, max(self._saved, self._pruned))
        return pack(stretch, known, self._shown_as.filter, most_bytes or self._pace.batch_bytes)

    def _dispatch(self, way: Way, packed: Packed) -> None:
        payload = self.batch(packed).to_json()
        ticket = self._pace.sent(len(payload), packed.events, self._now())
        self._progress.was_sent(packed.last, self._now())
        self._tasks.once("batch", self._deliver(way, payload, self._pace, ticket))

    def batch(self, packed: Packed) -> Batch:
        """The message."""
        return Batch(hub=self._shown_as.hub_id, epoch=packed.epoch, items=packed.items)

    async def _deliver(self, way: Way, payload: bytes, pace: Pace, ticket: int) -> None:
        try:
            ack = await way.send_events(payload)
            pace.through(ticket, self._now())
            if ack is not None:
                self._acks.append(ack)
        except Unreachable as failed:
            self._note(failed.message)
            self._is_anew = self._is_anew or pace is self._pace
        finally:
            pace.lost(ticket)  # unless it came through
            self._awake.set()

    # for the owner

    @property
    def connected(self) -> bool:
        """Something goes up now."""
        return bool(self._connected_by)

    @property
    def acked(self) -> int:
        """The last entry that the operator has acknowledged, with all before it."""
        return self._progress.acked

    def send_again(self, after: int) -> None:
        """Send everything after this entry once more."""
        self._progress.go_back(after)
        self._awake.set()

    async def view(self) -> dict[str, object]:
        """How it goes, for the owner."""
        head, acked = self._hub.journal.head, self._progress.acked
        waiting = await self._hub.journal.after(acked, 1)
        oldest_s = (self._hub.clock.now() - waiting[0].written_at).total_seconds() if waiting else None
        return {
            "hub_id": self._shown_as.hub_id,
            "connected": bool(self._connected_by),
            "way": self._connected_by or None,
            "since": iso(self._since),
            "cursor": acked,
            "sent": self._progress.sent,
            "head": head,
            "behind": max(0, head - acked),
            "oldest_unsent_s": None if oldest_s is None else round(max(0.0, oldest_s), 1),
            "last_ack": self._shown_ack(),
            "last_error": self._last_error,
        }

    def _shown_ack(self) -> dict[str, object] | None:
        if self._last_ack is None:
            return None
        at, ack = self._last_ack
        return {"at": iso(at), "epoch": ack.epoch, "upto": ack.upto, "resend": ack.resend}

    def _note(self, why: str) -> None:
        self._last_error = f"{iso(self._hub.clock.now())} {why}"

    def _now(self) -> float:
        return self._hub.clock.monotonic()
