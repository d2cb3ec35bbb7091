"""One OCPP 1.6 station on its socket: answers what it sends, asks it to obey, and reads before it commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from hub.sdk import (
    Capability,
    Charger,
    Contact,
    Identity,
    LimitHeld,
    Link,
    Refused,
    StationHost,
    TransactionId,
    TransactionStart,
    TransactionStop,
    Unreachable,
    Unsupported,
)
from hub.wire.ocpp16 import CallFailed, CallTimeout, Connection, ConnectionLost, format_time, lenient
from hub.wire.ocpp16.base import LenientRequest
from integrations.ocpp import translate
from integrations.ocpp.config import Config, ServerConfig

R = TypeVar("R", bound=msgspec.Struct)

CAN = (Capability.LIMIT, Capability.START_STOP, Capability.RESET, Capability.UNLOCK)
CALL_DEADLINE_S = 8.0
WAIT_FOR_BOOT_S = 3.0


class ChargePoint:
    """Drives one station for as long as one socket lives. Implements the driver protocols of `hub.sdk`."""

    def __init__(self, host: StationHost, connection: Connection, settings: Config, server: ServerConfig) -> None:
        self._host, self._connection = host, connection
        self._settings, self._server = settings, server
        self._style = translate.ProfileStyle(stack_level=settings.stack_level or 0, unit=settings.rate_unit or "A")
        self._booted = asyncio.Event()
        self._status_heard: set[int] = set()
        self._answers: dict[str, Callable[[Any], Awaitable[msgspec.Struct]]] = {
            "BootNotification": self._boot,
            "Heartbeat": self._heartbeat,
            "StatusNotification": self._status,
            "MeterValues": self._meter_values,
            "Authorize": self._authorize,
            "StartTransaction": self._start,
            "StopTransaction": self._stop,
        }

    # what the station says

    async def answer(self, action: str, message: msgspec.Struct) -> msgspec.Struct | None:
        """The answer to one message of the station; None for an action that is not handled here."""
        handler = self._answers.get(action)
        return None if handler is None else await handler(message)

    async def _boot(self, message: lenient.BootNotification) -> msgspec.Struct:
        self._host.report_all(
            Identity(
                vendor=message.charge_point_vendor,
                model=message.charge_point_model,
                serial=message.charge_point_serial_number or message.charge_box_serial_number,
                firmware=message.firmware_version,
            )
        )
        if self._booted.is_set():  # it restarted behind the same socket: what it held may be gone
            self._connection.after_reply(self._set_up)
        self._booted.set()
        return lenient.BootNotificationResponse(
            current_time=format_time(self._now()), interval=self._server.heartbeat_s, status="Accepted"
        )

    async def _heartbeat(self, message: lenient.Heartbeat) -> msgspec.Struct:
        return lenient.HeartbeatResponse(current_time=format_time(self._now()))

    async def _status(self, message: lenient.StatusNotification) -> msgspec.Struct:
        status = translate.status_of(message, self._now())
        if message.connector_id:
            self._status_heard.add(message.connector_id)
            self._host.report(message.connector_id, status)
            if status.status is None:
                self._host.log.warning("status %r is not one of OCPP 1.6; shown as unknown", message.status)
        return lenient.StatusNotificationResponse()

    async def _meter_values(self, message: lenient.MeterValues) -> msgspec.Struct:
        reading = translate.reading_of(message.meter_value or (), self._now())
        if reading is not None and message.connector_id:
            self._host.report(message.connector_id, reading)
        return lenient.MeterValuesResponse()

    async def _authorize(self, message: lenient.Authorize) -> msgspec.Struct:
        decision = await self._host.authorise(None, message.id_tag or "")
        return lenient.AuthorizeResponse(id_tag_info=_tag_info(allowed=decision.allowed))

    async def _start(self, message: lenient.StartTransaction) -> msgspec.Struct:
        if message.connector_id is None or message.connector_id not in self._host.chargers:
            self._host.log.warning("transaction on connector %s, which is not adopted: refused", message.connector_id)
            return lenient.StartTransactionResponse(transaction_id=0, id_tag_info=_tag_info(allowed=False))
        decision = await self._host.authorise(message.connector_id, message.id_tag or "")
        transaction = await self._host.transaction_started(
            TransactionStart(
                connector=message.connector_id,
                at=translate.moment_of(message.timestamp, self._now()),
                token=message.id_tag,
                meter_wh=None if message.meter_start is None else float(message.meter_start),
            )
        )
        return lenient.StartTransactionResponse(
            transaction_id=transaction, id_tag_info=_tag_info(allowed=decision.allowed)
        )

    async def _stop(self, message: lenient.StopTransaction) -> msgspec.Struct:
        await self._host.transaction_stopped(
            TransactionStop(
                transaction=TransactionId(message.transaction_id or 0),
                at=translate.moment_of(message.timestamp, self._now()),
                token=message.id_tag,
                meter_wh=None if message.meter_stop is None else float(message.meter_stop),
                reason=message.reason or "Local",
            )
        )
        return lenient.StopTransactionResponse()

    # from the first frame to a station that is ready

    async def set_up(self) -> None:
        """Wait for its boot (some send none after a reconnect), then learn, configure and read it."""
        try:
            async with asyncio.timeout(WAIT_FOR_BOOT_S):
                await self._booted.wait()
        except TimeoutError:
            self._host.log.info("no BootNotification after the connect; going on without")
        self._booted.set()
        await self._set_up()

    async def _set_up(self) -> None:
        self._host.can(*CAN)
        await self._learn()
        await self._configure("MeterValueSampleInterval", str(self._server.meter_interval_s))
        await self._configure("MeterValuesSampledData", translate.SAMPLED)
        for connector, charger in self._host.chargers.items():
            await self._read_limit(connector, charger)
        self._host.report_all(Contact(at=self._now(), link=Link.UP))
        for connector in self._host.chargers:
            if connector not in self._status_heard:
                await self._try(lenient.TriggerMessage(requested_message="StatusNotification", connector_id=connector))

    async def _learn(self) -> None:
        keys = ["ChargeProfileMaxStackLevel", "ChargingScheduleAllowedChargingRateUnit"]
        answer = await self._try(lenient.GetConfiguration(key=keys))
        if answer is None:
            return
        said = {entry.key: entry.value for entry in answer.configuration_key or () if entry.key and entry.value}
        self._style = translate.style_from(said, self._settings.stack_level, self._settings.rate_unit)

    async def _configure(self, key: str, value: str) -> None:
        answer = await self._try(lenient.ChangeConfiguration(key=key, value=value))
        if answer is not None and answer.status not in ("Accepted", "RebootRequired"):
            self._host.log.info("%s stays as it is: %s", key, answer.status)

    async def _read_limit(self, connector: int, charger: Charger) -> None:
        answer = await self._try(lenient.GetCompositeSchedule(connector_id=connector, duration=60))
        if answer is not None:
            limit_a = translate.composite_limit(answer, charger, self._style.voltage_v)
            if limit_a is not None:
                self._host.report(connector, LimitHeld(at=self._now(), limit_a=limit_a))

    async def _try(self, request: LenientRequest[R]) -> R | None:
        """Ask something that a station may refuse, misunderstand or not answer, without harm; None then."""
        try:
            return await self._connection.call(request, timeout_s=CALL_DEADLINE_S)
        except (CallTimeout, CallFailed) as refused:
            self._host.log.info("%s: %s", type(request).__name__, refused)
        except ConnectionLost:
            self._host.log.debug("%s: the connection closed", type(request).__name__)
        return None

    # what the hub asks

    async def set_limit(self, connector: int, limit_a: float) -> float:
        """SetChargingProfile. In amps first; a station that refuses amps gets watts from then on."""
        charger = self._host.chargers[connector]
        held_a = translate.held_after(limit_a, charger)
        status = await self._set_profile(charger, held_a)
        if status == "Rejected" and self._style.unit == "A" and self._settings.rate_unit is None:
            self._style = translate.in_unit(self._style, "W")
            status = await self._set_profile(charger, held_a)
            if status != "Accepted":
                self._style = translate.in_unit(self._style, "A")
        if status == "NotSupported":
            raise Unsupported(
                f"{charger.id} does not take charging profiles", "switch smart charging on at the charger"
            )
        if status != "Accepted":
            raise Refused(f"{charger.id} answered '{status}' to a limit of {held_a:g} A")
        return held_a

    async def _set_profile(self, charger: Charger, limit_a: float) -> str | None:
        answer = await self._ask(translate.limit_profile(charger, limit_a, self._style, self._now()))
        return answer.status

    async def start_charging(self, connector: int, token: str) -> None:
        """RemoteStartTransaction."""
        answer = await self._ask(lenient.RemoteStartTransaction(connector_id=connector, id_tag=token))
        _accepted(answer.status, "start", "plug the car in first; the charger may also be reserved or faulted")

    async def stop_charging(self, connector: int) -> None:
        """RemoteStopTransaction of whatever runs on this connector."""
        transaction = self._host.transaction_of(connector)
        if transaction is None:
            raise Refused("no transaction runs here", "nothing to do")
        answer = await self._ask(lenient.RemoteStopTransaction(transaction_id=transaction))
        _accepted(answer.status, "stop", "stop it at the charger")

    async def reset(self, *, hard: bool) -> None:
        """Reset.req."""
        answer = await self._ask(lenient.Reset(type="Hard" if hard else "Soft"))
        _accepted(answer.status, "restart", "try hard=true")

    async def unlock(self, connector: int) -> None:
        """UnlockConnector.req."""
        answer = await self._ask(lenient.UnlockConnector(connector_id=connector))
        if answer.status != "Unlocked":
            raise Refused(f"the charger answered '{answer.status}'", "pull gently and try once more")

    async def trigger_boot(self) -> None:
        """Ask for a BootNotification, for a station that has waited for its adoption."""
        await self._try(lenient.TriggerMessage(requested_message="BootNotification"))

    async def stop(self) -> None:
        """The server closes the socket; there is nothing else to end."""

    async def _ask(self, request: LenientRequest[R]) -> R:
        try:
            return await self._connection.call(request, timeout_s=CALL_DEADLINE_S)
        except (CallTimeout, ConnectionLost) as away:
            raise Unreachable(f"{self._host.station} did not answer {type(request).__name__}: {away}") from away
        except CallFailed as refused:
            raise Refused(f"{self._host.station} refused {type(request).__name__}: {refused}") from refused

    def _now(self) -> datetime:
        return self._host.clock.now()


def _tag_info(*, allowed: bool) -> lenient.IdTagInfo:
    return lenient.IdTagInfo(status="Accepted" if allowed else "Invalid")


def _accepted(status: str | None, what: str, next_step: str) -> None:
    if status != "Accepted":
        raise Refused(f"the charger did not {what}: it answered '{status}'", next_step)
