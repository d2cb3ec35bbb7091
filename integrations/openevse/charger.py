"""The driver of one OpenEVSE: polls its status, hears changes over a WebSocket, and steers it by /override.

An override is the firmware's strongest claim and beats its timers, solar divert and web page. It does not survive a
restart: what the unit holds is read at every connect and after every change of its claims, and reported as it is, so
that the balancer, which alone decides on limits, sets its own anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from hub.sdk import (
    Address,
    Capability,
    LimitHeld,
    Poller,
    Refused,
    StationHost,
    Unreachable,
    Unsupported,
    back_off_s,
    keep_transaction,
)
from integrations.openevse import translate
from integrations.openevse.client import Client
from integrations.openevse.config import Config

CONNECTOR = 1  # an OpenEVSE has one outlet
NEVER_S = float("-inf")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it is asked, and how long things may take."""

    poll_s: float = 2.0  # while the WebSocket is down or silent
    silence_s: float = 10.0  # an idle unit says nothing for a while
    resync_s: float = 30.0  # the whole status and the override, whatever the WebSocket said
    answer_s: float = 9.0  # three requests, now and then slow ones
    longest_pause_s: float = 10.0
    order_s: float = 8.0
    obey_s: float = 4.0  # the Wi-Fi module tells the controller over a serial line
    look_s: float = 0.25


async def start(host: StationHost, config: Config) -> OpenEvse:
    """Drive the OpenEVSE that is this station; it may come later."""
    return OpenEvse(host, Client(host, config)).begin()


class OpenEvse:
    """One OpenEVSE. Implements SetsLimit and Resets."""

    def __init__(self, host: StationHost, client: Client, pace: Pace = Pace()) -> None:
        self._host = host
        self._client = client
        self._pace = pace
        self._unit: translate.Make | None = None  # None until it has been asked who it is
        self._status: Mapping[str, object] = {}
        self._heard_at_s = self._asked_at_s = self._held_at_s = NEVER_S
        self._answers = False  # the last conversation went through
        self._introduce_due = True  # who it is and how it is set must be asked anew
        self._introduced_at: Address | None = None
        self._held_due = True  # what it holds must be read anew
        self._reached = asyncio.Event()
        self._talking = asyncio.Lock()  # one conversation at a time, so that what is read belongs to what was sent
        self._telling = asyncio.Lock()
        self._odd: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> OpenEvse:
        """Start polling and following."""
        pace = self._pace
        poller = Poller(self._host, self._poll, pace.poll_s, pace.answer_s, pace.longest_pause_s)
        self._tasks = [self._host.tasks.keep("poll", poller.run), self._host.tasks.keep("follow", self._follow)]
        return self

    async def stop(self) -> None:
        """Leave it as it is: it keeps its override."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # orders

    async def set_limit(self, connector: int, limit_a: float) -> float:
        """Whole amps by override; below its least it is put to sleep. Confirmed by the override and by the pilot."""
        _one_outlet(connector)
        try:
            async with asyncio.timeout(self._pace.order_s), self._talking:
                return await self._set_limit(limit_a)
        except TimeoutError:
            raise Unreachable(f"it did not confirm {limit_a:g} A in {self._pace.order_s:.0f} s") from None

    async def reset(self, *, hard: bool) -> None:
        """Soft restarts the Wi-Fi module only, charging goes on; hard restarts the controller too."""
        async with self._talking:
            for device in ("evse", "gateway") if hard else ("gateway",):
                await self._client.post("/restart", {"device": device})
            self._introduce_due = True

    async def _set_limit(self, limit_a: float) -> float:
        if self._is_stranger():
            await self._introduce()
        unit = self._known()
        if not unit.has_override:
            raise Unsupported(
                f"Wi-Fi firmware {unit.version} has no /override",
                "update the Wi-Fi module to firmware 4 or later, or set max_a to what the unit itself is set to",
            )
        wanted = translate.override_for(limit_a, unit)
        self._held_due = True  # whatever happens now: look again
        await self._client.post("/override", wanted)
        held_a = translate.held_a(await self._client.get("/override"), unit)
        if held_a is None or held_a != translate.held_a(wanted, unit):
            raise Refused("somebody else replaced the override", "look who else steers it: its web page, MQTT, an app")
        await self._until_obeyed(held_a)
        self._hold(held_a)
        return held_a

    async def _until_obeyed(self, held_a: float) -> None:
        clock, began_s = self._host.clock, self._host.clock.monotonic()
        while True:
            await self._refresh()
            if translate.obeys(self._status, held_a):
                return
            if clock.monotonic() - began_s > self._pace.obey_s:
                break
            await clock.sleep(self._pace.look_s)
        raise Refused(
            f"it stored {held_a:g} A, but its pilot stays at {self._status.get('pilot')} A",
            "check the cable between the Wi-Fi module and the controller, and who else steers it",
        )

    # what comes from the device

    async def _poll(self) -> None:
        """Ask what is due; nothing while somebody else talks to it or the WebSocket says it all."""
        if self._talking.locked() or self._fresh():
            return
        async with self._talking:
            stranger, self._answers = self._is_stranger(), False  # until it has answered
            if stranger:
                await self._introduce()
            else:
                await self._refresh()
                if self._held_due or self._host.clock.monotonic() - self._held_at_s > self._pace.resync_s:
                    await self._read_held()
            self._answers = True
            self._reached.set()

    def _is_stranger(self) -> bool:
        """It was away, was set anew or has another address: it may have restarted, or be another unit."""
        return self._introduce_due or not self._answers or self._introduced_at != self._host.address()

    def _fresh(self) -> bool:
        now_s = self._host.clock.monotonic()
        heard = now_s - self._heard_at_s < self._pace.silence_s
        asked = now_s - self._asked_at_s < self._pace.resync_s
        return heard and asked and not self._held_due and not self._is_stranger()

    async def _introduce(self) -> None:
        """Who it is, how it is set, what it does and what it holds, before anything is commanded."""
        address = self._host.address()
        if address != self._introduced_at:
            await self._client.hang_up()
        config = await self._client.get("/config")
        if config is None:
            raise Unreachable("it has no /config", "check that this is an OpenEVSE with a Wi-Fi module")
        self._check(config)
        unit = self._unit = translate.make(config)
        self._introduced_at, self._introduce_due = address, False
        self._host.report_all(translate.identity(config))
        self._host.can(*([Capability.LIMIT] if unit.has_override else []), Capability.RESET)
        await self._refresh()
        await self._read_held()
        if not translate.knows_controller(self._status):
            self._introduce_due = True  # it has just booted, and its settings are not known yet

    def _check(self, config: Mapping[str, object]) -> None:
        if not translate.is_station(config, self._host.station):
            raise Unreachable(
                f"another OpenEVSE answers at {self._host.address()}: {translate.identity(config).serial}",
                f"correct the host of {self._host.station}, or its station if the unit was exchanged",
            )

    async def _refresh(self) -> None:
        status = await self._client.get("/status")
        if status is None:
            raise Unreachable("it has no /status", "check that this is an OpenEVSE with a Wi-Fi module")
        self._asked_at_s = self._host.clock.monotonic()
        await self._take(self._status, status)

    async def _read_held(self) -> None:
        unit = self._known()
        override = await self._client.get("/override") if unit.has_override else None
        held_a = translate.held_a(override, unit)
        if held_a is None:  # old firmware tells no maximum; its pilot is a setting that stays
            held_a = translate.pilot_a(self._status)
        self._held_due, self._held_at_s = False, self._host.clock.monotonic()
        if held_a is not None:
            self._hold(held_a)

    def _hold(self, held_a: float) -> None:
        self._held_due, self._held_at_s = False, self._host.clock.monotonic()
        self._host.report(CONNECTOR, LimitHeld(at=self._host.clock.now(), limit_a=held_a))

    async def _follow(self) -> None:
        """Hear changes for as long as it can be reached. A drop may be a restart: then everything is asked anew."""
        failures = 0
        while True:
            await self._reached.wait()
            try:
                await self._client.follow(self._hear)
            except Unreachable as failed:
                failures += 1
                self._host.log.debug("%s", failed)
            else:
                failures, self._introduce_due = 0, True
            self._reached.clear()
            await self._host.clock.sleep(back_off_s(failures + 1, 1.0, self._pace.resync_s))

    async def _hear(self, change: Mapping[str, object]) -> None:
        self._heard_at_s = self._host.clock.monotonic()
        await self._take(self._status, {**self._status, **change})

    async def _take(self, before: Mapping[str, object], status: Mapping[str, object]) -> None:
        """This is the status now: see what else it means, and tell the hub."""
        self._status = status
        self._held_due = self._held_due or translate.steered(before, status)
        self._introduce_due = self._introduce_due or translate.reconfigured(before, status)
        if self._unit is not None:
            async with self._telling:
                await self._tell(self._unit)

    async def _tell(self, unit: translate.Make) -> None:
        at = self._host.clock.now()
        reading, odd_values = translate.reading(self._status, unit, at)
        status, odd_state = translate.state(self._status, at)
        self._complain({**odd_values, **odd_state})
        self._host.report(CONNECTOR, status)
        self._host.report(CONNECTOR, reading)
        await keep_transaction(self._host, CONNECTOR, translate.plugged(self._status), reading.energy_wh)

    def _complain(self, odd: translate.Odd) -> None:
        for key in odd.keys() - self._odd:
            self._odd.add(key)
            self._host.log.warning("odd status: %s", odd[key])

    def _known(self) -> translate.Make:
        if self._unit is None:
            raise Unreachable("it has not said who it is yet", "try again when it answers")
        return self._unit


def _one_outlet(connector: int) -> None:
    if connector != CONNECTOR:
        raise Refused(f"an OpenEVSE has one outlet, not a connector {connector}", "use connector 1")
