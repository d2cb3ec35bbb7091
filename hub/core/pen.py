"""The pen: numbers the facts of one commit and writes them into the journal. Lives on the writer's thread.

Numbers are given out in memory and written with the group, so that a fact costs no query of its own. A unit of work
that fails takes its numbers back: the journal has no holes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

import orjson
import sqlalchemy as sa

from hub.core.clock import Clock
from hub.core.ntp import clock_synced
from hub.core.shown import members
from hub.core.tables import boots, epochs, journal, journal_head
from hub.model.facts import Event

HEAD = 1  # the one row of journal_head
SYNC_LOOK_S = 10.0
SUBJECTS = ("charger", "meter", "circuit")


@dataclass(slots=True)
class Pen:
    """`no` is the last number that was given out, `commits` counts the groups that were committed."""

    clock: Clock
    synced: Callable[[], bool | None] = clock_synced
    boot_id: str = field(default_factory=lambda: uuid4().hex)
    epoch: str = ""
    no: int = 0
    base: int = 0
    commits: int = 0
    ended_well: bool | None = None  # the boot before this one; None when there was none
    _boot: int = 0
    _epoch: int = 0
    _rows: list[dict[str, object]] = field(default_factory=list)
    _facts: list[Event] = field(default_factory=list)
    _looked_s: float = float("-inf")
    _in_sync: bool | None = None

    def begin(self, connection: sa.Connection, version: str) -> None:
        """Read where the journal ends, make the first epoch of a new database, and note this boot."""
        head = connection.execute(sa.select(journal_head)).first()
        if head is None:
            connection.execute(journal_head.insert().values(id=HEAD, no=0, commits=0))
            new_epoch(connection, 0, self.clock)
        else:
            self.no, self.commits = head.no, head.commits
        latest = connection.execute(sa.select(epochs).order_by(epochs.c.id.desc()).limit(1)).one()
        self._epoch, self.epoch, self.base = latest.id, latest.epoch, latest.base
        before = connection.execute(sa.select(boots).order_by(boots.c.id.desc()).limit(1)).first()
        self.ended_well = None if before is None else before.ended_at is not None
        note = boots.insert().values(boot_id=self.boot_id, version=version, began_at=self.clock.now())
        self._boot = connection.execute(note.returning(boots.c.id)).scalar_one()

    def end(self, connection: sa.Connection) -> None:
        """Note that this boot ends as it should."""
        connection.execute(boots.update().where(boots.c.id == self._boot).values(ended_at=self.clock.now()))

    def record(self, fact: Event) -> int:
        """Number a fact; it is written with `flush`. Only facts with a `keeping` have a place in the journal."""
        if fact.keeping is None:
            raise ValueError(f"{fact.name} is not kept in the journal")
        self.no += 1
        self._facts.append(fact)
        self._rows.append(
            {
                "no": self.no,
                "epoch": self._epoch,
                "boot": self._boot,
                "written_at": self.clock.now(),
                "mono_ms": int(self.clock.monotonic() * 1000),
                "clock_synced": self._clock_synced(),
                "name": fact.name,
                "keeping": fact.keeping.value,
                "subject": next((s for word in SUBJECTS if (s := getattr(fact, word, None)) is not None), None),
                "data": orjson.dumps(dict(members(fact))).decode(),
            }
        )
        return self.no

    def mark(self) -> int:
        """How many facts this group has so far."""
        return len(self._facts)

    def since(self, mark: int) -> list[Event]:
        """The facts that were recorded after that."""
        return self._facts[mark:]

    def back(self, mark: int) -> None:
        """Take back what was recorded after that, numbers too."""
        self.no -= len(self._facts) - mark
        del self._facts[mark:], self._rows[mark:]

    def flush(self, connection: sa.Connection) -> None:
        """Write the facts and the head of the journal into the group's transaction."""
        if self._rows:
            connection.execute(journal.insert(), self._rows)
        head = journal_head.update().where(journal_head.c.id == HEAD)
        connection.execute(head.values(no=self.no, commits=self.commits + 1))

    def committed(self) -> None:
        """The group is on disk."""
        self.commits += 1
        self._facts, self._rows = [], []

    def went_through(self, connection: sa.Connection) -> bool:
        """Whether the group whose commit was not answered is there all the same."""
        return bool(connection.scalar(sa.select(journal_head.c.commits)) == self.commits + 1)

    def _clock_synced(self) -> bool | None:
        now_s = self.clock.monotonic()
        if now_s - self._looked_s >= SYNC_LOOK_S:
            self._looked_s, self._in_sync = now_s, self.synced()
        return self._in_sync


def new_epoch(connection: sa.Connection, base: int, clock: Clock) -> str:
    """Begin a new series of numbers after entry `base`: when a database is made, or restored from a backup."""
    epoch = uuid4().hex
    connection.execute(epochs.insert().values(epoch=epoch, base=base, began_at=clock.now()))
    return epoch
