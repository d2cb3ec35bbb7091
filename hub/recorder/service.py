"""The recorder at work: looks at the live picture once a second, writes what is new, counts what is over.

Samples and changes wait in memory for a few seconds and are written together. Statistics are always counted from the
rows that were written, never kept up in memory: a hub that was killed loses the last seconds, and counts nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

from sqlalchemy.engine import Connection

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.state import Picture
from hub.core.store import Store
from hub.core.tasks import Tasks
from hub.model.errors import NotKept, Unreachable
from hub.model.facts import Fact, ReadingCameLate, SessionEnded
from hub.recorder import store as rows
from hub.recorder.buckets import HOUR_S, Stat, counted, end_of, merged, start_of_hour
from hub.recorder.config import RecorderConfig
from hub.recorder.sample import (
    BUCKET_S,
    NOTHING,
    UNKNOWN,
    Change,
    Kind,
    Sample,
    Sampler,
    Subject,
    bucket_of,
    reading_values,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_S = 1.0
FLUSH_S = 5
QUIET_S = 60  # with nothing to write, that the hub is alive is noted so often
GRACE_S = 15  # five minutes are counted so long after they are over
TIDY_S = 300.0
DAY_S = 86_400
YEAR_S = 366 * DAY_S
MOST_WAITING = 50_000  # samples that wait for a database which takes nothing now
METER_MOST_W = 10_000_000.0


@dataclass(slots=True)
class Waiting:
    """Rows that are not written yet."""

    samples: list[Sample] = field(default_factory=list)
    late: list[Sample] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.samples) + len(self.late) + len(self.changes)


@dataclass(slots=True)
class Kept:
    """What statistics still need while the disk has no room for it."""

    samples: dict[int, list[Sample]] = field(default_factory=lambda: defaultdict(list))  # by bucket
    stats: dict[int, list[Stat]] = field(default_factory=lambda: defaultdict(list))  # by hour


class Recorder:
    """Writes the history. What people ask is answered by api.py."""

    def __init__(self, picture: Picture, bus: Bus, store: Store, clock: Clock, config: RecorderConfig) -> None:
        self._picture, self._bus, self._store, self._clock = picture, bus, store, clock
        self._config = config
        self._tasks = Tasks("recorder")
        self._sampler = Sampler({}, {}, config.raw_interval_s)
        self._waiting, self._kept = Waiting(), Kept()
        self._open: dict[int, set[int] | None] = {}  # buckets to count; None: for everybody
        self._writing, self._counting = asyncio.Lock(), asyncio.Lock()
        self._wrote = self._tidied = 0
        self._was_short = False
        self.dropped = 0  # late samples that were too old for what is kept

    # life

    async def start(self) -> None:
        """Close what a killed hub left open, and begin to look."""
        known = await self._store.read(rows.subjects)
        ids = {subject: id for id, subject, _ in known}
        self._sampler = Sampler(ids, {id: device for id, _, device in known}, self._config.raw_interval_s)
        await self._mend()
        self._bus.listen("recorder", (ReadingCameLate, SessionEnded), self._hear)
        self._tasks.keep("look", self._look_on)
        self._tasks.keep("write", self._write_on)
        self._tasks.keep("tidy", self._tidy_on)

    async def stop(self) -> None:
        """Write what waits."""
        await self._tasks.close()
        await self.flush()

    def take(self, config: RecorderConfig) -> None:
        """New settings count from now on."""
        self._config, self._sampler.interval_s = config, config.raw_interval_s

    @property
    def config(self) -> RecorderConfig:
        """The settings that count now."""
        return self._config

    @property
    def subjects(self) -> dict[Subject, int]:
        """Everything that has a history, with its number."""
        return self._sampler.ids

    @property
    def now(self) -> int:
        """The present second."""
        return math.floor(self._clock.now().timestamp())

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Ask the database. Raises Unreachable."""
        return await self._store.read(work)

    async def _mend(self) -> None:
        """From the last word of the run before until now nobody knows anything: say so, and count what it left."""
        alive, done = await self._store.read(lambda c: (rows.mark(c, rows.ALIVE), rows.mark(c, rows.DONE)))
        if alive is None:
            return
        chargers = self._chargers()
        samples, changes = await self._store.read(lambda c: _dangling(c, alive, chargers))
        await self._store.write(
            lambda tx: rows.write(tx.connection, rows.Batch(alive, samples=samples, changes=changes)), durable=False
        )
        first = alive - alive % BUCKET_S if done is None else min(done, alive - alive % BUCKET_S)
        oldest = alive - self._config.raw_hours * 3600
        self._open = dict.fromkeys(range(max(first, oldest - oldest % BUCKET_S), alive + 1, BUCKET_S))

    def _chargers(self) -> list[int]:
        return [id for subject, id in self._sampler.ids.items() if subject.kind is Kind.CHARGER]

    # looking and writing

    async def _look_on(self) -> None:
        while True:
            self.look()
            await self._clock.sleep(LOOK_S)

    def look(self) -> None:
        """One look at the picture: what is new waits to be written."""
        at = self.now
        self._open[at - at % BUCKET_S] = None  # also when nobody says anything: a state lasts
        self._waiting.samples += self._sampler.samples(self._picture, at)
        self._waiting.changes += self._sampler.changes(self._picture, at)

    async def _write_on(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_S)
            with suppress(Unreachable):
                await self.write_down()

    async def write_down(self) -> None:
        """Write what waits, and count the five minutes and hours that are over."""
        await self.flush()
        now = self.now
        await self._count([bucket for bucket in self._open if end_of(bucket) + GRACE_S <= now], now)

    async def flush(self) -> None:
        """Write what waits, in one unit of work."""
        async with self._writing:
            if not self._waiting.rows and 0 <= self.now - self._wrote < QUIET_S:
                return
            self._wrote = self.now
            waiting, self._waiting = self._waiting, Waiting()
            self._note_space()
            if self._was_short:
                self._keep_in_memory(waiting)
            batch = self._batch(waiting)
            try:
                await self._store.write(lambda tx: rows.write(tx.connection, batch), durable=False)
            except NotKept:  # the store has said so; what waits is written with the next
                self._take_back(waiting, batch)
            else:
                self._to_count(waiting)

    def _keep_in_memory(self, waiting: Waiting) -> None:
        """No room for samples: they live until their five minutes are counted."""
        for sample in waiting.samples:
            bucket = bucket_of(sample)
            self._kept.samples[bucket].append(sample)
            self._open[bucket] = None
        waiting.samples = []

    def _to_count(self, written: Waiting) -> None:
        for row in written.samples:
            self._open[bucket_of(row)] = None
        for change in written.changes:
            self._open[bucket_of(change)] = None
        for sample in written.late:
            only = self._open.setdefault(bucket_of(sample), set())
            if only is not None:
                only.add(sample.subject)

    def _batch(self, waiting: Waiting) -> rows.Batch:
        sampler = self._sampler
        new = [(sampler.ids[subject], subject, sampler.devices[sampler.ids[subject]]) for subject in sampler.new]
        texts, sampler.texts, sampler.new = sampler.texts, {}, set()
        late = min(map(bucket_of, waiting.late), default=None)
        return rows.Batch(self.now, late, new, texts, waiting.samples, waiting.late, waiting.changes)

    def _take_back(self, waiting: Waiting, batch: rows.Batch) -> None:
        self._sampler.new |= {subject for _, subject, _ in batch.subjects}
        self._sampler.texts = {**batch.texts, **self._sampler.texts}
        now = self._waiting
        now.samples = [*waiting.samples, *now.samples][-MOST_WAITING:]
        now.late = [*waiting.late, *now.late][-MOST_WAITING:]
        now.changes = [*waiting.changes, *now.changes][-MOST_WAITING:]

    def _note_space(self) -> None:
        short = self._store.is_short_of_space
        if short != self._was_short:
            self._was_short = short
            what = "samples are not kept any more, only their statistics" if short else "samples are kept again"
            log.warning("history: %s", what)

    async def _hear(self, fact: Fact) -> None:
        if isinstance(fact, SessionEnded):
            self._sampler.session_ended(fact.charger, fact.energy_wh)
        elif isinstance(fact, ReadingCameLate):
            self._hear_late(fact)

    def _hear_late(self, fact: ReadingCameLate) -> None:
        """A sample that was taken while nobody listened: into its own five minutes, while those can be counted anew."""
        id, at = self._sampler.ids.get(Subject(Kind.CHARGER, fact.charger)), math.floor(fact.reading.at.timestamp())
        if id is None or not self.now - self._config.raw_hours * 3600 < at <= self.now:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("history: a sample of %s from %s is too old to be counted", fact.charger, fact.reading.at)
            return
        self._waiting.late.append(Sample(at, id, reading_values(fact.reading, fact.line_a)))

    # counting

    async def up_to_date(self, until: int) -> None:
        """Count everything up to there, also what is not over yet: somebody asks."""
        await self.flush()
        now = self.now
        due = [bucket for bucket in self._open if bucket < until or start_of_hour(now) < until]
        await self._count(due, now, asked=True)

    async def _count(self, due: Collection[int], now: int, *, asked: bool = False) -> None:
        """Count these buckets and what follows from them; the hours too that are over, or asked for."""
        async with self._counting:
            hours: dict[int, set[int]] = defaultdict(set)
            waiting = set(due) & self._open.keys()
            try:
                while waiting:
                    bucket = min(waiting)
                    waiting.remove(bucket)
                    whose, following = await self._count_bucket(bucket, now)
                    waiting |= following
                    hours[start_of_hour(bucket)] |= whose
                for hour, subjects in hours.items():
                    if asked or hour + HOUR_S <= now:
                        await self._count_hour(hour, subjects, over=hour + HOUR_S <= now)
            except Unreachable:  # all of it once more, from the first five minutes of each hour on
                self._open.update(dict.fromkeys(hours))
                raise
            if hours:
                done = min(self._open, default=now - now % BUCKET_S)
                await self._put(lambda c: rows.put_mark(c, rows.DONE, done))

    async def _count_bucket(self, bucket: int, now: int) -> tuple[set[int], set[int]]:
        """Count five minutes; answers whose, and the later buckets that stand on a register which is another now."""
        only, over = self._open.pop(bucket), end_of(bucket) <= now
        try:
            found, following = await self._store.read(self._counter(bucket, min(end_of(bucket), now), only))
        except Unreachable:
            self._open[bucket] = None
            raise
        if self._store.is_nearly_full:
            hour = self._kept.stats[start_of_hour(bucket)]
            hour[:] = [*(stat for stat in hour if stat.at != bucket), *found]
        elif not await self._put(lambda c: rows.put_stats(c, rows.five_minutes, found)):
            self._open[bucket] = None
            return set(), set()
        if over:
            self._kept.samples.pop(bucket, None)
        else:
            self._open[bucket] = None
        whose = {stat.subject for stat in found}
        for later in following:
            self._open[later] = whose if later not in self._open else None
        return whose, {later for later in following if end_of(later) <= now}

    def _counter(
        self, bucket: int, until: int, only: Collection[int] | None
    ) -> Callable[[Connection], tuple[list[Stat], set[int]]]:
        """Counts five minutes, on the thread that reads."""
        extra, chargers, most_w = list(self._kept.samples.get(bucket, ())), self._chargers(), self._most_w()

        def count(connection: Connection) -> tuple[list[Stat], set[int]]:
            found = rows.buckets(connection, rows.Span(bucket, end_of(bucket), only), extra, chargers)
            stats = []
            for subject, known in found.items():
                known.most_w = most_w.get(subject, METER_MOST_W)
                stats.append(counted(subject, bucket, until, known))
            return (stats, set()) if only is None else _corrected(connection, bucket, stats)

        return count

    async def _count_hour(self, hour: int, subjects: Collection[int], *, over: bool) -> None:
        kept = list(self._kept.stats.get(hour, ()))

        def count(connection: Connection) -> list[Stat]:
            found = rows.stats_between(connection, rows.five_minutes, rows.Span(hour, hour + HOUR_S, subjects))
            instead = {(stat.subject, stat.at) for stat in kept}
            parts = sorted([*(s for s in found if s[:2] not in instead), *kept], key=lambda stat: stat[:2])
            return [merged(hour, list(stats)) for _, stats in groupby(parts, key=lambda stat: stat.subject)]

        stats = await self._store.read(count)
        if not await self._put(lambda c: rows.put_stats(c, rows.hours, stats)):
            self._open[hour] = None  # once more, from its first five minutes on
        elif over:
            self._kept.stats.pop(hour, None)

    async def _put(self, work: Callable[[Connection], None]) -> bool:
        """Write statistics; False when the database does not take them now: they are counted again."""
        try:
            await self._store.write(lambda tx: work(tx.connection), durable=False)
        except NotKept:
            return False
        return True

    def _most_w(self) -> dict[int, float]:
        """More than each charger can deliver."""
        site = self._picture.site
        most = {Subject(Kind.CHARGER, c.id): c.max_a * 3 * site.voltage_v * 1.25 for c in site.chargers.values()}
        return {id: most[subject] for subject, id in self._sampler.ids.items() if subject in most}

    # taking out

    async def _tidy_on(self) -> None:
        while True:
            await self._clock.sleep(TIDY_S)
            await self.tidy()

    async def tidy(self) -> None:
        """Take out what is too old, a little at a time."""
        now, config = self.now, self._config
        await self._repeat(lambda c: rows.prune_samples(c, now - config.raw_hours * 3600))
        if 0 <= now - self._tidied < DAY_S:
            return
        self._tidied = now
        for id in list(self._sampler.ids.values()):
            await self._prune_subject(id, now)
        await self._repeat(rows.prune_texts)

    async def _prune_subject(self, id: int, now: int) -> None:
        old, older = now - self._config.five_minute_days * DAY_S, now - self._config.hourly_years * YEAR_S
        await self._repeat(lambda c: rows.prune_stats(c, rows.five_minutes, id, old))
        await self._repeat(lambda c: rows.prune_stats(c, rows.hours, id, older))
        await self._repeat(lambda c: rows.prune_changes(c, id, now - self._config.changes_days * DAY_S))

    async def _repeat(self, step: Callable[[Connection], int]) -> None:
        """A step that takes out a little, until there is nothing more. Others get their turn in between."""
        with suppress(NotKept):
            while await self._store.write(lambda tx: step(tx.connection), durable=False) >= rows.AT_A_TIME:
                pass


def _dangling(connection: Connection, alive: int, chargers: Collection[int]) -> tuple[list[Sample], list[Change]]:
    """Rows that end what still held when the hub was heard of last."""
    last = rows.last_samples(connection, rows.Span(alive - BUCKET_S, alive + 1))
    samples = [Sample(alive + 1, id, NOTHING) for id, sample in last.items() if sample.values != NOTHING]
    held = rows.changes_before(connection, chargers, alive + 1).values()
    return samples, [Change(alive + 1, change.subject, UNKNOWN) for change in held if change.doing != UNKNOWN]


def _corrected(connection: Connection, bucket: int, stats: Collection[Stat]) -> tuple[list[Stat], set[int]]:
    """What late samples make better, and the next bucket of each subject whose register stands elsewhere now.

    Where less is known than was counted before, the samples of then are not all there any more: that one stays.
    """
    mine = rows.Span(bucket, bucket + 1, [stat.subject for stat in stats])
    before = {stat.subject: stat for stat in rows.stats_between(connection, rows.five_minutes, mine)}
    was = [(before.get(stat.subject, Stat(stat.subject, bucket)), stat) for stat in stats]
    better = [(old, new) for old, new in was if new.known_s >= old.known_s]
    moved = [
        new.subject for old, new in better if (old.register, old.export_register) != (new.register, new.export_register)
    ]
    found = (rows.next_counted(connection, subject, bucket) for subject in moved)
    return [new for _, new in better], {later for later in found if later is not None}
