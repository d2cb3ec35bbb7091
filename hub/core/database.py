"""Opening the database: SQLite in the data folder by default, PostgreSQL by its URL, and its tables brought up to date.

Alembic is imported only when a migration has to run: it costs a fifth of a second at every start otherwise.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from importlib import resources
from pathlib import Path

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from hub.model.errors import BadConfig, Unreachable

log = logging.getLogger(__name__)

FILE = "evhub.db"
ADVISORY_LOCK = 0x65766875  # "evhu": one hub for each PostgreSQL database
CONNECT_S = 5


class StoreConfig(BaseModel):
    """The section `store`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(
        default=None,
        description="PostgreSQL instead of the file evhub.db in the data folder",
        examples=["postgresql+psycopg://evhub:password@127.0.0.1/evhub"],
    )
    keep_free_mb: int = Field(
        default=200, ge=0, description="with less room on the disk, measurements are not kept any more; sessions are"
    )
    journal_days: int = Field(
        default=90, ge=1, le=3650, description="facts that every reader has are kept for so many days"
    )
    journal_rows: int = Field(
        default=2_000_000,
        ge=10_000,
        description="with more that a reader has not fetched, progress and status are thinned; sessions never",
    )

    @field_validator("url")
    @classmethod
    def _known_kind(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            url = make_url(text)
        except ArgumentError:
            raise ValueError("is no database URL; write postgresql+psycopg://user:password@host/database") from None
        if url.drivername not in ("postgresql+psycopg", "sqlite"):
            raise ValueError("must begin with postgresql+psycopg://")
        return text


def url_of(config: StoreConfig, data: Path) -> URL:
    """Where the database of a hub with this data folder is."""
    if config.url is not None:
        return make_url(config.url)
    return URL.create("sqlite", database=str(data / FILE))


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for a server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def open_engine(url: URL) -> Engine:
    """An engine for it. The file is made with mode 0600; nothing else is touched yet. Raises Unreachable, BadConfig."""
    path = file_of(url)
    if path is None:
        options = {"connect_timeout": CONNECT_S, "application_name": "evhub"}
        try:
            return sa.create_engine(url, pool_size=4, pool_pre_ping=True, connect_args=options)
        except ModuleNotFoundError as missing:
            said = "store.url names a PostgreSQL, and psycopg is missing"
            raise BadConfig(said, "pip install 'evhub[pg]'") from missing
    try:
        path.touch(mode=0o600)
    except OSError as failed:
        raise Unreachable(f"the database cannot be used: {failed}", _step(url)) from failed
    engine = sa.create_engine(url, pool_size=4, connect_args={"timeout": 5.0, "check_same_thread": False})
    sa.event.listen(engine, "connect", _set_up_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Transactions are ours: Python's own begin too late for savepoints. WAL: readers never wait for the writer."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


class Damaged(Unreachable):
    """The file is no database any more."""


def prepare(engine: Engine, within_s: float = 0.0) -> None:
    """Bring the tables up to date; a server may take `within_s` seconds to answer.

    Raises Unreachable, Damaged, or BadConfig for a database that this evhub does not know.
    """
    given_up_s = time.monotonic() + within_s
    while True:
        try:
            with engine.connect() as connection:
                _up_to_date(connection)
            return
        except (SQLAlchemyError, sqlite3.Error) as failed:
            if file_of(engine.url) is not None or time.monotonic() > given_up_s:
                kind = Damaged if _is_damage(failed) else Unreachable
                raise kind(f"the database cannot be used: {cause(failed)}", _step(engine.url)) from failed
        threading.Event().wait(0.5)


def _is_damage(failed: Exception) -> bool:
    code: int = getattr(getattr(failed, "orig", failed), "sqlite_errorcode", 0) or 0
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside(database: Path, why: str) -> list[Path]:
    """Give a database file and what belongs to it another name; answers the new names."""
    moved = []
    for file in (database, database.with_name(f"{database.name}-wal"), database.with_name(f"{database.name}-shm")):
        if file.exists():
            moved.append(file.rename(file.with_name(file.name.replace(database.name, f"{database.name}.{why}", 1))))
    return moved


def _up_to_date(connection: Connection) -> None:
    found = _revision(connection)
    connection.rollback()
    if found == head():
        return
    if found is not None and found > head():
        raise BadConfig(
            f"the database is of a newer evhub (tables {found}, this one knows {head()})",
            "install the newer evhub again, or restore a backup of the older one",
        )
    if found is not None:
        log.info("the database's tables are brought from %s to %s", found, head())
    upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations up to a revision."""
    from alembic import command  # noqa: PLC0415  # slow to import, and only needed here
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "hub.core:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def head() -> str:
    """The newest revision that this evhub knows: `0001`, `0002`…"""
    files = resources.files("hub.core.migrations").joinpath("versions").iterdir()
    return max(file.name[:4] for file in files if file.name[:4].isdigit())


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def cause(failed: Exception) -> str:
    """What the driver said, in a line, without SQL."""
    origin = getattr(failed, "orig", None) or failed
    return str(origin).strip().splitlines()[0] if str(origin).strip() else type(origin).__name__


def _step(url: URL) -> str:
    if file_of(url) is None:
        return "look at store.url and whether PostgreSQL runs, then start again"
    return "look at the disk and at who owns the data folder; evhub restore brings a backup back"


def size_of(connection: Connection) -> int:
    """How large the database is, in bytes."""
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(pages.scalar_one())
    return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
