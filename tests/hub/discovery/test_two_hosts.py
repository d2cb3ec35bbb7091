"""The hub and a device on two hosts: network namespaces joined by a cable, and avahi as the device's responder."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.tree import REPOSITORY

pytestmark = [pytest.mark.needs_avahi, pytest.mark.needs_netns]

AVAHI_CONF = """
[server]
host-name=evse-5f3a
use-ipv4=yes
use-ipv6=yes
enable-dbus=no
allow-interfaces=device
[publish]
publish-workstation=no
publish-hinfo=no
"""
SERVICE = """<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name>evse-5f3a</name>
  <service><type>_evse._tcp</type><port>8001</port><txt-record>id=a1b2</txt-record><txt-record>model=Nine</txt-record></service>
  <service><type>_http._tcp</type><port>80</port></service>
</service-group>
"""
# A daemon with /run and services of its own; the mounts are gone with its namespace.
START_AVAHI = """
mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && mount --bind "$1" /etc/avahi/services &&
exec avahi-daemon --file "$1/avahi-daemon.conf" --no-drop-root --no-chroot --no-rlimits
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass(frozen=True, slots=True)
class Cable:
    """Two namespaces with one end of a cable each, called `hub` and `device`; only the device has an address yet."""

    hub: str
    device: str


@pytest.fixture
def cable() -> Iterator[Cable]:
    ends = Cable(f"evhub-a-{os.getpid()}", f"evhub-b-{os.getpid()}")
    ip("netns", "add", ends.hub)
    try:
        ip("netns", "add", ends.device)
        try:
            ip("link", "add", "hub", "netns", ends.hub, "type", "veth", "peer", "name", "device", "netns", ends.device)
            ip("-n", ends.device, "address", "add", "10.91.0.2/24", "dev", "device")
            for namespace, link in ((ends.hub, "hub"), (ends.device, "device")):
                ip("-n", namespace, "link", "set", "lo", "up")
                ip("-n", namespace, "link", "set", link, "up")
                ip("-n", namespace, "route", "add", "224.0.0.0/4", "dev", link)
            yield ends
        finally:
            ip("netns", "delete", ends.device)
    finally:
        ip("netns", "delete", ends.hub)


@pytest.fixture
def avahi(cable: Cable, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A device of the other host: it announces one charger by two services."""
    (tmp_path / "avahi-daemon.conf").write_text(AVAHI_CONF)
    (tmp_path / "evse.service").write_text(SERVICE)
    command = ["ip", "netns", "exec", cable.device, "sh", "-c", START_AVAHI, "sh", str(tmp_path)]
    with (tmp_path / "avahi.log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    yield daemon
    daemon.terminate()
    daemon.wait(10)


@pytest.fixture
async def room(cable: Cable) -> AsyncIterator[asyncio.subprocess.Process]:
    """The discovery room on the hub's end."""
    command = ["ip", "netns", "exec", cable.hub, sys.executable, "-m", "tests.hub.discovery.listening", "hub"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        assert await heard(process, within_s=20) == ["ready"]
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def heard(room: asyncio.subprocess.Process, within_s: float = 15) -> list[str | None]:
    """The next thing that the room tells."""
    assert room.stdout is not None
    async with asyncio.timeout(within_s):
        told: list[str | None] = json.loads(await room.stdout.readline())
    return told


async def until(room: asyncio.subprocess.Process, wanted: list[str | None]) -> None:
    """Hear until this is told; before it only the same device may come up, as less sure services are answered first."""
    while (told := await heard(room)) != wanted:
        assert told[0] in {"found", "lost"}


async def test_a_late_network_then_appear_new_address_and_goodbye(
    cable: Cable, avahi: subprocess.Popen[bytes], room: asyncio.subprocess.Process
) -> None:
    assert room.stderr is not None
    async with asyncio.timeout(15):
        assert b"no device can be found on the network now: hub has no IPv4 address" in await room.stderr.readline()
    ip("-n", cable.hub, "address", "add", "10.91.0.1/24", "dev", "hub")
    await until(room, ["found", "a1b2", "10.91.0.2:8001", "Nine"])

    ip("-n", cable.device, "address", "delete", "10.91.0.2/24", "dev", "device")
    ip("-n", cable.device, "address", "add", "10.91.0.7/24", "dev", "device")
    await until(room, ["found", "a1b2", "10.91.0.7:8001", "Nine"])

    avahi.terminate()
    await until(room, ["lost", "a1b2"])

    assert room.stdin is not None
    room.stdin.close()
    log = (await room.stderr.read()).decode()
    assert "no device can be found" not in log  # the outage was told once,
    assert log.count("listening for devices on 10.91.0.1") == 1  # and so was its end
    assert await room.wait() == 0
