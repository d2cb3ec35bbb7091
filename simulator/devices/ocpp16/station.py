"""One OCPP 1.6J charge point: what its connectors share, from the first boot to the last reset."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ocpp.v16 import call

from simulator.devices.base import Address, Device, Fault, Net
from simulator.devices.ocpp16.connector import Connector
from simulator.devices.ocpp16.keys import Keys
from simulator.devices.ocpp16.metering import meter_value, now_text
from simulator.devices.ocpp16.orders import Orders
from simulator.devices.ocpp16.outbox import Message, Outbox
from simulator.devices.ocpp16.uplink import Caller, Uplink
from simulator.devices.profiles import (
    Filter,
    Moment,
    Profile,
    Purpose,
    Wiring,
    connector_limit_a,
    install,
    share_a,
    station_limit_a,
    without,
)
from simulator.world.evse import LINES, Evse
from simulator.world.plan import Strict

log = logging.getLogger(__name__)
TICK_S = 0.2
BOOT_S = 4.0  # from power to the first dial
GRACE_S = 3.0  # a soft reset waits so long for its StopTransactions to be delivered


class Options(Strict):
    """What a site file may say of an OCPP charger."""

    vendor: str = "Riverside"
    model: str = "Twin 22"
    firmware: str = "4.2.1"
    tag: str | None = None  # the card that drivers show; "" for none; a card for each bay if left out
    free_vend: bool = False  # charges without a card
    volatile_profiles: bool = False  # a reboot loses them
    boot_on_reconnect: bool = False  # sends BootNotification at each connection, not only after a reboot
    units: str = "Current,Power"  # ChargingScheduleAllowedChargingRateUnit
    clock_off_s: float = 0.0  # its clock is so much ahead, whatever the central system says
    ignores_valid_to: bool = False  # of the ends of a profile it knows only the duration
    refuses_connector_zero: bool = False  # takes default profiles for single connectors only


class Station:
    """A charge point with its connectors. Alive from `begin` to `stop`; the handlers of `Orders` come in between."""

    def __init__(self, device: Device, evses: list[Evse], net: Net) -> None:
        self.options = Options.model_validate(dict(device.options))
        self.keys = Keys(self._presets(evses))
        self.outbox = Outbox()
        self.profiles: tuple[Profile, ...] = ()
        self.accepted_tags: set[str] = set()
        self.available = True
        self.connectors = {n: Connector(n, evse, self, self._tag_at(evse)) for n, evse in enumerate(evses, 1)}
        self._identity = net.identity(device.name)
        always = self.options.boot_on_reconnect
        caller = Caller(self._identity, self.keys, self.outbox, self._boot, always, self._welcomed)
        self._uplink = Uplink(caller, net)
        self._tick_s = TICK_S / net.pace
        self._dark = False  # the controller is restarting
        self._told_zero: str | None = None
        self._next_beat_s = 0.0
        self._next_aligned_s = 0.0
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        for evse in evses:
            evse.on_change(self.look)

    # -- what the connectors ask of their station -------------------------------------------------

    @property
    def online(self) -> bool:
        """The central system has accepted us and the link is up."""
        return self._uplink.online

    @property
    def free_vend(self) -> bool:
        """Charging needs no card."""
        return self.options.free_vend

    def now_s(self) -> float:
        """Monotonic seconds."""
        return self._uplink.now_s()

    def clock(self) -> datetime:
        """What its own clock says."""
        return datetime.now(UTC) + timedelta(seconds=self.options.clock_off_s)

    def adopt_profile(self, profile: Profile) -> None:
        """Install a profile and obey it at once."""
        held = replace(profile, valid_to=None) if self.options.ignores_valid_to else profile
        self.profiles = install(self.profiles, held)
        self.look()

    def transaction_ended(self, connector: int) -> None:
        """Its TxProfiles go, and a scheduled change of availability comes."""
        self.profiles = without(self.profiles, Filter(connector=connector, purpose=Purpose.TRANSACTION))
        ended = self.connectors[connector]
        if ended.inoperative_next:
            ended.available, ended.inoperative_next = False, False

    # -- what orders do --------------------------------------------------------------------------

    def look(self) -> None:
        """Something changed: act on it now."""
        self._news.set()

    def set_available(self, connector: Connector, operative: bool) -> bool:
        """Take a connector in or out of service; False if a transaction has to end first."""
        if not operative and connector.transaction is not None:
            connector.inoperative_next = True
            return False
        connector.available, connector.inoperative_next = operative, False
        self.look()
        return True

    def trigger(self, message: str, chosen: list[Connector], connector_id: int | None) -> bool:
        """Send a message out of turn; False if we cannot send that one."""
        if message == "BootNotification":
            self._boot_out_of_turn()
        elif message == "Heartbeat":
            self.outbox.post(Message(call.Heartbeat))
        elif message == "StatusNotification":
            self._status_out_of_turn(chosen, connector_id)
        elif message == "MeterValues":
            for connector in chosen:
                connector.post_sample(self.keys.measurands("MeterValuesSampledData"), "Trigger")
        else:
            return False
        return True

    def restart_soon(self, kind: str) -> None:
        """Reset.req: end the transactions, then restart the controller."""
        self._begin(self._reset(kind))

    def wiring(self, connector: Connector | None) -> Wiring:
        """What the arithmetic of profiles needs to know of an outlet; None: of the station's inlet."""
        evses = [c.evse for c in self.connectors.values()] if connector is None else [connector.evse]
        phases = max(len(evse.wiring) for evse in evses)
        return Wiring(phases, evses[0].voltage_v[0], sum(evse.max_a for evse in evses))

    def moment(self, connector: Connector | None) -> Moment:
        """Now, and since when that connector charges."""
        running = connector.transaction if connector else None
        return Moment(self.clock(), running.began if running else None)

    # -- its life --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Come to life: dial, and watch the outlets."""
        self._begin(self._uplink.run(Orders(self)))
        self._begin(self._tick())

    async def stop(self) -> None:
        """Leave the network and end every task. Raises what a task has died of."""
        self._uplink.end()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    def describe(self) -> Address:
        """How a hub would know it: by the identity in the URL that it dials."""
        return Address("ocpp", self._identity)

    async def fault(self, fault: Fault, for_s: float) -> None:
        """Fail for so many seconds."""
        if fault is Fault.OFFLINE:
            await self._uplink.stay_away(for_s)
        elif fault is Fault.SILENT:
            self._uplink.fall_silent(for_s)
        elif fault is Fault.REBOOT:
            self._begin(self._restart())
        else:
            self._begin(self._freeze(for_s))

    def step(self) -> None:
        """Let every connector look at its outlet, and send what is due."""
        if self._dark:
            return
        for connector, limit_a in zip(self.connectors.values(), self._limits_a(), strict=True):
            connector.step(limit_a)
        if self.online:
            self._report_zero()
            self._beat()
            self._sample_on_the_clock()

    async def _tick(self) -> None:
        while True:
            self.step()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._tick_s):
                    await self._news.wait()
            self._news.clear()

    def _limits_a(self) -> list[float]:
        wants = [self._wants_a(connector) for connector in self.connectors.values()]
        inlet_a = station_limit_a(self.profiles, self.moment(None), self.wiring(None))
        return share_a(inlet_a, wants)

    def _wants_a(self, connector: Connector) -> float:
        if connector.transaction is None:
            return 0.0
        moment, wiring = self.moment(connector), self.wiring(connector)
        return connector_limit_a(self.profiles, connector.number, moment, wiring)

    def _report_zero(self) -> None:
        status = "Available" if self.available else "Unavailable"
        if status != self._told_zero:
            self._told_zero = status
            at = now_text(self.clock())
            self.outbox.post(Message(lambda: call.StatusNotification(0, "NoError", status, timestamp=at)))

    def _beat(self) -> None:
        every_s = self.keys.number("HeartbeatInterval")
        self._next_beat_s = min(self._next_beat_s, self.now_s() + every_s)
        if every_s and self.now_s() >= self._next_beat_s:
            self._next_beat_s = self.now_s() + every_s
            self.outbox.post(Message(call.Heartbeat))

    def _sample_on_the_clock(self) -> None:
        every_s = self.keys.number("ClockAlignedDataInterval")
        self._next_aligned_s = min(self._next_aligned_s, self.now_s() + every_s)
        if every_s and self.now_s() >= self._next_aligned_s:
            self._next_aligned_s = self.now_s() + every_s
            for connector in self.connectors.values():
                connector.post_sample(self.keys.measurands("MeterValuesAlignedData"), "Sample.Clock")

    def _welcomed(self) -> None:
        self._told_zero = None
        for connector in self.connectors.values():
            connector.told = None
        self._next_beat_s = self.now_s() + self.keys.number("HeartbeatInterval")
        self.look()

    def _boot(self) -> object:
        told = self.options
        return call.BootNotification(
            told.model,
            told.vendor,
            charge_box_serial_number=self._identity[:25],
            charge_point_serial_number=self._identity[:25],
            firmware_version=told.firmware,
        )

    def _boot_out_of_turn(self) -> None:
        if self.online:
            self.outbox.post(Message(self._boot, self._uplink.wait_s))
        else:
            self._uplink.register_now()

    def _status_out_of_turn(self, chosen: list[Connector], connector_id: int | None) -> None:
        if connector_id in (None, 0):
            self._told_zero = None
        for connector in chosen if connector_id != 0 else []:
            connector.post_status()
        self.look()

    async def _reset(self, kind: str) -> None:
        await self._uplink.pause(TICK_S)  # the reply goes first
        for connector in self.connectors.values():
            connector.stop(f"{kind}Reset")
        if kind == "Soft":
            await self._outbox_empty(GRACE_S)
        for connector in self.connectors.values():
            connector.forget_visit()
        await self._restart()

    async def _outbox_empty(self, within_s: float) -> None:
        until_s = self.now_s() + within_s
        while len(self.outbox) and self.now_s() < until_s:
            await self._uplink.pause(TICK_S)

    async def _restart(self) -> None:
        """Power-cycle the controller: contactors open, the socket drops, running transactions go on afterwards."""
        self._dark = True
        self._uplink.forget()
        self._energise(False)
        if self.options.volatile_profiles:
            self.profiles = ()
        await self._uplink.stay_away(BOOT_S)
        await self._uplink.pause(BOOT_S)
        self._energise(True)
        self._dark = False
        self.look()

    def _energise(self, on: bool) -> None:
        for connector in self.connectors.values():
            connector.evse.enable(on)

    async def _freeze(self, for_s: float) -> None:
        names = self.keys.measurands("MeterValuesSampledData")
        for connector in self.connectors.values():
            connector.frozen_sample = meter_value(connector.evse, names)
        await self._uplink.pause(for_s)
        for connector in self.connectors.values():
            connector.frozen_sample = None

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)
        else:
            log.error("%s: a task died", self._identity, exc_info=task.exception())

    def _presets(self, evses: list[Evse]) -> dict[str, str]:
        return {
            "NumberOfConnectors": str(len(evses)),
            "ConnectorPhaseRotation": ",".join(f"{n}.{rotation(evse)}" for n, evse in enumerate(evses, 1)),
            "ChargingScheduleAllowedChargingRateUnit": self.options.units,
        }

    def _tag_at(self, evse: Evse) -> str:
        return f"CARD-{evse.id}"[:20] if self.options.tag is None else self.options.tag


def rotation(evse: Evse) -> str:
    """The wiring as ConnectorPhaseRotation writes it: R, S, T are the supply's L1, L2, L3; one phase is not told."""
    letters = "".join("RST"[LINES.index(line)] for line in evse.wiring)
    return letters if len(letters) == 3 else "NotApplicable"
