"""Batches and statuses for tests, and what a reader sees of them in the end."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from cloud.aggregator.parcels import Parcel
from hub.wire.operator.messages import (
    Batch,
    ChargerCounts,
    Event,
    Item,
    Lines,
    Range,
    SiteStatus,
    Skip,
    Status,
)
from hub.wire.operator.topics import Topics

HUB = "garage-1"
EPOCH, LATER_EPOCH = "a" * 32, "b" * 32
BOOT = "c" * 32
MOMENT = "2026-01-31T15:04:05.123Z"


def event(seq: int, **data: str | int | float | None) -> Event:
    return Event(
        seq=seq,
        schema_id="evhub.session_progressed.v1",
        at=MOMENT,
        mono_ms=seq,
        boot_id=BOOT,
        clock_synced=True,
        keeping="progress",
        data={"n": seq, **data},
    )


def skip(first: int, last: int) -> Skip:
    return Skip(skip=Range(first=first, last=last, reason="filtered"))


def batch(first: int, last: int, *, hub: str = HUB, epoch: str = EPOCH) -> Batch:
    return of_items([event(seq) for seq in range(first, last + 1)], hub=hub, epoch=epoch)


def of_items(items: Sequence[Item], *, hub: str = HUB, epoch: str = EPOCH) -> Batch:
    return Batch(hub=hub, epoch=epoch, items=tuple(items))


def status(seq: int, rev: int, *, hub: str = HUB, epoch: str = EPOCH, boot: str = BOOT) -> Status:
    site = SiteStatus(
        ts=MOMENT,
        name=f"at {seq}.{rev}",
        power_w=None,
        current_a=Lines(l1=None, l2=None, l3=None),
        chargers=ChargerCounts(total=0, online=0, charging=0),
    )
    return Status(hub=hub, epoch=epoch, seq=seq, rev=rev, boot_id=boot, at=MOMENT, site=site, chargers={})


def parcel(message: Batch | Status) -> Parcel:
    topics = Topics(message.hub)
    return Parcel(topics.events if isinstance(message, Batch) else topics.status, message.to_json())


def dsn_of(url: str) -> str:
    """psycopg's form of an SQLAlchemy URL."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def seen(dsn: str, hub: str = HUB, epoch: str = EPOCH) -> list[int]:
    """What a reader gets of a hub's events, in their order."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT seq FROM event WHERE hub_id = %s AND epoch = %s ORDER BY seq", [hub, epoch])
        return [seq for (seq,) in rows]


def refusals(dsn: str) -> list[tuple[str, str, int]]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT topic, reason, times FROM refused ORDER BY first_at, topic")
        return [(topic, reason, times) for topic, reason, times in rows]
