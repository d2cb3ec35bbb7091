"""The discovery room over real multicast on loopback: found, changed, lost, adopted; and devices that dial in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.orders import Caller, Envelope, Orders, Reply
from hub.discovery.config import DiscoveryConfig
from hub.discovery.discover import listen_for
from hub.discovery.service import MOST_WAITING, Discovery, as_json
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.charger import Charger
from hub.model.facts import DeviceFound, DeviceLost, Fact
from hub.model.ids import GRID, ChargerId, StationId
from hub.model.person import EVERYBODY
from tests.hub.discovery.announcing import LOOPBACK, Announcer, MemoryDrawing, a_manifest, announcing, unique_types

ME = Caller("test", "test", EVERYBODY)


@dataclass(slots=True)
class Room:
    """A running discovery room, what it told, and its surroundings."""

    own: str
    shared: str
    bus: Bus
    orders: Orders
    drawing: MemoryDrawing
    discovery: Discovery
    told: list[Fact] = field(default_factory=list)

    async def hear(self, fact: Fact) -> None:
        self.told.append(fact)

    async def order(self, order: str, **args: object) -> Reply:
        return await self.orders.answer(Envelope(order, args), ME)

    def lost(self) -> list[StationId]:
        return [fact.station for fact in self.told if isinstance(fact, DeviceLost)]

    def found(self) -> list[StationId]:
        return [fact.candidate.station for fact in self.told if isinstance(fact, DeviceFound)]

    def stations(self) -> list[StationId]:
        return [candidate.station for candidate in self.discovery.candidates]


async def until(condition: Callable[[], bool], within_s: float = 10) -> None:
    """Poll until it holds."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    """Listening on loopback; with the parameter False it only takes who dials in."""
    own, shared = unique_types()
    bus, clock = Bus(), SystemClock()
    orders, drawing = Orders(clock), MemoryDrawing(bus)
    config = DiscoveryConfig(enabled=getattr(request, "param", True), interfaces=LOOPBACK)
    discovery = Discovery(bus, orders, clock, drawing, a_manifest(own, shared), config)
    made = Room(own, shared, bus, orders, drawing, discovery)
    bus.listen("test", (DeviceFound, DeviceLost), made.hear)
    await discovery.start()
    yield made
    await discovery.stop()
    await bus.close()


@pytest.fixture
async def device() -> AsyncIterator[Announcer]:
    async with announcing() as announcer:
        yield announcer


async def test_a_device_is_seen_changes_its_port_and_says_goodbye(room: Room, device: Announcer) -> None:
    await device.announce(device.info(room.own, 8001, {"id": "a1", "model": "Nine"}))
    await until(lambda: room.stations() == ["a1"])
    [candidate] = room.discovery.candidates
    assert (candidate.model, candidate.address, candidate.source) == ("Nine", Address("127.0.0.1", 8001), "zeroconf")

    await device.change(device.info(room.own, 8002, {"id": "a1"}))
    await until(lambda: room.discovery.address_of(StationId("a1")) == Address("127.0.0.1", 8002))
    await until(lambda: room.found() == ["a1", "a1"])

    await device.goodbye(device.info(room.own, 8002, {"id": "a1"}))
    await until(lambda: room.lost() == ["a1"])
    assert room.stations() == []
    assert room.discovery.address_of(StationId("a1")) == Address("127.0.0.1", 8002)


async def test_a_changed_address_is_followed(room: Room, device: Announcer) -> None:
    await device.announce(device.info(room.own, 8001, {"id": "a1"}, address="192.0.2.7"))
    await until(lambda: room.discovery.address_of(StationId("a1")) == Address("192.0.2.7", 8001))
    await device.change(device.info(room.own, 8001, {"id": "a1"}, address="192.0.2.3"))
    await until(lambda: room.discovery.address_of(StationId("a1")) == Address("192.0.2.3", 8001))


async def test_a_device_that_was_there_first_is_found_and_unreadable_txt_does_no_harm(device: Announcer) -> None:
    own, shared = unique_types()
    info = device.info(own, 8001, {"id": "b2"})
    broken = b"\x05id=b2\x04\xff=\xfe1\x00\x05mo=\xff\xfe"
    info = type(info)(own, info.name, port=8001, properties=broken, server=info.server, parsed_addresses=["127.0.0.1"])
    await device.announce(info)
    candidates = await listen_for(1.0, a_manifest(own, shared), LOOPBACK)
    assert [(c.station, c.confidence) for c in candidates] == [("b2", Confidence.SURE)]


async def test_two_services_of_a_device_are_one_candidate(room: Room, device: Announcer) -> None:
    vague = device.info(room.shared, 80, {})
    await device.announce(vague)
    await until(lambda: len(room.stations()) == 1)
    await device.announce(device.info(room.own, 8001, {"id": "a1"}))
    await until(lambda: room.stations() == ["a1"])


async def test_adoption_by_order(room: Room, device: Announcer) -> None:
    await device.announce(device.info(room.own, 8001, {"id": "a1"}))
    await until(lambda: room.stations() == ["a1"])
    listed = await room.order("device.list")
    assert listed.result is not None
    assert listed.result["candidates"] == [as_json(room.discovery.candidates[0])]
    assert listed.result["devices"] == []
    assert as_json(room.discovery.candidates[0])["address"] == {"host": "127.0.0.1", "port": 8001}

    wishes = {"id": "bay-9", "name": "Nine", "circuit": "yard", "phases": "L1, L3", "options": {"password": "x"}}
    reply = await room.order("device.adopt", station="A1", **wishes)  # typed off the label
    assert reply.to_json() == {"ok": True, "result": {"kind": "charger", "id": "bay-9", "station": "a1"}}
    said = {"id": "bay-9", "name": "Nine", "circuit": "yard", "phases": ("L1", "L3"), "password": "x"}
    assert room.drawing.wishes == [said]
    assert room.stations() == []
    await room.bus.drained()
    assert room.lost() == []  # adopted is not lost
    listed = await room.order("device.list")
    assert listed.result is not None
    assert listed.result["devices"] == [
        {"kind": "charger", "id": "bay-9", "name": "bay-9", "station": "a1", "integration": "evse", "circuit": "grid"}
    ]

    again = await room.order("device.adopt", station="a1")
    assert again.error is not None
    assert again.error.code == "refused"


async def test_an_option_that_is_an_argument_of_its_own_is_refused(room: Room, device: Announcer) -> None:
    await device.announce(device.info(room.own, 8001, {"id": "a1"}))
    await until(lambda: room.stations() == ["a1"])
    reply = await room.order("device.adopt", station="a1", circuit="yard", options={"circuit": "cellar"})
    assert reply.error is not None
    assert (reply.error.code, reply.error.next) == ("invalid", "say it as circuit=…")
    assert room.drawing.wishes == []


async def test_other_settings_count_at_once(room: Room, device: Announcer) -> None:
    await device.announce(device.info(room.own, 8001, {"id": "a1"}))
    await until(lambda: room.stations() == ["a1"])
    room.discovery.take(DiscoveryConfig(enabled=False, interfaces=LOOPBACK))
    await until(lambda: room.lost() == ["a1"])
    assert room.discovery.address_of(StationId("a1")) == Address("127.0.0.1", 8001)  # an adopted one is still there
    room.discovery.take(DiscoveryConfig(interfaces=LOOPBACK))
    await until(lambda: room.stations() == ["a1"])


async def test_who_is_here_whatever_the_case_of_its_letters(room: Room, device: Announcer) -> None:
    assert room.discovery.here(StationId("A1")) is None
    await device.announce(device.info(room.own, 8001, {"id": "a1"}))
    await until(lambda: room.stations() == ["a1"])
    assert room.discovery.here(StationId("A1")) == room.discovery.candidates[0]


async def test_an_unknown_station_cannot_be_adopted(room: Room) -> None:
    reply = await room.order("device.adopt", station="nobody")
    assert reply.error is not None
    assert (reply.error.code, reply.error.message) == ("not_found", "no device 'nobody' was found")


@pytest.mark.parametrize("written", ["127.0.0.1:8001", "A1"])
async def test_one_that_is_configured_by_its_address_or_in_other_case_is_not_listed(
    room: Room, device: Announcer, written: str
) -> None:
    room.drawing.draw(Charger(ChargerId("bay-1"), GRID, "evse", StationId(written)))
    await device.announce(device.info(room.own, 8001, {"id": "a1"}))
    await until(lambda: room.discovery.address_of(StationId("a1")) is not None)
    assert room.stations() == []


# devices that dial in; nothing listens on the network here


def dialling(station: str, connectors: int | None = None) -> Candidate:
    return Candidate(
        integration="ocpp",
        kind=Kind.CHARGER,
        station=StationId(station),
        address=None,
        confidence=Confidence.SURE,
        seen_at=datetime(2026, 3, 1, tzinfo=UTC),
        source="dialled in",
        connectors=connectors,
    )


@pytest.mark.parametrize("room", [False], indirect=True)
async def test_one_that_dials_in_waits_and_may_leave_again(room: Room) -> None:
    room.discovery.dialled_in(dialling("CP-1"), adopt=False)
    assert room.stations() == ["CP-1"]
    room.discovery.left(StationId("CP-1"))
    await until(lambda: room.lost() == ["CP-1"])
    assert room.found() == ["CP-1"]
    assert room.stations() == []


@pytest.mark.parametrize("room", [False], indirect=True)
async def test_the_same_news_twice_is_told_once(room: Room) -> None:
    room.discovery.dialled_in(dialling("CP-1"), adopt=False)
    room.discovery.dialled_in(dialling("CP-1"), adopt=False)
    room.discovery.dialled_in(dialling("CP-1", connectors=2), adopt=False)
    await room.bus.drained()
    assert room.found() == ["CP-1", "CP-1"]


@pytest.mark.parametrize("room", [False], indirect=True)
async def test_one_that_may_come_in_at_once_is_adopted_with_every_outlet(room: Room) -> None:
    room.discovery.dialled_in(dialling("CP-1", connectors=2), adopt=True)
    room.discovery.dialled_in(dialling("CP-1", connectors=2), adopt=True)
    await until(lambda: len(room.drawing.site.chargers) == 2)
    assert [(c.station, c.connector) for c in room.drawing.site.chargers.values()] == [("CP-1", 1), ("CP-1", 2)]
    assert room.stations() == []


@pytest.mark.parametrize("room", [False], indirect=True)
async def test_a_station_stays_listed_until_all_its_outlets_are_in(room: Room) -> None:
    room.discovery.dialled_in(dialling("CP-1", connectors=2), adopt=False)
    assert (await room.order("device.adopt", station="CP-1", connector=1)).ok
    assert room.stations() == ["CP-1"]
    assert (await room.order("device.adopt", station="CP-1", connector=2)).ok
    assert room.stations() == []


@pytest.mark.parametrize("room", [False], indirect=True)
async def test_a_further_outlet_of_a_drawn_station_can_be_adopted_though_nobody_lists_it(room: Room) -> None:
    room.drawing.draw(Charger(ChargerId("bay-1"), GRID, "ocpp", StationId("CP-1"), 1))
    reply = await room.order("device.adopt", station="CP-1", connector=2)
    assert reply.ok
    assert {c.connector for c in room.drawing.site.chargers.values()} == {1, 2}


@pytest.mark.parametrize("room", [False], indirect=True)
async def test_a_flood_of_identities_is_bounded(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(MOST_WAITING + 1):
        room.discovery.dialled_in(dialling(f"CP-{number}"), adopt=False)
    assert len(room.stations()) == MOST_WAITING
    assert f"CP-{MOST_WAITING} dialled in" in caplog.text
