"""What is looked at on this machine: real files, sockets, databases and a real broker."""

from __future__ import annotations

import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from hub.cli import machine
from hub.cli.look import Grade, Look
from hub.config.load import check, load
from hub.core.backup import Home, back_up
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, open_engine, prepare, url_of
from hub.core.ntp import ClockState
from hub.mqtt.config import MqttConfig
from tests.conftest import Mosquitto, unused_port

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def one(looks: list[Look], name: str) -> Look:
    return next(look for look in looks if look.name == name)


@pytest.mark.parametrize(
    ("state", "grade", "words"),
    [
        (None, Grade.OK, "does not say"),
        (ClockState(True, 0.0123), Grade.OK, "within 12 ms"),
        (ClockState(False, 16.0), Grade.HINT, "no time server"),
    ],
)
def test_the_clock(state: ClockState | None, grade: Grade, words: str) -> None:
    look = machine.clock(state)
    assert (look.grade, words in look.text) == (grade, True)


@pytest.mark.parametrize(("keep_free_mb", "grade"), [(0, Grade.OK), (10**12, Grade.PROBLEM)])
def test_the_disk(tmp_path: Path, keep_free_mb: int, grade: Grade) -> None:
    assert machine.disk(tmp_path, keep_free_mb).grade is grade


def config_in(folder: Path, text: str) -> Path:
    file = folder / "config.yaml"
    file.write_text("grid: {limit_a: 25}\n" + text)
    return file


@pytest.mark.parametrize(
    ("text", "grade", "words"),
    [
        ("circuits: {garage: {limit_a: 20}}\n", Grade.OK, "1 circuit"),
        ("circuits: {garage: {limit_a: 80}}\n", Grade.PROBLEM, ":2 circuits.garage.limit_a: "),
        ("gird: {}\ncirciuts: {}\n", Grade.PROBLEM, "; and 1 more"),
    ],
)
def test_the_configuration(tmp_path: Path, text: str, grade: Grade, words: str) -> None:
    file = config_in(tmp_path, text)
    [look] = machine.configuration(check(file), file)
    assert look.grade is grade
    assert words in look.text


def test_ports_are_free_or_answer(tmp_path: Path) -> None:
    web, ocpp = unused_port(), unused_port()
    ports = f"web: {{port: {web}, bind: 127.0.0.1}}\nocpp: {{port: {ocpp}, bind: 127.0.0.1}}\n"
    loaded = load(config_in(tmp_path, ports + "mqtt: {enabled: false}\n"))
    [free] = machine.ports(loaded, runs=False)
    assert (free.grade, free.text) == (Grade.OK, f"{web} (web), {ocpp} (ocpp) free")
    with socket.create_server(("127.0.0.1", web)):
        looks = list(machine.ports(loaded, runs=False))
        taken = one(looks, f"port {web}")
        assert (taken.grade, "another web.port" in taken.next) == (Grade.PROBLEM, True)
        looks = list(machine.ports(loaded, runs=True))
        assert one(looks, "ports").text == f"{web} (web) answer"
        assert "ocpp does not answer" in one(looks, f"port {ocpp}").text


def made(url_text: str | None, data: Path) -> StoreConfig:
    store = StoreConfig(url=url_text)
    engine = open_engine(url_of(store, data))
    prepare(engine)
    engine.dispose()
    return store


@pytest.mark.parametrize("quick", [True, False])
def test_a_database_that_is_whole(tmp_path: Path, quick: bool) -> None:
    store = made(None, tmp_path)
    looks = list(machine.database(url_of(store, tmp_path), tmp_path, NOW, quick=quick))
    assert [(look.name, look.grade) for look in looks] == [("database", Grade.OK), ("backup", Grade.HINT)]


def test_a_database_of_another_kind(tmp_path: Path, postgres_url: str) -> None:
    made(postgres_url, tmp_path)
    looks = list(machine.database(make_url(postgres_url), tmp_path, NOW, quick=False))
    assert looks[0].grade is Grade.OK
    assert "PostgreSQL at 127.0.0.1 answers" in looks[0].text
    away = make_url(postgres_url).set(port=unused_port())
    assert next(machine.database(away, tmp_path, NOW, quick=True)).grade is Grade.PROBLEM


def test_a_damaged_database(tmp_path: Path) -> None:
    made(None, tmp_path)
    file = tmp_path / "evhub.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    file.write_bytes(content)
    looks = list(machine.database(url_of(StoreConfig(), tmp_path), tmp_path, NOW, quick=False))
    assert (looks[0].grade, "evhub restore" in looks[0].next) == (Grade.PROBLEM, True)


def test_no_database_yet(tmp_path: Path) -> None:
    [look] = machine.database(url_of(StoreConfig(), tmp_path), tmp_path, NOW, quick=False)
    assert (look.grade, "first start" in look.text) == (Grade.OK, True)


def test_the_last_backup(tmp_path: Path) -> None:
    store = made(None, tmp_path)
    back_up(Home(url_of(store, tmp_path), tmp_path), tmp_path / "b.tar.gz", "1", SystemClock())
    for days, grade in ((0, Grade.OK), (20, Grade.HINT)):
        later = datetime.now(UTC) + timedelta(days=days)
        looks = list(machine.database(url_of(store, tmp_path), tmp_path, later, quick=True))
        assert one(looks, "backup").grade is grade


async def test_a_broker(tmp_path: Path, mosquitto: Mosquitto) -> None:
    theirs = MqttConfig.model_validate({"broker": f"mqtt://127.0.0.1:{mosquitto.port}"})
    assert "answers in" in (await machine.broker(theirs, tmp_path, runs=False)).text
    away = MqttConfig.model_validate({"broker": f"mqtt://127.0.0.1:{unused_port()}"})
    assert (await machine.broker(away, tmp_path, runs=True)).grade is Grade.PROBLEM
    own = MqttConfig(port=unused_port())
    assert "starts with it" in (await machine.broker(own, tmp_path, runs=False)).text
    killed = MqttConfig(port=mosquitto.port, anonymous=True)
    assert "the next one takes it over" in (await machine.broker(killed, tmp_path, runs=False)).text
    with socket.create_server(("127.0.0.1", own.port)):
        assert (await machine.broker(own, tmp_path, runs=False)).grade is Grade.PROBLEM
    assert (await machine.broker(own, tmp_path, runs=True)).grade is Grade.PROBLEM
    assert (await machine.broker(MqttConfig(enabled=False), tmp_path, runs=True)).grade is Grade.OK
