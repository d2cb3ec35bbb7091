"""What all tests share: free ports, a real broker, and honest counting of tests whose programs this machine lacks.

A test that needs a program carries a marker `needs_…`. Where the program is missing the test is deselected, never
skipped, and the list is printed at the end. With EVHUB_ALL_TESTS set (CI sets it) a list that is not
empty fails the run.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

PROGRAMS = {
    "needs_mosquitto": ("mosquitto", "mosquitto_sub", "mosquitto_pub"),
    "needs_avahi": ("avahi-daemon",),
    "needs_netns": ("ip",),
    "needs_postgres": ("initdb", "postgres"),
    "needs_chromium": ("chromium",),
}
MARKER_OF_FIXTURE = {"mosquitto": "needs_mosquitto", "postgres": "needs_postgres", "postgres_url": "needs_postgres"}
DESELECTED = pytest.StashKey[Counter[str]]()

# Debian keeps servers where an ordinary user's PATH does not look.
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
os.environ["PATH"] += os.pathsep + os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin", *map(str, POSTGRES)))


@cache
def missing(marker: str) -> tuple[str, ...]:
    """What this machine lacks for the tests with this marker; empty when they can run."""
    lacking = tuple(program for program in PROGRAMS[marker] if shutil.which(program) is None)
    if marker == "needs_netns" and not lacking and not _may_make_netns():
        return ("the right to make network namespaces",)
    return lacking


def _may_make_netns() -> bool:
    name = f"evhub-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        return False
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=True)
    return True


def _markers(item: pytest.Item) -> set[str]:
    asked = {mark.name for mark in item.iter_markers()} & PROGRAMS.keys()
    return asked | {MARKER_OF_FIXTURE[name] for name in getattr(item, "fixturenames", ()) if name in MARKER_OF_FIXTURE}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    counted: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    deselected: list[pytest.Item] = []
    for item in items:
        lacking = [f"{marker} ({', '.join(missing(marker))})" for marker in sorted(_markers(item)) if missing(marker)]
        counted.update(lacking)
        (deselected if lacking else kept).append(item)
    config.stash[DESELECTED] = counted
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = kept


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """With xdist every worker collects all tests and so has the whole list; the controller has none of its own."""
    node.config.stash[DESELECTED] = Counter(getattr(node, "workeroutput", {}).get("deselected", {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    counted = session.config.stash.get(DESELECTED, Counter())
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["deselected"] = dict(counted)
    elif counted and os.environ.get("EVHUB_ALL_TESTS"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counted = config.stash.get(DESELECTED, Counter())
    if counted:
        words = "; ".join(f"{tests} for {reason}" for reason, tests in sorted(counted.items()))
        terminalreporter.write_line(f"deselected for missing programs: {words}", yellow=True)


def unused_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    """One free TCP port of 127.0.0.1. For several: pytest-asyncio's `unused_tcp_port_factory`."""
    return unused_port()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A real PostgreSQL for the whole run: `tests.servers.Postgres`. A test makes a database of its own in it.

    Not in pytest's own folder: every other run that starts meanwhile closes that to user postgres.
    """
    from tests import servers  # noqa: PLC0415  # psycopg takes a moment to import

    made = tempfile.TemporaryDirectory(prefix="evhub-postgres-")
    with made as folder, servers.postgres(Path(folder), synced=False) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Any) -> str:
    """The SQLAlchemy URL of a new empty database of this test alone."""
    from tests import servers  # noqa: PLC0415

    return servers.fresh_database(postgres, f"test_{uuid4().hex}")


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """A running broker of this test alone."""

    host: str
    port: int
    pid: int


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A real mosquitto: anonymous, TCP_NODELAY, its own port, data folder and process group; ended by its pid."""
    for _ in range(3):  # somebody else may take the port between our look and its bind
        with mosquitto_in(tmp_path / "mosquitto", unused_port()) as broker:
            if broker is not None:
                yield broker
                return
    pytest.fail(f"mosquitto did not start:\n{(tmp_path / 'mosquitto' / 'log').read_text()}")


@pytest.fixture
def observe() -> Iterator[Any]:
    """Listeners at a broker, which share no code with the hub: `await observe(port)`, see tests/observer.py."""
    from tests import observer  # noqa: PLC0415  # paho takes a moment to import

    with observer.observers() as one:
        yield one


@contextmanager
def mosquitto_in(folder: Path, port: int) -> Iterator[Mosquitto | None]:
    """The same on this port, in a folder that may hold an earlier one's data; None where it did not start."""
    folder.mkdir(exist_ok=True)
    settings = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "set_tcp_nodelay true",
        "persistence true",
        f"persistence_location {folder}/",
    ]
    if os.geteuid() == 0:
        settings.append("user root")  # or it steps down to a user that cannot write the folder
    (folder / "mosquitto.conf").write_text("\n".join(settings) + "\n")
    command = ["mosquitto", "-c", str(folder / "mosquitto.conf")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        yield Mosquitto("127.0.0.1", port, process.pid) if _answers(process, port) else None
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(process: subprocess.Popen[bytes], port: int, deadline_s: float = 10) -> bool:
    """Whether the process accepts connections before the deadline; no as soon as it has ended."""
    until = time.monotonic() + deadline_s
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        except OSError:
            process_ended(process, within_s=0.02)
        else:
            return process.poll() is None
    return False


def process_ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """Whether the process ends within this time. This is how a test waits without sleeping blindly."""
    try:
        process.wait(timeout=within_s)
    except subprocess.TimeoutExpired:
        return False
    return True
