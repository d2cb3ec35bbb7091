"""A database with the aggregator's schema."""

from collections.abc import AsyncIterator

import pytest

from cloud.aggregator.database import Database, migrate
from cloud.aggregator.store import Store
from tests.cloud.wire import dsn_of


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(dsn_of(postgres_url))
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def dsn(postgres_url: str) -> str:
    return dsn_of(postgres_url)
