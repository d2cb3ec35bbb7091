"""A simulated station with two outlets, made with another OCPP implementation, from first dial to last unplug."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.model.charger import Status
from hub.model.facts import SessionEnded, SessionStarted
from hub.model.ids import ChargerId, StationId
from hub.model.units import Phase
from hub.sdk.testing import until
from integrations.ocpp import pace
from simulator.devices import start
from simulator.devices.base import Device, Fault, Net, Running
from simulator.site_file import load_site
from simulator.ticker import tick
from simulator.world.car import CarModel
from simulator.world.evse import Evse
from simulator.world.world import World
from tests.integrations.ocpp.harness import LOOPBACK, SmallHub, Wishes, bay, small_hub

PACE = 20.0
CAR = CarModel("test", phases=3, max_a=32, reaction_s=2)
ONE_PHASE = CarModel("small", phases=1, max_a=32, reaction_s=2)
BAYS = ("bay-1", "bay-2")
ROTATED = (Phase.L2, Phase.L3, Phase.L1)
CP = "CP01-test"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    """The station is a good one: it answers, though not always at once on a busy machine."""
    monkeypatch.setattr(pace, "PACE", pace.Pace(boot_s=1.0, ask_again_s=20, status_s=0.2, close_s=0.2))


@dataclass
class Site:
    """The physical side."""

    world: World
    station: Running

    def evse(self, bay: str = "bay-1") -> Evse:
        return self.world.evses[bay]

    def amps(self, bay: str = "bay-1") -> float:
        return max(self.evse(bay).line_current_a)

    async def world_s(self, seconds: float) -> None:
        """Let the world pass so far."""
        until_s = self.world.elapsed_s + seconds
        await until(lambda: self.world.elapsed_s >= until_s, within_s=20)


@asynccontextmanager
async def site_at(hub: SmallHub, bays: tuple[str, ...] = BAYS, **options: str | float | bool) -> AsyncIterator[Site]:
    """An empty site whose station dials into this hub."""
    plan = load_site("two")
    quiet = plan.traffic.model_copy(update={"occupied_at_start": 0.0, "busy": 0.0})
    world = World(plan.model_copy(update={"traffic": quiet}))
    ticking = asyncio.create_task(tick(world, PACE))
    net = Net(ocpp_url=hub.url, suffix="test", host=LOOPBACK, pace=PACE)
    station = await start(Device("ocpp", "CP01", bays, options=options), world, net)
    try:
        yield Site(world, station)
    finally:
        await station.stop()
        ticking.cancel()


def measured_a(hub: SmallHub, place: int, id: str = "bay-1") -> float:
    """Amps on a supply line as the hub sees them."""
    lines = hub.live(id).line_a
    return 0.0 if lines is None else lines[place] or 0.0


async def drawn(hub: SmallHub) -> None:
    """Both outlets are in the drawing, the second one with rotated phases."""
    await hub.draw(bay(1, station=CP), bay(2, station=CP, connector=2, phases=ROTATED))


@pytest.fixture
async def site(hub: SmallHub) -> AsyncIterator[Site]:
    """A driven station."""
    await drawn(hub)
    async with site_at(hub) as made:
        await until(lambda: all(hub.live(id).status is Status.AVAILABLE and hub.live(id).online for id in BAYS))
        yield made


async def test_it_waits_and_is_adopted_on_the_same_connection(hub: SmallHub) -> None:
    async with site_at(hub):
        await until(lambda: StationId(CP) in hub.waiting.here)
        await until(lambda: hub.waiting.here[StationId(CP)].connectors == 2)
        assert hub.waiting.here[StationId(CP)].model == "Riverside Twin 22"
        await drawn(hub)
        await until(lambda: all(hub.live(id).online for id in BAYS))
        await until(lambda: all(hub.live(id).status is Status.AVAILABLE for id in BAYS))
        assert [hub.live(id).held_a for id in BAYS] == [32, 32]  # read, not guessed


async def test_a_visit_from_plug_to_unplug(hub: SmallHub, site: Site) -> None:
    assert await hub.limit(12) == 12
    site.world.plug("bay-1", CAR, 50_000)
    await hub.until_told(SessionStarted)
    await until(lambda: hub.live().status is Status.CHARGING)
    await until(lambda: measured_a(hub, 0) > 11)
    assert site.amps() <= 12
    assert hub.live().reading is not None
    assert await hub.limit(8) == 8
    await until(lambda: 7 < site.amps() <= 8)
    assert await hub.limit(0) == 0
    await until(lambda: site.amps() == 0)
    await until(lambda: hub.live().status is Status.SUSPENDED_EVSE)
    assert await hub.limit(16) == 16
    await until(lambda: site.amps() > 15)
    site.world.unplug("bay-1")
    ended = await hub.until_told(SessionEnded)
    assert ended.reason == "EVDisconnected"
    assert ended.energy_wh == pytest.approx(site.evse().energy_wh, abs=20)
    await until(lambda: hub.live().status is Status.AVAILABLE)


async def test_rotated_phases_are_undone(hub: SmallHub, site: Site) -> None:
    await hub.limit(16, "bay-2")
    site.world.plug("bay-2", ONE_PHASE, 50_000)
    await until(lambda: measured_a(hub, 1, "bay-2") > 15)
    assert [round(a) for a in site.evse("bay-2").line_current_a] == [0, 16, 0]
    assert [round(measured_a(hub, place, "bay-2")) for place in range(3)] == [0, 16, 0]


async def test_orders(hub: SmallHub, site: Site) -> None:
    site.world.plug("bay-1", CAR, 50_000)
    await hub.until_told(SessionStarted)
    await until(lambda: hub.live().status is Status.CHARGING)
    assert (await hub.order("charger.stop", charger="bay-1")).ok
    await until(lambda: hub.sessions.transaction_of(ChargerId("bay-1")) is None)
    assert hub.told(SessionEnded) == []  # the car is still there
    assert (await hub.order("charger.start", charger="bay-1", token="APP")).ok
    assert (await hub.until_told(SessionStarted, 2)).token == "APP"
    assert (await hub.until_told(SessionEnded)).reason == "Remote"
    assert (await hub.order("charger.reset", charger="bay-2")).ok
    await until(lambda: not hub.live("bay-1").online)
    await until(lambda: hub.live("bay-1").online, within_s=10)
    site.world.unplug("bay-1")
    assert (await hub.until_told(SessionEnded, 2)).reason == "SoftReset"


@pytest.mark.parametrize("volatile", [False, True])
async def test_a_power_cycle_in_mid_session(hub: SmallHub, volatile: bool) -> None:
    await drawn(hub)
    async with site_at(hub, volatile_profiles=volatile) as site:
        await hub.online()
        await hub.limit(10)
        site.world.plug("bay-1", CAR, 50_000)
        session = (await hub.until_told(SessionStarted)).session
        await site.station.fault(Fault.REBOOT, 1)
        await until(lambda: not hub.live().online, within_s=10)
        assert hub.live().held_a is None
        await until(lambda: hub.live().online, within_s=10)
        assert hub.live().held_a == (32 if volatile else 10)
        live = hub.live().session
        assert live is not None
        assert live.id == session
        site.world.unplug("bay-1")
        assert (await hub.until_told(SessionEnded)).session == session


async def test_a_session_survives_a_restart_of_the_hub(tmp_path: Path) -> None:
    async with small_hub(tmp_path) as hub:
        port = hub.port
        await drawn(hub)
        async with site_at(hub) as site:
            await hub.online()
            await hub.limit(10)
            site.world.plug("bay-1", CAR, 50_000)
            session = (await hub.until_told(SessionStarted)).session
            await until(lambda: site.amps() > 9)
            await hub.stop()
            await site.world_s(10)
            async with small_hub(tmp_path, Wishes(port=port)) as again:
                await drawn(again)
                await until(lambda: again.live().online, within_s=10)
                live = again.live()
                assert live.session is not None
                assert (live.session.id, live.held_a) == (session, 10)
                await until(lambda: live.session is not None and (live.session.energy_wh or 0) > 0)
                site.world.unplug("bay-1")
                assert (await again.until_told(SessionEnded)).session == session
    assert site.amps() == 0


@pytest.mark.parametrize("car", [CAR, ONE_PHASE], ids=["three phases", "one phase"])
async def test_a_station_that_takes_watts_never_gives_more_than_granted(hub: SmallHub, car: CarModel) -> None:
    await drawn(hub)
    async with site_at(hub, units="Power") as site:
        await until(lambda: hub.live("bay-1").online)
        assert await hub.limit(20) == 20
        site.world.plug("bay-1", car, 50_000)
        most = 0.0

        def settled() -> bool:
            nonlocal most
            most = max(most, site.amps())
            return site.amps() > 19

        await until(settled, within_s=10)
        assert await hub.limit(9) == 9
        await until(lambda: 8 < site.amps() <= 9, within_s=10)
        assert most <= 20


@pytest.mark.parametrize(
    "habits", [{}, {"ignores_valid_to": True}, {"refuses_connector_zero": True}, {"clock_off_s": 1.0}], ids=str
)
async def test_a_lease_that_nobody_renews_ends_at_its_floor(hub: SmallHub, habits: dict[str, float]) -> None:
    await hub.draw(bay(1, station=CP))
    async with site_at(hub, BAYS[:1], **habits) as site:
        await hub.online("bay-1")
        site.world.plug("bay-1", CAR, 50_000)
        await hub.lend(16, 8, for_s=4)
        await until(lambda: site.evse().offered_a == 16)
        assert hub.live().lease is not None
        await until(lambda: site.evse().offered_a == 8, within_s=10)


async def test_a_station_whose_clock_is_off_holds_no_lease_and_keeps_its_limit(hub: SmallHub) -> None:
    await hub.draw(bay(1, station=CP))
    async with site_at(hub, BAYS[:1], clock_off_s=30.0) as site:
        await hub.online("bay-1")
        site.world.plug("bay-1", CAR, 50_000)
        await until(lambda: hub.live().status not in (None, Status.AVAILABLE))
        await hub.lend(16, 8, for_s=4)
        await until(lambda: site.evse().offered_a == 16)
        leasing = hub.live().leasing
        assert (hub.live().lease, leasing and leasing.why) == (None, "its clock is 30 s ahead")
