"""What `evhub doctor` looks at without asking the hub: configuration, clock, disk, ports, database and broker."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from hub.cli.look import Look, hint, ok, problem
from hub.config.load import Loaded
from hub.config.problem import Level, Report
from hub.core.backup import LAST
from hub.core.database import StoreConfig, cause, file_of, open_engine
from hub.core.keep import Keep
from hub.core.mqtt_link.link import answers
from hub.core.mqtt_link.server import Server
from hub.core.ntp import ClockState
from hub.model.errors import EvhubError
from hub.mqtt.broker import HUB_USER
from hub.mqtt.config import MqttConfig

OLD_DAYS = 14
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def configuration(report: Report, file: Path) -> Iterator[Look]:
    """What `check-config` says, in a line."""
    step = f"evhub check-config --config {file} says what and where"
    warnings = sum(one.level is Level.WARNING for one in report.problems)
    if report.errors:
        first = next(one for one in report.problems if one.level is Level.ERROR)
        more = "" if report.errors == 1 else f"; and {report.errors - 1} more"
        yield problem("configuration", f"{first.where} {first.key}: {first.message}{more}", step)
    elif warnings:
        yield hint("configuration", f"{file} has {warnings} warnings", step)
    else:
        counts = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in report.counts.items())
        yield ok("configuration", f"{file}: {counts}")


def clock(state: ClockState | None) -> Look:
    """Sessions, prices and OCPP stations go by it."""
    if state is None:
        return ok("clock", "the kernel does not say whether a time server keeps it")
    if state.synced:
        return ok("clock", f"kept by a time server, within {state.within_s * 1000:.0f} ms")
    step = "timedatectl set-ntp true, or install chrony; in a container the host keeps it"
    return hint("clock", "no time server keeps it: what is written down may get wrong times", step)


def disk(data: Path, keep_free_mb: int) -> Look:
    """Room in the data folder."""
    free_mb = shutil.disk_usage(data).free // 1_000_000
    free = f"{free_mb / 1000:.1f} GB free" if free_mb >= 1000 else f"{free_mb} MB free"
    if free_mb < keep_free_mb:
        step = f"make room: below {keep_free_mb} MB (store.keep_free_mb) measurements are not kept any more"
        return problem("disk", f"only {free} at {data}", step)
    if free_mb < 2 * keep_free_mb:
        return hint("disk", f"only {free} at {data}", "make room soon")
    return ok("disk", free)


def ports(loaded: Loaded, *, runs: bool) -> Iterator[Look]:
    """Each door of the hub: it answers while the hub runs, and is free while it does not."""
    good = []
    for section, bind, port in _doors(loaded):
        if port == 0:
            continue
        if _answers(EVERYWHERE.get(bind, bind), port) is runs:
            good.append(f"{port} ({section})")
        elif runs:
            step = f"see 'evhub logs --room {section}'; a restart of the hub opens it again"
            yield problem(f"port {port}", f"the hub runs, and {section} does not answer there", step)
        else:
            step = f"'ss -ltnp sport = :{port}' names the program; end it, or set another {section}.port"
            yield problem(f"port {port}", f"another program has it, and {section} needs it", step)
    if good:
        yield ok("ports", f"{', '.join(good)} {'answer' if runs else 'free'}")


def _doors(loaded: Loaded) -> Iterator[tuple[str, str, int]]:
    config = loaded.config
    yield "web", config.web.bind, config.web.port
    for name, manifest in loaded.manifests.items():
        section = config.section(name)
        port, bind = getattr(section, "port", None), getattr(section, "bind", None)
        if manifest.serves and isinstance(port, int) and isinstance(bind, str):
            yield name, bind, port


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def database(url: URL, data: Path, now: datetime, *, quick: bool) -> Iterator[Look]:
    """Whether it can be read and is whole, and when it was last saved elsewhere."""
    file = file_of(url)
    if file is not None and not file.exists():
        yield ok("database", f"{file} is made at the first start")
        return
    try:
        yield ok("database", _server(url) if file is None else _file(file, quick=quick))
    except (sqlite3.Error, SQLAlchemyError, EvhubError) as failed:
        said = failed.message if isinstance(failed, EvhubError) else cause(failed)
        yield problem("database", said, "look at the disk and at who owns it; evhub restore brings a backup back")
    yield _backup(data, now)


def _file(file: Path, *, quick: bool) -> str:
    """Its size, and that every page of it can be read. Raises sqlite3.Error."""
    size = sum(part.stat().st_size for part in (file, file.with_name(f"{file.name}-wal")) if part.exists())
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as connection:
        check = "SELECT count(*) FROM sqlite_master" if quick else "PRAGMA quick_check(1)"
        (found,) = connection.execute(check).fetchone()
    if not quick and found != "ok":
        raise sqlite3.DatabaseError(f"{file} is damaged: {str(found).splitlines()[0]}")
    return f"{size / 1e6:.0f} MB, {'it can be read' if quick else 'whole'}"


def _server(url: URL) -> str:
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            size = connection.scalar(sa.text("SELECT pg_database_size(current_database())"))
    finally:
        engine.dispose()
    return f"PostgreSQL at {url.host} answers, {size / 1e6:.0f} MB"


def _backup(data: Path, now: datetime) -> Look:
    kept = Keep(data).load(LAST)
    step = f"evhub backup --data {data} FILE, and keep FILE on another disk"
    if not isinstance(kept, dict) or "at" not in kept:
        return hint("backup", "none was made of this hub", step)
    days = (now - datetime.fromisoformat(kept["at"])).days
    said = f"last one {'today' if days == 0 else f'{days} days ago'}"
    return hint("backup", said, step) if days > OLD_DAYS else ok("backup", said)


async def broker(config: MqttConfig, data: Path, *, runs: bool) -> Look:
    """Yours has to answer; the hub's own while the hub runs, and after a killed one it may."""
    if not config.enabled:
        return ok("broker", "MQTT is switched off")
    server, is_own = config.remote or _own(config, data), config.remote is None
    began_s = time.monotonic()
    if await answers(server):
        left = "" if runs or not is_own else "; it is of the run before, and the next one takes it over"
        return ok("broker", f"{server} answers in {(time.monotonic() - began_s) * 1000:.0f} ms{left}")
    if not is_own:
        return problem(
            "broker", f"{server} does not let us in", "is it on, and are mqtt.broker and its password right?"
        )
    if runs:
        return problem("broker", f"{server} does not let us in", "see 'evhub logs --room mqtt'")
    if _answers(server.host, server.port):
        return problem("broker", f"another program has {server}", "use it with mqtt.broker, or set another mqtt.port")
    return ok("broker", f"the hub's own, starts with it at {server}")


def _own(config: MqttConfig, data: Path) -> Server:
    kept = Keep(data / "mqtt").load("credentials")
    password = kept.get(HUB_USER) if isinstance(kept, dict) else None
    user = None if password is None or config.anonymous else HUB_USER
    return Server(EVERYWHERE.get(config.bind, config.bind), config.port, user, password if user else None)


def store_of(loaded: Loaded | None) -> StoreConfig:
    """Of the configuration, or the usual one where that cannot be read."""
    return StoreConfig() if loaded is None else loaded.config.store
