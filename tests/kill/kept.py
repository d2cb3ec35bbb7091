"""What a hub has kept, read from its database when it has stopped, in the judge's words."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url

from hub.core.database import FILE, open_engine
from hub.core.tables import epochs, journal
from hub.sessions.store import sessions
from tests.kill.judge import Kept, Told


def database_of(data: Path, url: str | None) -> URL:
    """Where a hub with this data folder has its database."""
    return make_url(url) if url is not None else URL.create("sqlite", database=str(data / FILE))


def read(database: URL) -> tuple[list[Kept], list[Told]]:
    """All sessions and the whole journal."""
    engine = open_engine(database)
    try:
        return _sessions(engine), _journal(engine)
    finally:
        engine.dispose()


def open_sessions(database: URL) -> int:
    """How many sessions have not ended."""
    engine = open_engine(database)
    try:
        with engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(sessions).where(sessions.c.ended_at.is_(None))
            return connection.scalar(query) or 0
    finally:
        engine.dispose()


def entries(database: URL) -> dict[tuple[str, int], tuple[str, object]]:
    """Every entry of the journal as the outside names it: its fact's name and what it holds beside its time."""
    engine = open_engine(database)
    try:
        with engine.connect() as connection:
            bases = {row.id: (row.epoch, row.base) for row in connection.execute(sa.select(epochs))}
            return {
                (bases[row.epoch][0], row.no - bases[row.epoch][1]): (row.name, _without_time(row.data))
                for row in connection.execute(sa.select(journal))
            }
    finally:
        engine.dispose()


def _without_time(data: str) -> object:
    return {name: value for name, value in json.loads(data).items() if name != "at"}


def _sessions(engine: Engine) -> list[Kept]:
    with engine.connect() as connection:
        return [
            Kept(row.id, row.charger, row.start_wh, row.energy_wh, row.ended_at is not None)
            for row in connection.execute(sa.select(sessions).order_by(sessions.c.id))
        ]


def _journal(engine: Engine) -> list[Told]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(journal).order_by(journal.c.no)).all()
    return [_told(row.no, row.name, json.loads(row.data)) for row in rows]


def _told(no: int, name: str, data: dict[str, object]) -> Told:
    session, energy_wh = data.get("session"), data.get("energy_wh")
    return Told(no, name, str(session) if session else None, energy_wh if isinstance(energy_wh, float | int) else None)
