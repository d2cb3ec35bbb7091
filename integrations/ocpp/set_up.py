"""From the first frame of a station to one that is ready: learn how it is set, configure it, read what it holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hub.sdk import Capability, Contact, Link, StationHost
from hub.wire.ocpp16 import lenient
from integrations.ocpp import translate
from integrations.ocpp.asking import Asker
from integrations.ocpp.config import Config, ServerConfig
from integrations.ocpp.limits import Limits
from integrations.ocpp.pace import Pace
from integrations.ocpp.statuses import Statuses

CAN = (Capability.LIMIT, Capability.LEASE, Capability.START_STOP, Capability.RESET, Capability.UNLOCK)
PROFILE_KEYS = ["ChargeProfileMaxStackLevel", "ChargingScheduleAllowedChargingRateUnit"]
INTERVAL, SAMPLED, HEARTBEAT = "MeterValueSampleInterval", "MeterValuesSampledData", "HeartbeatInterval"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a driver is given beside its station: settings, and how long things may take."""

    own: Config
    server: ServerConfig
    pace: Pace


class SetUp:
    """Asks and configures one station. Whatever it leaves unanswered is gone without."""

    def __init__(self, host: StationHost, asker: Asker, limits: Limits, statuses: Statuses, terms: Terms) -> None:
        self._host, self._asker, self._limits, self._statuses = host, asker, limits, statuses
        self._terms = terms

    async def run(self, *, booted: bool, restarted: bool) -> None:
        """Learn, configure, read the limits, then say that it is here. Raises ConnectionLost.

        `restarted`: it booted behind a socket that was up, so what it held before is not known any more.
        """
        self._host.can(*CAN)
        unread = set(self._host.chargers)
        try:
            async with asyncio.timeout(self._terms.pace.set_up_s):
                await self._configure(await self._learn(), booted=booted)
                for connector in tuple(unread):
                    if await self._limits.read(connector):
                        unread.discard(connector)
        except TimeoutError:
            self._host.log.warning("it is slow to answer; going on without the rest of its set-up")
        self._say_up(unread if restarted else set())
        await self._statuses.ask_for_missing()

    def _say_up(self, forgotten: set[int]) -> None:
        """Everything is up; what an outlet held goes with a moment of being down."""
        now = self._host.clock.now()
        for connector in self._host.chargers:
            if connector in forgotten:
                self._host.report(connector, Contact(at=now, link=Link.DOWN, why="it restarted"))
        self._limits.say_whether_leases(anew=True)
        self._host.report_all(Contact(at=now, link=Link.UP))

    async def _learn(self) -> dict[str, str]:
        answer = await self._asker.attempt(lenient.GetConfiguration(key=[*PROFILE_KEYS, INTERVAL, SAMPLED, HEARTBEAT]))
        if answer is None:
            return {}
        said = {entry.key: entry.value for entry in answer.configuration_key or () if entry.key and entry.value}
        self._limits.learn(said)
        return said

    async def _configure(self, said: dict[str, str], *, booted: bool) -> None:
        """Change only what is not so already: each change is a write to the station's flash."""
        server = self._terms.server
        if said.get(INTERVAL) != str(server.meter_interval_s):
            await self._change(INTERVAL, str(server.meter_interval_s))
        if not booted and said.get(HEARTBEAT, str(server.heartbeat_s)) != str(server.heartbeat_s):
            await self._change(HEARTBEAT, str(server.heartbeat_s))
        sampled = {word.strip() for word in said.get(SAMPLED, "").split(",")}
        for wanted in (translate.SAMPLED, translate.SAMPLED_AT_LEAST):
            if sampled.issuperset(wanted) or await self._change(SAMPLED, ",".join(wanted)):
                break

    async def _change(self, key: str, value: str) -> bool:
        answer = await self._asker.attempt(lenient.ChangeConfiguration(key=key, value=value))
        if answer is not None and answer.status not in ("Accepted", "RebootRequired"):
            self._host.log.info("%s stays as it is: %s", key, answer.status)
        return answer is None or answer.status in ("Accepted", "RebootRequired")
