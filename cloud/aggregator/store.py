"""The only SQL that keeps what hubs push: one transaction for many parcels, and the acknowledgements that it allows.

Exactly once in effect: an event is keyed by (hub, epoch, seq) and the first one stays. `progress.have` is the set of
places that are stored; it only ever grows, by one statement, so aggregators may do this at once in any order.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from pydantic_core import to_json

from cloud.aggregator.database import Connection, Database
from cloud.aggregator.parcels import Opened, Parcel, Refused, opened
from hub.wire.operator.messages import Ack, Batch, Event, Reply, Skip, Status

log = logging.getLogger(__name__)

PATIENCE_S = 2.0  # two aggregators commit out of order for a moment; a gap that stays for longer is loss
LONGEST_PATIENCE_S = 300.0
MOST_REFUSED_BYTES = 65_536

PROGRESS = """
INSERT INTO progress AS p (hub_id, epoch, have, gap_since)
SELECT hub_id, epoch, have, CASE WHEN reach(have) < upper(have) - 1 THEN now() END
FROM (
    SELECT hub_id, epoch, min(nr) AS nr, range_agg(int8range(first, last, '[]')) + '{[0,1)}'::int8multirange AS have
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
        WITH ORDINALITY AS t (hub_id, epoch, first, last, nr)
    GROUP BY hub_id, epoch
) AS news
ORDER BY hub_id, nr  -- a hub's epochs are numbered in the order of their coming
ON CONFLICT (hub_id, epoch) DO UPDATE SET
    have = p.have + excluded.have,
    heard_at = now(),
    asks = CASE WHEN reach(p.have + excluded.have) > p.upto THEN 0 ELSE p.asks END,
    gap_since = CASE
        WHEN reach(p.have + excluded.have) = upper(p.have + excluded.have) - 1 THEN NULL
        WHEN p.gap_since IS NULL OR reach(p.have + excluded.have) > p.upto THEN now()
        ELSE p.gap_since
    END
RETURNING p.hub_id, p.epoch, p.upto, p.head
"""
EVENTS = """
INSERT INTO received_event (hub_id, epoch, seq, schema, at, mono_ms, boot_id, clock_synced, class, data)
SELECT * FROM unnest(
    %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[]::timestamptz[], %s::bigint[],
    %s::text[], %s::boolean[], %s::text[], %s::text[]::jsonb[]
)
ON CONFLICT DO NOTHING
"""
SKIPS = """
INSERT INTO received_skip AS s (hub_id, epoch, first, last, reason)
SELECT DISTINCT ON (hub_id, epoch, first) *
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[]) AS t (hub_id, epoch, first, last, reason)
ORDER BY hub_id, epoch, first, last DESC
ON CONFLICT (hub_id, epoch, first) DO UPDATE SET last = excluded.last WHERE s.last < excluded.last
"""
STATUSES = """
INSERT INTO hub_status AS s (hub_id, epoch, epoch_no, seq, rev, boot_id, document)
SELECT DISTINCT ON (hub_id) hub_id, epoch, p.epoch_no, t.seq, t.rev, t.boot_id, t.document
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[]::jsonb[])
    AS t (hub_id, epoch, seq, rev, boot_id, document)
JOIN progress p USING (hub_id, epoch)
ORDER BY hub_id, p.epoch_no DESC, t.seq DESC, t.rev DESC
ON CONFLICT (hub_id) DO UPDATE SET
    epoch = excluded.epoch, epoch_no = excluded.epoch_no, seq = excluded.seq, rev = excluded.rev,
    boot_id = excluded.boot_id, document = excluded.document, received_at = now()
WHERE (excluded.epoch_no, excluded.seq) > (s.epoch_no, s.seq)
    OR ((excluded.epoch_no, excluded.seq) = (s.epoch_no, s.seq)
        AND (excluded.rev > s.rev OR excluded.boot_id <> s.boot_id))  -- rev begins anew with each boot
"""
REPLIES = """
INSERT INTO reply (hub_id, id, document)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]::jsonb[]) ON CONFLICT DO NOTHING
"""
REFUSED = """
INSERT INTO refused AS r (topic, digest, reason, payload) VALUES (%s, %s, %s, %s)
ON CONFLICT (topic, digest) DO UPDATE SET times = r.times + 1, last_at = now()
RETURNING times
"""
STUCK = """
UPDATE progress AS p SET asked_at = now(), asks = asks + 1
FROM (
    SELECT hub_id, epoch FROM progress g
    WHERE gap_since < now() - make_interval(secs => %(patience)s)
        AND (asked_at IS NULL OR asked_at < gap_since
            OR asked_at < now() - make_interval(secs => least(%(patience)s * 2 ^ least(asks, 16), %(longest)s)))
        AND NOT EXISTS (SELECT 1 FROM progress n WHERE n.hub_id = g.hub_id AND n.epoch_no > g.epoch_no)
    FOR UPDATE SKIP LOCKED  -- whoever is being worked on moves
) AS stuck
WHERE (p.hub_id, p.epoch) = (stuck.hub_id, stuck.epoch)
RETURNING p.hub_id, p.epoch, p.upto
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one epoch of a hub is stored now."""

    hub: str
    epoch: str
    upto: int
    head: int

    @property
    def has_gap(self) -> bool:
        """True when something is stored that lies behind a hole."""
        return self.head > self.upto

    def ack(self, *, resend: bool = False) -> Ack:
        """What the hub may be told."""
        return Ack(epoch=self.epoch, upto=self.upto, resend=resend)


class Store:
    """Keeps parcels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, parcels: Sequence[Parcel]) -> list[Reached]:
        """Keep them all and commit; then answer how far each hub is stored now.

        A parcel that PostgreSQL will not take is put among the refused, and the others are kept.
        """
        try:
            return await self._keep(opened(parcels))
        except psycopg.DataError as wrong:
            if len(parcels) == 1:
                return await self._keep(Opened(refused=[Refused(parcels[0], _first_line(wrong))]))
        return [reached for parcel in parcels for reached in await self.keep([parcel])]

    async def stuck(self) -> list[Reached]:
        """The hubs whose gap has stood for too long: they shall send again. Each is told to one aggregator only."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(STUCK, {"patience": PATIENCE_S, "longest": LONGEST_PATIENCE_S})
            return [Reached(hub, epoch, upto, upto) for hub, epoch, upto in await rows.fetchall()]

    async def _keep(self, parcels: Opened) -> list[Reached]:
        async with self._database.transaction() as connection:
            reached = await _progress(connection, parcels)
            await _events(connection, parcels.batches)
            await _skips(connection, parcels.batches)
            await _statuses(connection, parcels.statuses)
            await _replies(connection, parcels.replies)
            for refused in parcels.refused:
                await _refuse(connection, refused)
        return reached


async def _progress(connection: Connection, parcels: Opened) -> list[Reached]:
    """The rows are locked here, in one order, so that nobody waits for each other below."""
    news = [(batch.hub, batch.epoch, *batch.span) for batch in parcels.batches]
    news += [(status.hub, status.epoch, 0, 0) for status in parcels.statuses]  # heard of; nothing of it is stored
    if not news:
        return []
    rows = await connection.execute(PROGRESS, _columns(news, 4))
    return [Reached(*row) for row in await rows.fetchall()]


async def _events(connection: Connection, batches: Sequence[Batch]) -> None:
    rows = [
        (
            *(batch.hub, batch.epoch, event.seq, event.schema_id, event.at, event.mono_ms),
            *(event.boot_id, event.clock_synced, event.keeping, to_json(event.data).decode()),
        )
        for batch in batches
        for event in batch.items
        if isinstance(event, Event)
    ]
    if rows:
        await connection.execute(EVENTS, _columns(rows, 10))


async def _skips(connection: Connection, batches: Sequence[Batch]) -> None:
    rows = [
        (batch.hub, batch.epoch, item.skip.first, item.skip.last, item.skip.reason)
        for batch in batches
        for item in batch.items
        if isinstance(item, Skip)
    ]
    if rows:
        await connection.execute(SKIPS, _columns(rows, 5))


async def _statuses(connection: Connection, statuses: Sequence[Status]) -> None:
    rows = [(s.hub, s.epoch, s.seq, s.rev, s.boot_id, s.to_json().decode()) for s in statuses]
    if rows:
        await connection.execute(STATUSES, _columns(rows, 6))


async def _replies(connection: Connection, replies: Sequence[tuple[str, Reply]]) -> None:
    rows = [(hub, reply.id, reply.to_json().decode()) for hub, reply in replies]
    if rows:
        await connection.execute(REPLIES, _columns(rows, 3))


async def _refuse(connection: Connection, refused: Refused) -> None:
    parcel = refused.parcel
    digest = hashlib.sha256(parcel.payload).digest()
    topic, reason = (text.replace("\0", "\ufffd") for text in (parcel.topic, refused.reason))
    rows = await connection.execute(REFUSED, [topic, digest, reason, parcel.payload[:MOST_REFUSED_BYTES]])
    if await rows.fetchone() == (1,):
        log.warning("refused from %s: %s", topic, reason)


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[n] for row in rows] for n in range(width)]


def _first_line(wrong: psycopg.Error) -> str:
    return str(wrong).partition("\n")[0]
