"""The driver of one MQTT meter: a reading for each complete sample, and none of what the broker had stored.

Where the lines have topics of their own, a reading is made when each of them has spoken since the one before.
"""

from __future__ import annotations

from hub.sdk import Driver, StationHost
from integrations.generic_mqtt import translate
from integrations.generic_mqtt.config import MeterConfig
from integrations.generic_mqtt.ear import Ear


async def start_meter(host: StationHost, config: MeterConfig) -> Driver:
    """Read the meter that is this station; it may speak later."""
    return MqttMeter(host, config).begin()


class MqttMeter:
    """One meter on the lines of one circuit."""

    def __init__(self, host: StationHost, config: MeterConfig) -> None:
        self._host, self._config = host, config
        self._ear = Ear(host, config, self._heard)

    def begin(self) -> MqttMeter:
        """Start listening."""
        self._ear.begin()
        return self

    async def stop(self) -> None:
        """Listen no longer."""
        await self._ear.stop()

    def _heard(self, topic: str, sampled: bool) -> None:
        when = self._ear.samples.oldest_at(self._ear.round.topics)
        if not sampled or when is None:
            return
        reading, odd = translate.meter_reading(self._config, self._ear.fresh(), self._ear.totals(), when)
        self._ear.complain(odd)
        self._host.report_meter(reading)
