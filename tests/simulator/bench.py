"""A small site and an ear for DNS-SD, for tests that talk to one emulated device over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from simulator.devices.base import Running
from simulator.world.car import CarModel
from simulator.world.plan import SitePlan
from simulator.world.world import World

LOOPBACK = "127.0.0.1"
CAR = CarModel("test car", phases=1, max_a=32.0)

Said = TypeVar("Said")


def site(wiring: tuple[str, ...] = ("L1",), house_a: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> World:
    """One bay `b1` and nobody who comes by himself; a house that draws always the same."""
    return World(
        SitePlan.model_validate(
            {
                "name": "bench",
                "circuits": {"grid": {"limit_a": 63}},
                "bays": {"b1": {"circuit": "grid", "wiring": wiring, "max_a": 32, "reaction_s": 0.1}},
                "devices": [{"kind": "openevse", "name": "cp", "bays": ["b1"]}],
                "cars": [{"name": "any", "phases": 1, "max_a": 32}],
                "house": {"base_a": house_a},
                "traffic": {"busy": 0, "occupied_at_start": 0},
            }
        )
    )


def pass_time(world: World, seconds: float) -> None:
    """Let the world go on, a tenth of a second at a time."""
    for _ in range(round(seconds * 10)):
        world.step(0.1)


async def until(holds: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


async def refused(host: str, port: int) -> bool:
    """Nobody listens there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return True
    writer.close()
    await writer.wait_closed()
    return False


@asynccontextmanager
async def asking(device: Running) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client for a started device, which stops in the end."""
    try:
        # a connection for each request: one that is kept alive would fail once after each restart
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(5)) as session:
            yield session
    finally:
        await device.stop()


async def gone(device: Running) -> bool:
    """Its connections are refused now or soon."""
    at = device.describe()
    async with asyncio.timeout(5):
        while not await refused(at.host or "", at.port or 0):
            await asyncio.sleep(0.01)
    return True


async def comes_back(ask: Callable[[], Awaitable[Said]]) -> Said:
    """The first answer that it gives again."""
    async with asyncio.timeout(5):
        while True:
            try:
                return await ask()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)


class Ear:
    """What a browser on the loopback has found: by type and instance name, (address, port, TXT)."""

    def __init__(self, zeroconf: AsyncZeroconf) -> None:
        self.found: dict[str, tuple[str, int, dict[str, str]]] = {}
        self._zeroconf = zeroconf
        self._asking: set[asyncio.Task[None]] = set()

    def heard(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        """As the browser calls it."""
        if state_change is ServiceStateChange.Removed:
            self.found.pop(name, None)
            return
        task = asyncio.create_task(self._ask(zeroconf, service_type, name))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        info = AsyncServiceInfo(service_type, name)
        if await info.async_request(zeroconf, 3000):
            txt = {key.decode(): (value or b"").decode() for key, value in info.properties.items() if key}
            self.found[name] = (socket.inet_ntoa(info.addresses_by_version(IPVersion.V4Only)[0]), info.port or 0, txt)


@asynccontextmanager
async def listening(*types: str) -> AsyncIterator[Ear]:
    """A real browser, apart from the devices' responder, for these types (`_http._tcp.local.`)."""
    async with AsyncZeroconf(interfaces=[LOOPBACK]) as zeroconf:
        ear = Ear(zeroconf)
        browser = AsyncServiceBrowser(zeroconf.zeroconf, list(types), handlers=[ear.heard])
        yield ear
        await browser.async_cancel()
        for task in tuple(ear._asking):
            await task
