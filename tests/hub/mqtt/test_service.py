"""The whole room over a real broker: state, events, orders, settings, and other people's mistakes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.core import shown
from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.orders import Orders
from hub.model.charger import Status
from hub.model.errors import Unreachable
from hub.model.facts import ChargerChanged, CircuitsChanged, DeviceFound, DeviceLost, DrawingChanged, MeterChanged
from hub.mqtt.config import MqttConfig
from hub.mqtt.service import Mqtt
from tests.conftest import Mosquitto
from tests.hub.mqtt.conftest import SmallHub, running
from tests.hub.mqtt.example import BAY_1, BAY_2, GARAGE, MAIN, NOW, candidate, picture, session_ended
from tests.observer import Observe, Observer, until

RETAINED = {
    "evhub/status",
    "evhub/site/state",
    "evhub/circuit/grid/state",
    "evhub/circuit/garage/state",
    "evhub/meter/main/state",
    "evhub/charger/bay-1/state",
    "evhub/charger/bay-1/availability",
    "evhub/charger/bay-2/state",
    "evhub/charger/bay-2/availability",
}


def config_at(port: int, **more: object) -> MqttConfig:
    more = {"homeassistant": {"enabled": False}, **more}  # test_home_assistant.py
    return MqttConfig.model_validate({"broker": f"mqtt://127.0.0.1:{port}", **more})


@pytest.fixture
async def observer(mosquitto: Mosquitto, observe: Observe) -> Observer:
    return await observe(mosquitto.port)


@pytest.fixture
async def hub(mosquitto: Mosquitto, observer: Observer, tmp_path: Path) -> AsyncIterator[SmallHub]:
    async with running(config_at(mosquitto.port), tmp_path) as hub:
        await observer.text("evhub/status", b"online")
        yield hub


# what it says


async def test_at_the_start_everything_is_there_and_online_comes_last(hub: SmallHub, observer: Observer) -> None:
    assert observer.latest().keys() == RETAINED
    assert observer.heard[-1][:2] == ("evhub/status", b"online")
    state = json.loads(observer.latest()["evhub/charger/bay-1/state"])
    assert state == {**shown.charger_state(hub.picture, BAY_1, NOW), "ts": state["ts"]}
    assert observer.latest()["evhub/charger/bay-1/availability"] == b"online"
    assert observer.latest()["evhub/charger/bay-2/availability"] == b"offline"


async def test_all_state_is_retained_events_and_replies_are_not(
    hub: SmallHub, observer: Observer, observe: Observe, mosquitto: Mosquitto
) -> None:
    hub.bus.publish(session_ended())
    observer.order("charger.allow", {"id": "a1", "args": {"charger": "bay-1", "allow": True}})
    await observer.json("evhub/reply/a1")
    await observer.json("evhub/event/session_ended")
    latecomer = await observe(mosquitto.port)
    await until(lambda: latecomer.latest().keys() >= RETAINED)
    assert {topic for topic, _, retained in latecomer.heard if retained} == RETAINED


async def test_a_status_at_once_then_readings_after_a_second(hub: SmallHub, observer: Observer) -> None:
    topic, live = "evhub/charger/bay-1/state", hub.picture.chargers[BAY_1]
    live.status = Status.SUSPENDED_EV
    hub.bus.publish(ChargerChanged(BAY_1))
    assert (await observer.json(topic, 2))["status"] == "suspended_ev"
    assert live.reading is not None
    for watts in range(100):
        live.reading = replace(live.reading, power_w=float(watts))
        hub.bus.publish(ChargerChanged(BAY_1))
        await hub.bus.drained()
    assert (await observer.json(topic, 3))["power_w"] == 99.0
    assert len(observer.payloads(topic)) == 3


async def test_grants_circuits_and_meters_follow(hub: SmallHub, observer: Observer) -> None:
    hub.picture.grants[BAY_1] = replace(hub.picture.grants[BAY_1], limit_a=7.25)
    hub.picture.circuits[GARAGE] = replace(hub.picture.circuits[GARAGE], over=True)
    hub.picture.meters[MAIN].online = False
    hub.bus.publish(CircuitsChanged())
    hub.bus.publish(MeterChanged(MAIN))
    assert (await observer.json("evhub/charger/bay-1/state", 2))["limit_a"] == 7.2
    assert (await observer.json("evhub/circuit/garage/state", 2))["over"] is True
    assert (await observer.json("evhub/meter/main/state", 2))["online"] is False


async def test_events_go_out_once_and_in_order(hub: SmallHub, observer: Observer) -> None:
    for energy_wh in range(50):
        hub.bus.publish(replace(session_ended(), energy_wh=float(energy_wh)))
    await observer.json("evhub/event/session_ended", 50)
    told = [json.loads(payload)["energy_wh"] for payload in observer.payloads("evhub/event/session_ended")]
    assert told == list(range(50))


async def test_a_candidate_appears_and_disappears(hub: SmallHub, observer: Observer) -> None:
    hub.bus.publish(DeviceFound(at=NOW, candidate=candidate("serial/7")))
    found = await observer.json("evhub/discovery/serial%2F7")
    assert found == shown.candidate_state(candidate("serial/7"))
    assert (await observer.json("evhub/event/device_found"))["candidate"]["station"] == "serial/7"
    hub.bus.publish(DeviceLost(at=NOW, integration="openevse", station=candidate("serial/7").station))
    await observer.text("evhub/discovery/serial%2F7", b"")


async def test_what_leaves_the_drawing_leaves_the_broker(hub: SmallHub, observer: Observer) -> None:
    site = hub.picture.site
    hub.picture.site = replace(site, chargers={BAY_1: site.chargers[BAY_1]})
    hub.bus.publish(DrawingChanged())
    await observer.text("evhub/charger/bay-2/state", b"")
    await observer.text("evhub/charger/bay-2/availability", b"")
    assert (await observer.json("evhub/site/state", 2))["chargers"]["total"] == 1


async def test_what_an_earlier_run_left_is_cleared_and_nothing_else(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    left = ["charger/old/state", "charger/old/availability", "meter/old/state", "circuit/old/state", "discovery/old"]
    foreign = ["evhub/charger/old/state/more", "evhub/charger/old", "other/charger/old/state", "evhub/mine/old/state"]
    for topic in [*(f"evhub/{name}" for name in left), *foreign]:
        observer.publish(topic, "{}", retain=True)
        await observer.text(topic, b"{}")
    async with running(config_at(mosquitto.port), tmp_path):
        for name in left:
            await observer.text(f"evhub/{name}", b"")
        await observer.text("evhub/status", b"online")
        assert observer.latest().keys() == RETAINED | set(foreign)


async def test_a_late_will_is_contradicted(hub: SmallHub, observer: Observer) -> None:
    """A broker may publish the will of an earlier, dead connection minutes after the hub is back."""
    observer.publish("evhub/status", "offline", retain=True)
    await until(lambda: observer.payloads("evhub/status") == [b"online", b"offline", b"online"])


async def test_a_clean_stop_says_offline(mosquitto: Mosquitto, observer: Observer, tmp_path: Path) -> None:
    async with running(config_at(mosquitto.port), tmp_path):
        await observer.text("evhub/status", b"online")
    await observer.text("evhub/status", b"offline")
    assert observer.payloads("evhub/status") == [b"online", b"offline"]


async def test_two_prefixes_on_one_broker(mosquitto: Mosquitto, observer: Observer, tmp_path: Path) -> None:
    """Two sites with the same ids: neither clears, commands or ends the other."""
    north, south = config_at(mosquitto.port, prefix="north"), config_at(mosquitto.port, prefix="site/south")
    async with running(south, tmp_path / "south") as second:
        await observer.text("site/south/status", b"online")
        async with running(north, tmp_path / "north") as first:
            await observer.text("north/status", b"online")
            observer.publish("north/charger/bay-1/set/limit_a", "9")
            assert (await observer.json("north/charger/bay-1/set/limit_a/reply"))["ok"]
            site = first.picture.site
            first.picture.site = replace(site, chargers={BAY_1: site.chargers[BAY_1]})
            first.bus.publish(DrawingChanged())
            await observer.text("north/charger/bay-2/state", b"")
        await observer.text("north/status", b"offline")
        assert (len(first.done), len(second.done)) == (1, 0)
        assert observer.payloads("site/south/status") == [b"online"]
        assert b"" not in [payload for topic, payload, _ in observer.heard if topic.startswith("site/south")]


async def test_disabled_it_does_nothing(tmp_path: Path) -> None:
    async with running(MqttConfig(enabled=False), tmp_path) as hub:
        hub.bus.publish(ChargerChanged(BAY_1))
        await hub.bus.drained()
        assert (hub.mqtt.connected, hub.mqtt.where) == (False, "off")
    assert not list(tmp_path.iterdir())


async def test_a_broker_that_is_away_delays_nothing(tmp_path: Path) -> None:
    async with asyncio.timeout(2):
        async with running(config_at(1), tmp_path) as hub:
            for _ in range(100):
                hub.bus.publish(session_ended())
                hub.bus.publish(ChargerChanged(BAY_1))
            await hub.bus.drained()


# for devices that speak through the broker


async def test_devices_speak_through_it_and_are_heard_also_when_they_came_first(
    tmp_path: Path, mosquitto: Mosquitto, observe: Observe
) -> None:
    observer = await observe(mosquitto.port)
    observer.publish("meter/state", "old", retain=True)
    await observer.text("meter/state", b"old")
    bus, seen, clock = Bus(), picture(), SystemClock()
    room = Mqtt(seen, bus, Orders(clock), clock, config_at(mosquitto.port), tmp_path)
    heard: list[tuple[bytes, bool]] = []
    leave = room.subscribe("meter/+", lambda message: heard.append((message.payload, message.retain)))
    await room.start()
    try:
        await until(lambda: heard == [(b"old", True)])
        await room.publish("meter/set", b"sure")
        await room.publish("meter/set", b"kept", qos=0, retain=True)
        await until(lambda: heard[1:] == [(b"sure", False), (b"kept", False)])
        leave()
        await room.publish("meter/set", b"later")
        assert len(heard) == 3
    finally:
        await room.stop()
        await bus.close()


async def test_without_a_broker_nothing_is_sent_late(tmp_path: Path) -> None:
    for config in (MqttConfig(enabled=False), config_at(1)):
        async with running(config, tmp_path) as hub:
            with pytest.raises(Unreachable):
                await hub.mqtt.publish("meter/set", b"1")


# orders


SET_10 = {"charger": "bay-1", "limit_a": 10}


async def test_an_order_is_done_and_answered(hub: SmallHub, observer: Observer) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    observer.order("charger.set_limit", {"id": "a1", "args": SET_10, "expires_at": soon})
    assert await observer.json("evhub/reply/a1") == {"id": "a1", "ok": True, "result": {"limit_a": 10.0}}
    assert hub.done == [("charger.set_limit", {"limit_a": 10.0, "who": "mqtt", "via": "mqtt"})]


async def test_the_same_id_is_done_once_and_answered_twice(hub: SmallHub, observer: Observer) -> None:
    observer.order("charger.set_limit", {"id": "a1", "args": SET_10})
    observer.order("charger.set_limit", {"id": "a1", "args": SET_10})
    assert await observer.json("evhub/reply/a1", 2) == await observer.json("evhub/reply/a1", 1)
    assert len(hub.done) == 1


@pytest.mark.parametrize(
    ("name", "document", "code", "words"),
    [
        ("charger.set_limit", {"args": {"charger": "bay-1", "limit_a": 99}}, "refused", "32 A at most"),
        ("charger.set_limit", {"args": {"charger": "bay-1"}}, "invalid", "limit_a: Field required"),
        ("charger.set_limit", {"args": {"charger": "bay-1", "limit_a": "x"}}, "invalid", "limit_a: "),
        ("charger.set_limit", {"args": [1]}, "invalid", "args"),
        ("charger.set_limit", {"args": SET_10, "expires_at": "2020-01-01T00:00:00Z"}, "expired", "2020-01-01"),
        ("charger.set_limit", {"args": SET_10, "expires_at": "soon"}, "invalid", "soon"),
        ("charger.set_limit", {"args": SET_10, "arguments": {}}, "invalid", "arguments"),
        ("charger.explode", {"args": {}}, "not_found", "charger.explode"),
        ("hub.fail", {}, "error", "the hub failed on hub.fail"),
    ],
)
async def test_a_wrong_order_is_refused_with_a_reason(
    hub: SmallHub, observer: Observer, name: str, document: dict[str, object], code: str, words: str
) -> None:
    observer.order(name, {"id": "a1", **document})
    reply = await observer.json("evhub/reply/a1")
    assert (reply["ok"], reply["id"], reply["error"]["code"]) == (False, "a1", code)
    assert words in reply["error"]["message"]
    assert reply["error"].keys() == {"code", "message", "next"}
    assert hub.done == []


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("limit 10", "not JSON"),
        (json.dumps({"args": SET_10}), "no id"),
        (json.dumps({"id": "a/b", "args": SET_10}), "cannot be part of a topic"),
        (json.dumps({"id": 7, "args": SET_10}), "cannot be part of a topic"),
        ("[1]", "no id"),
        (json.dumps({"id": "a1", "args": {"charger": "x" * 17_000}}), "the payload has 17"),
    ],
)
async def test_an_order_without_a_usable_id_is_answered_under_unknown(
    hub: SmallHub, observer: Observer, payload: str, words: str
) -> None:
    observer.publish("evhub/order/charger.set_limit", payload)
    reply = await observer.json("evhub/reply/unknown")
    assert (reply["ok"], reply["id"], reply["error"]["code"]) == (False, None, "invalid")
    assert words in reply["error"]["message"]
    assert hub.done == []


@asynccontextmanager
async def begun_after(observer: Observer, port: int, data: Path) -> AsyncIterator[SmallHub]:
    async with running(config_at(port), data) as hub:
        await observer.text("evhub/status", b"online")
        yield hub


async def test_a_stored_order_is_refused(mosquitto: Mosquitto, observer: Observer, tmp_path: Path) -> None:
    observer.order("charger.set_limit", {"id": "old", "args": SET_10}, retain=True)
    await until(lambda: bool(observer.payloads("evhub/order/charger.set_limit")))
    async with begun_after(observer, mosquitto.port, tmp_path) as hub:
        reply = await observer.json("evhub/reply/old")
        assert reply["error"]["code"] == "expired"
        assert "mosquitto_pub -t 'evhub/order/charger.set_limit' -r -n" in reply["error"]["next"]
        observer.publish("evhub/order/charger.set_limit", "", retain=True)  # as the reply says
        observer.order("charger.set_limit", {"id": "new", "args": SET_10})
        assert (await observer.json("evhub/reply/new"))["ok"]
        assert observer.payloads("evhub/reply/unknown") == []
        assert len(hub.done) == 1


async def test_an_order_of_a_time_without_the_hub_is_not_done(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    """Sessions are clean: the broker keeps nothing for a hub that is away, though its client id stays the same."""
    async with begun_after(observer, mosquitto.port, tmp_path):
        pass
    observer.order("charger.set_limit", {"id": "a1", "args": SET_10})
    await until(lambda: bool(observer.payloads("evhub/order/charger.set_limit")))
    async with running(config_at(mosquitto.port), tmp_path) as hub:
        await until(lambda: len(observer.payloads("evhub/status")) == 3)
        observer.order("charger.set_limit", {"id": "a2", "args": SET_10})
        assert (await observer.json("evhub/reply/a2"))["ok"]
        assert (len(hub.done), observer.payloads("evhub/reply/a1")) == (1, [])


async def test_too_many_orders_at_once_are_refused(hub: SmallHub, observer: Observer) -> None:
    hub.gate.clear()
    for number in range(40):
        observer.order("charger.set_limit", {"id": f"n{number}", "args": SET_10})
    await until(lambda: len([topic for topic, _, _ in observer.heard if topic.startswith("evhub/reply/")]) == 8)
    hub.gate.set()
    for number in range(40):
        reply = await observer.json(f"evhub/reply/n{number}")
        assert reply["ok"] or "32 orders are at work" in reply["error"]["message"]
    assert len(hub.done) == 32


# settings


@pytest.mark.parametrize(
    ("field", "payload", "result"),
    [
        ("limit_a", "10", {"limit_a": 10.0}),
        ("limit_a", "null", {"limit_a": None}),
        ("limit_a", "", {"limit_a": None}),
        ("allow", "OFF", {"allow": False}),
        ("allow", "true", {"allow": True}),
    ],
)
async def test_people_set_a_field(
    hub: SmallHub, observer: Observer, field: str, payload: str, result: dict[str, object]
) -> None:
    observer.publish(f"evhub/charger/bay-1/set/{field}", payload)
    assert await observer.json(f"evhub/charger/bay-1/set/{field}/reply") == {"ok": True, "result": result}


@pytest.mark.parametrize(
    ("name", "payload", "code", "words", "next_step"),
    [
        ("bay-1/set/limit_a", "ten", "invalid", "'ten' is not a number of amps", "null to remove"),
        ("bay-1/set/limit_a", "99", "refused", "32 A at most", "32 or less"),
        ("bay-1/set/colour", "red", "not_found", "no field 'colour'", "limit_a, allow"),
        ("bay-9/set/limit_a", "10", "not_found", "no charger is called 'bay-9'", "bay-1, bay-2"),
    ],
)
async def test_a_wrong_setting_is_refused_there(
    hub: SmallHub, observer: Observer, name: str, payload: str, code: str, words: str, next_step: str
) -> None:
    observer.publish(f"evhub/charger/{name}", payload)
    error = (await observer.json(f"evhub/charger/{name}/reply"))["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert next_step in error["next"]
    assert hub.done == []


async def test_a_stored_setting_is_refused_and_clearing_it_sets_nothing(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    topic = "evhub/charger/bay-1/set/limit_a"
    observer.publish(topic, "10", retain=True)
    await observer.text(topic, b"10")
    async with begun_after(observer, mosquitto.port, tmp_path) as hub:
        error = (await observer.json(f"{topic}/reply"))["error"]
        assert (error["code"], f"mosquitto_pub -t '{topic}' -r -n" in error["next"]) == ("expired", True)
        observer.publish(topic, "", retain=True)  # as the reply says
        observer.publish(topic, "12")
        assert (await observer.json(f"{topic}/reply", 2))["result"] == {"limit_a": 12.0}
        assert [result["limit_a"] for _, result in hub.done] == [12.0]


async def test_a_charger_whose_id_is_not_safe(hub: SmallHub, observer: Observer) -> None:
    site = hub.picture.site
    odd = replace(site.chargers[BAY_2], id=type(BAY_2)("P1/2"))
    hub.picture.site = replace(site, chargers={odd.id: odd})
    hub.bus.publish(DrawingChanged())
    assert (await observer.json("evhub/charger/P1%2F2/state"))["station"] == "oe-77"
    observer.publish("evhub/charger/P1%2F2/set/allow", "1")
    assert (await observer.json("evhub/charger/P1%2F2/set/allow/reply"))["ok"]


async def test_round_trips_with_both_ends_sending_at_once(hub: SmallHub, observer: Observer) -> None:
    """TCP_NODELAY on every end: twenty orders one after the other. No time is asserted: speed is for the benchmarks."""
    for number in range(20):
        observer.order("charger.allow", {"id": f"n{number}", "args": {"charger": "bay-1", "allow": True}})
        assert (await observer.json(f"evhub/reply/n{number}"))["ok"]
