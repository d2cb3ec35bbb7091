"""Over a real WebSocket on 127.0.0.1, with the `ocpp` package on the other end, as charge point and as CSMS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from ocpp.exceptions import SecurityError
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result

from hub.wire.ocpp16 import CallFailed, Connection, ConnectionLost, OcppError, lenient, strict
from tests.hub.wire.ocpp16.peers import until

TIME = "2026-01-01T00:00:00Z"
AnySocket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse
Serve = Callable[[web.WebSocketResponse], Awaitable[None]]


class Frames:
    """The socket as the `ocpp` package wants it."""

    def __init__(self, socket: AnySocket) -> None:
        self.send = socket.send_str
        self.recv = socket.receive_str


@asynccontextmanager
async def socket_to(serve: Serve) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket to a server on a free port, which hands its end to `serve`."""

    async def accept(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["ocpp1.6"], compress=False)
        await socket.prepare(request)
        await serve(socket)
        return socket

    app = web.Application()
    app.router.add_get("/ocpp/{identity}", accept)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{port}/ocpp/CP1", protocols=["ocpp1.6"]) as socket,
        ):
            yield socket
    finally:
        await runner.cleanup()


async def feed(connection: Connection, socket: AnySocket) -> None:
    """What an owner does: read until the socket ends, then close."""
    async for message in socket:
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            await connection.received(message.data)
    await connection.close()


class Csms:
    """Our connection in the part of the CSMS."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.seen: list[msgspec.Struct] = []
        self.configured: lenient.GetConfigurationResponse | None = None

    async def serve(self, socket: web.WebSocketResponse) -> None:
        self.connection = Connection(socket.send_str, self.handle)
        await feed(self.connection, socket)

    async def handle(self, action: str, request: msgspec.Struct) -> msgspec.Struct:
        self.seen.append(request)
        match request:
            case lenient.BootNotification():
                assert self.connection is not None
                self.connection.after_reply(self.configure)
                return lenient.BootNotificationResponse(status="Accepted", current_time=TIME, interval=300)
            case lenient.Authorize(id_tag=tag):
                return lenient.AuthorizeResponse(id_tag_info=lenient.IdTagInfo(status="Accepted", parent_id_tag=tag))
            case lenient.MeterValues():
                return lenient.MeterValuesResponse()
        raise OcppError("SecurityError", f"no {action}")

    async def configure(self) -> None:
        assert self.connection is not None
        self.configured = await self.connection.call(lenient.GetConfiguration())


class Charger(ChargePoint):  # type: ignore[misc]
    """The `ocpp` package in the part of the charge point."""

    profiles: list[Any]

    @on("GetConfiguration")  # type: ignore[untyped-decorator]
    def get_configuration(self) -> Any:
        return call_result.GetConfiguration(
            configuration_key=[{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
        )

    @on("SetChargingProfile")  # type: ignore[untyped-decorator]
    def set_profile(self, connector_id: int, cs_charging_profiles: Any) -> Any:
        self.profiles.append((connector_id, cs_charging_profiles))
        return call_result.SetChargingProfile(status="Accepted")

    @on("ClearCache")  # type: ignore[untyped-decorator]
    def clear_cache(self) -> Any:
        raise SecurityError("not here")


@asynccontextmanager
async def a_charger() -> AsyncIterator[tuple[Csms, Charger]]:
    csms = Csms()
    async with asyncio.timeout(20), socket_to(csms.serve) as socket:
        charger = Charger("CP1", Frames(socket), 5)
        charger.profiles = []
        reading = asyncio.create_task(charger.start())
        try:
            await until(lambda: csms.connection is not None)
            yield csms, charger
        finally:
            reading.cancel()
            await asyncio.wait([reading])


def profile(limit: float) -> lenient.SetChargingProfile:
    period = lenient.ChargingSchedulePeriod(start_period=0, limit=limit)
    schedule = lenient.ChargingSchedule(charging_rate_unit="A", charging_schedule_period=[period])
    return lenient.SetChargingProfile(
        connector_id=1,
        cs_charging_profiles=lenient.ChargingProfile(
            charging_profile_id=1,
            stack_level=0,
            charging_profile_purpose="TxDefaultProfile",
            charging_profile_kind="Absolute",
            charging_schedule=schedule,
        ),
    )


async def test_a_charge_point_boots_and_is_configured_after_the_reply() -> None:
    async with a_charger() as (csms, charger):
        boot = await charger.call(call.BootNotification("Model", "Vendor"))
        assert (boot.status, boot.interval) == ("Accepted", 300)
        await until(lambda: csms.configured is not None)
        key = lenient.KeyValue(key="HeartbeatInterval", readonly=False, value="300")
        assert csms.configured == lenient.GetConfigurationResponse(configuration_key=[key])
        assert csms.seen == [lenient.BootNotification(charge_point_model="Model", charge_point_vendor="Vendor")]


async def test_meter_values_of_a_charge_point() -> None:
    sample = {"value": "16.1", "measurand": "Current.Import", "unit": "A", "phase": "L1"}
    async with a_charger() as (csms, charger):
        await charger.call(
            call.MeterValues(1, [{"timestamp": TIME, "sampled_value": [sample]}], transaction_id=7), suppress=False
        )
    value = lenient.SampledValue(value="16.1", measurand="Current.Import", unit="A", phase="L1")
    assert csms.seen == [
        lenient.MeterValues(
            connector_id=1,
            transaction_id=7,
            meter_value=[lenient.MeterValue(timestamp=TIME, sampled_value=[value])],
        )
    ]


async def test_a_charge_point_is_limited_and_may_refuse() -> None:
    async with a_charger() as (csms, charger):
        assert csms.connection is not None
        assert await csms.connection.call(profile(10.6)) == lenient.SetChargingProfileResponse(status="Accepted")
        with pytest.raises(CallFailed, match="not here") as refused:
            await csms.connection.call(lenient.ClearCache())
        with pytest.raises(CallFailed, match="NotImplemented"):
            await csms.connection.call(lenient.UnlockConnector(connector_id=1))
    assert refused.value.code == "SecurityError"
    (connector, received) = charger.profiles[0]
    assert connector == 1
    assert float(received["charging_schedule"]["charging_schedule_period"][0]["limit"]) == 10.6


async def test_a_refused_charge_point_hears_the_code() -> None:
    async with a_charger() as (_, charger):
        with pytest.raises(SecurityError):
            await charger.call(call.Heartbeat(), suppress=False)


async def test_calls_overlap_on_a_socket() -> None:
    async with a_charger() as (csms, charger):
        assert csms.connection is not None
        ups = [charger.call(call.Authorize(id_tag=str(number))) for number in range(20)]
        downs = [csms.connection.call(profile(number)) for number in range(20)]
        answers = await asyncio.gather(*ups, *downs)
    assert [answer.id_tag_info["parent_id_tag"] for answer in answers[:20]] == [str(number) for number in range(20)]
    assert {answer.status for answer in answers[20:]} == {"Accepted"}


async def test_a_socket_that_ends_fails_the_open_call() -> None:
    csms = Csms()
    async with asyncio.timeout(20), socket_to(csms.serve) as socket:
        await until(lambda: csms.connection is not None)
        assert csms.connection is not None
        open_call = asyncio.create_task(csms.connection.call(lenient.ClearCache()))
        await socket.receive_str()
        await socket.close()
        with pytest.raises(ConnectionLost):
            await open_call


class Backend(ChargePoint):  # type: ignore[misc]
    """The `ocpp` package in the part of the CSMS above us."""

    @on("BootNotification")  # type: ignore[untyped-decorator]
    def boot(self, charge_point_model: str, charge_point_vendor: str) -> Any:
        assert (charge_point_model, charge_point_vendor) == ("M", "V")
        return call_result.BootNotification(current_time=TIME, interval=60, status="Accepted")


async def test_we_are_a_charge_point() -> None:
    backends: list[Backend] = []
    resets: list[msgspec.Struct] = []

    async def serve(socket: web.WebSocketResponse) -> None:
        backends.append(Backend("CP1", Frames(socket), 5))
        with pytest.raises(aiohttp.WSMessageTypeError):  # what receive_str says at the end
            await backends[0].start()

    async def handle(_action: str, request: msgspec.Struct) -> msgspec.Struct:
        resets.append(request)
        return strict.ResetResponse(status="Accepted")

    async with asyncio.timeout(20), socket_to(serve) as socket:
        station = Connection(socket.send_str, handle)
        reading = asyncio.create_task(feed(station, socket))
        boot = await station.call(strict.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        assert boot == strict.BootNotificationResponse(status="Accepted", current_time=TIME, interval=60)
        with pytest.raises(CallFailed, match="NotImplemented"):
            await station.call(strict.Heartbeat())
        answer = await backends[0].call(call.Reset(type="Hard"))
        assert answer.status == "Accepted"
        assert resets == [lenient.Reset(type="Hard")]
        await socket.close()
        await reading
