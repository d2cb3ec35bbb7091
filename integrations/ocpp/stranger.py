"""A station that dialled in but is not in the drawing: it is asked to wait, and nothing of it is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from hub.sdk import StationId
from hub.wire.ocpp16 import CallFailed, CallTimeout, Connection, ConnectionLost, format_time, lenient

WAIT_FOR_BOOT_S = 3.0
ASK_AGAIN_S = 30  # how long a pending station waits before its next BootNotification


class Stranger:
    """Answers a waiting station: its boot is Pending (OCPP 1.6 section 4.2), its tags are refused."""

    def __init__(self, identity: StationId, connection: Connection, found: Callable[[Stranger], None]) -> None:
        self.identity = identity
        self.model: str | None = None
        self.connectors: int | None = None
        self._connection, self._found = connection, found
        self._booted = asyncio.Event()

    async def ask(self) -> None:
        """Hear its boot if it sends one, ask how many outlets it has, then tell that it is here."""
        try:
            async with asyncio.timeout(WAIT_FOR_BOOT_S):
                await self._booted.wait()
        except TimeoutError:
            pass
        self._found(self)
        try:
            answer = await self._connection.call(lenient.GetConfiguration(key=["NumberOfConnectors"]), timeout_s=8.0)
        except (CallTimeout, CallFailed, ConnectionLost):
            return
        entries = answer.configuration_key or ()
        numbers = [e.value for e in entries if e.key == "NumberOfConnectors" and e.value and e.value.isdecimal()]
        if numbers and 0 < int(numbers[0]) <= 100:
            self.connectors = int(numbers[0])
            self._found(self)

    async def answer(self, action: str, message: msgspec.Struct) -> msgspec.Struct | None:
        """Pending, blocked, taken note of: enough to keep it on the line without letting it charge."""
        now = format_time(datetime.now(UTC))
        if isinstance(message, lenient.BootNotification):
            self.model = " ".join(filter(None, (message.charge_point_vendor, message.charge_point_model))) or None
            self._booted.set()
            return lenient.BootNotificationResponse(current_time=now, interval=ASK_AGAIN_S, status="Pending")
        return WAITING_ANSWERS.get(action)


REFUSED = lenient.IdTagInfo(status="Invalid")
WAITING_ANSWERS: Mapping[str, msgspec.Struct] = {
    "Authorize": lenient.AuthorizeResponse(id_tag_info=REFUSED),
    "StartTransaction": lenient.StartTransactionResponse(transaction_id=0, id_tag_info=REFUSED),
    "StopTransaction": lenient.StopTransactionResponse(),
    "StatusNotification": lenient.StatusNotificationResponse(),
    "MeterValues": lenient.MeterValuesResponse(),
}
