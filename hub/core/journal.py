"""The journal: committed facts in order, and a durable cursor for each outside reader.

Entries are numbered without a hole (`no`); for the outside a number is an `epoch` and a `seq` in it, so that what was
restored from a backup can never be taken for what it replaced. Entries go when every reader has them and they are old.
A reader that stays away for too long finds progress and status thinned: an entry is then missing between two others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.core.clock import Clock
from hub.core.database import StoreConfig
from hub.core.entry import Entry, Position
from hub.core.store import Store, Tx
from hub.core.tables import boots, cursors, epochs, journal
from hub.core.tasks import Tasks
from hub.model.facts import Gap, Keeping

log = logging.getLogger(__name__)

PRUNE_S = 3600.0
AT_A_TIME = 2_000  # rows that go in one unit of work, so that nobody waits long for the writer


class Journal:
    """Reads the journal, keeps the cursors, and takes out what nobody needs."""

    def __init__(self, store: Store, config: StoreConfig, clock: Clock) -> None:
        self._store, self._config, self._clock = store, config, clock
        self._tasks = Tasks("journal")

    async def start(self) -> None:
        """Prune every hour."""
        self._tasks.keep("prune", self._prune_hourly)

    async def stop(self) -> None:
        """Let it grow."""
        await self._tasks.close()

    async def _prune_hourly(self) -> None:
        while True:
            await self._clock.sleep(PRUNE_S)
            await self.prune()

    @property
    def head(self) -> int:
        """The number of the last committed entry."""
        return self._store.head

    @property
    def head_position(self) -> Position:
        """The last committed entry as the outside names it; seq 0 when the epoch has none."""
        return Position(self._store.epoch, self._store.head - self._store.base)

    async def grown(self, beyond: int) -> None:
        """Wait until there is an entry after this one."""
        await self._store.grown(beyond)

    async def after(self, no: int, most: int = 500) -> list[Entry]:
        """The next entries, in order. One whose number is not one more than the last before it: thinned in between."""
        return await self._store.read(lambda connection: _after(connection, no, most))

    # cursors

    async def cursor(self, reader: str, begin: int | None = None) -> int:
        """How far a reader has come; one that is new begins after entry `begin`, or after what is there now."""
        return await self._store.write(lambda tx: self._cursor(tx, reader, begin))

    def _cursor(self, tx: Tx, reader: str, begin: int | None) -> int:
        found: int | None = tx.connection.scalar(sa.select(cursors.c.no).where(cursors.c.reader == reader))
        if found is None:
            found = self.head if begin is None else begin
            tx.connection.execute(cursors.insert().values(reader=reader, no=found, moved_at=self._clock.now()))
        return found

    async def advance(self, reader: str, no: int) -> None:
        """A reader has everything up to this entry. A cursor never goes back."""
        move = cursors.update().where(cursors.c.reader == reader, cursors.c.no < no)
        await self._store.write(lambda tx: tx.connection.execute(move.values(no=no, moved_at=self._clock.now())))

    async def forget(self, reader: str) -> None:
        """This reader does not come back: nothing is kept for it any more."""
        await self._store.write(lambda tx: tx.connection.execute(cursors.delete().where(cursors.c.reader == reader)))

    async def no_of(self, position: Position) -> int | None:
        """The number of an entry that the outside names; None where this journal never gave it.

        In an epoch that has ended, what is beyond its end means all of it: a backup knows less than was sent.
        """
        return await self._store.read(lambda connection: _no_of(connection, position, self.head))

    # taking out

    async def prune(self) -> int:
        """Take out what every reader has and is old; thin what is too much for the disk. Answers how many went."""
        old = self._clock.now() - timedelta(days=self._config.journal_days)
        gone = await self._repeat(lambda tx: _prune(tx.connection, old, AT_A_TIME))
        too_many = await self._store.read(_count) - self._config.journal_rows
        if too_many > 0:
            had = await self._store.write(lambda tx: _prune(tx.connection, self._clock.now(), too_many), durable=False)
            too_many, gone = too_many - had, gone + had
        for keeping, thin in ((Keeping.PROGRESS, _thin_progress), (Keeping.STATUS, _thin_status)):
            if too_many <= 0:
                break
            thinned = await self._thin(keeping, thin, too_many)
            too_many, gone = too_many - thinned, gone + thinned
        return gone

    async def _repeat(self, step: Callable[[Tx], int]) -> int:
        total = 0
        while gone := await self._store.write(step, durable=False):
            total += gone
        return total

    async def _thin(self, keeping: Keeping, thin: Callable[[Connection, int], list[int]], most: int) -> int:
        """Take out up to `most` entries of a kind, the oldest first, and say so in the journal itself."""

        def step(tx: Tx) -> int:
            gone = thin(tx.connection, min(most - total, AT_A_TIME))
            if gone:
                first, last = min(gone) - self._store.base, max(gone) - self._store.base
                tx.record(Gap(at=self._clock.now(), kind=keeping, count=len(gone), first=first, last=last))
            return len(gone)

        total = 0
        while total < most and (gone := await self._store.write(step)):
            total += gone
        if total:
            log.warning("%d entries of the kind '%s' were thinned: a reader is far behind", total, keeping.value)
        return total


def _after(connection: Connection, no: int, most: int) -> list[Entry]:
    rows = (
        sa.select(journal, epochs.c.epoch.label("epoch_name"), epochs.c.base, boots.c.boot_id)
        .join(epochs, epochs.c.id == journal.c.epoch)
        .join(boots, boots.c.id == journal.c.boot)
        .where(journal.c.no > no)
        .order_by(journal.c.no)
        .limit(most)
    )
    return [
        Entry(
            row.no,
            Position(row.epoch_name, row.no - row.base),
            row.name,
            Keeping(row.keeping),
            row.written_at,
            row.mono_ms,
            row.boot_id,
            row.clock_synced,
            row.data,
        )
        for row in connection.execute(rows)
    ]


def _no_of(connection: Connection, position: Position, head: int) -> int | None:
    series = connection.execute(sa.select(epochs).order_by(epochs.c.id)).all()
    place = next((n for n, one in enumerate(series) if one.epoch == position.epoch), None)
    if place is None or position.seq < 0:
        return None
    no = int(series[place].base) + position.seq
    if place + 1 < len(series):
        return min(no, int(series[place + 1].base))
    return no if no <= head else None


def _count(connection: Connection) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(journal)) or 0


def _take_out(connection: Connection, numbers: sa.Select[tuple[int]], most: int) -> list[int]:
    gone = list(connection.scalars(numbers.order_by(journal.c.no).limit(most)))
    if gone:
        connection.execute(journal.delete().where(journal.c.no == sa.bindparam("gone")), [{"gone": no} for no in gone])
    return gone


def _prune(connection: Connection, old: datetime, most: int) -> int:
    """Take out what every reader has and was written by then."""
    behind = connection.scalar(sa.select(sa.func.min(cursors.c.no)))
    wanted = sa.select(journal.c.no).where(journal.c.written_at <= old)
    return len(_take_out(connection, wanted if behind is None else wanted.where(journal.c.no <= behind), most))


def _thin_progress(connection: Connection, most: int) -> list[int]:
    return _take_out(connection, sa.select(journal.c.no).where(journal.c.keeping == Keeping.PROGRESS.value), most)


def _thin_status(connection: Connection, most: int) -> list[int]:
    """All but the latest of each name and subject."""
    later = journal.alias("later")
    is_old = sa.exists().where(
        later.c.name == journal.c.name, later.c.subject == journal.c.subject, later.c.no > journal.c.no
    )
    return _take_out(connection, sa.select(journal.c.no).where(journal.c.keeping == Keeping.STATUS.value, is_old), most)
