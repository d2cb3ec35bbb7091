"""A real database for tests: an SQLite file of this test alone, or a new database of the run's PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from hub.core.clock import Clock, SystemClock
from hub.core.database import StoreConfig, url_of
from hub.core.store import Store
from hub.model.facts import Event


@asynccontextmanager
async def store(
    where: Path | str,
    clock: Clock | None = None,
    deliver: Callable[[Event], None] = lambda fact: None,
    config: StoreConfig | None = None,
) -> AsyncIterator[Store]:
    """A running store: in this folder, or at this SQLAlchemy URL."""
    config = config or StoreConfig()
    url = make_url(where) if isinstance(where, str) else url_of(config, where)
    running = Store(url, config, clock or SystemClock(), deliver)
    try:
        await running.start("1.2.3")
        yield running
    finally:
        await running.stop()
