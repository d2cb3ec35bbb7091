"""`evhub doctor`: what is well and what is not, with the next step; also without a hub that runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from hub.cli import bundle, folder, look, machine, say
from hub.cli.look import Look, hint, ok
from hub.cli.running import of_operators, of_status
from hub.cli.words import CONFIG, DATA, JSON
from hub.config.load import Loaded, check, load
from hub.config.problem import BadConfigFile
from hub.core.clock import SystemClock
from hub.core.database import url_of
from hub.core.log import MOST_KEPT
from hub.core.ntp import clock_state
from hub.model.errors import EvhubError, Unreachable
from hub.web.local import ask, socket_path, stream

Part = Mapping[str, Any]


@click.command(short_help="Say what is well and what is not.")
@DATA
@CONFIG
@JSON
@click.option("--quick", is_flag=True, help="Do not read the whole database.")
@click.option(
    "--bundle",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Write a zip file for who helps: log, status and configuration, without secrets.",
)
def doctor(data: Path, config: Path | None, as_json: bool, quick: bool, target: Path | None) -> None:
    """Look at the clock, the disk, ports, database, broker, each device and operator, and say what to do."""
    patient = Patient(data, config or data / "config.yaml", folder.option(data), quick)
    seen = asyncio.run(examined(patient))
    try:
        files = None if target is None else bundle.write(target, data, seen.contents())
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)
    if as_json:
        say.as_json({**look.to_json(seen.looks), "bundle": None if target is None else str(target)})
    else:
        for line in look.lines(seen.looks):
            click.echo(line)
        if files is not None:
            click.echo(f"{target}: {', '.join(files)}. Read it before you send it.")
    raise SystemExit(say.PROBLEM if look.has_problem(seen.looks) else 0)


@dataclass(frozen=True, slots=True)
class Patient:
    """Which hub, and how thoroughly. `option`: what commands need to find it."""

    data: Path
    file: Path
    option: str
    quick: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """All looks, and what they were taken from."""

    looks: list[Look]
    loaded: Loaded | None
    status: Part | None
    log: str | None

    def contents(self) -> bundle.Contents:
        """For the bundle."""
        return bundle.Contents(look.to_json(self.looks), self.loaded, self.status, self.log)


async def examined(patient: Patient) -> Seen:
    """Look at everything."""
    now = SystemClock().now()
    status, silent = await _status(patient.data)
    loaded, runs = _loaded(patient.file), status is not None or _is_closed(socket_path(patient.data))
    looks = [*_configured(patient.file), machine.clock(clock_state()), *_stored(patient, loaded, now)]
    if loaded is not None:
        looks += machine.ports(loaded, runs=runs)
        looks.append(await machine.broker(loaded.config.mqtt, patient.data, runs=runs))
    if status is None:
        return Seen([*looks, silent], loaded, None, None)
    looks += of_status(status, patient.option, now)
    looks += of_operators(await _operators(patient.data), patient.option)
    return Seen(looks, loaded, status, await _log(patient.data))


def _configured(file: Path) -> list[Look]:
    if not file.exists():
        return [hint("configuration", f"{file} is not there", "the first 'evhub run' makes it")]
    return list(machine.configuration(check(file), file))


def _stored(patient: Patient, loaded: Loaded | None, now: datetime) -> list[Look]:
    if not patient.data.is_dir():
        return []
    store = machine.store_of(loaded)
    url = url_of(store, patient.data)
    database = machine.database(url, patient.data, now, quick=patient.quick)
    return [machine.disk(patient.data, store.keep_free_mb), *database]


def _loaded(file: Path) -> Loaded | None:
    try:
        return load(file)
    except BadConfigFile:
        return None


async def _status(data: Path) -> tuple[Part | None, Look]:
    """The running hub's status; None where none runs or this user may not ask, and what to say then."""
    try:
        return await ask(socket_path(data), "GET", "/status"), ok("hub", "it runs")
    except Unreachable as silent:
        return None, hint("hub", silent.message, silent.next)


def _is_closed(socket: Path) -> bool:
    """True where a hub seems to run, and this user may not ask it."""
    return socket.exists() and not os.access(socket, os.W_OK)


async def _operators(data: Path) -> Mapping[str, Part]:
    reply: Part = await ask(socket_path(data), "POST", "/orders/operator.status", {"args": {}})
    operators: Mapping[str, Part] = (reply.get("result") or {}).get("operators", {})
    return operators


async def _log(data: Path) -> str | None:
    try:
        parts = [part async for part in stream(socket_path(data), "/log", {"lines": str(MOST_KEPT)})]
    except EvhubError:
        return None
    return b"".join(parts).decode("utf-8", "replace")
