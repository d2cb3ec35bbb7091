"""The driver of one Shelly meter: hears its notifications, and asks by itself when there are none.

A device notifies about changes of more than 5 % or 10 W, so a quiet WebSocket is asked after two seconds. Each reading
is of one moment. In the monophase profile, whose notifications come channel by channel, it is asked once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.sdk import Address, Poller, StationHost, Unreachable, back_off_s
from integrations.shelly import translate
from integrations.shelly.client import Client, asks_for_password
from integrations.shelly.config import Config

NEVER_S = float("-inf")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it is asked, and how long things may take."""

    poll_s: float = 1.0  # while the WebSocket is down or silent
    silence_s: float = 2.0
    totals_s: float = 60.0  # the device moves them once a minute
    answer_s: float = 6.0  # two requests
    longest_pause_s: float = 5.0
    reopen_s: float = 30.0


async def start(host: StationHost, config: Config) -> ShellyMeter:
    """Read the Shelly that is this station; it may come later."""
    return ShellyMeter(host, Client(host)).begin()


class ShellyMeter:
    """One meter on the lines of one circuit."""

    def __init__(self, host: StationHost, client: Client, pace: Pace = Pace()) -> None:
        self._host = host
        self._client = client
        self._pace = pace
        self._profile = translate.TRIPHASE
        self._status: Mapping[str, translate.Json] = {}
        self._heard_at_s = self._totals_at_s = NEVER_S
        self._answers = False  # the last poll went through
        self._introduced_at: Address | None = None
        self._reached = asyncio.Event()
        self._odd: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> ShellyMeter:
        """Start polling and following."""
        pace = self._pace
        poller = Poller(self._host, self._poll, pace.poll_s, pace.answer_s, pace.longest_pause_s)
        self._tasks = [self._host.tasks.keep("poll", poller.run), self._host.tasks.keep("follow", self._follow)]
        return self

    async def stop(self) -> None:
        """Close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _poll(self) -> None:
        """Ask who it is when that is not certain; ask what it measures unless it has just said so."""
        is_known = self._answers and self._introduced_at == self._host.address()
        if is_known and self._host.clock.monotonic() - self._heard_at_s < self._pace.silence_s:
            return
        self._answers = False  # until it has answered
        if not is_known:
            await self._introduce()
        await self._ask()
        self._answers = True
        if self._profile == translate.TRIPHASE:
            self._reached.set()

    async def _introduce(self) -> None:
        """Who it is, before any of its numbers is believed."""
        address = self._host.address()
        if address != self._introduced_at:
            await self._client.hang_up()
        info = await self._client.call("Shelly.GetDeviceInfo")
        if not translate.is_station(info, self._host.station):
            raise Unreachable(
                f"another Shelly answers at {address}: {translate.identity(info).serial}",
                f"correct the host of {self._host.station}, or its station if the device was exchanged",
            )
        if translate.wants_password(info):
            raise asks_for_password()
        self._introduced_at, self._profile = address, translate.profile(info)
        self._status, self._totals_at_s = {}, NEVER_S
        self._host.report_meter(translate.identity(info))

    async def _ask(self) -> None:
        """One reading by HTTP, with the totals when they are due. The answer has no time of its own."""
        if self._profile == translate.MONOPHASE:
            news = translate.components(await self._client.call("Shelly.GetStatus"))
        else:
            news = {"em:0": await self._client.call("EM.GetStatus", id=0)}
            if self._host.clock.monotonic() - self._totals_at_s > self._pace.totals_s:
                news["emdata:0"] = await self._client.call("EMData.GetStatus", id=0)
                self._totals_at_s = self._host.clock.monotonic()
        self._status = {**self._status, **news}
        self._report(self._host.clock.now())

    async def _follow(self) -> None:
        """Hear notifications for as long as the device can be reached; after a drop it is asked anew who it is."""
        failures = 0
        while True:
            await self._reached.wait()
            try:
                await self._client.follow(f"evhub-{self._host.station}", self._hear)
            except Unreachable as failed:
                failures += 1
                self._host.log.debug("%s", failed)
            else:
                failures = 0
            self._answers = False
            self._reached.clear()
            await self._host.clock.sleep(back_off_s(failures + 1, 1.0, self._pace.reopen_s))

    def _hear(self, source: str, params: Mapping[str, object]) -> None:
        """Lay a notification over what is known. One without currents makes no reading: it would be an old one."""
        if not translate.is_station({"id": source}, self._host.station):
            raise Unreachable(f"another Shelly notifies: {source}")
        news = translate.components(params)
        self._status = translate.overlay(self._status, news)
        if "em:0" in news:
            self._heard_at_s = self._host.clock.monotonic()
            self._report(translate.moment(params.get("ts"), self._host.clock.now()))
        if "emdata:0" in news:
            self._totals_at_s = self._host.clock.monotonic()

    def _report(self, at: datetime) -> None:
        reading, odd = translate.reading(self._status, at)
        for key in odd.keys() - self._odd:
            self._odd.add(key)
            self._host.log.warning("odd status: %s", odd[key])
        self._host.report_meter(reading)
