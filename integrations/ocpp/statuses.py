"""What one station's outlets are doing: told, asked for once, or inferred where a station tells no status."""

from __future__ import annotations

import asyncio

from hub.sdk import ChargerReading, ChargerStatus, StationHost, Status
from hub.wire.ocpp16 import lenient
from integrations.ocpp import translate
from integrations.ocpp.asking import Asker, happens
from integrations.ocpp.pace import Pace


class Statuses:
    """Status of every outlet on one socket. What an outlet says of itself beats everything else."""

    def __init__(self, host: StationHost, asker: Asker, pace: Pace) -> None:
        self._host, self._asker, self._pace = host, asker, pace
        self._told: set[int] = set()
        self._inferred: dict[int, Status] = {}
        self._of_station: ChargerStatus | None = None  # what was said of connector 0
        self._settled = False  # the outlets had their chance to speak for themselves
        self._all_told = asyncio.Event()

    def heard(self, message: lenient.StatusNotification) -> ChargerStatus:
        """Take a StatusNotification. One of connector 0 counts for the outlets that say nothing themselves."""
        status = translate.status_of(message, self._host.clock.now())
        if status.status is None:
            self._host.log.warning("status %r is not one of OCPP 1.6; shown as unknown", message.status)
        if message.connector_id:
            self._told.add(message.connector_id)
            self._host.report(message.connector_id, status)
        else:
            self._of_station = status
            if self._settled:
                self._spread()
        if self._told.issuperset(self._host.chargers):
            self._all_told.set()
        return status

    def measured(self, connector: int, reading: ChargerReading) -> None:
        """A live sample of an outlet that tells no status."""
        if connector not in self._told:
            self._infer(connector, translate.inferred(reading))

    def began(self, connector: int) -> None:
        """A transaction began at an outlet."""
        self._infer(connector, Status.CHARGING)

    def ended(self, connector: int) -> None:
        """A transaction ended: whether the car is still there is not known."""
        if connector not in self._told:
            self._inferred.pop(connector, None)
            self._host.report(connector, ChargerStatus(at=self._host.clock.now(), status=None))

    async def ask_for_missing(self) -> None:
        """Ask once for what does not come by itself. A station that knows no TriggerMessage is not asked again."""
        await self._wait_for_all()
        missing = [connector for connector in self._host.chargers if connector not in self._told]
        for connector in missing:
            request = lenient.TriggerMessage(requested_message="StatusNotification", connector_id=connector)
            answer = await self._asker.attempt(request)
            if answer is None or answer.status == "NotImplemented":
                break
        await self._wait_for_all()
        self._settled = True
        self._spread()

    async def _wait_for_all(self) -> None:
        await happens(self._all_told, asyncio.ensure_future(self._host.clock.sleep(self._pace.status_s)))

    def _spread(self) -> None:
        if self._of_station is None:
            return
        for connector in self._host.chargers:
            if connector not in self._told:
                self._host.report(connector, self._of_station)

    def _infer(self, connector: int, status: Status | None) -> None:
        if status is not None and connector not in self._told and status is not self._inferred.get(connector):
            self._inferred[connector] = status
            self._host.report(connector, ChargerStatus(at=self._host.clock.now(), status=status))
