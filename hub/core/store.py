"""The store: one writer thread that commits many units of work at once, and reads on connections of their own.

`await store.write(work)` runs `work(tx)` on the writer's thread inside a SAVEPOINT and returns when it is on disk; what
`tx.record(fact)` was told is in the journal in the same commit, and on the bus after it. Whoever waits, waits for one
flush of the disk, not for one each: that is what makes a durable fact cheap.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError, SQLAlchemyError

from hub.core.clock import Clock
from hub.core.database import ADVISORY_LOCK, Damaged, StoreConfig, cause, file_of, open_engine, prepare, set_aside
from hub.core.pen import Pen
from hub.core.space import Space
from hub.model.errors import NotKept, PortInUse, Unreachable
from hub.model.facts import Event, Gap, HubStarted, Keeping, StorageDamaged, StorageFilled, StorageFreed

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_IN_A_GROUP = 500
MOST_TOLD = 10_000  # facts that wait for the writer; with more, those that may be thinned are not written down
RECONNECT_S = 5.0
START_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Tx:
    """What a unit of work sees: the connection, and the journal. Only valid while the work runs."""

    connection: Connection
    _pen: Pen

    def record(self, fact: Event) -> int:
        """Write a fact into the journal in this transaction; answers its number. The bus hears it after the commit."""
        return self._pen.record(fact)


@dataclass(frozen=True, slots=True)
class Job:
    """One unit of work, and who waits for it: a future, or nobody where a fact was only told."""

    work: Callable[[Tx], object]
    durable: bool = True
    answer: asyncio.Future[Any] | None = None
    fact: Event | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one job went, and the facts to tell now."""

    job: Job
    value: object = None
    facts: list[Event] = field(default_factory=list)
    error: Exception | None = None


class Store:
    """The database. `deliver` hears every fact on the event loop once it is committed."""

    def __init__(self, url: URL, config: StoreConfig, clock: Clock, deliver: Callable[[Event], None]) -> None:
        self._url, self._clock, self._deliver = url, clock, deliver
        self._pen = Pen(clock)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._space = Space(file_of(url), config.keep_free_mb)
        self._readers = ThreadPoolExecutor(2, "evhub-read")
        self._thread: threading.Thread | None = None
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._synchronous: str | None = None
        self._waiting = 0
        self._lost: Counter[Keeping] = Counter()
        self._failing = False
        self._grown = asyncio.Event()
        self._set_aside: Path | None = None
        self.started: HubStarted | None = None
        self.head = 0
        self.commits = 0

    # life

    async def start(self, version: str) -> None:
        """Open the database, bring its tables up to date, and begin to write.

        Raises Unreachable or BadConfig with the next step; PortInUse when another hub has the same database open.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._open, version)
        self.head = self._pen.no
        self._thread = threading.Thread(target=self._run, name="evhub-write", daemon=True)
        self._thread.start()
        started = HubStarted(
            at=self._clock.now(), version=version, boot_id=self._pen.boot_id, clean=self._pen.ended_well
        )
        await self.write(lambda tx: tx.record(started))
        self.started = started
        if self._set_aside is not None:
            self.tell(StorageDamaged(at=self._clock.now(), file=self._set_aside.name))

    async def stop(self) -> None:
        """Write what waits, note the clean end, and close."""
        if self._thread is not None:
            with suppress(NotKept):
                await self.write(lambda tx: self._pen.end(tx.connection))
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        self._readers.shutdown()
        self._disconnect()
        if self._engine is not None:
            self._engine.dispose()

    @property
    def epoch(self) -> str:
        """The present series of the journal's numbers."""
        return self._pen.epoch

    @property
    def boot_id(self) -> str:
        """This run of the hub."""
        return self._pen.boot_id

    @property
    def base(self) -> int:
        """The present epoch's first entry has the number after this."""
        return self._pen.base

    @property
    def is_short_of_space(self) -> bool:
        """The disk is nearly full: what may be thinned is not written down any more."""
        return self._space.is_short

    @property
    def is_nearly_full(self) -> bool:
        """Only half of the room that should be free is: what is counted from measurements stops, too."""
        return self._space.is_nearly_full

    @property
    def waiting(self) -> int:
        """Units of work that are not committed yet."""
        return self._waiting

    # writing

    async def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        """Run a unit of work on the writer's thread; its value, when it is on disk.

        What `work` raises comes back to the caller, and nothing of it is saved. Raises NotKept when the database cannot
        take it. Not durable: in the file at once, on the disk with the next durable group (measurements).
        """
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._put(Job(work, durable, answer))
        return cast(T, await answer)

    def tell(self, fact: Event) -> None:
        """Write a fact into the journal, then tell it. Never waits, never fails.

        Where it cannot be written it is told all the same, and a `Gap` says how many were lost as soon as that can be.
        """
        keeping = fact.keeping
        if keeping is not None and keeping is not Keeping.KEPT and (self.is_short_of_space or self._is_behind):
            self._lost[keeping] += 1
            self._deliver(fact)
            return
        self._put(Job(lambda tx: tx.record(fact), fact=fact))

    @property
    def _is_behind(self) -> bool:
        return self._waiting >= MOST_TOLD

    def _put(self, job: Job) -> None:
        if self._thread is None:
            raise RuntimeError("the store is not running")
        self._waiting += 1
        self._jobs.put(job)

    # reading

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a query on a thread and a connection of its own. Raises Unreachable when the database does not answer."""
        return await self._loop.run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        assert self._engine is not None
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except OperationalError as failed:
            raise Unreachable(f"the database does not answer: {cause(failed)}", "try again") from failed
        except DatabaseError as failed:
            if type(failed) is not DatabaseError:  # its kinds are mistakes in the query
                raise
            then = "restart the hub: it sets a damaged file aside"
            raise Unreachable(f"the database cannot be read: {cause(failed)}", then) from failed

    async def grown(self, beyond: int) -> None:
        """Wait until the journal has an entry with a greater number."""
        while self.head <= beyond:
            await self._grown.wait()

    # on the writer's thread

    def _open(self, version: str) -> None:
        self._engine = open_engine(self._url)
        try:
            prepare(self._engine, within_s=START_WITHIN_S)
        except Damaged as damaged:
            self._begin_anew(damaged)
        connection = self._connect()
        with connection.begin():
            self._pen.begin(connection, version)

    def _begin_anew(self, damaged: Damaged) -> None:
        """A site charges on without its past: the damaged file is kept for whoever may mend it."""
        assert self._engine is not None
        self._engine.dispose()
        self._set_aside = set_aside(cast(Path, file_of(self._url)), f"damaged-{self._clock.now():%Y%m%dT%H%M%SZ}")[0]
        log.error("%s; it is %s now, and an empty one takes its place", damaged.message, self._set_aside)
        self._engine = open_engine(self._url)
        prepare(self._engine)

    def _connect(self) -> Connection:
        """The writer's connection; on PostgreSQL it holds the lock that keeps a second hub out."""
        if self._connection is None:
            assert self._engine is not None
            with ExitStack() as unless_it_fails:
                connection = self._engine.connect()
                unless_it_fails.callback(connection.close)
                if self._engine.dialect.name == "postgresql":
                    mine = connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
                    connection.commit()
                    if not mine:
                        raise PortInUse("another evhub has this database open", "give each hub a database of its own")
                unless_it_fails.pop_all()
            self._connection, self._synchronous = connection, None
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._next_group()
            if group:
                outcomes = self._carry_out(group)
                self._space.look(self._clock.monotonic())
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    self._loop.call_soon_threadsafe(self._settle, outcomes, self._pen.no)

    def _next_group(self) -> tuple[list[Job], bool]:
        """The next jobs, as many as wait; False with the last ones."""
        group: list[Job] = []
        job = self._jobs.get()
        with suppress(queue.Empty):
            while job is not None:
                group.append(job)
                if len(group) == MOST_IN_A_GROUP:
                    break
                job = self._jobs.get_nowait()
        return group, job is not None

    def _carry_out(self, group: list[Job]) -> list[Outcome]:
        """Commit the group; where that fails, each job by itself, so that one that does not fit harms no other."""
        outcomes: list[Outcome] = []
        try:
            self._commit(group, outcomes)
            return outcomes
        except (SQLAlchemyError, sqlite3.Error, PortInUse) as failed:
            self._pen.back(0)
            if _lost_connection(failed):
                return self._again(group, outcomes)
            if len(group) > 1:
                return [outcome for job in group for outcome in self._carry_out([job])]
            return _all_failed(group, failed)

    def _commit(self, group: list[Job], outcomes: list[Outcome]) -> None:
        durable = any(job.durable for job in group)
        connection = self._connect()
        self._flush_to_disk(connection, durable=durable)
        with connection.begin():
            if not durable and connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            tx = Tx(connection, self._pen)
            outcomes.extend(self._do(job, tx) for job in group)
            self._pen.flush(connection)
        self._pen.committed()
        self.commits += 1

    def _do(self, job: Job, tx: Tx) -> Outcome:
        mark = self._pen.mark()
        if job.fact is not None:  # a fact that is only told needs no savepoint: nothing of it can fail by itself
            job.work(tx)
            return Outcome(job, facts=[job.fact])
        tx.connection.exec_driver_sql("SAVEPOINT job")
        try:
            value = job.work(tx)
        except OperationalError:
            raise  # the disk or the server: the transaction may be gone as a whole
        except Exception as failed:
            tx.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
            tx.connection.exec_driver_sql("RELEASE SAVEPOINT job")
            self._pen.back(mark)
            return Outcome(job, error=failed)
        tx.connection.exec_driver_sql("RELEASE SAVEPOINT job")
        return Outcome(job, value, self._pen.since(mark))

    def _again(self, group: list[Job], outcomes: list[Outcome]) -> list[Outcome]:
        """The server was lost, perhaps in mid-commit: look whether it went through, else try once more."""
        given_up_s = self._clock.monotonic() + RECONNECT_S
        while True:
            self._disconnect()
            try:
                connection = self._connect()
                arrived = self._pen.went_through(connection)
                connection.rollback()
                if not arrived:
                    outcomes.clear()
                    self._commit(group, outcomes)
                    return outcomes
            except (SQLAlchemyError, PortInUse) as failed:
                self._pen.back(0)
                if self._clock.monotonic() > given_up_s:
                    return _all_failed(group, failed)
                threading.Event().wait(0.2)
            else:
                self._pen.no += sum(len(outcome.facts) for outcome in outcomes)
                self._pen.committed()
                return outcomes

    def _flush_to_disk(self, connection: Connection, *, durable: bool) -> None:
        """SQLite flushes the disk at each commit of a durable group only. Set between transactions, where it works."""
        wanted = "FULL" if durable else "NORMAL"
        if connection.dialect.name == "sqlite" and wanted != self._synchronous:
            driver = cast(sqlite3.Connection, connection.connection.driver_connection)
            driver.execute(f"PRAGMA synchronous={wanted}")
            self._synchronous = wanted

    # back on the loop

    def _settle(self, outcomes: Iterable[Outcome], head: int) -> None:
        self.head = head
        self._grown.set()
        self._grown = asyncio.Event()
        for outcome in outcomes:
            self._waiting -= 1
            self._answer(outcome)
        self._tell_of_space()
        if self._lost and not self._failing and not self.is_short_of_space and not self._is_behind:
            self._tell_of_gaps()

    def _answer(self, outcome: Outcome) -> None:
        job, failed = outcome.job, outcome.error
        self._note(failed)
        for fact in outcome.facts:
            self._deliver(fact)
        if job.fact is not None and failed is not None:
            self._deliver(job.fact)
            self._lost[job.fact.keeping or Keeping.KEPT] += 1
        if job.answer is not None and not job.answer.done():
            if failed is None:
                job.answer.set_result(outcome.value)
            else:
                job.answer.set_exception(failed)

    def _note(self, failed: Exception | None) -> None:
        """An outage is logged once when it begins and once when it ends."""
        failing = isinstance(failed, NotKept)
        if failing and not self._failing:
            log.error("%s; %s", failed, cast(NotKept, failed).next)
        elif self._failing and failed is None:
            log.warning("the database takes what it is given again")
        if failing or failed is None:
            self._failing = failing

    def _tell_of_gaps(self) -> None:
        lost, self._lost = self._lost, Counter()
        for keeping, count in lost.items():
            log.warning("%d facts of the kind '%s' are not in the journal", count, keeping.value)
            self.tell(Gap(at=self._clock.now(), kind=keeping, count=count))

    def _tell_of_space(self) -> None:
        """The disk filled up, or has room again: said once each."""
        if (change := self._space.change()) is None:
            return
        short, free_mb = change
        log.warning("%d MB are free on the disk: %s", free_mb, "measurements stop" if short else "enough again")
        fact = StorageFilled if short else StorageFreed
        self.tell(fact(at=self._clock.now(), free_mb=free_mb))


def _lost_connection(failed: Exception) -> bool:
    return isinstance(failed, DBAPIError) and failed.connection_invalidated


def _all_failed(group: list[Job], failed: Exception) -> list[Outcome]:
    said = f"the database does not take it: {cause(failed)}"
    return [Outcome(job, error=NotKept(said, "make room on the disk or look at it; try again")) for job in group]
