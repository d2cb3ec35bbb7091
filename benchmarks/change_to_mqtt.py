"""From a change on a charger's wire to its message on MQTT, against a bare paho publish over the same broker.

The peer publishes a message of the same size to the same broker, and the same subscriber hears it. A hub adds one more
process on the way: the OCPP socket, the live picture, the topic's JSON. Both take turns, and the medians count. What is
told is a status; mere readings wait until a second has passed since the last, by design.
"""

from __future__ import annotations

import asyncio
import re
import socket as sockets
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.child import free_port
from benchmarks.page import Row
from benchmarks.start import hub_command, started
from benchmarks.station import Station

CHANGES = 300
OURS, BARE = "evhub/charger/bay-1/state", "bench/bare"
CONFIG = """
site: {name: Bench}
grid: {limit_a: 63}
chargers: {bay-1: {integration: ocpp, station: CP1, phases: [L1, L2, L3]}}
web: {port: 0, bind: 127.0.0.1}
ocpp: {port: 0, bind: 127.0.0.1}
mqtt: {port: PORT, bind: 127.0.0.1, anonymous: true}
discovery: {interfaces: [127.0.0.1]}
"""


class Ear:
    """The subscriber: notes when it hears what it waits for."""

    def __init__(self) -> None:
        self._wanted = b""
        self._heard = threading.Event()
        self._at_s = 0.0

    def hear(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        """A message came."""
        if self._wanted in message.payload and not message.retain:
            self._at_s = time.perf_counter()
            self._heard.set()

    def listen_for(self, what: bytes) -> None:
        """Before it is said."""
        self._wanted = what
        self._heard.clear()

    async def ms_since(self, began_s: float) -> float:
        """Milliseconds from then until it was heard."""
        if not await asyncio.to_thread(self._heard.wait, 10):
            raise TimeoutError(f"{self._wanted!r} did not come")
        return (self._at_s - began_s) * 1000


@contextmanager
def connected(port: int, ear: Ear | None = None) -> Iterator[paho.Client]:
    """A paho client; with an ear it hears both topics."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_socket_open = _without_delay
    if ear is not None:
        client.on_message = ear.hear
    client.connect("127.0.0.1", port)
    if ear is not None:
        client.subscribe([(OURS, 0), (BARE, 0)])
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _without_delay(_client: paho.Client, _: object, socket: Any) -> None:
    socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)


async def measure(door: int, broker: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each change, bare and through the hub."""
    bare, ours, ear = [], [], Ear()
    url = f"ws://127.0.0.1:{door}/ocpp/CP1"
    with connected(broker, ear), connected(broker) as peer:
        async with aiohttp.ClientSession() as session, session.ws_connect(url, protocols=("ocpp1.6",)) as socket:
            station = Station(socket)
            await station.call("BootNotification", {"chargePointVendor": "Bench", "chargePointModel": "One"})
            await station.quiet()
            for number in range(CHANGES):
                word, told = (("Charging", b'"charging"'), ("SuspendedEV", b'"suspended_ev"'))[number % 2]
                mark = f'"number":{number},"filled":"{"x" * 600}"'.encode()
                ear.listen_for(mark)
                began_s = time.perf_counter()
                peer.publish(BARE, mark)
                bare.append(await ear.ms_since(began_s))
                ear.listen_for(b'"status":' + told)
                began_s = time.perf_counter()
                await station.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": word})
                ours.append(await ear.ms_since(began_s))
    return bare, ours


def run() -> list[Row]:
    """The medians, and the median of the differences: what a hub adds."""
    broker = free_port()
    with tempfile.TemporaryDirectory(prefix="evhub-bench-") as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(CONFIG.replace("PORT", str(broker)))
        with started(hub_command(config), "/ocpp/<identity") as (_, _, said):
            door = re.search(r"ws://[^:]+:(\d+)/ocpp", said)
            assert door, said
            bare, ours = asyncio.run(measure(int(door[1]), broker))
    ratio = statistics.median(own / peer for peer, own in zip(bare, ours, strict=True))
    peer_ms, ours_ms = statistics.median(bare), statistics.median(ours)
    what = "a status on the OCPP socket → MQTT subscriber"
    return [Row(what, f"{peer_ms:.2f} ms", f"{ours_ms:.2f} ms", f"{ratio:.1f} (ours ÷ peer)")]
