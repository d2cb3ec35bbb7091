"""The tables of sessions and transactions, and the units of work on them. Facts go into the journal in the same commit.

A start is known again by what it says (`said`, unique), not by what the hub remembers: a charger that lost our answer
sends it again days later. Numbers of transactions never come twice, also not after a backup was restored: then an epoch
of the journal begins, and the numbers jump ahead of the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub.core.store import Tx
from hub.core.tables import BigKey, Moment, metadata, millis, moment
from hub.model.facts import SessionEnded, SessionProgressed, SessionStarted
from hub.model.ids import ChargerId, SessionId, StationId, TransactionId
from hub.model.session import TransactionStart, TransactionStop
from hub.sessions.energy import Count, Flag, Sample
from hub.sessions.lifecycle import Begun, Ended, Session, claimed

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
JUMP = 100_000  # more transactions than any site has between two backups
MOST_NUMBER = 2**63

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("charger", sa.String(100), nullable=False),
    sa.Column("station", sa.String(100), nullable=False),
    sa.Column("token", sa.Text),
    sa.Column("plugged_at", Moment),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("start_wh", sa.Float),
    sa.Column("transaction", sa.BigInteger),  # the latest one
    sa.Column("stopped_at", Moment),  # when that ended
    sa.Column("ended_at", Moment),  # null: the session is open
    sa.Column("energy_wh", sa.Float),
    sa.Column("reason", sa.Text),
    sa.Column("flags", sa.String(200), nullable=False),
    sa.Column("counted", sa.Text, nullable=False),  # the state of its register arithmetic, to go on after a restart
    sa.Index("sessions_by_charger", "charger", "started_at"),
    sa.Index("sessions_by_start", "started_at"),
    sa.Index("sessions_by_end", "ended_at"),
)

transactions = sa.Table(
    "transactions",
    metadata,
    sa.Column("number", BigKey, primary_key=True, autoincrement=False),
    sa.Column("session", sa.String(36), nullable=False),
    sa.Column("charger", sa.String(100), nullable=False),
    sa.Column("station", sa.String(100), nullable=False),
    sa.Column("said", sa.String(64)),  # a digest of what the device said: the same start again has the same
    sa.Column("token", sa.Text),
    sa.Column("begun_at", Moment),  # by the device's clock; null: it could not be meant, or the start is not known
    sa.Column("start_wh", sa.Float),
    sa.Column("signed_start", sa.LargeBinary),
    sa.Column("stopped_at", Moment),  # null: it runs
    sa.Column("stop_wh", sa.Float),
    sa.Column("signed_stop", sa.LargeBinary),
    sa.Column("reason", sa.Text),
    sa.Index("transactions_said", "said", unique=True),
    sa.Index("transactions_of_session", "session"),
)

numbers = sa.Table(
    "transaction_numbers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # one row
    sa.Column("next", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.String(32), nullable=False),
)


# numbers


def ready_numbers(connection: Connection, epoch: str, now: datetime) -> None:
    """Make the counter of a new database, or let it jump when the database was restored from a backup.

    Numbers begin at the seconds since 2020: a site begins fewer transactions than one a second, so that the seconds of
    a later day are beyond every number that was ever given.
    """
    row = connection.execute(sa.select(numbers)).first()
    by_clock = int((now - FIRST).total_seconds())
    if row is None:
        connection.execute(numbers.insert().values(id=1, next=max(by_clock, 1), epoch=epoch))
    elif row.epoch != epoch:
        highest = connection.scalar(sa.select(sa.func.max(transactions.c.number))) or 0
        ahead = max(row.next, highest + 1) + JUMP
        connection.execute(numbers.update().values(next=max(ahead, by_clock), epoch=epoch))


def _next_number(connection: Connection) -> TransactionId:
    """A number that was never given before."""
    taken = connection.execute(numbers.update().values(next=numbers.c.next + 1).returning(numbers.c.next))
    return TransactionId(taken.scalar_one() - 1)


# units of work


@dataclass(frozen=True, slots=True)
class Saying:
    """A start as the device said it, and the digest by which it is known again; None where nothing does."""

    start: TransactionStart
    digest: str | None


@dataclass(frozen=True, slots=True)
class Beginning:
    """The number of a transaction; and its session, unless the start had been told before."""

    number: TransactionId
    session: Session | None


def begin(tx: Tx, session: Session, count: Count, saying: Saying, ended: Ended | None) -> Beginning:
    """A session begins with a transaction, and the one before it ends."""
    if (known := _told(tx.connection, saying.digest)) is not None:
        return Beginning(known, None)
    if ended is not None:
        end_session(tx, ended)
    begun = replace(session, transaction=_next_number(tx.connection))
    insert_session(tx, begun, count)
    return _with_transaction(tx.connection, begun, saying)


def go_on(tx: Tx, session: Session, count: Count, saying: Saying) -> Beginning:
    """An open session gets a transaction. Its first one says whose it is, and that is told."""
    if (known := _told(tx.connection, saying.digest)) is not None:
        return Beginning(known, None)
    now = claimed(session, saying.start, _next_number(tx.connection))
    _update_session(tx.connection, now, count)
    if session.is_unauthorised:
        tx.record(_started(now))
    return _with_transaction(tx.connection, now, saying)


def insert_session(tx: Tx, session: Session, count: Count) -> None:
    """A session begins."""
    tx.connection.execute(sessions.insert().values(**_columns(session, count)))
    tx.record(_started(session))


def stop(tx: Tx, session: Session, count: Count, stop: TransactionStop) -> None:
    """A transaction ends, and its session goes on until the car leaves."""
    _stop_transaction(tx.connection, stop)
    _update_session(tx.connection, session, count)


def end(tx: Tx, ended: Iterable[Ended], stop: TransactionStop | None = None) -> None:
    """Sessions end, the first of them with this stop."""
    if stop is not None:
        _stop_transaction(tx.connection, stop)
    for one in ended:
        end_session(tx, one)


@dataclass(frozen=True, slots=True)
class Stray:
    """A stop whose start is not known, and its digest. `is_new`: no session was open for it."""

    stop: TransactionStop
    digest: str
    is_new: bool


def stray(tx: Tx, ended: Ended, saying: Stray) -> None:
    """Such a stop ends a session without a transaction, or is a session by itself; once, however often it comes."""
    if _told(tx.connection, saying.digest) is not None:
        return
    number = _next_number(tx.connection)
    session = replace(ended.session, transaction=number, token=saying.stop.token)
    if saying.is_new:
        insert_session(tx, session, ended.count)
    row = transactions.insert().values(number=number, said=saying.digest, token=session.token, **_place(session))
    tx.connection.execute(row)
    _stop_transaction(tx.connection, replace(saying.stop, transaction=number))
    end_session(tx, replace(ended, session=session))


def end_session(tx: Tx, ended: Ended) -> None:
    """Write down the end of a session, and say so, once."""
    session, count = ended.session, ended.count
    change = sessions.update().where(sessions.c.id == session.id, sessions.c.ended_at.is_(None))
    values = _columns(session, count) | {"ended_at": ended.ended_at, "reason": ended.reason}
    if tx.connection.execute(change.values(**values)).rowcount == 0:
        return
    still = transactions.update().where(transactions.c.session == session.id, transactions.c.stopped_at.is_(None))
    tx.connection.execute(still.values(stopped_at=ended.ended_at, reason=ended.reason))
    tx.record(
        SessionEnded(
            at=ended.ended_at,
            charger=session.charger,
            session=session.id,
            transaction=session.transaction,
            started_at=session.started_at,
            ended_at=ended.ended_at,
            energy_wh=count.energy_wh,
            reason=ended.reason,
            flags=tuple(flag.value for flag in sorted(count.flags)),
        )
    )


def checkpoints(tx: Tx, steps: Iterable[tuple[Session, Count, SessionProgressed | None]]) -> None:
    """Write down how far the registers of open sessions were counted, and say so where there is something to say."""
    for session, count, progressed in steps:
        change = sessions.update().where(sessions.c.id == session.id, sessions.c.ended_at.is_(None))
        counted = {"energy_wh": count.energy_wh, "flags": _words(count), "counted": count_to_json(count)}
        if tx.connection.execute(change.values(**counted)).rowcount and progressed is not None:
            tx.record(progressed)


def _told(connection: Connection, digest: str | None) -> TransactionId | None:
    """The transaction of what was told in just these words, or None."""
    if digest is None:
        return None
    found = connection.scalar(sa.select(transactions.c.number).where(transactions.c.said == digest))
    return None if found is None else TransactionId(found)


def _with_transaction(connection: Connection, session: Session, saying: Saying) -> Beginning:
    assert session.transaction is not None
    start = saying.start
    connection.execute(
        transactions.insert().values(
            number=session.transaction,
            said=saying.digest,
            token=start.token,
            begun_at=start.at,
            start_wh=start.meter_wh,
            signed_start=start.signed,
            **_place(session),
        )
    )
    return Beginning(session.transaction, session)


def _stop_transaction(connection: Connection, stop: TransactionStop) -> None:
    """Write down the end of a transaction. One that has ended stays as it is."""
    runs = transactions.update().where(transactions.c.number == stop.transaction, transactions.c.stopped_at.is_(None))
    ended = {"stopped_at": stop.at, "stop_wh": stop.meter_wh, "signed_stop": stop.signed, "reason": stop.reason}
    connection.execute(runs.values(**ended))


def _update_session(connection: Connection, session: Session, count: Count) -> None:
    connection.execute(sessions.update().where(sessions.c.id == session.id).values(**_columns(session, count)))


def _place(session: Session) -> dict[str, object]:
    return {"session": session.id, "charger": session.charger, "station": session.station}


# reading


@dataclass(frozen=True, slots=True)
class Wanted:
    """Sessions that began from `since` until before `until`; `running` None: open ones and those that have ended."""

    since: datetime
    until: datetime
    charger: ChargerId | None = None
    running: bool | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A session as it is written down. `energy_wh` None: nobody knows."""

    id: SessionId
    charger: ChargerId
    station: StationId
    transaction: TransactionId | None
    token: str | None
    plugged_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    energy_wh: float | None
    reason: str | None
    flags: tuple[str, ...]

    def with_energy(self, energy_wh: float | None) -> Kept:
        """The same, with what it has taken by now."""
        return replace(self, energy_wh=energy_wh)


def listed(connection: Connection, wanted: Wanted) -> list[Kept]:
    """The sessions that are wanted, newest first."""
    rows = sa.select(sessions).where(sessions.c.started_at >= wanted.since, sessions.c.started_at < wanted.until)
    if wanted.charger is not None:
        rows = rows.where(sessions.c.charger == wanted.charger)
    if wanted.running is not None:
        rows = rows.where(sessions.c.ended_at.is_(None) if wanted.running else sessions.c.ended_at.is_not(None))
    return [
        Kept(
            row.id,
            row.charger,
            row.station,
            row.transaction,
            row.token,
            row.plugged_at,
            row.started_at,
            row.ended_at,
            row.energy_wh,
            row.reason,
            tuple(row.flags.split()),
        )
        for row in connection.execute(rows.order_by(sessions.c.started_at.desc(), sessions.c.id))
    ]


def station_of(connection: Connection, number: TransactionId) -> StationId | None:
    """Whose transaction this number is, also when it has ended; None where it was never given."""
    if not 0 < number < MOST_NUMBER:
        return None
    found = connection.scalar(sa.select(transactions.c.station).where(transactions.c.number == number))
    return None if found is None else StationId(found)


def is_stop_known(connection: Connection, chargers: Iterable[ChargerId], at: datetime, meter_wh: float) -> bool:
    """True when a transaction at one of them ended then, with this register: the same stop was told before."""
    found = sa.select(transactions.c.number).where(
        transactions.c.charger.in_(list(chargers)),
        transactions.c.stopped_at == at,
        transactions.c.stop_wh == meter_wh,
    )
    return connection.execute(found.limit(1)).first() is not None


def open_sessions(connection: Connection) -> list[tuple[Session, Count]]:
    """Every session that has not ended, in the order of their starts."""
    rows = sa.select(sessions, transactions.c.begun_at, transactions.c.start_wh.label("begun_wh"))
    rows = rows.outerjoin(transactions, transactions.c.number == sessions.c.transaction)
    rows = rows.where(sessions.c.ended_at.is_(None)).order_by(sessions.c.started_at)
    return [(_session(row), count_of_json(row.counted)) for row in connection.execute(rows)]


def _session(row: Row[tuple[object, ...]]) -> Session:
    number = row.transaction
    return Session(
        id=SessionId(row.id),
        charger=ChargerId(row.charger),
        station=StationId(row.station),
        started_at=row.started_at,
        token=row.token,
        start_wh=row.start_wh,
        plugged_at=row.plugged_at,
        transaction=None if number is None else TransactionId(number),
        begun=None if number is None else Begun(row.begun_at, row.begun_wh),
        stopped_at=row.stopped_at,
        reason=row.reason,
    )


def _columns(session: Session, count: Count) -> dict[str, object]:
    return {
        "id": session.id,
        "charger": session.charger,
        "station": session.station,
        "token": session.token,
        "plugged_at": session.plugged_at,
        "started_at": session.started_at,
        "start_wh": session.start_wh,
        "transaction": session.transaction,
        "stopped_at": session.stopped_at,
        "energy_wh": count.energy_wh,
        "reason": session.reason,
        "flags": _words(count),
        "counted": count_to_json(count),
    }


def _words(count: Count) -> str:
    return " ".join(sorted(count.flags))


def _started(session: Session) -> SessionStarted:
    return SessionStarted(
        at=session.started_at,
        charger=session.charger,
        session=session.id,
        transaction=session.transaction,
        token=session.token,
        started_at=session.started_at,
        start_wh=session.start_wh,
    )


# the count as JSON


def count_to_json(count: Count) -> str:
    """The state of the arithmetic, in a few characters."""
    document = {
        "energy_wh": count.energy_wh,
        "last": _sample_to_json(count.last),
        "doubt": _sample_to_json(count.doubt),
        "flags": sorted(count.flags),
        "own": count.own,
    }
    return orjson.dumps(document).decode()


def count_of_json(text: str) -> Count:
    """The state of the arithmetic as it was kept."""
    document = orjson.loads(text)
    return Count(
        energy_wh=document["energy_wh"],
        last=_sample_of_json(document["last"]),
        doubt=_sample_of_json(document["doubt"]),
        flags=_flags(document["flags"]),
        own=document["own"],
    )


def _sample_to_json(sample: Sample | None) -> Mapping[str, object] | None:
    if sample is None:
        return None
    return {"wh": sample.wh, "at_ms": None if sample.at is None else millis(sample.at)}


def _sample_of_json(document: Mapping[str, float] | None) -> Sample | None:
    if document is None:
        return None
    at_ms = document["at_ms"]
    return Sample(document["wh"], None if at_ms is None else moment(int(at_ms)))


def _flags(words: Iterable[str]) -> frozenset[Flag]:
    return frozenset(Flag(word) for word in words)
