"""Small documents that must survive a restart, by name: a row of the database each."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from hub.core.clock import Clock
from hub.core.store import Store, Tx
from hub.core.tables import kept
from hub.model.facts import Event


class Documents:
    """JSON documents by name. A save is on disk when it returns, or the old document is still whole."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def load(self, name: str) -> object | None:
        """The document, or None when there is none."""
        text = await self._store.read(lambda c: c.scalar(sa.select(kept.c.document).where(kept.c.name == name)))
        return None if text is None else json.loads(text)

    async def save(self, name: str, document: object, facts: Iterable[Event] = ()) -> None:
        """Keep the document in place of the one before, and tell these facts in the same commit. Raises NotKept."""
        text, now = json.dumps(document), self._clock.now()

        def work(tx: Tx) -> None:
            change = kept.update().where(kept.c.name == name).values(document=text, saved_at=now)
            if tx.connection.execute(change).rowcount == 0:
                tx.connection.execute(kept.insert().values(name=name, document=text, saved_at=now))
            for fact in facts:
                tx.record(fact)

        await self._store.write(work)
