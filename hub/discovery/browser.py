"""Listening for DNS-SD announcements on the local network, for as long as the hub lives and whatever the network does.

One zeroconf instance browses all service types. When the machine's addresses change (a cable, a Wi-Fi that comes late)
it is made anew; without any network the hub goes on and listens later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import ifaddr
import zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from hub.core.tasks import Tasks, back_off_s
from hub.discovery.match import Announcement

log = logging.getLogger(__name__)

RESOLVE_MS = 3000
SETTLE_S = 1.5  # RFC 6762, 10.2: an address that a newer one flushes lives for one second more
SILENT_AFTER_S = 10.0  # what does not answer so long after the network changed is gone


@dataclass(frozen=True, slots=True)
class Heard:
    """Who is told: of each new or changed service, and of each that went, by its full name."""

    seen: Callable[[Announcement], None]
    gone: Callable[[str], None]


class Browser:
    """Tells `heard` what is announced. Starts even without a network, and logs an outage once when it begins and ends.

    `interfaces`: names or IPv4 addresses; none named: all but loopback. Multicast is IPv4; IPv6 addresses inside the
    announcements count too.
    """

    def __init__(self, types: Iterable[str], interfaces: tuple[str, ...], heard: Heard, look_s: float = 5.0) -> None:
        self._types = sorted(set(types))
        self._interfaces = interfaces
        self._heard = heard
        self._look_s = look_s
        self._tasks = Tasks("browser")
        self._turns: dict[str, int] = {}  # by full name; an answer that a later event overtook is dropped
        self._silent: set[str] = set()

    async def start(self) -> None:
        """Listen from now on."""
        if self._types:
            self._tasks.keep("zeroconf", self._run)

    async def stop(self) -> None:
        """Stop listening and leave the multicast group."""
        await self._tasks.close()

    async def _run(self) -> None:
        failures = 0
        while True:
            here = addresses_of(self._interfaces)
            try:
                async with self._listening(here) as network:
                    self._say(failures, here)
                    failures = 0
                    await self._until_addresses_change(here, network)
            except (OSError, RuntimeError, zeroconf.Error) as failed:
                if failures == 0:
                    log.warning("no device can be found on the network now: %s; trying again", failed)
                failures += 1
                await asyncio.sleep(back_off_s(failures, longest_s=30))

    def _say(self, failures: int, here: list[str]) -> None:
        level = logging.INFO if failures else logging.DEBUG
        log.log(level, "listening for devices on %s", ", ".join(here))

    @contextlib.asynccontextmanager
    async def _listening(self, here: list[str]) -> AsyncIterator[AsyncZeroconf]:
        if not here:
            wanted = "no network interface has an IPv4 address"
            raise OSError(wanted if not self._interfaces else f"{', '.join(self._interfaces)} has no IPv4 address")
        network = AsyncZeroconf(interfaces=here)
        started = asyncio.ensure_future(
            network.zeroconf.async_wait_for_start()
        )  # left half done, it would leak sockets
        try:
            await asyncio.shield(started)
            self._silent |= self._turns.keys()
            browser = AsyncServiceBrowser(network.zeroconf, self._types, handlers=[self._changed])
            try:
                yield network
            finally:
                await browser.async_cancel()
        finally:
            await asyncio.gather(started, return_exceptions=True)
            await network.async_close()

    async def _until_addresses_change(self, here: list[str], network: AsyncZeroconf) -> None:
        waited_s = 0.0
        while addresses_of(self._interfaces) == here and not network.zeroconf.done:
            await asyncio.sleep(self._look_s)
            waited_s += self._look_s
            if waited_s >= SILENT_AFTER_S:
                self._forget_the_silent()
        log.info("the network changed; listening anew")

    def _forget_the_silent(self) -> None:
        for name in self._silent:
            self._goodbye(name)
        self._silent.clear()

    def _changed(
        self,
        zeroconf: zeroconf.Zeroconf,
        service_type: str,
        name: str,
        state_change: zeroconf.ServiceStateChange,
    ) -> None:
        """One event of the browser; zeroconf calls it on the loop, with these names."""
        self._silent.discard(name)
        if state_change.name == "Removed":
            self._goodbye(name)
            return
        turn = self._turns[name] = self._turns.get(name, 0) + 1
        self._tasks.once(f"look at {name}", self._look(zeroconf, service_type, name, turn))

    def _goodbye(self, name: str) -> None:
        if self._turns.pop(name, None) is not None:
            self._heard.gone(name)

    async def _look(self, network: zeroconf.Zeroconf, service_type: str, name: str, turn: int) -> None:
        """Ask for the service's records now, and once more when superseded addresses are forgotten."""
        first = await resolved(network, service_type, name)
        if first is None or self._turns.get(name) != turn:
            return
        self._heard.seen(first)
        await asyncio.sleep(SETTLE_S)
        later = await resolved(network, service_type, name)
        if later is not None and later != first and self._turns.get(name) == turn:
            self._heard.seen(later)


async def resolved(network: zeroconf.Zeroconf, service_type: str, name: str) -> Announcement | None:
    """The service's host, port, addresses and TXT; None when they were not answered in time."""
    try:
        info = AsyncServiceInfo(service_type, name)
        complete = await info.async_request(network, RESOLVE_MS)
    except (zeroconf.Error, OSError) as failed:
        log.debug("%r could not be resolved: %s", name, failed)
        return None
    if not complete or info.server is None:
        return None
    return Announcement(
        type=service_type,
        name=name,
        host=info.server,
        addresses=tuple(info.parsed_scoped_addresses()),
        port=info.port or 0,
        txt=dict(info.properties),
    )


def addresses_of(interfaces: tuple[str, ...]) -> list[str]:
    """The IPv4 addresses to listen on, in order: those of the named interfaces, else of all but loopback."""
    found = {
        ip.ip
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if isinstance(ip.ip, str) and _wanted(ip.ip, adapter.name, interfaces)
    }
    return sorted(found)


def _wanted(address: str, adapter: str, interfaces: tuple[str, ...]) -> bool:
    if not interfaces:
        return not ip_address(address).is_loopback
    return address in interfaces or adapter in interfaces
