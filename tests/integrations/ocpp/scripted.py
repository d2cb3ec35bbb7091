"""A charger made by hand on a raw WebSocket: it sends exactly the bytes that a test gives it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp

Payload = dict[str, Any]
Answer = Payload | Callable[[Payload], "Payload | None"] | None
"""What an action is answered with; None is silence. A payload {"CALLERROR": code} is sent as a CALLERROR."""

DEADLINE_S = 5.0
KEYS = {
    "ChargeProfileMaxStackLevel": "5",
    "ChargingScheduleAllowedChargingRateUnit": "Current",
    "HeartbeatInterval": "60",
    "MeterValueSampleInterval": "60",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
    "NumberOfConnectors": "1",
}


def now_text() -> str:
    """Now, as a good charger writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Scripted:
    """One charger. `heard` are the hub's calls in order; `answers` says what it answers to each action."""

    def __init__(self, port: int, identity: str = "CP1") -> None:
        self.identity = identity
        self.port = port
        self.keys = dict(KEYS)
        self.heard: list[tuple[str, Payload]] = []
        self.order: list[str] = []  # every frame of the hub: the action of a call, or "answer"
        self.ids: dict[str, str] = {}  # action -> id of the hub's newest call
        self.replies: dict[Any, list[Any]] = {}  # frames of the hub by the id of our call
        self.pings = 0
        self.pongs = True  # answers pings
        self.answers: dict[str, Answer] = {
            "GetConfiguration": self._configuration,
            "ChangeConfiguration": {"status": "Accepted"},
            "GetCompositeSchedule": {"status": "Rejected"},
            "SetChargingProfile": {"status": "Accepted"},
            "TriggerMessage": {"status": "NotImplemented"},
            "RemoteStartTransaction": {"status": "Accepted"},
            "RemoteStopTransaction": {"status": "Accepted"},
            "Reset": {"status": "Accepted"},
            "UnlockConnector": {"status": "Unlocked"},
        }
        self._numbers = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None

    # the socket

    async def dial(
        self, path: str | None = None, protocols: Sequence[str] = ("ocpp1.6",), headers: dict[str, str] | None = None
    ) -> None:
        """Open a socket; an earlier one is left as it is, as a charger does whose network has changed."""
        self._session = self._session or aiohttp.ClientSession()
        url = f"ws://127.0.0.1:{self.port}" + (f"/ocpp/{self.identity}" if path is None else path)
        self.socket = await self._session.ws_connect(
            url, protocols=tuple(protocols), headers=headers, autoping=False, max_msg_size=0
        )
        self._reading = asyncio.create_task(self._read(self.socket))

    async def hang_up(self) -> None:
        """Close properly."""
        if self._session is not None:
            if self.socket is not None:
                await self.socket.close()
            await self._session.close()
            self._session = None
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def cut(self) -> None:
        """Drop the socket without a close frame."""
        assert self.socket is not None
        connection = self.socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()

    @property
    def closed(self) -> bool:
        """The hub has closed the socket."""
        return self.socket is not None and self.socket.closed

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take(socket, json.loads(message.data))
            elif message.type is aiohttp.WSMsgType.PING:
                self.pings += 1
                if self.pongs:
                    await socket.pong(message.data)

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: list[Any]) -> None:
        self.order.append(frame[2] if frame[0] == 2 else "answer")
        if frame[0] != 2:
            self.replies[frame[1]] = frame
            return
        _, unique_id, action, payload = frame
        self.heard.append((action, payload))
        self.ids[action] = unique_id
        reply = self.answers.get(action)
        answer = reply(payload) if callable(reply) else reply
        if answer is not None:
            with suppress(ConnectionError):
                await socket.send_str(json.dumps(_frame(unique_id, answer)))

    # what it says

    async def send(self, raw: str | bytes) -> None:
        """Send these bytes: a str as a text frame, bytes as a binary one."""
        assert self.socket is not None
        if isinstance(raw, bytes):
            await self.socket.send_bytes(raw)
        else:
            await self.socket.send_str(raw)

    async def say(self, action: str, payload: object, unique_id: object = None) -> Any:
        """Send a CALL and answer the whole frame that comes back."""
        unique_id = f"c{next(self._numbers)}" if unique_id is None else unique_id
        self.replies.pop(unique_id, None)
        await self.send(json.dumps([2, unique_id, action, payload]))
        return await self.reply_to(unique_id)

    async def reply_to(self, unique_id: object) -> Any:
        """The frame that answers our call of this id."""
        async with asyncio.timeout(DEADLINE_S):
            while unique_id not in self.replies:
                await asyncio.sleep(0.002)
        return self.replies[unique_id]

    async def boot(self, **extra: object) -> Payload:
        """BootNotification; the payload of its answer."""
        said = {"chargePointVendor": "Acme", "chargePointModel": "Wall 11", "firmwareVersion": "1.2", **extra}
        frame = await self.say("BootNotification", said)
        return dict(frame[2])

    async def status(self, status: str, connector: int = 1, **extra: object) -> None:
        """StatusNotification."""
        said = {"connectorId": connector, "errorCode": "NoError", "status": status, **extra}
        assert (await self.say("StatusNotification", said))[0] == 3

    async def start(self, at: str | None = None, **other: object) -> int:
        """StartTransaction; the id that the hub gives."""
        said = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": at or now_text(), **other}
        frame = await self.say("StartTransaction", said)
        return int(frame[2]["transactionId"])

    async def stop(self, transaction: object, meter: int = 3000, at: str | None = None, **other: object) -> Payload:
        """StopTransaction; the payload of its answer."""
        said = {"transactionId": transaction, "meterStop": meter, "timestamp": at or now_text(), **other}
        frame = await self.say("StopTransaction", said)
        assert frame[0] == 3
        return dict(frame[2])

    async def meter(self, *sampled: Payload, at: str | None = None, **other: object) -> None:
        """MeterValues of one moment."""
        value = {"timestamp": at or now_text(), "sampledValue": list(sampled)}
        assert (await self.say("MeterValues", {"connectorId": 1, "meterValue": [value], **other}))[0] == 3

    async def amps(self, *currents: float, **other: Any) -> None:
        """MeterValues with a current for each phase."""
        phases = [{"value": str(a), "measurand": "Current.Import", "phase": f"L{n}"} for n, a in enumerate(currents, 1)]
        await self.meter(*phases, **other)

    # what it heard

    def all(self, action: str) -> list[Payload]:
        """The payloads of the hub's calls of one action."""
        return [payload for heard, payload in self.heard if heard == action]

    def configured(self) -> dict[str, str]:
        """What the hub changed in the configuration."""
        return {change["key"]: change["value"] for change in self.all("ChangeConfiguration")}

    @property
    def limits(self) -> list[tuple[str, str, float]]:
        """Purpose, unit and limit of every charging profile that came."""
        return [_limit(sent["csChargingProfiles"]) for sent in self.all("SetChargingProfile")]

    def _configuration(self, asked: Payload) -> Payload:
        names = asked.get("key") or list(self.keys)
        known = [{"key": n, "readonly": False, "value": self.keys[n]} for n in names if n in self.keys]
        return {"configurationKey": known, "unknownKey": [n for n in names if n not in self.keys]}


def _frame(unique_id: str, answer: Payload) -> list[object]:
    if "CALLERROR" in answer:
        return [4, unique_id, answer["CALLERROR"], "", {}]
    return [3, unique_id, answer]


def _limit(profile: Payload) -> tuple[str, str, float]:
    schedule = profile["chargingSchedule"]
    return (
        profile["chargingProfilePurpose"],
        schedule["chargingRateUnit"],
        schedule["chargingSchedulePeriod"][0]["limit"],
    )


def sampled(measurand: str | None, value: object, **other: object) -> Payload:
    """One sampled value, with what is left out left out."""
    named = {} if measurand is None else {"measurand": measurand}
    return {"value": str(value), **named, **other}


def composite(limit: float, unit: str = "A", **period: object) -> Payload:
    """GetCompositeSchedule.conf with one period."""
    periods = [{"startPeriod": 0, "limit": limit, **period}]
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    return {"status": "Accepted", "connectorId": 1, "scheduleStart": now_text(), "chargingSchedule": schedule}
