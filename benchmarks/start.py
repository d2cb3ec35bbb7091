"""How long a hub takes to start, and how much memory it keeps, with twenty chargers; beside it the bare imports.

The hub is started by its own command on a data folder that it has used before, and twenty chargers dial in and send
meter values. The peer is a Python that only imports the libraries that such a hub has loaded. What other programs do
can only make a start slower, so that the quickest one counts; the memory is the median.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.child import free_port
from benchmarks.page import Row
from benchmarks.station import Station, values

CHARGERS, ROUNDS = 20, 5
IMPORTS = (
    "asyncio, aiohttp.web, argon2, click, ifaddr, logging, msgspec, numpy, orjson, paho.mqtt.client, pydantic, "
    "ruamel.yaml, sqlalchemy.dialects.sqlite, zeroconf.asyncio"
)
PEER = f"import {IMPORTS}\nprint('running', flush=True)\ninput()"
CONFIG = """
site: {name: Bench}
grid: {limit_a: 100}
web: {port: 0, bind: 127.0.0.1}
ocpp: {port: 0, bind: 127.0.0.1}
mqtt: {port: PORT, bind: 127.0.0.1}
discovery: {interfaces: [127.0.0.1]}
chargers:
"""


@dataclass(frozen=True, slots=True)
class Started:
    """One start."""

    wall_s: float
    cpu_s: float
    resident_mb: float


@contextmanager
def started(command: list[str], last_line: str) -> Iterator[tuple[subprocess.Popen[str], float, str]]:
    """A process, the seconds until it said the last line, and what it has said until then; ended by SIGTERM."""
    began_s = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    said: list[str] = []
    watch = threading.Timer(60, process.kill)
    watch.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if last_line in line:
                break
        yield process, time.perf_counter() - began_s, "".join(said)
    finally:
        watch.cancel()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, the files that it shares with others included."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    assert found
    return int(found[1]) / 1024


def peer() -> Started:
    """The libraries alone."""
    with started([sys.executable, "-c", PEER], "running") as (process, wall_s, _):
        return Started(wall_s, cpu_s(process.pid), resident_mb(process.pid))


def hub_command(config: Path) -> list[str]:
    """Run a hub by its own command line; its data lies beside its configuration."""
    evhub = str(Path(sys.executable).with_name("evhub"))
    return [evhub, "run", "--config", str(config), "--data", str(config.parent)]


def hub(config: Path) -> Started:
    """A hub, from its command to its address, and then with chargers."""
    with started(hub_command(config), "/ocpp/<identity") as (process, wall_s, said):
        used_s = cpu_s(process.pid)
        door = re.search(r"ws://[^:]+:(\d+)/ocpp", said)
        assert door, said
        asyncio.run(_charge(int(door[1])))
        return Started(wall_s, used_s, resident_mb(process.pid))


async def _charge(port: int) -> None:
    """Twenty chargers dial in, and each sends thirty meter values."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = f"ws://127.0.0.1:{port}/ocpp/CP"
        sockets_ = [
            await stack.enter_async_context(session.ws_connect(f"{url}{n}", protocols=("ocpp1.6",), compress=0))
            for n in range(CHARGERS)
        ]
        stations = [Station(socket) for socket in sockets_]
        boot = {"chargePointVendor": "Bench", "chargePointModel": "One"}
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        for action, payload in (("BootNotification", boot), ("StatusNotification", status)):
            await asyncio.gather(*(station.call(action, payload) for station in stations))
        await asyncio.gather(*(station.quiet() for station in stations))
        for number in range(30):
            await asyncio.gather(*(station.call("MeterValues", values(number)) for station in stations))


def run() -> list[Row]:
    """Take turns; the first start of a data folder, which makes the database, is not counted."""
    with tempfile.TemporaryDirectory(prefix="evhub-bench-") as folder:
        config = Path(folder) / "config.yaml"
        bays = "".join(f"  bay-{n}: {{integration: ocpp, station: CP{n}}}\n" for n in range(CHARGERS))
        config.write_text(CONFIG.replace("PORT", str(free_port())) + bays)
        hub(config)
        rounds = [(peer(), hub(config)) for _ in range(ROUNDS)]
    raw, own = [pair[0] for pair in rounds], [pair[1] for pair in rounds]
    wall_s = min(one.wall_s for one in raw), min(one.wall_s for one in own)
    used_s = min(one.cpu_s for one in raw), min(one.cpu_s for one in own)
    held_mb = statistics.median(one.resident_mb for one in raw), statistics.median(one.resident_mb for one in own)
    return [
        _row("start, until its addresses are said", wall_s, "s", "≤ 2.5 s"),
        _row("CPU of that", used_s, "s CPU"),
        _row(f"resident, with {CHARGERS} chargers that charge", held_mb, "MB", "≤ 110 MB"),
    ]


def _row(what: str, figures: tuple[float, float], unit: str, wanted: str = "") -> Row:
    peer_, ours = figures
    places = 0 if unit == "MB" else 2
    peer_text, ours_text = (f"{figure:.{places}f} {unit}" for figure in figures)
    return Row(what, peer_text, ours_text, f"{ours / peer_:.2f} (ours ÷ peer)", wanted)
