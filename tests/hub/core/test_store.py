"""The store: a unit of work is on disk or it never was, many share a commit, and facts are told when they are kept."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from hub.core import store as store_module
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, open_engine
from hub.core.documents import Documents
from hub.core.journal import Journal
from hub.core.store import Store, Tx
from hub.core.tables import kept
from hub.model.errors import BadConfig, NotKept, PortInUse, Unreachable
from hub.model.facts import ChargerConnected, DeviceLost, Event, Gap, HubStarted, Keeping, StorageDamaged, StorageFilled
from hub.model.ids import ChargerId, StationId
from hub.sdk.testing.clock import until
from tests.stores import store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Where = Path | str


def connected(charger: str) -> ChargerConnected:
    return ChargerConnected(at=NOW, charger=ChargerId(charger))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """A place for a database of this test alone, once in a file and once on a server."""
    return tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
async def running(where: Where, told: list[Event]) -> AsyncIterator[Store]:
    async with store(where, deliver=told.append) as one:
        told.clear()
        yield one


def journal_of(one: Store) -> Journal:
    return Journal(one, StoreConfig(), SystemClock())


async def names(one: Store) -> list[str]:
    return [entry.data for entry in await journal_of(one).after(1)]


def save(tx: Tx, name: str, document: str = "{}") -> None:
    tx.connection.execute(kept.insert().values(name=name, document=document, saved_at=NOW))


async def saved(one: Store) -> set[str]:
    return set(await one.read(lambda connection: list(connection.scalars(sa.select(kept.c.name)))))


async def test_what_was_written_is_there_for_the_next_life_and_so_is_the_journal(where: Where) -> None:
    async with store(where) as first:
        await first.write(lambda tx: save(tx, "a"))
        first.tell(connected("bay-1"))
        epoch = first.epoch
    facts: list[Event] = []
    async with store(where, deliver=facts.append) as second:
        assert await saved(second) == {"a"}
        entries = await journal_of(second).after(0)
        assert [(e.no, e.name, e.position.seq, e.position.epoch == epoch) for e in entries] == [
            (1, "hub_started", 1, True),
            (2, "charger_connected", 2, True),
            (3, "hub_started", 3, True),
        ]
        assert entries[0].boot_id != entries[2].boot_id
    started = [fact for fact in facts if isinstance(fact, HubStarted)]
    assert [fact.clean for fact in started] == [True]


async def test_a_life_that_was_cut_off_is_called_so(tmp_path: Path) -> None:
    first = Store(make_url(f"sqlite:///{tmp_path}/evhub.db"), StoreConfig(), SystemClock(), lambda fact: None)
    await first.start("1")
    facts: list[Event] = []
    async with store(tmp_path, deliver=facts.append):
        assert [fact.clean for fact in facts if isinstance(fact, HubStarted)] == [False]
    await first.stop()


async def test_the_bus_hears_a_fact_only_when_it_is_in_the_journal(running: Store, told: list[Event]) -> None:
    in_time: list[list[Event]] = []

    def work(tx: Tx) -> None:
        tx.record(connected("bay-2"))
        in_time.append(list(told))

    await running.write(work)
    assert in_time == [[]]
    assert told == [connected("bay-2")]
    assert len(await names(running)) == 1


async def test_a_unit_that_fails_saves_nothing_and_harms_no_other(running: Store, told: list[Event]) -> None:
    def fails(tx: Tx) -> None:
        save(tx, "broken")
        tx.record(connected("broken"))
        raise ValueError("no")

    results = await asyncio.gather(
        running.write(lambda tx: (save(tx, "before"), tx.record(connected("before")))[1]),
        running.write(fails),
        running.write(lambda tx: save(tx, "before")),  # the name is taken
        running.write(lambda tx: tx.record(connected("after"))),
        return_exceptions=True,
    )
    assert (results[0], results[3]) == (2, 3)  # 1 is the start of the hub; a failure leaves no hole
    assert isinstance(results[1], ValueError)
    assert isinstance(results[2], sa.exc.IntegrityError)
    assert told == [connected("before"), connected("after")]
    assert await saved(running) == {"before"}


async def test_many_at_once_share_commits_and_keep_their_order(running: Store, told: list[Event]) -> None:
    before = running.head
    numbers = await asyncio.gather(*(running.write(lambda tx, n=n: tx.record(connected(f"c{n}"))) for n in range(700)))
    assert numbers == list(range(before + 1, before + 701))
    assert told == [connected(f"c{n}") for n in range(700)]
    commits = await running.read(lambda c: c.scalar(sa.text("SELECT commits FROM journal_head")))
    assert commits < 200  # not one for each


async def test_a_fact_that_is_not_kept_has_no_place_in_the_journal(running: Store) -> None:
    with pytest.raises(ValueError, match="device_lost is not kept"):
        await running.write(lambda tx: tx.record(DeviceLost(at=NOW, integration="x", station=StationId("y"))))


async def test_a_file_that_cannot_be_opened_is_said_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "evhub.db").symlink_to(tmp_path / "no-folder" / "evhub.db")
    with pytest.raises(Unreachable, match=r"the database cannot be used: .*No such file") as said:
        async with store(tmp_path):
            pass
    assert "who owns the data folder" in said.value.next


async def test_a_file_that_is_damaged_while_the_hub_runs_is_told_to_who_asks(tmp_path: Path) -> None:
    async with store(tmp_path) as running:
        with closing(sqlite3.connect(tmp_path / "evhub.db")) as beside:
            beside.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (tmp_path / "evhub.db").write_bytes(b"not a database any more" * 10_000)
        with pytest.raises(Unreachable, match="the database cannot be read: ") as said:
            await saved(running)
        assert "restart" in said.value.next


async def test_a_caller_who_gives_up_does_not_undo_what_is_under_way(running: Store) -> None:
    waiting = asyncio.ensure_future(running.write(lambda tx: save(tx, "given up")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await running.write(lambda tx: None)
    assert await saved(running) == {"given up"}


async def test_a_full_disk_loses_nothing_that_was_promised_and_says_what_is_missing(
    tmp_path: Path, told: list[Event]
) -> None:
    async with store(tmp_path, deliver=told.append) as running:
        small = await running.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA page_count").scalar())
        await running.write(lambda tx: tx.connection.exec_driver_sql(f"PRAGMA max_page_count={small + 20}"))
        written: list[int] = []
        with pytest.raises(NotKept) as full:
            await _fill(running, written)
        assert "full" in full.value.message
        assert full.value.next
        while not await _refused(running):
            pass
        told.clear()
        running.tell(connected("bay-9"))  # told all the same: charging goes on
        await until(lambda: told == [connected("bay-9")])
        assert len(await saved(running)) == len(written)
        await running.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA max_page_count=1000000"))
        await until(lambda: any(isinstance(fact, Gap) for fact in told))
        gap = next(fact for fact in told if isinstance(fact, Gap))
        assert (gap.kind, gap.count >= 1) == (Keeping.STATUS, True)
    with sqlite3.connect(tmp_path / "evhub.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        numbers = [no for (no,) in raw.execute("SELECT no FROM journal ORDER BY no")]
    assert numbers == list(range(1, len(numbers) + 1))


async def _fill(running: Store, written: list[int]) -> None:
    while True:
        await running.write(lambda tx: save(tx, f"row {len(written)}", "x" * 4000))
        written.append(1)


async def _refused(running: Store) -> bool:
    """Fill what is left, until not even a fact goes in."""
    try:
        await running.write(lambda tx: tx.record(connected("filler" * 10)))
    except NotKept:
        return True
    return False


async def test_short_of_space_measurements_stop_and_it_is_said_once(tmp_path: Path) -> None:
    told: list[Event] = []
    config = StoreConfig(keep_free_mb=10**9)
    running = Store(make_url(f"sqlite:///{tmp_path}/evhub.db"), config, SystemClock(), told.append)
    await running.start("1")
    assert running.is_short_of_space
    await until(lambda: any(isinstance(fact, StorageFilled) for fact in told))
    running.tell(connected("thinned"))
    assert told[-1] == connected("thinned")
    number = await running.write(lambda tx: tx.record(connected("kept, because somebody waits for it")))
    assert number == running.head == 3  # the start, the alarm, this one
    await running.stop()


@pytest.mark.parametrize("content", [b"this is no database" * 300, None])
async def test_a_damaged_database_is_set_aside_and_the_site_goes_on(tmp_path: Path, content: bytes | None) -> None:
    async with store(tmp_path) as first:
        await asyncio.gather(*(first.write(lambda tx, n=n: save(tx, f"row {n}", "x" * 500)) for n in range(500)))
        old = first.epoch
    file = tmp_path / "evhub.db"
    whole = file.read_bytes()
    file.write_bytes(content or whole[:4096] + b"\x99" * 40_000 + whole[44_096:])
    told: list[Event] = []
    async with store(tmp_path, deliver=told.append) as second:
        await second.write(lambda tx: save(tx, "new"))
        assert second.epoch != old
    (damaged,) = [fact for fact in told if isinstance(fact, StorageDamaged)]
    assert (tmp_path / damaged.file).exists()


@pytest.mark.needs_postgres
async def test_a_server_that_cuts_the_line_in_mid_commit_doubles_nothing(postgres_url: str) -> None:
    plain = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    async with store(postgres_url) as running:
        with psycopg.connect(plain, autocommit=True) as other:
            sent = 0
            for _ in range(20):
                batch = [running.write(lambda tx, n=sent + n: tx.record(connected(f"c{n}"))) for n in range(50)]
                sent += len(batch)
                waiting = asyncio.gather(*batch)
                await asyncio.sleep(0.002)
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
                await waiting
        entries = await journal_of(running).after(1, sent + 10)
        assert [entry.no for entry in entries] == list(range(2, sent + 2))
        assert len({entry.data for entry in entries}) == sent


@pytest.mark.needs_postgres
async def test_a_second_hub_on_the_same_server_database_is_kept_out(postgres_url: str) -> None:
    async with store(postgres_url):
        with pytest.raises(PortInUse, match="another evhub"):
            async with store(postgres_url):
                pass


@pytest.mark.needs_postgres
async def test_a_database_that_does_not_come_back_is_an_error_and_not_a_hang(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "RECONNECT_S", 0.3)
    async with store(postgres_url) as running:
        _rename(postgres_url, "gone")
        with pytest.raises(NotKept):
            await running.write(lambda tx: save(tx, "x"))
        _rename(postgres_url, "back")
        await running.write(lambda tx: save(tx, "y"))
        assert await saved(running) == {"y"}


async def test_a_disk_that_became_read_only_is_an_error_until_it_is_not(tmp_path: Path) -> None:
    async with store(tmp_path) as running:
        with pytest.raises(NotKept, match="readonly"):  # its own commit is refused already
            await running.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA query_only=1"))
        with pytest.raises(NotKept, match="readonly"):
            await running.write(lambda tx: save(tx, "x"))
        await running.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA query_only=0"))
        await running.write(lambda tx: save(tx, "y"))
        assert await saved(running) == {"y"}


def _rename(url: str, to: str) -> None:
    """Make the database unreachable by name, with everybody thrown out; or bring it back."""
    name = url.rpartition("/")[2]
    server = url.replace("postgresql+psycopg://", "postgresql://").rpartition("/")[0] + "/postgres"
    here, there = (name, f"{name}_gone") if to == "gone" else (f"{name}_gone", name)
    with psycopg.connect(server, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [here])
        other.execute(f'ALTER DATABASE "{here}" RENAME TO "{there}"')


async def test_documents_replace_each_other(running: Store) -> None:
    documents = Documents(running, SystemClock())
    assert await documents.load("wishes") is None
    for document in ({"a": [1, None]}, {"a": "é"}):
        await documents.save("wishes", document)
        assert await documents.load("wishes") == document


def test_without_its_driver_a_server_is_an_error_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # type: ignore[arg-type]  # as where the extra is not installed
    with pytest.raises(BadConfig, match="psycopg is missing") as refused:
        open_engine(make_url("postgresql+psycopg://evhub@127.0.0.1/evhub"))
    assert "evhub[pg]" in refused.value.next


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    engine = open_engine(make_url(f"sqlite:///{tmp_path}/evhub.db"))
    engine.dispose()
    assert (tmp_path / "evhub.db").stat().st_mode & 0o777 == 0o600
