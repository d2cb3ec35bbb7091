"""One OCPP 1.6 station on its socket: answers what it sends, and asks it to obey.

What it must remember for that is beside: limits.py, transactions.py, statuses.py; set_up.py is its way to being ready.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import msgspec

from hub.sdk import ChargerReading, Contact, Identity, Lease, Link, Refused, StationHost, Status, Unsupported
from hub.wire.ocpp16 import Connection, ConnectionLost, format_time, lenient
from integrations.ocpp import translate
from integrations.ocpp.asking import Asker, HangUp, happens
from integrations.ocpp.limits import Limits
from integrations.ocpp.set_up import SetUp, Terms
from integrations.ocpp.statuses import Statuses
from integrations.ocpp.transactions import Transactions

Answer = msgspec.Struct | Coroutine[object, object, msgspec.Struct]
"""What is answered at once, or has to be waited for."""
METER_VALUES_TAKEN = lenient.MeterValuesResponse()


class ChargePoint:
    """Drives one station for as long as one socket lives. Implements the driver protocols of `hub.sdk`."""

    def __init__(self, host: StationHost, connection: Connection, terms: Terms, hang_up: HangUp) -> None:
        self._host, self._connection, self._terms = host, connection, terms
        self._clock = host.clock
        self._asker = Asker(host.station, connection, terms.pace, hang_up)
        self._limits = Limits(host, self._asker, terms.own)
        self._statuses = Statuses(host, self._asker, terms.pace)
        self._transactions = Transactions(host, terms.pace)
        self._set_up = SetUp(host, self._asker, self._limits, self._statuses, terms)
        self._rhythms: defaultdict[int, translate.Rhythm] = defaultdict(translate.Rhythm)
        self._layouts: defaultdict[int, translate.Layout] = defaultdict(translate.Layout)
        self._spoke = asyncio.Event()  # its boot was answered, or it sent something else first
        self._has_booted = False
        self._setting_up: asyncio.Task[bool] | None = None
        self._answers: dict[str, Callable[[Any], Answer]] = {
            "BootNotification": self._boot,
            "Heartbeat": self._heartbeat,
            "StatusNotification": self._status,
            "MeterValues": self._meter_values,
            "Authorize": self._authorize,
            "StartTransaction": self._start,
            "StopTransaction": self._stop,
        }

    # its life on this socket

    def begin(self, wait_s: float) -> None:
        """Set the station up: after its boot, or after `wait_s` without one, or when it speaks of something else."""
        self._restart_set_up(self._after_boot(wait_s))

    def set_up_again(self) -> None:
        """The drawing changed: read and configure anew, without waiting."""
        self._restart_set_up(self._set_up_now(restarted=False))

    def end(self) -> None:
        """The socket is closed, or somebody else drives the station from now on."""
        if self._setting_up is not None:
            self._setting_up.cancel()
        self._transactions.end()

    async def stop(self) -> None:
        """Leave the station as it is; the server closes the socket."""
        self.end()

    async def _after_boot(self, wait_s: float) -> None:
        if not await happens(self._spoke, asyncio.ensure_future(self._host.clock.sleep(wait_s))):
            self._host.log.info("no BootNotification after the connect; going on without")
        await self._set_up_now(restarted=False)

    async def _set_up_now(self, *, restarted: bool) -> None:
        self._spoke.set()
        try:
            await self._set_up.run(booted=self._has_booted, restarted=restarted)
        except ConnectionLost:
            self._host.log.debug("the connection closed during the set-up")

    def _restart_set_up(self, work: Coroutine[object, object, None]) -> None:
        if self._setting_up is not None:
            self._setting_up.cancel()
        self._setting_up = self._host.tasks.once("set_up", work)

    # what the station says

    def answer(self, action: str, message: msgspec.Struct) -> Answer | None:
        """The answer to one message of the station; None for an action that is not handled here."""
        handler = self._answers.get(action)
        if handler is None:
            return None
        if not self._spoke.is_set() and action != "BootNotification":
            self._connection.after_reply(self._has_spoken)
        return handler(message)

    def _boot(self, message: lenient.BootNotification) -> msgspec.Struct:
        self._host.report_all(
            Identity(
                vendor=message.charge_point_vendor,
                model=message.charge_point_model,
                serial=message.charge_point_serial_number or message.charge_box_serial_number,
                firmware=message.firmware_version,
            )
        )
        self._transactions.booted()
        self._limits.forget()
        self._has_booted = True
        self._connection.after_reply(self._booted_again if self._spoke.is_set() else self._has_spoken)
        return lenient.BootNotificationResponse(
            current_time=format_time(self._now()), interval=self._terms.server.heartbeat_s, status="Accepted"
        )

    async def _has_spoken(self) -> None:
        self._spoke.set()

    async def _booted_again(self) -> None:
        """It restarted behind the same socket, or says so: what it was told may be gone."""
        self._restart_set_up(self._set_up_now(restarted=True))

    def _heartbeat(self, message: lenient.Heartbeat) -> msgspec.Struct:
        self._limits.say_whether_leases()  # its clock may have gone wrong, or have been set
        return lenient.HeartbeatResponse(current_time=format_time(self._now()))

    def _status(self, message: lenient.StatusNotification) -> msgspec.Struct:
        status = self._statuses.heard(message)
        self._limits.said(message.timestamp, self._now())
        if message.connector_id in self._host.chargers and message.connector_id is not None:
            self._transactions.status(message.connector_id, status.status)
            if status.status is Status.AVAILABLE:
                self._limits.new_car(message.connector_id)
        return lenient.StatusNotificationResponse()

    def _meter_values(self, message: lenient.MeterValues) -> msgspec.Struct:
        now, connector, samples = self._clock.now(), message.connector_id, message.meter_value
        if samples:
            self._limits.said(samples[-1].timestamp, now)
        if samples and connector and connector in self._host.chargers:
            reading = translate.reading_of(samples, now, self._layouts[connector])
            if reading is not None:
                self._sampled(connector, reading, now, message.transaction_id)
        return METER_VALUES_TAKEN

    def _sampled(self, connector: int, reading: ChargerReading, now: datetime, transaction: int | None) -> None:
        taken_at = self._rhythms[connector].taken_at(reading.at, now)
        if taken_at is None:
            self._host.report_late(connector, reading)
            return
        reading = translate.taken(reading, taken_at)
        self._host.report(connector, reading)
        self._transactions.measured(connector, transaction)
        self._statuses.measured(connector, reading)
        self._limits.measured(connector, reading)

    def _register(self, connector: int, said: str | None, meter_wh: float | None) -> None:
        """The register at the start or the end of a transaction is a sample like any other: history misses nothing."""
        if meter_wh is None:
            return
        reading = ChargerReading(at=translate.moment_of(said, self._now()), energy_wh=float(meter_wh))
        taken_at = self._rhythms[connector].taken_at(reading.at, self._now())
        if taken_at is None:
            self._host.report_late(connector, reading)
        else:
            self._host.report(connector, translate.taken(reading, taken_at))

    async def _authorize(self, message: lenient.Authorize) -> msgspec.Struct:
        decision = await self._host.authorise(None, message.id_tag or "")
        return lenient.AuthorizeResponse(id_tag_info=_tag_info(allowed=decision.allowed))

    async def _start(self, message: lenient.StartTransaction) -> msgspec.Struct:
        connector = self._transactions.connector_of(message.connector_id)
        if connector is None:
            self._host.log.warning("transaction on connector %s, which is not adopted: refused", message.connector_id)
            return lenient.StartTransactionResponse(transaction_id=0, id_tag_info=_tag_info(allowed=False))
        decision = await self._host.authorise(connector, message.id_tag or "")
        transaction = await self._transactions.start(connector, message)
        self._register(connector, message.timestamp, message.meter_start)
        self._limits.new_car(connector)
        self._statuses.began(connector)
        await self._host.clock.sleep(self._terms.own.answer_delay_ms / 1000)
        return lenient.StartTransactionResponse(
            transaction_id=transaction, id_tag_info=_tag_info(allowed=decision.allowed)
        )

    async def _stop(self, message: lenient.StopTransaction) -> msgspec.Struct:
        connector = self._transactions.where(message)
        if connector is not None:
            self._statuses.ended(connector)  # first: where it tells no status, nobody waits for the car to leave
            self._register(connector, message.timestamp, message.meter_stop)
        for ended in await self._transactions.stop(message):
            self._limits.new_car(ended)
        return lenient.StopTransactionResponse()

    # what the hub asks

    async def set_limit(self, connector: int, limit_a: float) -> float:
        """SetChargingProfile, unless the station has confirmed just this limit."""
        return await self._limits.set(connector, limit_a)

    async def lend(self, connector: int, limit_a: float, lease: Lease) -> float:
        """The same with an end, above a floor; where the station cannot do that, without one."""
        return await self._limits.lend(connector, limit_a, lease)

    async def start_charging(self, connector: int, token: str) -> None:
        """RemoteStartTransaction."""
        answer = await self._asker.ask(lenient.RemoteStartTransaction(connector_id=connector, id_tag=token))
        _accepted(answer.status, "start", "plug the car in first; the charger may also be reserved or faulted")

    async def stop_charging(self, connector: int) -> None:
        """RemoteStopTransaction of whatever runs on this connector."""
        transaction = self._transactions.running(connector)
        if transaction is None:
            raise Refused("no transaction runs here", "nothing to do")
        answer = await self._asker.ask(lenient.RemoteStopTransaction(transaction_id=transaction))
        _accepted(answer.status, "stop", "stop it at the charger")

    async def reset(self, *, hard: bool) -> None:
        """Reset.req."""
        answer = await self._asker.ask(lenient.Reset(type="Hard" if hard else "Soft"))
        _accepted(answer.status, "restart", "try again when no car is charging" if hard else "try hard=true")

    async def unlock(self, connector: int) -> None:
        """UnlockConnector.req. Not while a charge runs: the cable carries current then."""
        if self._transactions.running(connector) is not None:
            raise Refused("a charge runs on this cable", "stop the charge first")
        answer = await self._asker.ask(lenient.UnlockConnector(connector_id=connector))
        if answer.status == "NotSupported":
            raise Unsupported("this charger has no lock that the hub could open", "release the cable at the car")
        if answer.status != "Unlocked":
            raise Refused(f"the charger answered '{answer.status}'", "pull gently and try once more")

    async def trigger_boot(self) -> None:
        """Ask for a BootNotification now, where a station waits with its next one."""
        try:
            await self._asker.attempt(lenient.TriggerMessage(requested_message="BootNotification"))
        except ConnectionLost:
            self._host.log.debug("the connection closed before it was asked to boot")

    def gone(self, why: str) -> None:
        """The socket is closed or replaced: nobody can talk to the station over this one any more."""
        self._host.report_all(Contact(at=self._now(), link=Link.DOWN, why=why))

    def _now(self) -> datetime:
        return self._clock.now()


def _tag_info(*, allowed: bool) -> lenient.IdTagInfo:
    return lenient.IdTagInfo(status="Accepted" if allowed else "Invalid")


def _accepted(status: str | None, what: str, next_step: str) -> None:
    if status != "Accepted":
        raise Refused(f"the charger did not {what}: it answered '{status}'", next_step)
