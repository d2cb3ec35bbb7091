"""The history's tables, and every statement on them.

Samples lie in the order of time: writing appends to one place, which a memory card likes, and five minutes are read in
one go. Statistics and changes lie by subject and time: a year of one charger is one stretch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.core.tables import BigKey, metadata
from hub.recorder.buckets import Base, Bucket, Spread, Stat
from hub.recorder.query import Energy
from hub.recorder.sample import UNKNOWN, Change, Doing, Kind, Sample, Subject, Values

AT_A_TIME = 2_000  # rows that go in one unit of work, so that nobody waits long for the writer
ALIVE, DONE = "alive", "done"  # marks: the last time anything was written, and up to when statistics are complete

recorded = sa.Table(
    "recorded",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("device", sa.String(150), nullable=False),  # behind it now; another one has another register
)

recorder_marks = sa.Table(
    "recorder_marks",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("at", BigKey, nullable=False),
)

recorder_texts = sa.Table(
    "recorder_texts",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
)

samples = sa.Table(
    "samples",
    metadata,
    sa.Column("at", BigKey, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("power_w", sa.Integer),
    sa.Column("l1_ca", sa.Integer),  # hundredths of an amp
    sa.Column("l2_ca", sa.Integer),
    sa.Column("l3_ca", sa.Integer),
    sa.Column("energy_wh", sa.BigInteger),  # the register
    sa.Column("export_wh", sa.BigInteger),
    sa.Column("offered_da", sa.Integer),  # tenths of an amp
    sqlite_with_rowid=False,
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", BigKey, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Integer),
    sa.Column("limit_da", sa.Integer),
    sa.Column("held_da", sa.Integer),
    sa.Column("limiter", sa.Integer),
    sa.Column("circuit", sa.Integer),
    sa.Column("phase", sa.Integer),
    sa.Column("text", sa.BigInteger),
    sqlite_with_rowid=False,
)


def _statistics(name: str) -> sa.Table:
    ranges = [f"{what}_{part}_{unit}" for what, unit in RANGES for part in ("min", "mean", "max")]
    registers = ("energy_wh", "export_wh", *REGISTERS)
    return sa.Table(
        name,
        metadata,
        sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", BigKey, primary_key=True, autoincrement=False),
        sa.Column("known_s", sa.Integer, nullable=False),
        *(sa.Column(column, sa.Integer) for column in ranges),
        *(sa.Column(column, sa.BigInteger) for column in registers),
        sa.Column("states", sa.String(200)),
        sa.Column("limiters", sa.String(200)),
        sqlite_with_rowid=False,
    )


REGISTERS = ("register_wh", "export_register_wh")
RANGES = (("power", "w"), ("l1", "ca"), ("l2", "ca"), ("l3", "ca"))

five_minutes = _statistics("five_minutes")
hours = _statistics("hours")

Row = tuple[object, ...]


class Span(NamedTuple):
    """A stretch of time, and whose rows in it; None for everybody's."""

    at: int
    until: int
    only: Collection[int] | None = None


class Batch(NamedTuple):
    """What is written in one go, `at` this second. Given `undone`, statistics are not done any more from there on."""

    at: int
    undone: int | None = None
    subjects: Sequence[tuple[int, Subject, str]] = ()
    texts: Mapping[int, str] = {}
    samples: Sequence[Sample] = ()
    late: Sequence[Sample] = ()
    changes: Sequence[Change] = ()


def write(connection: Connection, batch: Batch) -> None:
    """Write a batch. A row of the same second is replaced; a late one gives way to what is there."""
    subjects = [(id, subject.kind.value, subject.name, device) for id, subject, device in batch.subjects]
    _put(connection, recorded, subjects)
    _put(connection, recorder_texts, list(batch.texts.items()), keep=True)
    _put(connection, samples, [(at, subject, *values) for at, subject, values in batch.samples])
    _put(connection, samples, [(at, subject, *values) for at, subject, values in batch.late], keep=True)
    _put(connection, changes, [(change.subject, change.at, *change.doing) for change in batch.changes])
    put_mark(connection, ALIVE, batch.at)
    if batch.undone is not None and (mark(connection, DONE) or 0) > batch.undone:
        put_mark(connection, DONE, batch.undone)


def put_mark(connection: Connection, name: str, at: int) -> None:
    """Move a mark."""
    _put(connection, recorder_marks, [(name, at)])


def put_stats(connection: Connection, table: sa.Table, stats: Sequence[Stat]) -> None:
    """Write statistics in place of what was counted of the same buckets before."""
    _put(connection, table, [(*s[:3], *s.power, *s.l1, *s.l2, *s.l3, *s[7:]) for s in stats])


def _put(connection: Connection, table: sa.Table, rows: Sequence[Row], *, keep: bool = False) -> None:
    """Insert whole rows; one whose key is there replaces that row, or with `keep` leaves it alone."""
    if rows:
        connection.exec_driver_sql(_insert(table, connection.dialect.paramstyle, keep=keep), list(rows))


@cache
def _insert(table: sa.Table, paramstyle: str, *, keep: bool) -> str:
    """SQLite and PostgreSQL say this in the same words; plain tuples are written three times as fast as by name."""
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    marks = ", ".join(["?" if paramstyle == "qmark" else "%s"] * len(names))
    others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    then = "NOTHING" if keep else f"UPDATE SET {others}"
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT ({', '.join(keys)}) DO {then}"


# what the recorder reads back


def subjects(connection: Connection) -> list[tuple[int, Subject, str]]:
    """Everything that has a history, with its number and the device that was behind it last."""
    found = connection.execute(sa.select(recorded).order_by(recorded.c.id))
    return [(row.id, Subject(Kind(row.kind), row.name), row.device) for row in found]


def mark(connection: Connection, name: str) -> int | None:
    """Where a mark is."""
    found: int | None = connection.scalar(sa.select(recorder_marks.c.at).where(recorder_marks.c.name == name))
    return found


def last_samples(connection: Connection, span: Span) -> dict[int, Sample]:
    """The latest sample of each subject."""
    return {sample.subject: sample for sample in samples_between(connection, span)}


def samples_between(connection: Connection, span: Span, most: int | None = None) -> list[Sample]:
    """Samples in the order of time."""
    query = sa.select(samples).where(samples.c.at >= span.at, samples.c.at < span.until).order_by(samples.c.at)
    if span.only is not None:
        query = query.where(samples.c.subject.in_(span.only))
    return [Sample(row[0], row[1], Values(*row[2:])) for row in connection.execute(query.limit(most))]


def changes_between(connection: Connection, span: Span) -> list[Change]:
    """Changes of chargers in the order of time."""
    rows = connection.execute(_within(changes, span).order_by(changes.c.at))
    return [Change(row[1], row[0], Doing(*row[2:])) for row in rows]


def _within(table: sa.Table, span: Span) -> sa.Select[Any]:
    return sa.select(table).where(table.c.subject.in_(span.only or ()), table.c.at >= span.at, table.c.at < span.until)


def change_before(connection: Connection, subject: int, at: int) -> Change:
    """What a charger did just before this moment; UNKNOWN where nobody knows."""
    return changes_before(connection, [subject], at).get(subject, Change(at, subject, UNKNOWN))


def changes_before(connection: Connection, only: Collection[int], at: int) -> dict[int, Change]:
    """The last change of each of these chargers before this moment."""
    rows = connection.execute(_last_before(changes, only, at))
    return {row[0]: Change(row[1], row[0], Doing(*row[2:])) for row in rows}


def bases_before(connection: Connection, only: Collection[int], at: int) -> dict[int, Base]:
    """Where the registers of these subjects stood before a bucket."""
    query = _last_before(five_minutes, only, at, REGISTERS)
    rows = connection.execute(query.with_only_columns(*(five_minutes.c[n] for n in ("subject", "at", *REGISTERS))))
    return {row[0]: Base(*row[1:]) for row in rows}


def _last_before(table: sa.Table, only: Collection[int], at: int, known: Sequence[str] = ("at",)) -> sa.Select[Any]:
    """The last row of each subject before a moment that has any of these columns: a search in the key for each."""
    earlier = table.alias("earlier")
    last = sa.select(sa.func.max(earlier.c.at)).where(
        earlier.c.subject == recorded.c.id,
        earlier.c.at < at,
        sa.or_(*(earlier.c[name].is_not(None) for name in known)),
    )
    mine = sa.and_(table.c.subject == recorded.c.id, table.c.at == last.scalar_subquery())
    return sa.select(table).select_from(recorded.join(table, mine)).where(recorded.c.id.in_(only))


def changes_around(connection: Connection, subject: int, at: int, most: int) -> list[Change]:
    """The last changes up to a moment and the first ones after it, in the order of time."""
    mine = sa.select(changes).where(changes.c.subject == subject)
    before = connection.execute(mine.where(changes.c.at <= at).order_by(changes.c.at.desc()).limit(most)).all()
    after = connection.execute(mine.where(changes.c.at > at).order_by(changes.c.at).limit(most)).all()
    return [Change(row[1], row[0], Doing(*row[2:])) for row in (*reversed(before), *after)]


def stats_between(connection: Connection, table: sa.Table, span: Span, most: int | None = None) -> list[Stat]:
    """Statistics in the order of subject and time."""
    rows = connection.execute(_within(table, span).order_by(table.c.subject, table.c.at).limit(most))
    return [Stat(*row[:3], *(Spread(*row[n : n + 3]) for n in (3, 6, 9, 12)), *row[15:]) for row in rows]


def energies_between(connection: Connection, table: sa.Table, span: Span) -> list[Energy]:
    """The energy of each bucket that has any."""
    columns = (table.c.subject, table.c.at, table.c.energy_wh, table.c.export_wh)
    known = sa.or_(table.c.energy_wh.is_not(None), table.c.export_wh.is_not(None))
    return [Energy(*row) for row in connection.execute(_within(table, span).with_only_columns(*columns).where(known))]


def texts_of(connection: Connection, keys: Collection[int]) -> dict[int, str]:
    """Sentences by key."""
    found = connection.execute(sa.select(recorder_texts).where(recorder_texts.c.id.in_(keys)))
    return {row.id: row.text for row in found}


def next_counted(connection: Connection, subject: int, after: int) -> int | None:
    """The first bucket after this one that says where the subject's register stood."""
    table = five_minutes.c
    query = sa.select(sa.func.min(table.at)).where(
        table.subject == subject, table.at > after, table.register_wh.is_not(None)
    )
    found: int | None = connection.scalar(query)
    return found


def buckets(
    connection: Connection, span: Span, extra: Iterable[Sample], chargers: Collection[int]
) -> dict[int, Bucket]:
    """All that is known of one bucket, by subject; `extra` are samples that are not in the database."""
    found: dict[int, Bucket] = {}
    at, only = span.at, span.only
    for sample in sorted([*samples_between(connection, span), *extra], key=lambda sample: sample.at):
        found.setdefault(sample.subject, Bucket()).samples.append(sample)
    asked = set(chargers) if only is None else set(chargers) & set(only)
    for change in changes_between(connection, span._replace(only=asked)):
        found.setdefault(change.subject, Bucket()).changes.append(change)
    for charger, change in changes_before(connection, asked, at).items():
        if change.doing != UNKNOWN:
            found.setdefault(charger, Bucket()).doing = change.doing
    counting = [subject for subject, bucket in found.items() if any(_has_register(s) for s in bucket.samples)]
    for subject, base in bases_before(connection, counting, at).items():
        found[subject].base = base
    return {subject: bucket for subject, bucket in found.items() if only is None or subject in only}


def _has_register(sample: Sample) -> bool:
    return sample.values.energy is not None or sample.values.export is not None


# what is too old


def prune_samples(connection: Connection, old: int) -> int:
    """Take out samples from before `old`, at most so many; answers how many went."""
    return _prune_by_time(connection, samples, old, samples.c.at < old)


def prune_stats(connection: Connection, table: sa.Table, subject: int, old: int) -> int:
    """Take out one subject's statistics from before `old`."""
    return _prune_by_time(connection, table, old, table.c.subject == subject)


def prune_changes(connection: Connection, subject: int, old: int) -> int:
    """Take out one charger's changes that were over before `old`: the last one before still counts."""
    holds = change_before(connection, subject, old).at
    return _prune_by_time(connection, changes, holds, changes.c.subject == subject)


def _prune_by_time(connection: Connection, table: sa.Table, old: int, which: sa.ColumnElement[bool]) -> int:
    """At most AT_A_TIME rows, and those of one second more."""
    nth = sa.select(table.c.at).where(which, table.c.at < old).order_by(table.c.at).offset(AT_A_TIME - 1).limit(1)
    bound = connection.scalar(nth)
    until = table.c.at < old if bound is None else table.c.at <= bound
    return connection.execute(table.delete().where(which, until)).rowcount


def prune_texts(connection: Connection) -> int:
    """Take out sentences that no change says any more."""
    said = sa.select(changes.c.text).where(changes.c.text.is_not(None))
    unsaid = sa.select(recorder_texts.c.id).where(recorder_texts.c.id.not_in(said)).limit(AT_A_TIME)
    return connection.execute(recorder_texts.delete().where(recorder_texts.c.id.in_(unsaid))).rowcount
