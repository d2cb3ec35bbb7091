"""The OCPP charge point against a minimal central system on a real socket, at twenty times the pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from ocpp.exceptions import NotImplementedError as OcppNotImplemented
from ocpp.v16 import call

from simulator.devices import start
from simulator.devices.base import Device, Fault, Running
from simulator.site_file import load_site
from simulator.ticker import tick
from simulator.world.car import CarModel
from simulator.world.evse import Evse
from simulator.world.plan import SitePlan
from simulator.world.world import World
from tests.simulator.devices.csms import Csms, central_system, net_of, until

CAR = CarModel("test", phases=3, max_a=16, reaction_s=2)
PACE = 20.0
LEASE = {"charging_profile_id": 2, "stack_level": 2, "charging_profile_kind": "Absolute"}


@dataclass
class Bench:
    """A station with one or two connectors, its central system and its world."""

    csms: Csms
    world: World
    station: Running

    @property
    def evse(self) -> Evse:
        return self.world.evses["bay-1"]

    @property
    def amps(self) -> float:
        return self.evse.current_a[0]

    def plug(self, bay: str = "bay-1", need_wh: float = 50_000) -> None:
        self.world.plug(bay, CAR, need_wh)

    async def charging(self) -> int:
        """Plug in and wait until current flows; the transaction's id."""
        self.plug()
        await until(lambda: self.amps > 15)
        await until(lambda: self.csms.all("StartTransaction"))
        return self.csms.transactions

    async def world_s(self, seconds: float) -> None:
        """Let the world pass so far."""
        until_s = self.world.elapsed_s + seconds
        await until(lambda: self.world.elapsed_s >= until_s)

    async def goes_to(self, low: float, high: float, within_s: float) -> None:
        """The current is between the two in so many seconds of the world."""
        begun_s = self.world.elapsed_s
        await until(lambda: low <= self.amps <= high)
        assert self.world.elapsed_s - begun_s <= within_s


def empty_site() -> SitePlan:
    """Two bays, nobody comes by himself."""
    plan = load_site("two")
    quiet = plan.traffic.model_copy(update={"occupied_at_start": 0.0, "busy": 0.0})
    return plan.model_copy(update={"traffic": quiet})


@asynccontextmanager
async def bench_of(
    csms: Csms, bays: tuple[str, ...] = ("bay-1",), **options: str | float | bool
) -> AsyncIterator[Bench]:
    world = World(empty_site())
    ticking = asyncio.create_task(tick(world, PACE))
    station = await start(Device("ocpp", "CP01", bays, options=options), world, net_of(csms, PACE))
    try:
        yield Bench(csms, world, station)
    finally:
        await station.stop()
        ticking.cancel()


@pytest.fixture
async def csms() -> AsyncIterator[Csms]:
    async with central_system() as opened:
        yield opened


@pytest.fixture
async def bench(csms: Csms) -> AsyncIterator[Bench]:
    async with bench_of(csms) as made:
        await until(lambda: csms.statuses(1))
        yield made


async def test_boots_with_its_identity_and_tells_each_connector(csms: Csms) -> None:
    async with bench_of(csms, ("bay-1", "bay-2")) as bench:
        await until(lambda: csms.statuses(0) and csms.statuses(1) and csms.statuses(2))
        assert csms.paths == ["/ocpp/CP01-test"]
        assert csms.heard[0][0] == "BootNotification"
        assert [csms.statuses(n) for n in (0, 1, 2)] == [["Available"]] * 3
        assert bench.station.describe().station == "CP01-test"


async def test_waits_while_pending_and_rejected(csms: Csms) -> None:
    csms.boot_answers, csms.interval_s = ["Pending", "Rejected"], 1
    async with bench_of(csms):
        await until(lambda: len(csms.all("BootNotification")) == 3)
        await until(lambda: csms.statuses(1))
        assert [action for action, _ in csms.heard[:3]] == ["BootNotification"] * 3


async def test_beats_at_the_interval_of_the_boot(csms: Csms) -> None:
    csms.interval_s = 2
    async with bench_of(csms) as bench:
        await bench.world_s(9)
        assert 3 <= len(csms.all("Heartbeat")) <= 5


async def test_a_visit_from_plug_to_unplug(bench: Bench, csms: Csms) -> None:
    await csms.ask(call.ChangeConfiguration("MeterValueSampleInterval", "1"))
    await bench.charging()
    await until(lambda: csms.statuses(1)[-1] == "Charging")
    await bench.world_s(5)
    bench.world.unplug("bay-1")
    await until(lambda: csms.statuses(1)[-1] == "Available")
    stop = csms.all("StopTransaction")[0]
    order = [action for action, _ in csms.heard if action in ("Authorize", "StartTransaction", "StopTransaction")]
    assert order == ["Authorize", "StartTransaction", "StopTransaction"]
    assert csms.statuses(1) == ["Available", "Preparing", "Charging", "Available"]
    assert (stop["transaction_id"], stop["reason"], stop["id_tag"]) == (41, "EVDisconnected", "CARD-bay-1")
    assert stop["meter_stop"] > csms.all("StartTransaction")[0]["meter_start"]
    assert len(csms.all("MeterValues")) >= 4


async def test_meter_values_are_those_asked_for(bench: Bench, csms: Csms) -> None:
    wanted = "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register,Current.Offered"
    await csms.ask(call.ChangeConfiguration("MeterValuesSampledData", wanted))
    await bench.charging()
    answer = await csms.ask(call.TriggerMessage("MeterValues", 1))
    assert answer.status == "Accepted"
    await until(lambda: csms.all("MeterValues"))
    samples = csms.all("MeterValues")[0]["meter_value"][0]["sampled_value"]
    got = {(s["measurand"], s.get("phase"), s["unit"]): float(s["value"]) for s in samples}
    assert got["Current.Import", "L2", "A"] == pytest.approx(bench.amps, abs=0.1)
    assert got["Voltage", "L3-N", "V"] == 230
    assert got["Power.Active.Import", None, "W"] == pytest.approx(3 * 230 * bench.amps, rel=0.02)
    assert got["Current.Offered", None, "A"] == 32
    assert got["Energy.Active.Import.Register", None, "Wh"] > 0


async def test_ten_amps_then_none_then_ten_again(bench: Bench, csms: Csms) -> None:
    await bench.charging()
    assert await csms.profile(1, limit=10) == "Accepted"
    await bench.goes_to(9, 10, within_s=5)
    assert await csms.profile(1, limit=0) == "Accepted"
    await bench.goes_to(0, 0, within_s=5)
    await until(lambda: csms.statuses(1)[-1] == "SuspendedEVSE")
    assert await csms.profile(1, limit=10) == "Accepted"
    await bench.goes_to(9, 10, within_s=5)
    await until(lambda: csms.statuses(1)[-1] == "Charging")
    assert csms.all("StopTransaction") == []


async def test_a_full_car_is_suspended_ev(bench: Bench, csms: Csms) -> None:
    bench.plug(need_wh=20)
    await until(lambda: csms.statuses(1)[-1] == "SuspendedEV")
    assert csms.statuses(1)[-2] == "Charging"
    assert bench.evse.iec_state == "B"


async def test_floor_holds_before_the_first_car(bench: Bench, csms: Csms) -> None:
    assert await csms.profile(0, limit=8) == "Accepted"
    bench.plug()
    await bench.goes_to(7, 8, within_s=10)
    assert bench.evse.offered_a == 8


async def test_lease_lapses_to_the_floor(bench: Bench, csms: Csms) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    await csms.profile(0, limit=6)
    bench.plug()
    await csms.profile(1, limit=16, charging_profile_id=2, stack_level=2, valid_to=soon)
    await until(lambda: bench.amps > 15)
    await until(lambda: 5 < bench.amps < 6.1)


async def test_a_model_that_ignores_valid_to_still_knows_the_duration(csms: Csms) -> None:
    async with bench_of(csms, ignores_valid_to=True) as bench:
        await until(lambda: csms.statuses(1))
        soon = datetime.now(UTC) + timedelta(seconds=1)
        await csms.profile(0, limit=6)
        assert await csms.profile(1, limit=16, **LEASE, valid_to=soon.isoformat()) == "Accepted"
        bench.plug()
        await until(lambda: bench.amps > 15 and datetime.now(UTC) > soon)
        began = datetime.now(UTC).isoformat()
        await csms.profile(1, limit=16, **LEASE, start_schedule=began, duration=1)
        await until(lambda: 5 < bench.amps < 6.1)


@pytest.mark.parametrize(("ahead_s", "offered_a"), [(-30, 16), (30, 6)])
async def test_a_clock_that_is_off_ends_a_lease_by_its_own_time(csms: Csms, ahead_s: float, offered_a: float) -> None:
    async with bench_of(csms, clock_off_s=ahead_s) as bench:
        await until(lambda: csms.statuses(1))
        began = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        await csms.profile(0, limit=6)
        await csms.profile(1, limit=16, **LEASE, start_schedule=began, duration=75)
        bench.plug()
        await until(lambda: bench.evse.offered_a == offered_a)
        said = datetime.fromisoformat(csms.all("StatusNotification")[-1]["timestamp"])
        assert abs((said - datetime.now(UTC)).total_seconds() - ahead_s) < 5


async def test_one_that_knows_default_profiles_of_single_connectors_only(csms: Csms) -> None:
    async with bench_of(csms, refuses_connector_zero=True):
        await until(lambda: csms.statuses(1))
        assert [await csms.profile(connector, limit=8) for connector in (0, 1)] == ["Rejected", "Accepted"]


@pytest.mark.parametrize(
    ("connector", "profile"),
    [
        (9, {}),  # there is no connector 9
        (1, {"charging_profile_purpose": "ChargePointMaxProfile"}),  # only on connector 0
        (1, {"charging_profile_purpose": "TxProfile"}),  # no transaction
        (0, {"charging_profile_purpose": "TxProfile"}),
        (1, {"stack_level": 11}),
        (1, {"valid_to": "2020-01-01T00:00:00Z"}),
    ],
)
async def test_a_profile_that_cannot_be_is_rejected(
    bench: Bench, csms: Csms, connector: int, profile: dict[str, object]
) -> None:
    assert await csms.profile(connector, limit=10, **profile) == "Rejected"


async def test_watts_only_charger_rejects_amps_and_divides_by_phases(csms: Csms) -> None:
    async with bench_of(csms, units="Power") as bench:
        await until(lambda: csms.statuses(1))
        assert await csms.profile(1, limit=10) == "Rejected"
        assert await csms.profile(1, limit=6900, unit="W") == "Accepted"
        bench.plug()
        await until(lambda: bench.evse.offered_a == 10)


async def test_composite_schedule_and_clear(bench: Bench, csms: Csms) -> None:
    await csms.profile(0, limit=8)
    await csms.profile(0, limit=7, charging_profile_id=5, charging_profile_purpose="ChargePointMaxProfile")
    answer = await csms.ask(call.GetCompositeSchedule(1, 600))
    assert answer.charging_schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 7}]
    assert (await csms.ask(call.ClearChargingProfile(id=5))).status == "Accepted"
    answer = await csms.ask(call.GetCompositeSchedule(1, 600, "W"))
    assert answer.charging_schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 5520}]
    assert (await csms.ask(call.ClearChargingProfile(id=5))).status == "Unknown"


async def test_station_maximum_is_for_the_sum_of_both(csms: Csms) -> None:
    async with bench_of(csms, ("bay-1", "bay-2")) as bench:
        await until(lambda: csms.statuses(2))
        await csms.profile(0, limit=20, charging_profile_purpose="ChargePointMaxProfile")
        bench.plug("bay-1")
        bench.plug("bay-2")
        await until(lambda: [e.offered_a for e in bench.world.evses.values()] == [10, 10])


async def test_a_refused_card_does_not_charge_and_remote_start_does(csms: Csms) -> None:
    csms.blocked.add("CARD-bay-1")
    async with bench_of(csms) as bench:
        bench.plug()
        await until(lambda: csms.all("Authorize"))
        await bench.world_s(5)
        assert bench.evse.offered_a == 0
        assert (await csms.ask(call.RemoteStartTransaction("OPERATOR", 1))).status == "Accepted"
        await until(lambda: bench.amps > 15)
        assert [p["id_tag"] for p in csms.all("Authorize")] == ["CARD-bay-1", "OPERATOR"]
        stopped = await csms.ask(call.RemoteStopTransaction(csms.transactions))
        assert stopped.status == "Accepted"
        await until(lambda: csms.statuses(1)[-1] == "Finishing")
        assert csms.all("StopTransaction")[0]["reason"] == "Remote"
        await bench.goes_to(0, 0, within_s=6)


async def test_the_card_is_shown_again_when_nobody_answered(csms: Csms) -> None:
    csms.authorize_errors = 1
    async with bench_of(csms) as bench:
        await bench.charging()
        assert len(csms.all("Authorize")) == 2


async def test_free_vend_asks_nobody(csms: Csms) -> None:
    async with bench_of(csms, free_vend=True) as bench:
        await bench.charging()
        assert csms.all("Authorize") == []


async def test_unavailable_waits_for_the_end_of_the_transaction(bench: Bench, csms: Csms) -> None:
    await bench.charging()
    assert (await csms.ask(call.ChangeAvailability(1, "Inoperative"))).status == "Scheduled"
    bench.world.unplug("bay-1")
    await until(lambda: csms.statuses(1)[-1] == "Unavailable")
    assert (await csms.ask(call.ChangeAvailability(1, "Operative"))).status == "Accepted"
    await until(lambda: csms.statuses(1)[-1] == "Available")


async def test_ground_failure_is_told_and_passes(bench: Bench, csms: Csms) -> None:
    await bench.charging()
    bench.evse.trip("GroundFailure")
    await until(lambda: csms.statuses(1)[-1] == "Faulted")
    assert csms.all("StatusNotification")[-1]["error_code"] == "GroundFailure"
    assert bench.amps == 0
    bench.evse.clear_fault()
    await bench.goes_to(15, 16, within_s=6)


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
async def test_reset_ends_the_transaction_and_boots(bench: Bench, csms: Csms, kind: str) -> None:
    await bench.charging()
    register_wh = bench.evse.energy_wh
    assert (await csms.ask(call.Reset(kind))).status == "Accepted"
    await until(lambda: len(csms.all("BootNotification")) == 2)
    await until(lambda: csms.all("StopTransaction"))
    assert csms.all("StopTransaction")[0]["reason"] == f"{kind}Reset"
    await until(lambda: csms.statuses(1)[-1] == "Preparing")
    assert (bench.amps, csms.connections) == (0, 2)
    assert bench.evse.energy_wh >= register_wh


@pytest.mark.parametrize(("volatile", "offered_a"), [(False, 10), (True, 32)])
async def test_power_cycle_goes_on_with_the_same_transaction(csms: Csms, volatile: bool, offered_a: float) -> None:
    async with bench_of(csms, volatile_profiles=volatile) as bench:
        await bench.charging()
        await csms.profile(1, limit=10)
        await until(lambda: bench.evse.offered_a == 10)
        await bench.station.fault(Fault.REBOOT, 0)
        await until(lambda: bench.evse.offered_a == 0)
        await until(lambda: len(csms.all("BootNotification")) == 2)
        await until(lambda: bench.evse.offered_a == offered_a)
        assert csms.all("StopTransaction") == []


async def test_no_second_boot_after_a_mere_loss_of_connection(bench: Bench, csms: Csms) -> None:
    await bench.station.fault(Fault.OFFLINE, 3)
    await until(lambda: csms.connections == 2)
    await until(lambda: len(csms.statuses(1)) == 2)
    assert len(csms.all("BootNotification")) == 1


async def test_what_happened_offline_is_replayed_in_order_with_its_times(bench: Bench, csms: Csms) -> None:
    await csms.ask(call.ChangeConfiguration("MeterValueSampleInterval", "2"))
    await bench.charging()
    await csms.close()
    left = datetime.now(UTC)
    heard = len(csms.heard)
    await bench.world_s(6)
    bench.world.unplug("bay-1")
    await bench.world_s(2)
    bench.plug()  # the card is known from before
    await until(lambda: bench.amps > 15)
    bench.world.unplug("bay-1")
    await bench.world_s(1)
    back = datetime.now(UTC)
    await csms.open()
    await until(lambda: len(csms.all("StopTransaction")) == 2)
    kept = ("StartTransaction", "StopTransaction", "MeterValues")
    replayed = [(action, payload) for action, payload in csms.heard[heard:] if action in kept]
    actions = [action for action, _ in replayed if action != "MeterValues"]
    assert actions == ["StopTransaction", "StartTransaction", "StopTransaction"]
    assert [p["transaction_id"] for p in csms.all("StopTransaction")] == [41, 42]
    times = [datetime.fromisoformat(_time_of(payload)) for _, payload in replayed]
    assert times == sorted(times)
    assert times[0] >= left - timedelta(milliseconds=1)
    assert times[-1] <= back


async def test_silent_keeps_the_socket_and_says_nothing(bench: Bench, csms: Csms) -> None:
    await bench.station.fault(Fault.SILENT, 10)
    bench.plug()
    await bench.world_s(8)
    assert (csms.statuses(1), csms.all("Authorize"), csms.connections) == (["Available"], [], 1)


async def test_frozen_repeats_the_same_values(bench: Bench, csms: Csms) -> None:
    await csms.ask(call.ChangeConfiguration("MeterValueSampleInterval", "1"))
    await bench.charging()
    await bench.station.fault(Fault.FROZEN, 60)
    await bench.world_s(1.5)
    before = len(csms.all("MeterValues"))
    await bench.world_s(4)
    samples = [p["meter_value"][0]["sampled_value"] for p in csms.all("MeterValues")[before:]]
    assert len(samples) >= 2
    assert all(sample == samples[0] for sample in samples)


async def test_keys_are_told_and_changed(bench: Bench, csms: Csms) -> None:
    answer = await csms.ask(call.GetConfiguration(["NumberOfConnectors", "ConnectorPhaseRotation", "Nonsense"]))
    told = {row["key"]: (row["value"], row["readonly"]) for row in answer.configuration_key}
    assert told == {"NumberOfConnectors": ("1", True), "ConnectorPhaseRotation": ("1.RST", False)}
    assert answer.unknown_key == ["Nonsense"]
    changes = {
        ("NumberOfConnectors", "7"): "Rejected",
        ("Nonsense", "1"): "NotSupported",
        ("HeartbeatInterval", "often"): "Rejected",
        ("MeterValuesSampledData", "Current.Import,Wind"): "Rejected",
        ("WebSocketPingInterval", "20"): "RebootRequired",
        ("HeartbeatInterval", "60"): "Accepted",
    }
    for (key, value), status in changes.items():
        assert (await csms.ask(call.ChangeConfiguration(key, value))).status == status
    assert len((await csms.ask(call.GetConfiguration())).configuration_key) > 20


async def test_the_small_orders(bench: Bench, csms: Csms) -> None:
    assert (await csms.ask(call.ClearCache())).status == "Accepted"
    assert (await csms.ask(call.DataTransfer("acme"))).status == "UnknownVendorId"
    assert (await csms.ask(call.UnlockConnector(1))).status == "Unlocked"
    assert (await csms.ask(call.RemoteStopTransaction(999))).status == "Rejected"
    assert (await csms.ask(call.TriggerMessage("FirmwareStatusNotification"))).status == "NotImplemented"
    assert (await csms.ask(call.TriggerMessage("BootNotification"))).status == "Accepted"
    assert (await csms.ask(call.TriggerMessage("StatusNotification", 1))).status == "Accepted"
    await until(lambda: len(csms.all("BootNotification")) == 2 and len(csms.statuses(1)) == 2)
    with pytest.raises(OcppNotImplemented):
        await csms.ask(call.GetLocalListVersion())


def _time_of(payload: dict[str, object]) -> str:
    values = payload.get("meter_value")
    return str(values[0]["timestamp"] if isinstance(values, list) else payload["timestamp"])


@pytest.mark.parametrize("turns", range(24))
async def test_it_stops_while_the_link_breaks(csms: Csms, turns: int) -> None:
    """Told to stop at any turn of the loop after the central system went away: it ends, and dials no more."""
    async with bench_of(csms) as bench:
        await until(lambda: csms.peer is not None and csms.all("StatusNotification"))
        assert csms.peer is not None
        closing = asyncio.create_task(csms.peer._connection.socket.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(3):
            await bench.station.stop()
        await closing
