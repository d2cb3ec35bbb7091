"""Real servers for tests, each with its own port, data folder and process group, ended by its own pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from cloud.nats_server import Broker, Tls, program, settings
from tests.conftest import process_ended, unused_port

SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL with one database `evhub`."""

    port: int
    pid: int
    folder: Path

    @property
    def dsn(self) -> str:
        """For psycopg."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/evhub"

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        return self.dsn.replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def postgres(folder: Path, *, synced: bool = True) -> Iterator[Postgres]:
    """A PostgreSQL of its own in `folder`; the folder may hold one of an earlier run.

    `synced=False`: what it keeps outlives every kill, but no power cut; on a busy disk that saves half a minute.
    """
    data, port = folder / "pg", unused_port()
    as_user = _as_postgres()
    if not data.exists():
        data.mkdir(parents=True)
        _hand_over(data)
        made = ["initdb", "-D", str(data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run([*as_user, *made], check=True, capture_output=True, cwd="/")
    settings = [
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        "",
        "-c",
        "max_connections=100",
        "-c",
        f"fsync={'on' if synced else 'off'}",
    ]
    command = [*as_user, "postgres", "-D", str(data), *settings]
    with (folder / "pg.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
        )
    try:
        _ready(process, port, folder / "pg.log")
        yield Postgres(port, process.pid, folder)
    finally:
        process.send_signal(signal.SIGINT)  # whoever is still connected is cut off
        if not process_ended(process, within_s=10):
            process.kill()
            process.wait()


def fresh_database(server: Postgres, name: str) -> str:
    """A new empty database on this server; answers its SQLAlchemy URL."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.url.rpartition("/")[0] + f"/{name}"


def _as_postgres() -> list[str]:
    """initdb and postgres refuse root: the environment's PATH is kept."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def _hand_over(data: Path) -> None:
    """Give the folder to user postgres, and let that user pass through its parents (pytest's are closed)."""
    if os.geteuid() != 0:
        return
    subprocess.run(["chown", "-R", "postgres:postgres", str(data)], check=True)
    for parent in data.parents:
        if parent.stat().st_uid == 0 and parent.is_relative_to(tempfile.gettempdir()):
            parent.chmod(parent.stat().st_mode | 0o011)


def _ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        try:
            with psycopg.connect(f"postgresql://{SUPERUSER}@127.0.0.1:{port}/postgres", autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'evhub'").fetchone()
                if found is None:
                    connection.execute("CREATE DATABASE evhub")
        except psycopg.OperationalError:
            if process_ended(process, within_s=0.1):
                break
        else:
            return
    raise AssertionError(f"PostgreSQL did not start:\n{log.read_text()}")


class Program:
    """A server that a test starts, kills and starts again, in its own process group, with its words in a log."""

    def __init__(self, command: Sequence[str], log: Path, is_ready: Callable[[], bool]) -> None:
        self._command, self._log, self._is_ready = command, log, is_ready
        self._process: subprocess.Popen[bytes] | None = None
        self._said_before = 0

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def said(self) -> str:
        """What it has written since its last start."""
        return self._log.read_bytes()[self._said_before :].decode(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self._said_before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        for _ in range(600):
            if self._is_ready():
                return
            if process_ended(self._process, within_s=0.05):
                break
        raise AssertionError(f"{self._command[0]} did not start:\n{self.said()}")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int | None:
        """SIGTERM, and kill -9 when that is not enough; answers its exit status."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        if not process_ended(self._process, within_s=10):
            self._process.kill()
        status, self._process = self._process.wait(), None
        return status


@dataclass(frozen=True, slots=True)
class Nats:
    """A nats-server with its MQTT listener; it may be killed and started again on the same ports and folder."""

    program: Program
    url: str
    mqtt_port: int


def nats_in(folder: Path, hubs: Mapping[str, str | None], tls: Tls | None = None) -> Nats:
    """A nats-server that is not started yet. `hubs`: id → password. The folder may hold a stream of an earlier run."""
    port, mqtt_port = unused_port(), unused_port()
    folder.mkdir(parents=True, exist_ok=True)
    listen, mqtt = f"127.0.0.1:{port}", f"127.0.0.1:{mqtt_port}"
    (folder / "nats.conf").write_text(settings(Broker(folder / "store", "secret", listen, mqtt, hubs, tls)))
    command = [program(), "-c", str(folder / "nats.conf")]
    ready = Program(command, folder / "nats.log", lambda: _answers(port) and _answers(mqtt_port))
    return Nats(ready, f"nats://aggregator:secret@{listen}", mqtt_port)


def aggregator_in(folder: Path, source: Sequence[str], database: str) -> Program:
    """An aggregator as a process, not started yet. `source`: `--nats URL` or `--mqtt URL`, and further options."""
    dsn = database.replace("postgresql+psycopg://", "postgresql://", 1)
    command = [sys.executable, "-m", "cloud.aggregator", *source, "--database", dsn]
    started = Program(command, folder / "aggregator.log", lambda: "aggregator ready" in started.said())
    return started


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True
