"""Backup and restore: one archive with the database, the configuration and the hub's small files, read back at once.

The database in it is always an SQLite file, wherever the hub keeps its own, so that a backup of one kind of database
can be restored into the other. It is one moment of the running hub: SQLite's own backup, or a server's repeatable read.
Restoring begins a new epoch of the journal: what happened after the backup is gone here but may be known elsewhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.core.clock import Clock
from hub.core.database import FILE, cause, file_of, open_engine, prepare, set_aside
from hub.core.keep import Keep
from hub.core.pen import new_epoch
from hub.core.shown import iso
from hub.core.tables import journal_head
from hub.model.errors import Invalid, Refused

MANIFEST = "backup.json"
CONFIG = "config.yaml"
STATE = "state"
LAST = "last_backup"
"""Small file of the data folder, which no archive has: when the last one was made."""
AT_A_TIME = 5_000
PAGES_A_STEP = 2_000

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in an archive. `rows` counts each table, `sha256` is of the database file."""

    evhub: str
    made_at: str
    sha256: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a hub has its things: its database and its data folder."""

    url: URL
    data: Path


def silent(what: str, share: float) -> None:
    """Progress that nobody looks at."""


# making one


def back_up(home: Home, target: Path, version: str, clock: Clock, say: Progress = silent) -> Manifest:
    """Write an archive of a hub, running or not, and read it back. Raises Refused when it cannot be made."""
    fresh = target.with_name(f".{target.name}.new")
    try:
        if target.exists():
            raise Refused(f"{target} is there already", "name another file, or move that one away")
        with tempfile.TemporaryDirectory(prefix=".evhub-backup-", dir=target.parent) as folder:
            copy = Path(folder) / FILE
            _copy_out(home.url, copy, say)
            manifest = Manifest(version, iso(clock.now()), _sha256(copy), _rows(copy))
            _pack(fresh, copy, home.data, manifest)
        _read_back(fresh, say)
        fresh.replace(target)
    except (OSError, sqlite3.Error, SQLAlchemyError, tarfile.TarError) as failed:
        raise Refused(f"the backup could not be made: {cause(failed)}", "look at the disk, then try again") from failed
    finally:
        with suppress(OSError):  # a place that takes nothing has nothing to be taken away
            fresh.unlink()
    _note_backup(home.data, manifest)
    return manifest


def _note_backup(data: Path, manifest: Manifest) -> None:
    """When the last one was made, for who asks how the hub is. It is no worse a backup where that cannot be written."""
    with suppress(OSError):
        Keep(data).save(LAST, {"at": manifest.made_at})
        _give_to_owner(data / f"{LAST}.json", data)


def _copy_out(url: URL, copy: Path, say: Progress) -> None:
    source = file_of(url)
    if source is None:
        _copy_from_server(url, copy, say)
        return
    if not source.exists():
        raise Refused(f"{source} is not there", "name the data folder of a hub that has run")

    def progress(status: int, remaining: int, total: int) -> None:
        say("copied", 1 - remaining / max(total, 1))

    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as one, closing(sqlite3.connect(copy)) as other:
        one.execute("BEGIN")  # one moment: without it, each step of a busy database would begin anew
        one.execute("SELECT count(*) FROM sqlite_master").fetchone()
        one.backup(other, pages=PAGES_A_STEP, progress=progress)
        other.execute("PRAGMA journal_mode=DELETE")  # one file by itself


def _copy_from_server(url: URL, copy: Path, say: Progress) -> None:
    server, file = open_engine(url), open_engine(URL.create("sqlite", database=str(copy)))
    try:
        prepare(file)
        with server.connect().execution_options(isolation_level="REPEATABLE READ") as one, file.begin() as other:
            _copy_tables(one, other, say)
        with file.connect() as other:
            other.connection.driver_connection.execute("PRAGMA journal_mode=DELETE")  # type: ignore[union-attr]
    finally:
        server.dispose()
        file.dispose()


def _pack(target: Path, copy: Path, data: Path, manifest: Manifest) -> None:
    target.touch(mode=0o600)  # the configuration may hold passwords
    with tarfile.open(target, "w:gz", compresslevel=6) as archive:
        document = json.dumps(asdict(manifest), indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(document)
        archive.addfile(entry, io.BytesIO(document))
        archive.add(copy, FILE)
        for file in (data / CONFIG, *sorted((data / STATE).glob("*.json"))):
            if file.exists():
                archive.add(file, str(file.relative_to(data)))


def _read_back(archive: Path, say: Progress) -> None:
    with opened(archive):
        say("verified", 1.0)


# reading one


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified archive, unpacked into a folder of its own."""

    manifest: Manifest
    folder: Path


@contextmanager
def opened(archive: Path) -> Iterator[Opened]:
    """Unpack an archive and check it: the sums, the database's own integrity, the rows. Raises Invalid."""
    with tempfile.TemporaryDirectory(prefix=".evhub-restore-", dir=archive.parent) as folder:
        try:
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
            manifest = Manifest(**json.loads((Path(folder) / MANIFEST).read_text()))
            copy = Path(folder) / FILE
            sound = _sha256(copy) == manifest.sha256 and _is_sound(copy) and _rows(copy) == manifest.rows
        except (OSError, tarfile.TarError, EOFError, ValueError, TypeError, sqlite3.Error) as failed:
            raise Invalid(f"{archive} is no backup of evhub: {cause(failed)}", "take another backup") from failed
        if not sound:
            raise Invalid(f"{archive} is damaged: its database is not what was written", "take another backup")
        yield Opened(manifest, Path(folder))


def restore(home: Home, archive: Path, clock: Clock, say: Progress = silent) -> list[Path]:
    """Put an archive in the place of what a stopped hub has; answers where the files that were there are now.

    Nothing is touched before the archive is verified. Raises Invalid for a bad archive, Refused when it cannot be done.
    """
    with opened(archive) as found:
        engine = open_engine(URL.create("sqlite", database=str(found.folder / FILE)))
        try:
            prepare(engine)
            _begin_new_epoch(engine, clock)
            aside = _put_back(home.url, found.folder, engine, clock, say)
        except (OSError, sqlite3.Error, SQLAlchemyError) as failed:
            raise Refused(f"it could not be restored: {cause(failed)}", "look at the disk, then try again") from failed
        finally:
            engine.dispose()
        return aside + _put_files_back(found.folder, home.data, clock)


def _begin_new_epoch(engine: Engine, clock: Clock) -> None:
    with engine.begin() as connection:
        new_epoch(connection, connection.execute(sa.select(journal_head.c.no)).scalar_one(), clock)


def _put_back(url: URL, folder: Path, engine: Engine, clock: Clock, say: Progress) -> list[Path]:
    target = file_of(url)
    if target is None:
        server = open_engine(url)
        try:
            prepare(server)
            with engine.connect() as one, server.begin() as other:
                _empty(other)
                _copy_tables(one, other, say)
        finally:
            server.dispose()
        return []
    engine.dispose()
    with closing(sqlite3.connect(folder / FILE)) as copy:
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy.execute("PRAGMA journal_mode=DELETE")
    aside = set_aside(target, f"before-restore-{_stamp(clock)}")
    (folder / FILE).chmod(0o600)
    _give_to_owner(folder / FILE, target.parent)
    (folder / FILE).replace(target)
    return aside


def _put_files_back(folder: Path, data: Path, clock: Clock) -> list[Path]:
    aside = []
    for file in (folder / CONFIG, *sorted((folder / STATE).glob("*.json"))):
        target = data / file.relative_to(folder)
        if not file.exists() or (target.exists() and target.read_bytes() == file.read_bytes()):
            continue
        if not target.parent.exists():
            target.parent.mkdir()
            _give_to_owner(target.parent, data)
        if target.exists():
            aside.append(target.rename(target.with_name(f"{target.name}.before-restore-{_stamp(clock)}")))
        target.touch(mode=0o600)
        target.write_bytes(file.read_bytes())
        _give_to_owner(target, data)
    return aside


def _give_to_owner(file: Path, folder: Path) -> None:
    """What root restores belongs to the hub's user all the same: to the owner of its folder."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


# tables and files


def _copy_tables(source: Connection, target: Connection, say: Progress) -> None:
    """Every row of every table, as it is stored."""
    known = sa.MetaData()
    known.reflect(source)
    there = sa.MetaData()
    there.reflect(target)
    tables = [table for table in known.sorted_tables if table.name != "alembic_version"]
    for place, table in enumerate(tables):
        say(f"table {table.name}", place / len(tables))
        rows = source.execution_options(stream_results=True).execute(sa.select(table))
        for part in rows.mappings().partitions(AT_A_TIME):
            target.execute(there.tables[table.name].insert(), [dict(row) for row in part])
    _advance_counters(target, there)


def _advance_counters(target: Connection, tables: sa.MetaData) -> None:
    """A server's own counters of generated keys do not see rows that were given their keys."""
    if target.dialect.name != "postgresql":
        return
    for table in tables.sorted_tables:
        key = table.autoincrement_column
        if key is None or (name := _sequence(target, table.name, key.name)) is None:
            continue
        highest = target.scalar(sa.select(sa.func.max(key)))
        if highest is not None:
            target.execute(sa.text("SELECT setval(:name, :highest)"), {"name": name, "highest": highest})


def _sequence(target: Connection, table: str, column: str) -> str | None:
    found: str | None = target.scalar(
        sa.text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table, "column": column}
    )
    return found


def _empty(target: Connection) -> None:
    tables = sa.MetaData()
    tables.reflect(target)
    for table in reversed(tables.sorted_tables):
        if table.name != "alembic_version":
            target.execute(table.delete())


def _rows(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as one:
        names = [name for (name,) in one.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
        return {name: one.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _is_sound(database: Path) -> bool:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as one:
        return bool(one.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _stamp(clock: Clock) -> str:
    return clock.now().strftime("%Y%m%dT%H%M%SZ")
