"""The charger of a measurement: it sends, and accepts whatever it is asked meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime

import aiohttp
import orjson


class Station:
    """A charger on its socket: sends, and takes whatever it is asked meanwhile."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def call(self, action: str, payload: Mapping[str, object]) -> None:
        """Send a request and wait for the answer to it."""
        self._number += 1
        unique_id = str(self._number)
        await self._socket.send_str(orjson.dumps([2, unique_id, action, payload]).decode())
        async with asyncio.timeout(10):
            while await self._heard() != unique_id:
                pass

    async def quiet(self) -> None:
        """Answer until nobody asks any more."""
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(1.5):
                    await self._heard()

    async def _heard(self) -> str | None:
        """The id of an answer; None for a request, which is accepted."""
        frame = orjson.loads((await self._socket.receive()).data)
        if frame[1] == str(self._number):
            return str(frame[1])
        if frame[0] == 2:
            await self._socket.send_str(orjson.dumps([3, frame[1], {"status": "Accepted"}]).decode())
        return None


def values(number: int) -> dict[str, object]:
    """A MeterValues.req as a three-phase charger sends it: ten sampled values, none as in the message before."""
    sampled: list[dict[str, str]] = [
        {"value": str(1000 + number), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    ]
    for phase in ("L1", "L2", "L3"):
        amps = 12 + number % 40 / 10
        sampled.append({"value": f"{amps:.2f}", "measurand": "Current.Import", "unit": "A", "phase": phase})
        sampled.append({"value": "231.2", "measurand": "Voltage", "unit": "V", "phase": f"{phase}-N"})
        sampled.append(
            {"value": f"{amps * 231.2:.0f}", "measurand": "Power.Active.Import", "unit": "W", "phase": phase}
        )
    return {"connectorId": 1, "transactionId": 1, "meterValue": [{"timestamp": now(), "sampledValue": sampled}]}


def now() -> str:
    """As a charger writes it. What it says with an older time would be history, and not reach the picture."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
