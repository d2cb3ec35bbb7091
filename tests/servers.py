"""Real servers for tests, each with its own port, data folder and process group, ended by its own pid."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

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
def postgres(folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL of its own in `folder`; the folder may hold one of an earlier run."""
    data, port = folder / "pg", unused_port()
    as_user = _as_postgres()
    if not data.exists():
        data.mkdir(parents=True)
        _hand_over(data)
        made = ["initdb", "-D", str(data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run([*as_user, *made], check=True, capture_output=True, cwd="/")
    settings = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "max_connections=100"]
    command = [*as_user, "postgres", "-D", str(data), *settings]
    with (folder / "pg.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
        )
    try:
        _ready(process, port, folder / "pg.log")
        yield Postgres(port, process.pid, folder)
    finally:
        process.terminate()
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
        if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
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
