"""What the way up keeps: the commands that were taken, each once; and where in the journal things are."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.core.clock import Clock
from hub.core.store import Store, Tx
from hub.core.tables import Moment, cursors, journal, metadata

READER = "operator:"
KEPT_FOR = timedelta(days=30)  # after its expiry nobody can give a command again

operator_commands = sa.Table(
    "operator_commands",
    metadata,
    sa.Column("operator", sa.String(40), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("taken_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("reply", sa.Text),  # null: taken, and not answered yet
)
MINE = operator_commands.c


class CommandLog:
    """The commands of one operator. What is taken is on disk before it is carried out."""

    def __init__(self, store: Store, clock: Clock, operator: str) -> None:
        self._store, self._clock, self._operator = store, clock, operator

    async def find(self, id: str) -> str | None:
        """The reply of a command that was taken; "" where it has none yet, None where it was never taken."""
        wanted = sa.select(sa.func.coalesce(MINE.reply, "")).where(self._is(id))
        return await self._store.read(lambda connection: connection.scalar(wanted))

    async def take(self, id: str, name: str, expires_at: datetime) -> None:
        """Take a command. Raises NotKept; a second time is a mistake, and fails too."""
        now = self._clock.now()
        row = {"operator": self._operator, "id": id, "name": name, "taken_at": now, "expires_at": expires_at}

        def work(tx: Tx) -> None:
            tx.connection.execute(operator_commands.delete().where(MINE.expires_at < now - KEPT_FOR))
            tx.connection.execute(operator_commands.insert().values(row))

        await self._store.write(work)

    async def answered(self, id: str, reply: str) -> None:
        """Keep the reply of a command that was taken. Raises NotKept."""
        change = operator_commands.update().where(self._is(id)).values(reply=reply)
        await self._store.write(lambda tx: tx.connection.execute(change))

    async def unanswered(self) -> list[str]:
        """The ids of commands that were taken and never answered, the oldest first."""
        wanted = sa.select(MINE.id).where(MINE.operator == self._operator, MINE.reply.is_(None)).order_by(MINE.taken_at)
        return await self._store.read(lambda connection: list(connection.scalars(wanted)))

    def _is(self, id: str) -> sa.ColumnElement[bool]:
        return sa.and_(MINE.operator == self._operator, MINE.id == id)


async def known_readers(store: Store) -> list[str]:
    """The operators that have a cursor, by name."""
    wanted = sa.select(cursors.c.reader).where(cursors.c.reader.startswith(READER, autoescape=True))
    found = await store.read(lambda connection: list(connection.scalars(wanted)))
    return sorted(reader.removeprefix(READER) for reader in found)


async def before(store: Store, moment: datetime) -> int:
    """The number of the last entry that was written before this moment, or 0."""

    def look(connection: Connection) -> int:
        number = sa.select(sa.func.max(journal.c.no)).where(journal.c.written_at < moment)
        return connection.scalar(number) or 0

    return await store.read(look)
