"""The meter's driver: what makes a reading, what is too old, and when the meter is lost. The clock stands still."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hub.sdk import Link, MeterId, MeterReading, StationId
from hub.sdk.testing import FakeClock, RecordingStationHost
from integrations.generic_mqtt.config import MeterConfig
from integrations.generic_mqtt.meter import start_meter

ONE_TOPIC: dict[str, object] = {
    "topic": "tele/m/SENSOR",
    "availability": {"topic": "tele/m/LWT", "online": "Online", "offline": "Offline"},
    "current_a": [{"path": "ENERGY.Current"}],
    "import_wh": {"topic": "tele/m/ENERGY", "scale": 1000},
}
BY_LINE: dict[str, object] = {"current_a": [{"topic": "l1"}, {"topic": "l2"}, {"topic": "l3"}]}


class Bench:
    """A driver on a recording host whose clock the test moves."""

    def __init__(self, host: RecordingStationHost, clock: FakeClock) -> None:
        self.host, self.clock = host, clock

    def say(self, *amps: object, retain: bool = False) -> None:
        self.host.broker.say("tele/m/SENSOR", json.dumps({"ENERGY": {"Current": amps}}), retain=retain)

    @property
    def readings(self) -> list[tuple[object, ...]]:
        return [tuple(r.current_a or ()) for r in self.host.of(MeterReading)]

    @property
    def links(self) -> list[Link]:
        return [contact.link for contact in self.host.contacts]


@asynccontextmanager
async def a_meter(config: dict[str, object], *, stored: dict[str, str] | None = None) -> AsyncIterator[Bench]:
    clock = FakeClock()
    async with RecordingStationHost(StationId("m"), meter=MeterId("main"), clock=clock) as host:
        for topic, payload in (stored or {}).items():
            host.broker.say(topic, payload, retain=True)
        driver = await start_meter(host, MeterConfig.model_validate(config))
        await clock.advance(0)
        yield Bench(host, clock)
        await driver.stop()


async def test_each_message_is_a_reading() -> None:
    async with a_meter(ONE_TOPIC) as bench:
        assert bench.links == []
        bench.say(1, 2, 3)
        await bench.clock.advance(10)
        bench.say(4, 5, 6)
        assert bench.readings == [(1, 2, 3), (4, 5, 6)]
        assert bench.links == [Link.UP]
        assert [r.at for r in bench.host.of(MeterReading)][1] == bench.clock.now()


async def test_a_stored_message_is_no_reading_and_says_so_when_nothing_follows() -> None:
    old = json.dumps({"ENERGY": {"Current": [9, 9, 9]}})
    async with a_meter(ONE_TOPIC, stored={"tele/m/SENSOR": old}) as bench:
        await bench.clock.advance(29)
        assert (bench.readings, bench.links) == ([], [])
        await bench.clock.advance(2)
        assert (bench.readings, bench.links) == ([], [Link.DOWN])
        assert "stored messages of unknown age" in bench.host.contacts[0].why
        bench.say(1, 2, 3)
        assert (bench.readings, bench.links) == ([(1, 2, 3)], [Link.DOWN, Link.UP])


async def test_silence_is_said_once_and_what_was_said_before_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    async with a_meter(ONE_TOPIC) as bench:
        bench.host.broker.say("tele/m/ENERGY", "1.5")
        bench.say(1, 2, 3)
        await bench.clock.advance(120)
        bench.say(4, 5, 6)
        assert bench.links == [Link.UP, Link.DOWN, Link.UP]
        assert [r.import_wh for r in bench.host.of(MeterReading)] == [1500, None]
    assert caplog.text.count("does not answer: it has said nothing for 31 s") == 1


async def test_its_last_will_counts_at_once_and_a_live_sample_counts_more() -> None:
    async with a_meter(ONE_TOPIC, stored={"tele/m/LWT": "Offline"}) as bench:
        assert bench.links == [Link.DOWN]
        await bench.clock.advance(1)
        bench.say(1, 2, 3)
        await bench.clock.advance(1)
        bench.host.broker.say("tele/m/LWT", "Offline", retain=True)
        assert bench.links == [Link.DOWN, Link.UP, Link.DOWN]
        await bench.clock.advance(1)
        bench.host.broker.say("tele/m/LWT", "Online", retain=True)
        await bench.clock.advance(1)
        assert bench.links == [Link.DOWN, Link.UP, Link.DOWN]  # it has not measured anything yet
        bench.say(1, 2, 3)
        assert bench.links[-1] is Link.UP


async def test_nothing_but_nan_is_silence(caplog: pytest.LogCaptureFixture) -> None:
    async with a_meter(ONE_TOPIC) as bench:
        bench.say(1, 2, 3)
        for _ in range(4):
            await bench.clock.advance(10)
            bench.host.broker.say("tele/m/SENSOR", '{"ENERGY": {"Current": [NaN, NaN, NaN]}}')
            bench.host.broker.say("tele/m/SENSOR", "unavailable")
            bench.host.broker.say("tele/m/SENSOR", "")
        assert (len(bench.readings), bench.links) == (1, [Link.UP, Link.DOWN])
    assert caplog.text.count("odd message: current_a") == 1


async def test_a_line_without_a_number_is_unknown() -> None:
    async with a_meter(ONE_TOPIC) as bench:
        bench.say(1, "nan", 3)
        bench.say(1)
        assert bench.readings == [(1, None, 3), (1, None, None)]


async def test_lines_of_their_own_make_a_reading_when_all_have_spoken() -> None:
    async with a_meter(BY_LINE) as bench:
        broker = bench.host.broker
        broker.say("l1", "1")
        broker.say("l2", "2")
        assert (bench.readings, bench.links) == ([], [])
        await bench.clock.advance(1)
        broker.say("l3", "3")
        first = bench.clock.now()
        broker.say("l1", "10")
        broker.say("l1", "11")
        await bench.clock.advance(1)
        broker.say("l3", "13")
        broker.say("l2", "12")
        assert bench.readings == [(1, 2, 3), (11, 12, 13)]
        assert [r.at for r in bench.host.of(MeterReading)] == [bench.clock.now().replace(second=0), first]


async def test_one_line_that_stops_makes_the_meter_silent() -> None:
    async with a_meter(BY_LINE) as bench:
        for topic in ("l1", "l2", "l3"):
            bench.host.broker.say(topic, "1")
        for _ in range(40):
            await bench.clock.advance(1)
            bench.host.broker.say("l1", "30")
            bench.host.broker.say("l2", "30")
        assert (bench.readings, bench.links) == ([(1, 1, 1)], [Link.UP, Link.DOWN])


async def test_after_an_outage_a_round_begins_anew() -> None:
    async with a_meter(BY_LINE) as bench:
        for topic in ("l1", "l2", "l3", "l1"):
            bench.host.broker.say(topic, "1")
        await bench.clock.advance(40)
        bench.host.broker.say("l2", "2")
        bench.host.broker.say("l3", "3")
        assert (bench.readings, bench.links) == ([(1, 1, 1)], [Link.UP, Link.DOWN])
        bench.host.broker.say("l1", "1")
        assert bench.readings == [(1, 1, 1), (1, 2, 3)]


async def test_samples_that_come_too_slowly_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async with a_meter({**ONE_TOPIC, "silent_after_s": 900}) as bench:
        for _ in range(5):
            bench.say(1, 2, 3)
            await bench.clock.advance(300)
        assert bench.links == [Link.UP]
    assert caplog.text.count("samples 300 s apart are of no use for load control") == 1


async def test_one_outage_is_no_slow_meter(caplog: pytest.LogCaptureFixture) -> None:
    async with a_meter({**ONE_TOPIC, "silent_after_s": 900}) as bench:
        for pause_s in (1, 300, 1, 1, 300, 1):
            bench.say(1, 2, 3)
            await bench.clock.advance(pause_s)
    assert "samples" not in caplog.text


async def test_the_broker_goes_and_comes(caplog: pytest.LogCaptureFixture) -> None:
    async with a_meter({**ONE_TOPIC, "silent_after_s": 3600}) as bench:
        bench.say(1, 2, 3)
        bench.host.broker.connected = False
        await bench.clock.advance(3)
        bench.host.broker.connected = True
        await bench.clock.advance(3)
        assert bench.links == [Link.UP]  # it was restarted
        bench.host.broker.connected = False
        await bench.clock.advance(7)
        assert bench.links == [Link.UP, Link.DOWN]
        assert "no connection to its MQTT broker" in bench.host.contacts[-1].why
        bench.host.broker.connected = True
        bench.say(1, 2, 3)
        assert bench.links[-1] is Link.UP
    assert caplog.text.count("does not answer") == 1
