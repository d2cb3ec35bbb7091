"""A running hub whose drawing changes under charging cars: real sockets, simulated stations, a real file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from hub.app import App
from hub.config.load import load
from hub.core.orders import Caller, Envelope, Result
from hub.core.state import LiveCharger
from hub.model.charger import Status
from hub.model.facts import ChargerDisconnected, DeviceReplaced, DeviceRetired, Event, Fact, SessionEnded
from hub.model.ids import ChargerId, StationId
from hub.model.person import EVERYBODY
from hub.sdk.testing import until
from integrations.ocpp import pace
from simulator.devices import start
from simulator.devices.base import Device, Net
from simulator.site_file import load_site
from simulator.ticker import tick
from simulator.world.car import CarModel
from simulator.world.world import World

pytestmark = pytest.mark.timeout(120)

E = TypeVar("E", bound=Event)
PACE = 20.0
CAR = CarModel("test", phases=3, max_a=32, reaction_s=2)
SITE = """\
site: {name: Garage}
grid: {limit_a: 63, unmanaged_a: 1}
circuits:
  row: {limit_a: 10}
web: {port: 0, bind: 127.0.0.1}
ocpp: {port: 0, bind: 127.0.0.1, meter_interval_s: 5}
mqtt: {enabled: false}
discovery: {enabled: false}
chargers:
  bay-1: {integration: ocpp, station: CP01-test, phases: [L1, L2, L3]}   # by the door
"""


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that waits for a charger waits shortly."""
    monkeypatch.setattr(pace, "PACE", pace.Pace(boot_s=1.0, ask_again_s=20, status_s=0.2, close_s=0.2))


@dataclass
class Site:
    """A hub in this process, and a world whose stations dial into it."""

    app: App
    file: Path
    world: World
    stations: AsyncExitStack
    told: list[Event] = field(default_factory=list)

    async def hear(self, fact: Fact) -> None:
        assert isinstance(fact, Event)
        self.told.append(fact)

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, kind)]

    def live(self, id: str = "bay-1") -> LiveCharger:
        return self.app.picture.chargers[ChargerId(id)]

    def amps(self, bay: str = "bay-1") -> float:
        return max(self.world.evses[bay].line_current_a)

    async def station(self, name: str, *bays: str) -> None:
        """A station with these outlets dials in."""
        port = self.app.devices.doors[0].split("/ocpp/")[0].rpartition(":")[2]
        net = Net(ocpp_url=f"ws://127.0.0.1:{port}/ocpp", suffix="test", pace=PACE)
        running = await start(Device("ocpp", name, bays), self.world, net)
        self.stations.push_async_callback(running.stop)

    async def order(self, name: str, **args: object) -> Result:
        reply = await self.app.orders.answer(Envelope(name, args), Caller("test", "test", EVERYBODY))
        assert reply.result is not None, reply
        return reply.result

    async def charging(self, bay: str = "bay-1", above_a: float = 15) -> None:
        """A car comes, and really charges; the hub has measured some of it."""
        self.world.plug(bay, CAR, 50_000)
        await until(lambda: self.amps(bay) > above_a, within_s=20)
        await until(lambda: (session := self.live().session) is not None and (session.energy_wh or 0) > 0, within_s=10)

    def waiting(self) -> list[str]:
        return [candidate.station for candidate in self.app.discovery.candidates]


@asynccontextmanager
async def _site(tmp_path: Path, text: str) -> AsyncIterator[Site]:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    plan = load_site("demo")
    quiet = plan.traffic.model_copy(update={"occupied_at_start": 0.0, "busy": 0.0})
    world = World(plan.model_copy(update={"traffic": quiet}))
    app = App(load(file), tmp_path)
    ticking = asyncio.create_task(tick(world, PACE))
    async with AsyncExitStack() as stack:
        stack.callback(ticking.cancel)
        await app.start()
        stack.push_async_callback(app.stop)
        site = Site(app, file, world, stack)
        app.bus.listen("test", (Event,), site.hear)
        yield site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """One charging bay."""
    async with _site(tmp_path, SITE) as made:
        await made.station("CP01", "bay-1")
        await until(lambda: made.live().online, within_s=10)
        await made.charging()
        yield made


async def test_a_charger_keeps_its_socket_and_its_session_when_its_place_in_the_drawing_changes(site: Site) -> None:
    live, session = site.live(), site.live().session
    assert session is not None
    entry = "{integration: ocpp, station: CP01-test, phases: [L1, L2, L3], name: Door, circuit: row, max_a: 16}"
    site.file.write_text(SITE.replace("{integration: ocpp, station: CP01-test, phases: [L1, L2, L3]}", entry))
    result = await site.order("config.reload")
    assert result["changed"] == ["chargers.bay-1"]
    await until(lambda: 6 < site.amps() <= 10, within_s=10)  # the new circuit's
    assert site.live() is live
    assert live.session is not None
    assert (live.online, live.session.id) == (True, session.id)
    assert site.app.picture.site.chargers[ChargerId("bay-1")].name == "Door"
    counted = live.session.energy_wh or 0
    await until(lambda: live.session is not None and (live.session.energy_wh or 0) > counted)
    site.file.write_text(site.file.read_text().replace("circuit: row, ", "").replace("limit_a: 63", "limit_a: 14"))
    await until(lambda: 10 < site.amps() <= 13, within_s=15)  # noticed by itself: the fuse less what else is declared
    site.world.unplug("bay-1")
    await until(lambda: site.events(SessionEnded))
    [ended] = site.events(SessionEnded)
    assert (ended.session, ended.reason) == (session.id, "EVDisconnected")
    assert site.events(ChargerDisconnected) == []


async def test_a_file_with_an_error_changes_nothing(site: Site) -> None:
    site.file.write_text(SITE.replace("limit_a: 63", "limit_a: 6.3.").replace("bay-1:", "bay-9:"))
    await until(lambda: _config(site)["problems"] == 1, within_s=10)
    assert site.live().session is not None
    assert site.amps() > 15
    site.file.write_text(SITE)
    await until(lambda: _config(site)["problems"] == 0, within_s=10)
    assert site.events(ChargerDisconnected) == []
    assert site.events(SessionEnded) == []


def _config(site: Site) -> dict[str, object]:
    config = site.app.status()["config"]
    assert isinstance(config, dict)
    return config


async def test_another_station_takes_over_while_a_car_charges(site: Site) -> None:
    session = site.live().session
    assert session is not None
    await site.order("charger.set_limit", charger="bay-1", limit_a=20)
    await site.station("CP02", "bay-2")
    await until(lambda: "CP02-test" in site.waiting(), within_s=10)
    register_wh = site.live().reading
    result = await site.order("device.replace", device="bay-1", station="CP02-test")
    assert result == {"devices": ["bay-1"], "before": "CP01-test", "station": "CP02-test"}
    assert "bay-1: {integration: ocpp, station: CP02-test, phases: [L1, L2, L3]}   # by the door" in (
        site.file.read_text()
    )
    await until(lambda: site.events(SessionEnded))
    [ended] = site.events(SessionEnded)
    assert (ended.session, ended.reason) == (session.id, "replaced")
    assert register_wh is not None
    assert ended.energy_wh == pytest.approx((register_wh.energy_wh or 0) - (session.start_wh or 0), abs=50)
    await until(lambda: site.events(DeviceReplaced))
    [replaced] = site.events(DeviceReplaced)
    assert (replaced.before, replaced.after) == ("CP01-test", "CP02-test")
    await until(lambda: site.live().online and site.live().status is Status.AVAILABLE, within_s=15)
    assert (site.live().station, site.live().session) == ("CP02-test", None)
    await until(lambda: "CP01-test" in site.waiting(), within_s=20)  # the old one is a stranger again
    await site.charging("bay-2")  # what the new station feeds is bay-1 to the hub
    assert site.amps("bay-2") <= 20  # and what was asked of the bay still counts
    assert site.live().session != session


async def test_a_device_is_retired_while_a_car_charges(site: Site) -> None:
    session = site.live().session
    assert session is not None
    await site.order("device.retire", device="bay-1")
    assert "bay-1" not in site.file.read_text()
    await until(lambda: site.events(SessionEnded))
    [ended] = site.events(SessionEnded)
    assert (ended.session, ended.reason, (ended.energy_wh or 0) > 0) == (session.id, "retired", True)
    await until(lambda: [fact.device for fact in site.events(DeviceRetired)] == ["bay-1"])
    assert site.app.status()["chargers"] == {}
    await until(lambda: "CP01-test" in site.waiting(), within_s=20)
    await site.order("device.adopt", station="CP01-test", id="bay-1", phases="L1,L2,L3")
    await site.app.bus.drained()
    await until(lambda: site.live().online, within_s=10)


async def test_a_station_with_two_outlets_is_replaced_as_a_whole(tmp_path: Path) -> None:
    second = "  bay-2: {integration: ocpp, station: CP01-test, connector: 2, phases: [L1]}\n"
    async with _site(tmp_path, SITE + second) as site:
        await site.station("CP01", "bay-1", "bay-2")
        await until(lambda: site.live("bay-1").online and site.live("bay-2").online, within_s=10)
        await site.station("CP02", "bay-3", "bay-4")
        await until(lambda: "CP02-test" in site.waiting(), within_s=10)
        result = await site.order("device.replace", device="CP01-test", station="CP02-test")
        assert result["devices"] == ["bay-1", "bay-2"]
        await until(
            lambda: all(site.live(id).online and site.live(id).station == "CP02-test" for id in ("bay-1", "bay-2")),
            within_s=15,
        )
        assert site.app.drawing.knows(StationId("CP02-test"), 2)
        await until(lambda: len(site.events(DeviceReplaced)) == 2)
