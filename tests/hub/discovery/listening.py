"""A discovery room in a process of its own, so that it can live in another network namespace than the test.

Each event is one JSON line; the end of standard input ends it.
"""

import asyncio
import json
import sys

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.log import to_stderr
from hub.core.orders import Orders
from hub.discovery.config import DiscoveryConfig
from hub.discovery.service import Discovery
from hub.model.facts import DeviceFound, DeviceLost, Fact
from tests.hub.discovery.announcing import MemoryDrawing, a_manifest


def write(*words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


async def say(fact: Fact) -> None:
    if isinstance(fact, DeviceFound):
        found = fact.candidate
        write("found", found.station, str(found.address), found.model)
    elif isinstance(fact, DeviceLost):
        write("lost", fact.station)


async def listen(interface: str) -> None:
    bus, clock = Bus(), SystemClock()
    bus.listen("say", (DeviceFound, DeviceLost), say)
    config = DiscoveryConfig(interfaces=(interface,))
    manifests = a_manifest("_evse._tcp.local.", "_http._tcp.local.")
    discovery = Discovery(bus, Orders(clock), clock, MemoryDrawing(bus), manifests, config)
    await discovery.start()
    write("ready")
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await discovery.stop()
    await bus.close()


if __name__ == "__main__":
    to_stderr()
    asyncio.run(listen(sys.argv[1]))
