"""Home Assistant is told over a real broker: after the states, again when it starts, and not of what has gone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hub.model.charger import Capability
from hub.model.facts import ChargerChanged, DrawingChanged
from hub.mqtt import service
from hub.mqtt.announce import MOVES
from hub.mqtt.config import MqttConfig
from tests.conftest import Mosquitto
from tests.hub.mqtt import words
from tests.hub.mqtt.conftest import running
from tests.hub.mqtt.example import BAY_1
from tests.observer import Observe, Observer, until

PREFIX = "homeassistant/device/evhub_"
HUB, BAY = f"{PREFIX}hub/config", f"{PREFIX}charger_bay-1/config"
ALL = {HUB, BAY, f"{PREFIX}charger_bay-2/config", f"{PREFIX}meter_main/config"}
SINGLE = "homeassistant/sensor/evhub/charger_bay-1_power/config"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """One broker on the same machine has said in a moment what it holds."""
    monkeypatch.setattr(service, "LEARN_S", 1.0)
    monkeypatch.setattr(service, "BIRTH_JITTER_S", (0.0, 0.1))


def config_at(port: int, **home_assistant: object) -> MqttConfig:
    return MqttConfig.model_validate({"broker": f"mqtt://127.0.0.1:{port}", "homeassistant": home_assistant})


@pytest.fixture
async def observer(mosquitto: Mosquitto, observe: Observe) -> Observer:
    return await observe(mosquitto.port)


def told(observer: Observer) -> set[str]:
    return {topic for topic in observer.latest() if topic.startswith("homeassistant/")}


async def test_states_and_availability_come_before_the_documents(
    mosquitto: Mosquitto, observer: Observer, observe: Observe, tmp_path: Path
) -> None:
    async with running(config_at(mosquitto.port), tmp_path):
        await until(lambda: told(observer) == ALL)
        topics = [topic for topic, _, _ in observer.heard]
        assert max(topics.index("evhub/status"), topics.index("evhub/charger/bay-2/availability")) < topics.index(HUB)
        latecomer = await observe(mosquitto.port)
        await until(lambda: told(latecomer) == ALL)  # all of it is retained
        for topic in ALL:
            words.check(topic, json.loads(latecomer.latest()[topic]))


async def test_its_birth_has_all_said_again_also_to_a_wiped_broker(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    async with running(config_at(mosquitto.port), tmp_path):
        await until(lambda: told(observer) == ALL)
        for topic in (*ALL, "evhub/charger/bay-1/state"):
            observer.publish(topic, "", retain=True)
            await observer.text(topic, b"")
        observer.publish("homeassistant/status", "offline")
        observer.publish("homeassistant/status", "online")
        await until(lambda: ALL | {"evhub/charger/bay-1/state"} <= observer.latest().keys())
        assert len(observer.payloads(HUB)) == 3  # at the start, wiped, and once at the birth


async def test_who_is_retired_goes_before_its_state(mosquitto: Mosquitto, observer: Observer, tmp_path: Path) -> None:
    async with running(config_at(mosquitto.port), tmp_path) as hub:
        await until(lambda: told(observer) == ALL)
        site = hub.picture.site
        hub.picture.site = replace(site, chargers={id: one for id, one in site.chargers.items() if id != BAY_1})
        hub.bus.publish(DrawingChanged())
        await observer.text("evhub/charger/bay-1/state", b"")
        cleared = [topic for topic, payload, _ in observer.heard if not payload]
        assert cleared[0] == BAY


async def test_who_was_retired_while_the_hub_was_off_goes_before_its_state(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    left, ours = "evhub/charger/old/state", '{"o": {"name": "evhub"}}'
    observer.publish(left, "{}", retain=True)
    observer.publish(f"{PREFIX}charger_old/config", ours, retain=True)
    await observer.text(f"{PREFIX}charger_old/config", ours.encode())
    async with running(config_at(mosquitto.port), tmp_path):
        await observer.text(left, b"")
    assert [topic for topic, payload, _ in observer.heard if not payload] == [f"{PREFIX}charger_old/config", left]


async def test_a_station_that_says_what_it_can_gets_its_buttons(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    async with running(config_at(mosquitto.port), tmp_path) as hub:
        await until(lambda: told(observer) == ALL)
        hub.picture.chargers[BAY_1].capabilities = frozenset({Capability.UNLOCK})
        hub.bus.publish(ChargerChanged(BAY_1))
        assert (await observer.json(BAY, 2))["cmps"]["unlock"]["cmd_t"] == "evhub/charger/bay-1/set/unlock"


async def test_entities_of_an_earlier_run_in_the_other_form_move(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    other = '{"name": "Power", "o": {"name": "another program"}}'
    observer.publish("homeassistant/sensor/evhub/charger_theirs/config", other, retain=True)
    async with running(config_at(mosquitto.port, form="single"), tmp_path):
        await until(lambda: SINGLE in told(observer))
    async with running(config_at(mosquitto.port), tmp_path):
        await until(lambda: told(observer) == ALL | {"homeassistant/sensor/evhub/charger_theirs/config"})
        said = [(topic, payload) for topic, payload, _ in observer.heard if topic in (SINGLE, BAY)]
        assert [topic for topic, _ in said] == [SINGLE, SINGLE, BAY, SINGLE]
        assert (said[1][1], said[3][1]) == (MOVES, b"")


async def test_switched_off_it_takes_away_what_it_told(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    async with running(config_at(mosquitto.port), tmp_path):
        await until(lambda: told(observer) == ALL)
    async with running(config_at(mosquitto.port, enabled=False), tmp_path):
        await until(lambda: told(observer) == set())


async def test_where_home_assistant_listens_is_a_setting(
    mosquitto: Mosquitto, observer: Observer, tmp_path: Path
) -> None:
    async with running(config_at(mosquitto.port, prefix="ha/discovery"), tmp_path):
        await until(lambda: "ha/discovery/device/evhub_hub/config" in observer.latest())
        assert told(observer) == set()
