"""Devices that announce themselves for real, on loopback, and a drawing in memory for the discovery room."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from hub.core.bus import Bus
from hub.core.state import Picture
from hub.model.candidate import Candidate, Confidence, Kind
from hub.model.charger import Charger
from hub.model.errors import Refused
from hub.model.facts import DrawingChanged
from hub.model.ids import GRID, ChargerId, MeterId, StationId
from hub.model.site import Circuit, Site
from hub.model.units import same_on_each
from hub.sdk.manifest import Manifest, Matcher

LOOPBACK = ("127.0.0.1",)
EMPTY = Site("Test", {GRID: Circuit(GRID, None, same_on_each(25.0))})


def unique_types() -> tuple[str, str]:
    """Two service types that no other test on this machine browses at the same time."""
    mark = uuid4().hex[:8]
    return f"_e{mark}._tcp.local.", f"_h{mark}._tcp.local."


def a_manifest(own: str, shared: str) -> dict[str, Manifest]:
    """A family with a type of its own and a vaguer one."""
    matchers = (
        Matcher(type=own, serial_txt="id", model_txt="model"),
        Matcher(type=shared, name="evse-", serial_name="evse-(.+)$", confidence=Confidence.GUESS),
    )
    return {
        "evse": Manifest(name="evse", title="EVSE", kind=Kind.CHARGER, transport="HTTP", zeroconf=matchers, docs="-")
    }


class Announcer:
    """A device on loopback with one host name and some services."""

    def __init__(self, network: AsyncZeroconf, label: str) -> None:
        self._network = network
        self._label = label
        self._telling: Awaitable[None] | None = None  # an announcement is repeated for a second

    def info(self, type: str, port: int, txt: Mapping[str, str], address: str = "127.0.0.1") -> AsyncServiceInfo:
        return AsyncServiceInfo(
            type,
            f"{self._label}.{type}",
            port=port,
            properties=dict(txt),
            server=f"{self._label}.local.",
            parsed_addresses=[address],
        )

    async def announce(self, info: AsyncServiceInfo) -> None:
        """Announce without the second of probing: names are unique here."""
        self._telling = await self._network.async_register_service(info, cooperating_responders=True, strict=False)

    async def change(self, info: AsyncServiceInfo) -> None:
        await self._network.async_update_service(info)

    async def vanish(self, info: AsyncServiceInfo) -> None:
        """Answer no more, without a goodbye: somebody pulled the plug."""
        if self._telling is not None:
            await self._telling
        self._network.zeroconf.registry.async_remove(info)

    async def goodbye(self, info: AsyncServiceInfo) -> None:
        await self._network.async_unregister_service(info)


@asynccontextmanager
async def announcing() -> AsyncIterator[Announcer]:
    """A device's own zeroconf, ended with its goodbyes."""
    network = AsyncZeroconf(interfaces=list(LOOPBACK))
    try:
        yield Announcer(network, f"evse-{uuid4().hex[:8]}")
    finally:
        await network.async_unregister_all_services()
        await network.async_close()


class MemoryDrawing:
    """Keeps the port's promises without a file."""

    def __init__(self, bus: Bus) -> None:
        self.picture = Picture(EMPTY)
        self.wishes: list[Mapping[str, object]] = []
        self._bus = bus

    @property
    def site(self) -> Site:
        return self.picture.site

    def knows(self, station: StationId, connector: int | None = None) -> bool:
        if any(meter.station == station for meter in self.site.meters.values()):
            return True
        mine = [c for c in self.site.chargers.values() if c.station == station]
        return any(connector is None or c.connector == connector for c in mine)

    async def adopt(self, candidate: Candidate, wishes: Mapping[str, object]) -> ChargerId | MeterId:
        assert candidate.kind is Kind.CHARGER
        connector = wishes.get("connector", 1)
        assert isinstance(connector, int)
        if self.knows(candidate.station, connector):
            raise Refused(f"{candidate.station} is in the configuration already", "choose another")
        self.wishes.append(wishes)
        id = ChargerId(str(wishes.get("id", f"bay-{len(self.site.chargers) + 1}")))
        self.draw(Charger(id, GRID, candidate.integration, candidate.station, connector))
        return id

    def draw(self, charger: Charger) -> None:
        self.picture.site = Site("Test", EMPTY.circuits, {**self.site.chargers, charger.id: charger})
        self._bus.publish(DrawingChanged())
