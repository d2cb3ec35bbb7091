"""The charger's driver: status, transactions, and limits that count when the device has repeated them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hub.sdk import (
    Capability,
    ChargerReading,
    ChargerStatus,
    LimitHeld,
    Link,
    Message,
    Refused,
    StationId,
    Status,
    Unreachable,
    Unsupported,
)
from hub.sdk.testing import FakeClock, RecordingStationHost
from integrations.generic_mqtt.charger import MqttCharger, Pace
from integrations.generic_mqtt.config import ChargerConfig

QUICK = Pace(confirm_s=0.1, send_s=0.1)  # real seconds
WORDS = {"A": "available", "B": "suspended_ev", "C": "charging", "F": "faulted", "P": "suspended_evse"}
CONFIG: dict[str, object] = {
    "topic": "e/state",
    "availability": {"topic": "e/lwt"},
    "status": {"path": "pilot", "words": WORDS},
    "current_a": [{"path": "amps"}],
    "energy_wh": {"path": "wh"},
    "limit": {"topic": "e/set", "held": {"path": "limit"}},
    "start": {"topic": "e/charge", "payload": "1"},
    "stop": {"topic": "e/charge", "payload": "0"},
}
SWITCH: dict[str, object] = {
    "topic": "e/set",
    "held": {"topic": "e/amps"},
    "pause": {"topic": "r/set", "payload": "OFF"},
    "resume": {"topic": "r/set", "payload": "ON"},
    "paused": {"topic": "r", "word": "OFF"},
}
Obey = Callable[[Message], None]


class Bench:
    """A driver on a recording host, and a device that does what the test says."""

    def __init__(self, host: RecordingStationHost, clock: FakeClock, driver: MqttCharger) -> None:
        self.host, self.clock, self.driver = host, clock, driver

    async def say(self, *, retain: bool = False, **state: object) -> None:
        self.host.broker.say("e/state", json.dumps(state), retain=retain)
        await self.clock.advance(0)

    def obeys(self, does: Obey, topic: str = "e/set") -> None:
        """The device hears orders from now on."""
        self.host.broker.subscribe(topic, does)

    def repeats(self, topic: str = "e/state") -> None:
        """It says what it was told."""

        def do(message: Message) -> None:
            limit = json.loads(message.payload)
            self.host.broker.say(topic, json.dumps({"limit": limit} if topic == "e/state" else limit))

        self.obeys(do)

    @property
    def orders(self) -> list[tuple[str, str]]:
        return [(m.topic, m.payload.decode()) for m in self.host.broker.published]

    @property
    def statuses(self) -> list[Status | None]:
        said = [report.status for report in self.host.of(ChargerStatus)]
        return [status for before, status in zip([..., *said], said, strict=False) if status is not before]

    @property
    def held(self) -> list[float]:
        return [report.limit_a for report in self.host.of(LimitHeld)]

    @property
    def links(self) -> list[Link]:
        return [contact.link for contact in self.host.contacts]


@asynccontextmanager
async def a_charger(stored: dict[str, str] | None = None, **changed: object) -> AsyncIterator[Bench]:
    clock = FakeClock()
    async with RecordingStationHost(StationId("e"), clock=clock) as host:
        for topic, payload in (stored or {}).items():
            host.broker.say(topic, payload, retain=True)
        config = ChargerConfig.model_validate({**CONFIG, **changed})
        driver = MqttCharger(host, config, QUICK).begin()
        await clock.advance(0)
        yield Bench(host, clock, driver)
        await driver.stop()


# what it says


async def test_status_readings_and_a_transaction_from_plug_in_to_plug_out() -> None:
    async with a_charger() as bench:
        await bench.say(pilot="A", amps=[0, 0, 0], wh=1000, limit=16)
        await bench.say(pilot="B", amps=[0, 0, 0], wh=1000, limit=16)
        await bench.say(pilot="C", amps=[9.9, 9.8, 10], wh=1200, limit=16)
        await bench.say(pilot="F", amps=[0, 0, 0], wh=1500)
        assert len(bench.host.running) == 1
        await bench.say(pilot="A", amps=[0, 0, 0], wh=1500)
        assert bench.statuses == [
            Status.AVAILABLE,
            Status.SUSPENDED_EV,
            Status.CHARGING,
            Status.FAULTED,
            Status.AVAILABLE,
        ]
        assert [r.current_a for r in bench.host.of(ChargerReading)][2] == (9.9, 9.8, 10)
        assert bench.held == [16, 16, 16]
        assert [(s.meter_wh, s.token) for s in bench.host.starts] == [(1000, None)]
        assert [(s.meter_wh, s.reason) for s in bench.host.stops] == [(1500, "EVDisconnected")]


async def test_a_burst_is_one_report() -> None:
    async with a_charger() as bench:
        for number in range(200):
            bench.host.broker.say("e/state", json.dumps({"pilot": "C", "amps": [number / 10], "limit": 32}))
        await bench.clock.advance(0)
        assert [r.current_a for r in bench.host.of(ChargerReading)] == [(19.9, None, None)]


async def test_a_stored_status_counts_once_the_device_is_alive_and_a_stored_limit_never() -> None:
    stored = {"e/state": json.dumps({"pilot": "C", "amps": [9], "limit": 10})}
    async with a_charger(stored, silent_after_s=None) as bench:
        assert (bench.statuses, bench.links) == ([], [])
        bench.host.broker.say("e/lwt", "online", retain=True)
        await bench.clock.advance(0)
        assert (bench.links, bench.statuses, bench.held) == ([Link.UP], [Status.CHARGING], [])
        assert bench.host.of(ChargerReading) == []


async def test_a_word_that_nobody_explained_is_unknown_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async with a_charger() as bench:
        await bench.say(pilot="Z", limit=6)
        await bench.say(pilot="Z", limit=6)
        assert bench.statuses == [None]
    assert caplog.text.count("status 'Z' is not among its words") == 1


async def test_it_falls_silent_and_everything_is_heard_anew() -> None:
    async with a_charger() as bench:
        await bench.say(pilot="C", amps=[9], limit=10)
        await bench.clock.advance(65)
        assert bench.links == [Link.UP, Link.DOWN]
        with pytest.raises(Unreachable):
            await bench.driver.set_limit(1, 10)  # what it held before is forgotten
        await bench.say(pilot="A")
        assert (bench.links[-1], bench.statuses[-1], bench.held) == (Link.UP, Status.AVAILABLE, [10])


async def test_its_last_will_takes_it_away_at_once() -> None:
    async with a_charger() as bench:
        await bench.say(pilot="A", limit=10)
        bench.host.broker.say("e/lwt", "offline", retain=True)
        assert bench.links == [Link.UP, Link.DOWN]


# limits


@pytest.mark.parametrize(("asked_a", "payload", "held_a"), [(10.9, "10", 10), (6, "6", 6), (5.9, "0", 0), (0, "0", 0)])
async def test_a_limit_is_held_when_the_device_repeats_it(asked_a: float, payload: str, held_a: float) -> None:
    async with a_charger() as bench:
        await bench.say(pilot="C", amps=[16], limit=32)
        bench.repeats()
        assert await bench.driver.set_limit(1, asked_a) == held_a
        assert bench.orders == [("e/set", payload)]
        assert not bench.host.broker.published[0].retain
        assert bench.held == [32, held_a]


async def test_it_may_take_its_time_and_say_the_old_one_first() -> None:
    async with a_charger() as bench:
        await bench.say(pilot="C", limit=6)
        order = asyncio.create_task(bench.driver.set_limit(1, 16))
        await bench.clock.advance(0)
        await bench.say(pilot="C", limit=6)
        assert not order.done()
        await bench.say(pilot="C", limit=16)
        assert await order == 16
        assert bench.held == [6, 16]


async def test_the_same_limit_again_needs_no_new_word() -> None:
    async with a_charger() as bench:
        await bench.say(pilot="C", limit=10)
        assert await bench.driver.set_limit(1, 10) == 10


async def test_a_device_that_can_do_less_says_so() -> None:
    async with a_charger() as bench:
        bench.obeys(lambda message: bench.host.broker.say("e/state", json.dumps({"limit": 13})))
        await bench.say(pilot="C", limit=6)
        await bench.clock.advance(1)
        order = asyncio.create_task(bench.driver.set_limit(1, 16))
        await bench.clock.advance(1)
        await bench.say(limit=13)
        assert await order == 13


async def test_one_that_does_not_obey_is_refused() -> None:
    async with a_charger() as bench:
        await bench.say(pilot="C", limit=32)
        order = asyncio.create_task(bench.driver.set_limit(1, 10))
        await bench.clock.advance(1)
        await bench.say(pilot="C", limit=32)
        with pytest.raises(Refused, match="told 10 A and holds 32 A"):
            await order
        assert bench.held[-1] == 32


@pytest.mark.parametrize("retain", [True, False])
async def test_one_that_says_nothing_is_not_believed(retain: bool) -> None:
    async with a_charger() as bench:
        await bench.say(pilot="C", limit=10 if retain else None, retain=retain)
        if retain:  # as after a reconnect: the stored one says otherwise than the last live one
            bench.driver._ear._hear(Message("e/state", b'{"limit": 16}', retain=True))
        with pytest.raises(Unreachable, match="has not said what it holds"):
            await bench.driver.set_limit(1, 16)
        assert bench.orders == [("e/set", "16")]


async def test_without_a_word_of_what_it_holds_told_is_not_held(caplog: pytest.LogCaptureFixture) -> None:
    async with a_charger(limit={"topic": "e/set"}) as bench:
        await bench.say(pilot="C")
        with pytest.raises(Unreachable, match="no topic that says what it holds"):
            await bench.driver.set_limit(1, 10)
        assert (bench.orders, bench.held) == ([("e/set", "10")], [])
    assert "without limit.held in its entry no limit is ever confirmed" in caplog.text


async def test_somebody_may_trust_it_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async with a_charger(limit={"topic": "e/set", "trust": True}) as bench:
        assert await bench.driver.set_limit(1, 10) == 10
    assert "limit.held" not in caplog.text


async def test_a_switch_of_its_own_pauses_it() -> None:
    async with a_charger(limit=SWITCH) as bench:
        broker = bench.host.broker
        await bench.say(pilot="C")
        broker.say("e/amps", "10")
        bench.repeats("e/amps")
        bench.obeys(lambda message: broker.say("r", message.payload), "r/set")
        assert await bench.driver.set_limit(1, 0) == 0
        broker.say("e/amps", "10")
        assert bench.held == [10, 0, 0]
        assert await bench.driver.set_limit(1, 8) == 8
        assert bench.orders == [("r/set", "OFF"), ("e/set", "8"), ("r/set", "ON")]


async def test_nothing_is_sent_without_a_broker() -> None:
    async with a_charger() as bench:
        bench.host.broker.connected = False
        with pytest.raises(Unreachable):
            await bench.driver.set_limit(1, 10)
        assert bench.orders == []


# what it can do


async def test_start_and_stop() -> None:
    async with a_charger() as bench:
        await bench.driver.start_charging(1, "04AABB")
        await bench.driver.stop_charging(1)
        assert bench.orders == [("e/charge", "1"), ("e/charge", "0")]
        assert bench.host.capabilities == frozenset({Capability.LIMIT, Capability.START_STOP})


async def test_what_its_entry_does_not_say_it_cannot_do() -> None:
    async with a_charger(limit=None, start=None, stop=None) as bench:
        assert bench.host.capabilities == frozenset()
        for order in (
            bench.driver.set_limit(1, 10),
            bench.driver.start_charging(1, "x"),
            bench.driver.stop_charging(1),
        ):
            with pytest.raises(Unsupported):
                await order
        with pytest.raises(Refused, match="one outlet"):
            await bench.driver.set_limit(2, 10)
