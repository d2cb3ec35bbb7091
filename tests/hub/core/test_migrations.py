"""An earlier evhub's database gets today's tables with all that is in it, and the tables are what the code says."""

from __future__ import annotations

import importlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import URL, make_url

from hub.core.database import head, open_engine, prepare, upgrade
from hub.core.tables import metadata
from hub.model.errors import BadConfig, Unreachable
from tests.architecture.tree import REPOSITORY
from tests.stores import store

STORED = Path(__file__).with_name("databases")
for room in sorted((REPOSITORY / "hub").glob("*/store.py")):
    if room.parent.name != "core":
        importlib.import_module(f"hub.{room.parent.name}.store")  # each puts its tables into the catalogue


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    if request.param == "sqlite":
        return make_url(f"sqlite:///{tmp_path}/evhub.db")
    return make_url(request.getfixturevalue("postgres_url"))


def test_a_migrated_database_has_just_the_tables_that_the_code_names(url: URL) -> None:
    engine = open_engine(url)
    prepare(engine)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": _types}), metadata)
    engine.dispose()
    assert differences == []


def _types(context: Any, inspected: Any, of_metadata: Any, found: Any, wanted: Any) -> bool | None:
    """A Moment is a BIGINT; the rest is compared as alembic does it."""
    impl = getattr(wanted, "impl", wanted)
    return False if isinstance(impl, sa.BigInteger) and isinstance(found, sa.Integer) else None


def test_the_second_start_changes_nothing(url: URL) -> None:
    engine = open_engine(url)
    prepare(engine)
    prepare(engine)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == head()
    engine.dispose()


def test_every_step_stands_on_the_one_before() -> None:
    steps = sorted(path.stem for path in (REPOSITORY / "hub/core/migrations/versions").glob("[0-9]*.py"))
    for before, step in zip([None, *steps], steps, strict=False):
        module = importlib.import_module(f"hub.core.migrations.versions.{step}")
        assert module.revision == step[:4]
        assert module.down_revision == (None if before is None else before[:4])


@pytest.mark.parametrize("stored", sorted(STORED.glob("*.sql")), ids=lambda path: path.stem)
async def test_a_stored_database_is_brought_up_to_date_with_all_that_is_in_it(stored: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "evhub.db") as raw:
        raw.executescript(stored.read_text())
        before = {
            table: _rows(raw, table) for (table,) in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")
        }
    async with store(tmp_path) as running:
        assert running.head > 0
    with sqlite3.connect(tmp_path / "evhub.db") as raw:
        for table, rows in before.items():
            if table not in ("alembic_version", "journal_head", "boots", "journal"):
                assert _rows(raw, table)[: len(rows)] == rows, table
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        numbers = [no for (no,) in raw.execute("SELECT no FROM journal ORDER BY no")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _rows(raw: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return raw.execute(f'SELECT * FROM "{table}" ORDER BY 1').fetchall()


def test_a_database_of_a_newer_evhub_is_refused_with_the_next_step(url: URL) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        upgrade(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(BadConfig, match="newer evhub") as refused:
        prepare(engine)
    assert "restore" in refused.value.next
    engine.dispose()


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_an_error_with_the_next_step(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "evhub.db").write_bytes(content)
    engine = open_engine(make_url(f"sqlite:///{tmp_path}/evhub.db"))
    with pytest.raises(Unreachable) as refused:
        prepare(engine)
    assert "restore" in refused.value.next
    engine.dispose()
