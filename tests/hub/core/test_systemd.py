"""Words for systemd on a real socket: what they are and when, from the hub as a process and from its parts."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core.systemd import Systemd
from tests.conftest import process_ended, unused_port
from tests.journeys.hub import EVHUB

UNIT = (Path(__file__).parents[3] / "packaging" / "evhub.service").read_text()
CONFIG = """
site: {{name: Riverside}}
grid: {{limit_a: 32}}
web: {{bind: 127.0.0.1, port: {web}}}
ocpp: {{bind: 127.0.0.1, port: {ocpp}}}
mqtt: {{bind: 127.0.0.1, port: {mqtt}}}
discovery: {{enabled: false}}
"""


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A socket as systemd makes it, and its name as NOTIFY_SOCKET has it."""
    name = str(tmp_path / "notify") if request.param == "file" else f"@evhub-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
        here.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        here.settimeout(30)
        yield name, here


def said(here: socket.socket) -> list[str]:
    return here.recv(4096).decode().split("\n")


@pytest.mark.needs_mosquitto
def test_the_hub_says_that_it_is_ready_alive_and_ending(systemd: tuple[str, socket.socket], tmp_path: Path) -> None:
    name, here = systemd
    data = tmp_path / "data"
    data.mkdir()
    ports = {door: unused_port() for door in ("web", "ocpp", "mqtt")}
    (data / "config.yaml").write_text(CONFIG.format(**ports))
    environ = {**os.environ, "NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000"}
    with (tmp_path / "log").open("w") as log:
        hub = subprocess.Popen([EVHUB, "run", "--data", str(data)], stdout=subprocess.PIPE, stderr=log, env=environ)
    try:
        ready, status = said(here)
        assert ready == "READY=1"
        assert re.fullmatch(r"STATUS=Riverside: 0 of 0 charging, (starting|balancing since .*Z)", status)
        socket.create_connection(("127.0.0.1", ports["web"]), timeout=5).close()  # it is really ready
        assert [said(here)[0] for _ in range(4)] == ["WATCHDOG=1"] * 4
        hub.send_signal(signal.SIGTERM)
        last = said(here)
        while last[0] == "WATCHDOG=1":
            last = said(here)
        assert last == ["STOPPING=1"]
        assert process_ended(hub, 15)
        assert hub.returncode == 0, (tmp_path / "log").read_text()
    finally:
        hub.kill()
        hub.communicate()


async def test_its_variables_are_not_for_its_children(tmp_path: Path) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "s"), "WATCHDOG_USEC": "5", "WATCHDOG_PID": "1", "HOME": "/"}
    Systemd(lambda: "", environ)
    assert environ == {"HOME": "/"}


async def test_without_systemd_nothing_is_said() -> None:
    alone = Systemd(lambda: pytest.fail("nobody asks"), {})
    await alone.stopping()


async def test_a_watchdog_that_is_meant_for_another_process_is_not_fed(systemd: tuple[str, socket.socket]) -> None:
    name, here = systemd
    line = Systemd(lambda: "well", {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
    await line.ready()
    await asyncio.sleep(0.05)
    await line.stopping()
    words = [await asyncio.to_thread(said, here) for _ in range(3)]
    assert words == [["READY=1", "STATUS=well"], ["STATUS=well"], ["STOPPING=1"]]


async def test_a_line_that_broke_is_told_once_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = Systemd(lambda: "well", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    await line.ready()
    await line.stopping()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["systemd does not take 'READY=1'"]


def test_the_unit_asks_for_what_the_hub_says() -> None:
    assert {"Type=notify", "NotifyAccess=main", "WatchdogSec=30", "Restart=always"} <= set(UNIT.splitlines())
