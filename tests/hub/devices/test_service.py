"""The devices room with real integrations: the drawing comes alive, reports come up, orders and limits go down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.core.state import LiveCharger
from hub.devices import service
from hub.model.candidate import Address
from hub.model.charger import Capability, Charger
from hub.model.errors import NotFound, Refused, Unreachable, Unsupported
from hub.model.facts import (
    ChargerConnected,
    DrawingChanged,
    MeterConnected,
    MeterDisconnected,
    SessionEnded,
    SessionStarted,
)
from hub.model.ids import GRID, ChargerId, MeterId, StationId, TransactionId
from hub.model.lease import Lease, Leasing
from hub.model.reading import ChargerReading, Contact, Identity, LimitHeld, Link, MeterReading
from hub.model.session import TransactionStart, TransactionStop
from hub.model.site import Meter, Site
from hub.model.units import PerPhase, Phase
from hub.sdk.testing import until
from integrations.ocpp.config import Config
from integrations.openevse.config import Config as OpenEvseConfig
from tests.conftest import unused_port
from tests.integrations.ocpp.harness import LOOPBACK, SmallHub, bay, site_of, small_hub

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAY, CP1 = ChargerId("bay-1"), StationId("CP1")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[SmallHub]:
    async with small_hub(tmp_path) as running:
        yield running


class Obedient:
    """A driver that confirms a limit when the test lets it. `asked` are the limits in order."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.refuses = False

    async def stop(self) -> None:
        """Nothing to end."""

    async def set_limit(self, connector: int, limit_a: float) -> float:
        self.asked.append(limit_a)
        await self.may_answer.wait()
        if self.refuses:
            raise Refused("no")
        return limit_a


class Lessee(Obedient):
    """One that holds leases."""

    def __init__(self) -> None:
        super().__init__()
        self.leases: list[Lease] = []

    async def lend(self, connector: int, limit_a: float, lease: Lease) -> float:
        self.leases.append(lease)
        return await self.set_limit(connector, limit_a)


async def driven(hub: SmallHub) -> tuple[Obedient, LiveCharger]:
    """bay-1 in the drawing and online, with a driver of the test."""
    await hub.draw(bay(1))
    driver = Obedient()
    hub.devices.attach(CP1, driver)
    hub.devices.heard(bay(1), Contact(at=AT, link=Link.UP))
    return driver, hub.live()


# the drawing


async def test_the_picture_follows_the_drawing(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, station="CP2"))
    assert hub.picture.chargers.keys() == {"bay-1", "bay-2"}
    assert hub.live().online is None
    await hub.draw(bay(2, station="CP2"))
    assert hub.picture.chargers.keys() == {"bay-2"}


async def test_a_charger_at_another_station_begins_anew(hub: SmallHub) -> None:
    await driven(hub)
    await hub.draw(bay(1, station="CP2"))
    assert (hub.live().station, hub.live().online) == ("CP2", None)


async def test_meters_come_and_go(hub: SmallHub) -> None:
    await with_meter(hub)
    assert hub.picture.meters.keys() == {"main"}
    await hub.draw()
    assert hub.picture.meters == {}


async def with_meter(hub: SmallHub, station: str = "M1") -> MeterId:
    meter = Meter(MeterId("main"), "ocpp", StationId(station))
    site = site_of()
    hub.picture.site = Site(site.name, site.circuits, {}, {meter.id: meter})
    hub.bus.publish(DrawingChanged())
    await hub.bus.drained()
    return meter.id


async def test_what_a_meter_says(hub: SmallHub) -> None:
    meter = await with_meter(hub)
    live = hub.picture.meters[meter]
    hub.devices.heard_meter(meter, Contact(at=AT, link=Link.DOWN, why="gone"))  # never heard of: nothing was lost
    hub.devices.heard_meter(meter, Contact(at=AT, link=Link.UP))
    hub.devices.heard_meter(meter, Contact(at=AT, link=Link.UP))
    reading = MeterReading(at=AT, current_a=PerPhase(1.0, -2.0, 3.0))
    hub.devices.heard_meter(meter, reading)
    hub.devices.heard_meter(meter, Identity(vendor="Acme"))
    assert (live.online, live.reading, live.identity) == (True, reading, Identity(vendor="Acme"))
    assert live.reading_at_s is not None
    hub.devices.heard_meter(meter, Contact(at=AT, link=Link.DOWN, why="gone"))
    await hub.bus.drained()
    assert len(hub.told(MeterConnected)) == 1
    assert [event.why for event in hub.told(MeterDisconnected)] == ["gone"]


async def test_reports_of_what_is_not_drawn_are_ignored(hub: SmallHub) -> None:
    hub.devices.heard(bay(7), Contact(at=AT, link=Link.UP))
    hub.devices.heard_meter(MeterId("none"), Contact(at=AT, link=Link.UP))
    await hub.bus.drained()
    assert hub.events == []


async def test_a_drawing_that_the_room_has_not_heard_of_yet_breaks_nothing(hub: SmallHub) -> None:
    """The site is replaced first and told afterwards: a device may speak in between."""
    await hub.draw(bay(1))
    hub.settings[StationId("CP2")] = Config()
    hub.picture.site = site_of(bay(1), bay(2, station="CP2"))
    devices, two = hub.devices, StationId("CP2")
    devices.attach(two, Obedient())
    devices.heard_capabilities(two, frozenset({Capability.LIMIT}))
    transaction = await devices.transaction_started(two, TransactionStart(connector=1, at=AT))
    with pytest.raises(Unreachable):
        devices.driver_of(ChargerId("bay-2"))
    hub.bus.publish(DrawingChanged())
    await hub.bus.drained()
    session = hub.live("bay-2").session
    assert session is not None
    assert session.transaction == transaction


@pytest.mark.parametrize(
    ("dialled", "drawn", "found"),
    [
        ("CP1", ["CP1"], "CP1"),
        ("cp1", ["CP1"], "CP1"),
        ("cp1", ["CP1", "cp1"], "cp1"),  # two that differ in case only: to the letter
        ("Cp1", ["CP1", "cp1"], None),
        ("CP2", ["CP1"], None),
    ],
)
async def test_the_host_of_a_station(hub: SmallHub, dialled: str, drawn: list[str], found: str | None) -> None:
    await hub.draw(*(bay(n, station=name) for n, name in enumerate(drawn, 1)))
    host = hub.devices.station_host("ocpp", StationId(dialled))
    assert (None if host is None else host.station) == found
    assert hub.devices.station_host("openevse", StationId(dialled)) is None


# clients


def evse(number: int, station: str) -> Charger:
    return Charger(ChargerId(f"bay-{number}"), GRID, "openevse", StationId(station))


async def test_a_client_runs_as_long_as_its_station_is_drawn(hub: SmallHub) -> None:
    hub.addresses[StationId("E1")] = Address(LOOPBACK, unused_port())
    await hub.draw(evse(1, "E1"), settings=OpenEvseConfig())
    await until(lambda: hub.live().online is False)  # it is looked for, and nobody is there
    assert hub.devices.address_of(StationId("E1")) == hub.addresses[StationId("E1")]
    await hub.draw()
    assert hub.devices.address_of(StationId("E1")) is None
    await hub.draw(evse(1, "E1"), settings=OpenEvseConfig())
    await until(lambda: hub.live().online is False)


async def test_a_client_follows_its_entry(hub: SmallHub) -> None:
    for _ in range(2):
        hub.addresses[StationId("E1")] = Address(LOOPBACK, unused_port())
        await hub.draw(evse(1, "E1"), settings=OpenEvseConfig())
        assert hub.devices.address_of(StationId("E1")) == hub.addresses[StationId("E1")]
        await until(lambda: hub.live().online is False)


async def test_what_a_driver_cannot_do_is_refused(hub: SmallHub) -> None:
    await driven(hub)
    for order in ("charger.start", "charger.stop", "charger.reset", "charger.unlock"):
        reply = await hub.order(order, charger="bay-1")
        assert reply.error is not None
        assert (reply.error.code, reply.error.next) == ("unsupported", "do it at the charger itself")


# orders and limits


async def test_orders_to_nobody(hub: SmallHub) -> None:
    await hub.draw(bay(1))
    unknown, away = await hub.order("charger.stop", charger="bay-9"), await hub.order("charger.stop", charger="bay-1")
    assert unknown.error is not None
    assert away.error is not None
    assert (unknown.error.code, away.error.code) == ("not_found", "unreachable")
    assert "bay-1" in unknown.error.next
    with pytest.raises(NotFound):
        await hub.limit(10, "bay-9")
    with pytest.raises(Unreachable):
        await hub.limit(10)


async def test_a_limit_is_reserved_until_it_is_confirmed(hub: SmallHub) -> None:
    driver, live = await driven(hub)
    driver.may_answer.clear()
    telling = asyncio.create_task(hub.limit(16))
    await until(lambda: driver.asked)
    assert (live.held_a, live.asked_a) == (None, 16)
    driver.may_answer.set()
    assert await telling == 16
    assert (live.held_a, live.asked_a) == (16, None)


async def test_a_limit_that_was_not_confirmed_stays_reserved(hub: SmallHub) -> None:
    driver, live = await driven(hub)
    await hub.limit(10)
    driver.refuses = True
    with pytest.raises(Refused):
        await hub.limit(16)
    with pytest.raises(Refused):
        await hub.limit(8)
    assert (live.held_a, live.asked_a) == (10, 16)
    driver.refuses = False
    await hub.limit(8)
    assert (live.held_a, live.asked_a) == (8, None)


async def test_a_raise_on_the_wire_stays_reserved_while_an_older_order_is_confirmed(hub: SmallHub) -> None:
    driver, live = await driven(hub)
    driver.may_answer.clear()
    lower, higher = asyncio.create_task(hub.limit(8)), asyncio.create_task(hub.limit(16))
    await until(lambda: driver.asked)
    assert driver.asked == [8]  # one at a time
    driver.may_answer.set()
    driver.may_answer = asyncio.Event()
    await until(lambda: len(driver.asked) == 2)
    assert await lower == 8
    assert (live.held_a, live.asked_a) == (8, 16)
    driver.may_answer.set()
    assert await higher == 16


async def test_a_lease_goes_with_the_limit_where_the_driver_says_that_it_can(hub: SmallHub) -> None:
    await driven(hub)
    lessee, lease = Lessee(), Lease(AT + timedelta(seconds=45), floor_a=6.0)
    hub.devices.attach(CP1, lessee)
    assert await hub.devices.set_limit(BAY, 16.0, lease) == 16
    assert (lessee.leases, hub.live().lease) == ([lease], None)  # it has not said that it can
    hub.devices.heard(bay(1), Leasing(at=AT, lease_s=45.0))
    await hub.devices.set_limit(BAY, 16.0, lease)
    assert hub.live().lease == lease
    await hub.devices.set_limit(BAY, 16.0)
    assert hub.live().lease is None
    await hub.devices.set_limit(BAY, 16.0, lease)
    hub.devices.heard(bay(1), Leasing(at=AT, lease_s=None, why="its clock is off"))
    assert hub.live().lease is None


async def test_a_driver_that_knows_no_leases_is_given_none(hub: SmallHub) -> None:
    driver, live = await driven(hub)
    assert await hub.devices.set_limit(BAY, 16.0, Lease(AT + timedelta(seconds=45), floor_a=6.0)) == 16
    assert (driver.asked, live.held_a, live.lease) == ([16], 16, None)


async def test_a_charger_that_goes_away_takes_its_lease_with_it(hub: SmallHub) -> None:
    await driven(hub)
    hub.devices.attach(CP1, Lessee())
    hub.devices.heard(bay(1), Leasing(at=AT, lease_s=45.0))
    await hub.devices.set_limit(BAY, 16.0, Lease(AT + timedelta(seconds=45), floor_a=6.0))
    hub.devices.heard(bay(1), Contact(at=AT, link=Link.DOWN))
    assert (hub.live().lease, hub.live().leasing) == (None, None)


async def test_a_driver_that_never_answers_is_unreachable(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "COMMAND_DEADLINE_S", 0.05)
    driver, live = await driven(hub)
    driver.may_answer.clear()
    with pytest.raises(Unreachable):
        await hub.limit(16)
    assert live.asked_a == 16
    driver.may_answer.set()
    assert await hub.limit(7) == 7


async def test_a_driver_that_cannot_limit(hub: SmallHub) -> None:
    class Plain:
        async def stop(self) -> None:
            """Nothing to end."""

    await driven(hub)
    hub.devices.attach(CP1, Plain())
    with pytest.raises(Unsupported):
        await hub.limit(10)


async def test_a_limit_confirmed_by_a_line_that_is_gone_by_now_is_not_held(hub: SmallHub) -> None:
    driver, live = await driven(hub)
    driver.may_answer.clear()
    telling = asyncio.create_task(hub.limit(16))
    await until(lambda: driver.asked)
    hub.devices.heard(bay(1), Contact(at=AT, link=Link.DOWN, why="cut"))
    driver.may_answer.set()
    await telling
    assert live.held_a is None


async def test_a_charger_that_goes_away_is_not_known_to_hold_anything(hub: SmallHub) -> None:
    _, live = await driven(hub)
    hub.devices.heard(bay(1), LimitHeld(at=AT, limit_a=10))
    hub.devices.heard(bay(1), Contact(at=AT, link=Link.DOWN, why="cut"))
    assert live.held_a is None
    hub.devices.heard(bay(1), LimitHeld(at=AT, limit_a=32))
    hub.devices.heard(bay(1), Contact(at=AT, link=Link.UP))
    assert hub.live().held_a == 32
    await hub.bus.drained()
    assert len(hub.told(ChargerConnected)) == 2


# transactions


async def begin(hub: SmallHub, **other: object) -> TransactionId:
    said = {"connector": 1, "at": AT, "token": "T", "meter_wh": 100.0, **other}
    return await hub.devices.transaction_started(CP1, TransactionStart(**said))  # type: ignore[arg-type]


async def end(hub: SmallHub, transaction: int, meter_wh: float | None = None, station: StationId = CP1) -> None:
    await hub.sessions.stopped(
        station, TransactionStop(transaction=TransactionId(transaction), at=AT, meter_wh=meter_wh)
    )


async def test_a_transaction_from_begin_to_end(hub: SmallHub) -> None:
    await driven(hub)
    transaction = await begin(hub)
    assert hub.sessions.transaction_of(BAY) == transaction
    await end(hub, transaction, 350.0)
    await hub.bus.drained()
    assert [event.transaction for event in hub.told(SessionStarted)] == [transaction]
    assert [event.energy_wh for event in hub.told(SessionEnded)] == [250]
    assert hub.sessions.transaction_of(BAY) is None


async def test_energy_that_nobody_measured_is_unknown(hub: SmallHub) -> None:
    await driven(hub)
    await end(hub, await begin(hub, meter_wh=None))
    await hub.bus.drained()
    assert [event.energy_wh for event in hub.told(SessionEnded)] == [None]


async def test_a_start_at_an_outlet_that_is_not_drawn(hub: SmallHub) -> None:
    await driven(hub)
    with pytest.raises(NotFound):
        await begin(hub, connector=2)


async def test_only_its_own_station_ends_a_transaction(hub: SmallHub, caplog: pytest.LogCaptureFixture) -> None:
    await driven(hub)
    transaction = await begin(hub)
    await end(hub, transaction, station=StationId("CP2"))
    assert hub.sessions.transaction_of(BAY) == transaction
    assert "not one of its own" in caplog.text


async def test_a_charger_that_leaves_the_drawing_ends_its_session_with_its_last_register(
    hub: SmallHub, caplog: pytest.LogCaptureFixture
) -> None:
    await driven(hub)
    transaction = await begin(hub)
    hub.devices.heard(bay(1), ChargerReading(at=AT, energy_wh=180.0))
    await hub.draw()
    [ended] = hub.told(SessionEnded)
    assert (ended.charger, ended.transaction, ended.energy_wh, ended.reason) == (BAY, transaction, 80, "retired")
    await end(hub, transaction, 200.0)  # the device itself ends it later: it is over
    await hub.bus.drained()
    assert len(hub.told(SessionEnded)) == 1
    assert "not one of its own" not in caplog.text


async def test_another_station_behind_a_charger_ends_the_session_of_the_old_one(hub: SmallHub) -> None:
    await driven(hub)
    transaction = await begin(hub)
    await hub.draw(bay(1, station="CP2"))
    [ended] = hub.told(SessionEnded)
    assert (ended.transaction, ended.reason) == (transaction, "replaced")
    assert (hub.live().station, hub.live().session, hub.live().online) == ("CP2", None, None)


async def test_another_connector_is_another_outlet(hub: SmallHub) -> None:
    await driven(hub)
    await begin(hub)
    await hub.draw(bay(1, connector=2))
    assert [ended.reason for ended in hub.told(SessionEnded)] == ["replaced"]
    assert hub.live().session is None


@pytest.mark.parametrize(
    "after",
    [
        replace(bay(1), name="Next to the lift"),
        replace(bay(1), max_a=16.0, min_a=8.0, fallback_a=0.0),
        replace(bay(1), priority=3, weight=2.0),
        replace(bay(1), station=StationId("cp1")),  # typed in other letters
    ],
    ids=["name", "limits", "priority", "case"],
)
async def test_what_is_drawn_anew_of_the_same_device_changes_nothing_else(hub: SmallHub, after: Charger) -> None:
    _, live = await driven(hub)
    transaction = await begin(hub)
    await hub.limit(10)
    await hub.draw(after)
    assert hub.live() is live
    assert (live.online, live.held_a, live.station) == (True, 10, after.station)
    assert hub.sessions.transaction_of(BAY) == transaction
    assert hub.told(SessionEnded) == []


async def test_a_wiring_drawn_anew_counts_for_what_was_measured_before(hub: SmallHub) -> None:
    _, live = await driven(hub)
    hub.devices.heard(bay(1), ChargerReading(at=AT, current_a=PerPhase(10.0, 0.0, 0.0)))
    await hub.draw(bay(1, phases=(Phase.L3, Phase.L1, Phase.L2)))
    assert live.line_a == PerPhase(0.0, 0.0, 10.0)


async def test_another_meter_begins_anew(hub: SmallHub) -> None:
    meter = await with_meter(hub)
    hub.devices.heard_meter(meter, MeterReading(at=AT, current_a=PerPhase(1.0, 2.0, 3.0)))
    await with_meter(hub, "M2")
    assert hub.picture.meters[meter].reading is None


async def test_a_session_is_in_the_picture_after_a_restart(tmp_path: Path) -> None:
    async with small_hub(tmp_path) as hub:
        await driven(hub)
        transaction = await begin(hub)
    async with small_hub(tmp_path) as again:
        await again.draw(bay(1))
        session = again.live().session
        assert session is not None
        assert (session.transaction, session.started_at, session.start_wh) == (transaction, AT, 100)
