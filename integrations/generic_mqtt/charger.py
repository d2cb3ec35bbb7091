"""The driver of one MQTT charger: hears its status and readings, and tells it its limit on a topic.

That the broker has taken a message says nothing of the device. A limit counts as held when the device says so on a
topic of its own; where it has none, it counts as told and no more, unless somebody wrote `trust` into its entry.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hub.sdk import (
    Capability,
    LimitHeld,
    Refused,
    StationHost,
    Unreachable,
    Unsupported,
    keep_transaction,
)
from integrations.generic_mqtt import translate
from integrations.generic_mqtt.config import ChargerConfig, Limit, Say
from integrations.generic_mqtt.ear import Ear

CONNECTOR = 1
SAME_A = 0.05


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take."""

    confirm_s: float = 5.0
    send_s: float = 2.0


async def start_charger(host: StationHost, config: ChargerConfig) -> MqttCharger:
    """Drive the charger that is this station; it may speak later."""
    return MqttCharger(host, config).begin()


class MqttCharger:
    """One outlet. Implements SetsLimit and StartsAndStops, as far as its entry says how."""

    def __init__(self, host: StationHost, config: ChargerConfig, pace: Pace = Pace()) -> None:
        self._host, self._config, self._pace = host, config, pace
        self._ear = Ear(host, config, self._heard)
        self._sampled = False
        self._stirred = asyncio.Event()
        self._repeated = asyncio.Event()  # it has said what it holds
        self._telling = asyncio.Lock()
        limit = config.limit
        self._says_held = {config.topic_of(place) for name, place in config.places() if name.startswith("limit.")}
        if limit is not None and limit.held is None and not limit.trust:
            host.log.warning("without limit.held in its entry no limit is ever confirmed: it counts with its max_a")
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> MqttCharger:
        """Start listening."""
        self._host.can(*self._abilities())
        self._ear.begin()
        self._tasks = [self._host.tasks.keep("tell", self._tell_hub)]
        return self

    async def stop(self) -> None:
        """Listen no longer; it keeps its limit."""
        await self._ear.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # orders

    async def set_limit(self, connector: int, limit_a: float) -> float:
        """Say the limit, and wait until the device repeats it."""
        limit = self._limit(connector)
        drawn = self._host.chargers.get(CONNECTOR)
        amps = translate.told_a(limit, limit_a, 6.0 if drawn is None else drawn.min_a)
        async with self._telling:
            began_s = self._host.clock.monotonic()
            self._repeated.clear()
            for message in translate.messages(limit, amps):
                await self._say(message)
            return await self._confirmed(limit, amps, began_s)

    async def start_charging(self, connector: int, token: str) -> None:
        """Say that it shall begin. The token goes nowhere: the device knows none."""
        await self._say(self._or_unsupported(connector, self._config.start, "start"))

    async def stop_charging(self, connector: int) -> None:
        """Say that it shall end."""
        await self._say(self._or_unsupported(connector, self._config.stop, "stop"))

    async def _confirmed(self, limit: Limit, amps: float, began_s: float) -> float:
        """What it holds. A lower limit than was told is believed at the end only: it may be that of a moment before."""
        if limit.held is None and not (limit.paused is not None and amps == 0):
            return self._told(limit, amps)
        try:
            async with asyncio.timeout(self._pace.confirm_s):
                while (held_a := self._held_a()) is None or abs(held_a - amps) > SAME_A:
                    await self._repeated.wait()
                    self._repeated.clear()
        except TimeoutError:
            return self._or_else(amps, began_s)
        self._report_held(amps)
        return amps

    def _told(self, limit: Limit, amps: float) -> float:
        if limit.trust:
            return amps
        raise Unreachable(
            f"it was told {amps:g} A, and has no topic that says what it holds",
            "set limit.held in its entry to the topic where it repeats its limit",
        )

    def _or_else(self, amps: float, began_s: float) -> float:
        """It has not repeated what it was told in time."""
        held_a = self._held_a()
        last = max((s.at_s for topic in self._says_held if (s := self._ear.samples.live(topic))), default=began_s)
        if held_a is None or last <= began_s:
            raise Unreachable(
                f"it was told {amps:g} A, and has not said what it holds",
                "look whether it hears limit.topic and speaks on the topic of limit.held",
            )
        if held_a > amps:
            self._report_held(held_a)
            raise Refused(f"it was told {amps:g} A and holds {held_a:g} A", "look who else steers it, and limit.scale")
        return held_a

    async def _say(self, message: Say) -> None:
        """Never retained: a broker would say an old limit again to a device that comes back."""
        try:
            async with asyncio.timeout(self._pace.send_s):
                await self._host.mqtt.publish(message.topic, message.payload.encode())
        except TimeoutError:
            raise Unreachable(f"the broker did not take a message within {self._pace.send_s:g} s") from None

    def _limit(self, connector: int) -> Limit:
        _one_outlet(connector)
        if self._config.limit is None:
            raise Unsupported("its entry does not say how it is told a limit", "add limit, with its topic")
        return self._config.limit

    def _or_unsupported(self, connector: int, message: Say | None, key: str) -> Say:
        _one_outlet(connector)
        if message is None:
            raise Unsupported(f"its entry does not say how to {key}", f"add {key}, with a topic and a payload")
        return message

    def _abilities(self) -> list[Capability]:
        able = [Capability.LIMIT] if self._config.limit is not None else []
        return able + ([Capability.START_STOP] if self._config.start is not None else [])

    # what comes from the device

    def _heard(self, topic: str, sampled: bool) -> None:
        self._sampled = self._sampled or sampled
        self._stirred.set()
        live = self._ear.samples.live(topic)
        if topic in self._says_held and live is not None:
            self._repeated.set()
            held_a = self._held_a()
            if held_a is not None and not self._telling.locked():
                self._report_held(held_a)

    def _held_a(self) -> float | None:
        """What it said live that it holds; a stored message may be of another day."""
        return translate.held_a(self._config, self._ear.samples.fresh(self._host.clock.monotonic(), None))

    def _report_held(self, held_a: float) -> None:
        self._host.report(CONNECTOR, LimitHeld(at=self._host.clock.now(), limit_a=held_a))

    async def _tell_hub(self) -> None:
        """Tell what is new, many messages at a time when they come in a burst."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            status, odd = translate.status(self._config, self._ear.samples.states(), self._host.clock.now())
            self._ear.complain(odd)
            if status is not None:
                self._host.report(CONNECTOR, status)
            energy_wh = self._tell_reading()
            if status is not None:
                await keep_transaction(self._host, CONNECTOR, translate.plugged(status.status), energy_wh)

    def _tell_reading(self) -> float | None:
        """A reading when there is a new sample; answers the register as far as it is known."""
        sampled, self._sampled = self._sampled, False
        when = self._ear.samples.oldest_at(self._ear.round.topics) or self._host.clock.now()
        reading, odd = translate.charger_reading(self._config, self._ear.fresh(), self._ear.totals(), when)
        if sampled:
            self._ear.complain(odd)
            self._host.report(CONNECTOR, reading)
        return reading.energy_wh


def _one_outlet(connector: int) -> None:
    if connector != CONNECTOR:
        raise Refused(f"a charger of generic_mqtt has one outlet, not a connector {connector}", "use connector 1")
