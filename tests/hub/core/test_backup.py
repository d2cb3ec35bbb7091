"""Backup and restore: a moment of a running hub in one file, sound or refused, and back into either database."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from hub.core.backup import Home, back_up, restore
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, url_of
from hub.core.documents import Documents
from hub.core.journal import Journal, Position
from hub.core.store import Store
from hub.core.tables import boots
from hub.model.errors import Invalid, Refused
from hub.model.facts import ChargerConnected
from hub.model.ids import ChargerId
from tests.stores import store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOCK = SystemClock()
Where = Path | str


def connected(n: int) -> ChargerConnected:
    return ChargerConnected(at=NOW, charger=ChargerId(f"bay-{n}"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    data = tmp_path / "data"
    data.mkdir()
    return data if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def home(where: Where, data: Path) -> Home:
    return Home(make_url(where) if isinstance(where, str) else url_of(StoreConfig(), where), data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "state").mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text("grid: {limit_a: 25}\n")
    (folder / "state" / "broker.json").write_text('{"secret": 1}')
    return folder


async def fill(running: Store, first: int, count: int) -> None:
    await asyncio.gather(*(running.write(lambda tx, n=n: tx.record(connected(n))) for n in range(first, first + count)))


async def everything(running: Store) -> list[tuple[int, str]]:
    return [(e.no, e.data) for e in await Journal(running, StoreConfig(), CLOCK).after(0, 10_000)]


async def test_a_running_hub_is_backed_up_in_one_moment_and_comes_back_as_it_was(where: Where, data: Path) -> None:
    archive = data.parent / "backup.tar.gz"
    async with store(where) as running:
        await fill(running, 0, 2_000)
        await Documents(running, CLOCK).save("wishes", {"bay-1": 10})
        busy = asyncio.ensure_future(fill(running, 2_000, 5_000))
        manifest = await asyncio.to_thread(back_up, home(where, data), archive, "1.2.3", CLOCK)
        await busy
        whole = await everything(running)
        old = running.epoch
    assert archive.stat().st_mode & 0o777 == 0o600
    assert 2_001 <= manifest.rows["journal"] <= 7_001
    (data / "config.yaml").write_text("grid: {limit_a: 99}\n")
    (data / "state" / "broker.json").unlink()

    aside = restore(home(where, data), archive, CLOCK)

    assert (data / "config.yaml").read_text() == "grid: {limit_a: 25}\n"
    assert (data / "state" / "broker.json").read_text() == '{"secret": 1}'
    assert any("config.yaml.before-restore" in path.name for path in aside)
    async with store(where) as running:
        back = await everything(running)
        kept = manifest.rows["journal"]
        assert back[:kept] == whole[:kept]  # nothing of it is missing, and nothing is from later
        assert len(back) == kept + 1  # and the start
        assert await Documents(running, CLOCK).load("wishes") == {"bay-1": 10}
        assert running.epoch != old
        journal = Journal(running, StoreConfig(), CLOCK)
        assert journal.head_position == Position(running.epoch, 1)
        assert await journal.no_of(Position(old, 7_001)) == kept  # what was sent after the backup: all of the old one
        assert await running.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(boots))) == 2


async def test_what_root_restores_belongs_to_the_owner_of_the_folder(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, given = data.parent / "backup.tar.gz", list[tuple[str, int, int]]()
    async with store(data):
        pass
    back_up(home(data, data), archive, "1.2.3", CLOCK)
    shutil.rmtree(data)
    data.mkdir()
    monkeypatch.setattr("hub.core.backup.os.geteuid", lambda: 0)
    monkeypatch.setattr("hub.core.backup.os.chown", lambda path, *owner: given.append((Path(path).name, *owner)))
    restore(home(data, data), archive, CLOCK)
    owner = (data.stat().st_uid, data.stat().st_gid)
    names = ("broker.json", "config.yaml", "evhub.db", "state")
    assert {(name, *owner) for name in names} <= set(given)


@pytest.mark.needs_postgres
async def test_from_a_file_to_a_server_and_back(tmp_path: Path, postgres_url: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    async with store(data) as running:
        await fill(running, 0, 10)
    back_up(home(data, data), tmp_path / "a.tar.gz", "1", CLOCK)
    restore(home(postgres_url, data), tmp_path / "a.tar.gz", CLOCK)
    async with store(postgres_url) as running:
        assert len(await everything(running)) == 12
    back_up(home(postgres_url, data), tmp_path / "b.tar.gz", "1", CLOCK)
    aside = restore(home(data, data), tmp_path / "b.tar.gz", CLOCK)
    assert {path.name.partition(".before-")[0] for path in aside} == {"evhub.db"}
    async with store(data) as running:
        assert len(await everything(running)) == 13


async def test_a_damaged_or_foreign_archive_is_refused_before_anything_is_touched(data: Path) -> None:
    archive = data.parent / "backup.tar.gz"
    async with store(data) as running:
        await fill(running, 0, 3_000)
    back_up(home(data, data), archive, "1", CLOCK)
    before = (data / "evhub.db").read_bytes()
    whole = archive.read_bytes()
    torn = [b"", b"no archive", whole[: len(whole) // 2], _with_a_changed_database(archive, data.parent)]
    for bad in torn:
        archive.write_bytes(bad)
        with pytest.raises(Invalid) as refused:
            restore(home(data, data), archive, CLOCK)
        assert refused.value.next
    assert (data / "evhub.db").read_bytes() == before
    assert sorted(path.name for path in data.parent.iterdir()) == ["backup.tar.gz", "data"]


def _with_a_changed_database(archive: Path, folder: Path) -> bytes:
    """An archive that is whole, but whose database is not the one that was written."""
    unpacked, other = folder / "unpacked", folder / "other.tar.gz"
    with tarfile.open(archive) as packed:
        packed.extractall(unpacked, filter="data")
    with sqlite3.connect(unpacked / "evhub.db") as raw:
        raw.execute("DELETE FROM journal WHERE no = 7")
    raw.close()
    with tarfile.open(other, "w:gz") as packed:
        for file in sorted(unpacked.iterdir()):
            packed.add(file, file.name)
    changed = other.read_bytes()
    other.unlink()
    for file in sorted(unpacked.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    unpacked.rmdir()
    return changed


async def test_a_backup_never_overwrites_and_needs_something_to_back_up(data: Path) -> None:
    there = data.parent / "there.tar.gz"
    there.write_text("precious")
    with pytest.raises(Refused, match="is there already"):
        back_up(home(data, data), there, "1", CLOCK)
    assert there.read_text() == "precious"
    with pytest.raises(Refused, match="is not there"):
        back_up(home(data, data), data.parent / "new.tar.gz", "1", CLOCK)
    assert not list(data.parent.glob(".*"))


@pytest.mark.parametrize("place", ["a-file/new.tar.gz", "no-folder/new.tar.gz", "n" * 300])
async def test_a_place_where_no_file_can_be_is_refused_in_words(data: Path, place: str) -> None:
    async with store(data):
        pass
    (data.parent / "a-file").write_text("precious")
    with pytest.raises(Refused, match="the backup could not be made: "):
        back_up(home(data, data), data.parent / place, "1", CLOCK)
    assert (data.parent / "a-file").read_text() == "precious"
