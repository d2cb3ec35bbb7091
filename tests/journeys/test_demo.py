"""The demo as a stranger sees it: twelve bays of two brands and a meter, found and adopted, sharing, obeying."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from tests.journeys.hub import Hub, charging, demo

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("demo")
    with demo(folder / "data", "--report", str(folder / "truth.jsonl")) as running:
        yield running


class Listener:
    """An ordinary MQTT client beside the hub."""

    def __init__(self, port: int, *filters: str) -> None:
        self.heard: dict[str, list[bytes]] = {}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _u, m: self.heard.setdefault(m.topic, []).append(m.payload)
        self._client.on_connect = lambda c, *_: [c.subscribe(topic) for topic in filters]
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def send(self, topic: str, payload: str, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)

    def wait(self, topic: str, within_s: float = 15) -> Any:
        deadline = time.monotonic() + within_s
        while topic not in self.heard:
            assert time.monotonic() < deadline, f"nothing on {topic}; heard {sorted(self.heard)}"
            time.sleep(0.05)  # noqa: TID251 - looks from outside, at another process
        return json.loads(self.heard[topic][-1])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listener(hub: Hub) -> Iterator[Listener]:
    client = Listener(hub.mqtt_port, "evhub/#")
    yield client
    client.close()


def test_at_least_eight_cars_of_two_brands_charge_within_half_a_minute(hub: Hub) -> None:
    status = hub.wait_for(lambda s: len(charging(s)) >= 8 and s["site"]["power_w"] is not None, within_s=30)
    brands = {status["chargers"][bay]["vendor"] for bay in charging(status)}
    assert len(brands) >= 2
    assert len(status["chargers"]) == 12
    assert status["meters"]["main"]["online"] is True
    waiting = {candidate["station"] for candidate in status["candidates"]}  # another site may announce itself too
    assert not waiting & {charger["station"] for charger in status["chargers"].values()}


def test_mosquitto_sub_shows_the_retained_site(hub: Hub) -> None:
    hub.wait_for(lambda s: len(s["chargers"]) == 12, within_s=30)
    command = ["mosquitto_sub", "-p", str(hub.mqtt_port), "-t", "evhub/#", "-v", "-W", "2", "--retained-only"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    topics = {line.split(" ", 1)[0] for line in shown.splitlines()}
    assert {"evhub/status", "evhub/site/state", "evhub/circuit/grid/state", "evhub/meter/main/state"} <= topics
    assert {f"evhub/charger/bay-{n}/state" for n in range(1, 13)} <= topics


def test_an_order_by_cli_and_by_mqtt_has_the_same_effect_and_reply(hub: Hub, listener: Listener) -> None:
    hub.wait_for(lambda s: "bay-1" in charging(s) and "bay-2" in charging(s), within_s=30)
    by_cli = json.loads(hub.cli("order", "--json", "charger.set_limit", "charger=bay-1", "limit_a=7").stdout)
    listener.send("evhub/order/charger.set_limit", '{"id": "m1", "args": {"charger": "bay-2", "limit_a": 7}}')
    by_mqtt = listener.wait("evhub/reply/m1")
    assert (by_cli["ok"], by_mqtt["ok"]) == (True, True)
    assert {**by_cli["result"], "charger": "bay-2"} == by_mqtt["result"]
    status = hub.wait_for(lambda s: all(s["chargers"][b]["held_a"] <= 7 for b in ("bay-1", "bay-2")), within_s=15)
    reasons = {status["chargers"][bay]["limit_reason"] for bay in ("bay-1", "bay-2")}
    assert reasons <= {"request", "circuit", "safe_plan"}


def test_a_refused_order_says_why_the_same_way(hub: Hub, listener: Listener) -> None:
    refused = hub.cli("order", "--json", "charger.set_limit", "charger=bay-99", "limit_a=7")
    listener.send("evhub/order/charger.set_limit", '{"id": "m2", "args": {"charger": "bay-99", "limit_a": 7}}')
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"] == listener.wait("evhub/reply/m2")["error"]
    assert listener.wait("evhub/reply/m2")["error"]["next"]


def test_a_person_sets_a_field(hub: Hub, listener: Listener) -> None:
    hub.wait_for(lambda s: "bay-3" in s["chargers"], within_s=30)
    listener.send("evhub/charger/bay-3/set/allow", "OFF")
    assert listener.wait("evhub/charger/bay-3/set/allow/reply")["ok"] is True
    hub.wait_for(lambda s: s["chargers"]["bay-3"]["limit_reason"] == "paused", within_s=15)
    hub.wait_for(lambda s: (s["chargers"]["bay-3"]["power_w"] or 0) < 50, within_s=20)
    listener.send("evhub/charger/bay-3/set/allow", "ON")
    hub.wait_for(lambda s: s["chargers"]["bay-3"]["limit_reason"] != "paused", within_s=15)


def test_status_is_shown_on_the_terminal(hub: Hub) -> None:
    hub.wait_for(lambda s: len(s["chargers"]) == 12, within_s=30)
    shown = hub.cli("status")
    assert shown.returncode == 0
    assert "Riverside Garage" in shown.stdout.splitlines()[0]
    assert len([line for line in shown.stdout.splitlines() if line.startswith("  bay-")]) == 12


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path / "data", "--site", "two") as hub:
        hub.wait_for(lambda s: len(s["chargers"]) == 2, within_s=30)
        children = _descendants(hub.process.pid)
        assert len(children) >= 2  # the simulator and the broker
    assert [pid for pid in children if Path(f"/proc/{pid}").exists() and _state(pid) != "Z"] == []


def _descendants(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            child = int(stat.parent.name)
            found += [child, *_descendants(child)]
    return found


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"
