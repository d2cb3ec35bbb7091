"""How a device tells the network that it is there: DNS-SD services from one multicast DNS responder per process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of service of a device, `_openevse._tcp`, with its TXT record."""

    type: str
    txt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


Place = tuple[str, asyncio.AbstractEventLoop]  # an interface's address, and the loop that serves it


class Responder:
    """The process's zeroconf on one interface; devices join and leave, and the last one closes it."""

    _open: ClassVar[dict[Place, Responder]] = {}

    def __init__(self, place: Place) -> None:
        self.zeroconf = AsyncZeroconf(interfaces=[place[0]], ip_version=IPVersion.V4Only)
        self._place = place
        self._users = 0

    @classmethod
    def join(cls, interface: str) -> Responder:
        """The responder on the interface with this address, begun when nobody uses it yet. Pair with `leave`."""
        place = (interface, asyncio.get_running_loop())
        if place not in cls._open:
            cls._open[place] = cls(place)
        responder = cls._open[place]
        responder._users += 1
        return responder

    async def leave(self) -> None:
        """One user less; after the last one the sockets are closed."""
        self._users -= 1
        if self._users == 0:
            del self._open[self._place]
            await self.zeroconf.async_close()


class Presence:
    """One device's services under one instance name. Without an interface every call does nothing.

    `name` must be unlike any other on the network: zeroconf's Error says that somebody has it already.
    """

    def __init__(self, interface: str | None, name: str, services: tuple[Service, ...]) -> None:
        self.name = name
        self._services = services
        self._interface = interface
        self._responder: Responder | None = None
        self._shown: list[ServiceInfo] = []
        self._known = False  # nobody else answered to the name once: no need to ask again
        self._telling: asyncio.Task[None] | None = None

    async def appear(self, host: str, port: int) -> None:
        """Announce all services at this address, or their change of address. The announcements go out meanwhile."""
        if self._interface is None:
            return
        await self._hush()
        self._responder = self._responder or Responder.join(self._interface)
        infos = [self._info(service, host, port) for service in self._services]
        tell = self._change if self._shown else self._register
        told = await asyncio.gather(*(tell(self._responder.zeroconf, info) for info in infos), return_exceptions=True)
        failures = [failure for failure in told if isinstance(failure, BaseException)]
        self._shown = [info for info, each in zip(infos, told, strict=True) if not isinstance(each, BaseException)]
        self._telling = asyncio.create_task(_all([each for each in told if not isinstance(each, BaseException)]))
        if failures:
            raise failures[0]
        self._known = True

    async def vanish(self) -> None:
        """Say goodbye; returns when it is said."""
        await self._hush()
        shown, self._shown = self._shown, []
        if self._responder is not None:
            zeroconf = self._responder.zeroconf
            await _all(await asyncio.gather(*(zeroconf.async_unregister_service(info) for info in shown)))

    async def close(self) -> None:
        """Say goodbye and leave the responder."""
        await self.vanish()
        responder, self._responder = self._responder, None
        if responder is not None:
            await responder.leave()

    async def _hush(self) -> None:
        """Wait for announcements under way: one that follows a goodbye or a newer address would undo it."""
        telling, self._telling = self._telling, None
        if telling is not None:
            await telling

    async def _register(self, zeroconf: AsyncZeroconf, info: ServiceInfo) -> Awaitable[object]:
        # not strictly: some types are longer than the 15 bytes of RFC 6763, 7.2
        return await zeroconf.async_register_service(info, cooperating_responders=self._known, strict=False)

    async def _change(self, zeroconf: AsyncZeroconf, info: ServiceInfo) -> Awaitable[object]:
        return await zeroconf.async_update_service(info)

    def _info(self, service: Service, host: str, port: int) -> ServiceInfo:
        return ServiceInfo(
            f"{service.type}.local.",
            f"{self.name}.{service.type}.local.",
            addresses=[socket.inet_aton(host)],
            port=port,
            properties=dict(service.txt),
            server=f"{self.name}.local.",
        )


async def _all(awaitables: list[Awaitable[object]]) -> None:
    await asyncio.gather(*awaitables)
