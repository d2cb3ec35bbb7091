"""One connection to PostgreSQL that comes back by itself, and the versions of the schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

SCHEMA = Path(__file__).parent / "schema"
MIGRATION_LOCK = 0x6576_6875  # "evhu": the advisory lock of whoever changes the schema
CONNECT_DEADLINE_S = 5
Connection = psycopg.AsyncConnection[tuple[Any, ...]]
AWAY = (psycopg.OperationalError, psycopg.InterfaceError)
"""What is raised while the database is away; nothing of the transaction was kept, try again."""


class Database:
    """One connection, one transaction at a time. A lost connection is opened again by the next transaction."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises. Raises one of AWAY."""
        async with self._turn:
            connection = await self._open()
            async with connection.transaction():
                yield connection

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()

    async def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_DEADLINE_S, application_name="evhub-aggregator"
            )
        return self._connection


async def migrate(database: Database) -> list[str]:
    """Bring the schema up to date and tell which files were applied. Several aggregators may do this at once."""
    files = sorted(SCHEMA.glob("*.sql"))
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version"
            " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = await connection.execute("SELECT name FROM schema_version")
        applied = {name for (name,) in await rows.fetchall()}
        fresh = [file for file in files if file.stem not in applied]
        for file in fresh:
            await connection.execute(file.read_bytes())
            await connection.execute("INSERT INTO schema_version (name) VALUES (%s)", [file.stem])
    return [file.stem for file in fresh]
