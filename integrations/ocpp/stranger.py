"""A station that dialled in but is not in the drawing: it is asked to wait, and nothing of it is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from hub.sdk import Clock, StationId
from hub.wire.ocpp16 import CallFailed, CallTimeout, Connection, ConnectionLost, format_time, lenient
from integrations.ocpp.asking import happens
from integrations.ocpp.pace import Pace

MOST_OUTLETS = 100


class Stranger:
    """Answers a waiting station: its boot is Pending (OCPP 1.6 section 4.2), its tags are refused."""

    def __init__(self, identity: StationId, connection: Connection, clock: Clock, pace: Pace) -> None:
        self.identity = identity
        self.model: str | None = None
        self.connectors: int | None = None
        self.pending = False  # its boot was answered with Pending: it sends another one
        self._connection, self._clock, self._pace = connection, clock, pace
        self._spoke = asyncio.Event()

    async def introduce(self, found: Callable[[Stranger], None]) -> None:
        """Hear its boot if it sends one, say that it is here, ask how many outlets it has, and say that too."""
        await happens(self._spoke, asyncio.ensure_future(self._clock.sleep(self._pace.boot_s)))
        found(self)
        request = lenient.GetConfiguration(key=["NumberOfConnectors"])
        try:
            answer = await self._connection.call(request, timeout_s=self._pace.answer_s)
        except (CallTimeout, CallFailed, ConnectionLost):
            return
        numbers = [e.value for e in answer.configuration_key or () if e.key == "NumberOfConnectors" and e.value]
        if numbers and numbers[0].strip().isdecimal():
            self._has_outlets(int(numbers[0]))
            found(self)

    def answer(self, action: str, message: msgspec.Struct) -> msgspec.Struct | None:
        """Pending, blocked, taken note of: enough to keep it on the line without letting it charge."""
        self._connection.after_reply(self._has_spoken)
        if isinstance(message, lenient.BootNotification):
            self.model = " ".join(filter(None, (message.charge_point_vendor, message.charge_point_model))) or None
            self.pending = True
            now = format_time(self._clock.now())
            return lenient.BootNotificationResponse(current_time=now, interval=self._pace.ask_again_s, status="Pending")
        return WAITING_ANSWERS.get(action)

    async def _has_spoken(self) -> None:
        self._spoke.set()

    def _has_outlets(self, number: int) -> None:
        if 0 < number <= MOST_OUTLETS:
            self.connectors = number


REFUSED = lenient.IdTagInfo(status="Invalid")
WAITING_ANSWERS: Mapping[str, msgspec.Struct] = {
    "Authorize": lenient.AuthorizeResponse(id_tag_info=REFUSED),
    "StartTransaction": lenient.StartTransactionResponse(transaction_id=0, id_tag_info=REFUSED),
    "StopTransaction": lenient.StopTransactionResponse(),
    "StatusNotification": lenient.StatusNotificationResponse(),
    "MeterValues": lenient.MeterValuesResponse(),
}
