"""The database's tables: the one catalogue that every room's `store.py` adds its own to, and those of the journal.

Times are whole milliseconds since 1970, UTC: small, sortable and the same in every database. What a table looks like in
a database that exists already is the matter of `hub/core/migrations`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
metadata = sa.MetaData()


def millis(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment(at_ms: int) -> datetime:
    """The time, aware, UTC."""
    return EPOCH + timedelta(milliseconds=at_ms)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as milliseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """On the way in."""
        return None if value is None else millis(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """On the way out."""
        return None if value is None else moment(value)


BigKey = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A 64-bit key: SQLite's INTEGER is one, and only under that name it is the row's own number."""

boots = sa.Table(
    "boots",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("boot_id", sa.String(32), nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),  # null: it runs, or was killed
)

epochs = sa.Table(
    "epochs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.String(32), nullable=False),
    sa.Column("base", sa.BigInteger, nullable=False),  # an entry's seq in this epoch is its no - base
    sa.Column("began_at", Moment, nullable=False),
)

journal_head = sa.Table(
    "journal_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # one row
    sa.Column("no", sa.BigInteger, nullable=False),  # of the last entry
    sa.Column("commits", sa.BigInteger, nullable=False),  # tells after a lost connection whether a commit went through
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("no", BigKey, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("boot", sa.Integer, nullable=False),
    sa.Column("written_at", Moment, nullable=False),
    sa.Column("mono_ms", sa.BigInteger, nullable=False),
    sa.Column("clock_synced", sa.Boolean),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("keeping", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(100)),  # whom a status or a progress is about, for thinning
    sa.Column("data", sa.Text, nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("reader", sa.String(60), primary_key=True),
    sa.Column("no", sa.BigInteger, nullable=False),
    sa.Column("moved_at", Moment, nullable=False),
)

kept = sa.Table(
    "kept",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("saved_at", Moment, nullable=False),
)
