"""What the hub, a meter and a charger are for Home Assistant, compared with what Home Assistant knows.

The facts about Home Assistant stand in words.py, with their source.
"""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from hub.core.state import Picture, PlanState
from hub.model.charger import Capability, Status
from hub.model.grant import Limiter
from hub.model.reading import Identity
from hub.model.units import PerPhase, Phase
from hub.mqtt import entities
from hub.mqtt.homeassistant import Device, Entity, Form, Scheme
from hub.mqtt.topics import Topics
from tests.hub.mqtt import words
from tests.hub.mqtt.example import BAY_1, BAY_2, MAIN, picture

DEVICE = Scheme(Topics("evhub"), page="https://garage.example")
SINGLE = replace(DEVICE, form=Form.SINGLE)
ALL = frozenset(Capability)


def whole(seen: Picture | None = None) -> list[Device]:
    seen = seen or picture()
    seen.chargers[BAY_1].capabilities = ALL
    chargers = [entities.charger(seen, DEVICE, id) for id in seen.site.chargers]
    return [entities.hub(seen, DEVICE), entities.meter(seen, DEVICE, MAIN), *chargers]


def keys(device: Device) -> list[str]:
    return [entity.key for entity in device.entities]


def entity(device: Device, key: str) -> Entity:
    return next(one for one in device.entities if one.key == key)


def test_the_hub() -> None:
    hub = whole()[0]
    assert keys(hub) == [
        "power",
        "headroom_l1",
        "headroom_l2",
        "headroom_l3",
        "balancing",
        "safe_plan",
        "alarms",
        "over_grid",
        "over_garage",
    ]
    assert hub.info["name"] == "Riverside 12"


def test_a_meter() -> None:
    lines = [f"{what}_l{n}" for what in ("current", "voltage") for n in (1, 2, 3)]
    assert keys(whole()[1]) == ["power", "import", "export", *lines]


def test_a_charger() -> None:
    lines = [f"{what}_l{n}" for what in ("current", "voltage") for n in (2, 3, 1)]  # in the order of its wiring
    first = ["status", "power", "energy", "session", "granted", "reason", "queue", "plug", "fault", "limit", "allow"]
    bay_1, bay_2 = whole()[2:]
    assert keys(bay_1) == [*first, *lines, "firmware", "restart", "unlock"]
    assert (bay_1.info["name"], bay_1.info["mf"], bay_1.info["sw"]) == ("Bay 1", "Acme", "1.2.3")
    assert "restart" not in keys(bay_2)
    assert bay_2.info == {"name": "bay-2", "sn": "oe-77"}


def test_what_measures_all_the_time_and_few_look_at_is_off_at_first() -> None:
    off = {one.key for device in whole() for one in device.entities if one.options.get("en") is False}
    assert off == {f"{what}_l{n}" for what in ("current", "voltage") for n in (1, 2, 3)}
    assert "en" not in entity(whole()[1], "current_l1").options  # a meter is there to be looked at


def test_a_single_phase_site_has_one_line() -> None:
    seen = picture()
    grid = replace(seen.site.grid, limit_a=PerPhase(25.0, 0.0, 0.0))
    seen.site = replace(seen.site, circuits={**seen.site.circuits, grid.id: grid})
    seen.site = replace(
        seen.site, chargers={**seen.site.chargers, BAY_1: replace(seen.site.chargers[BAY_1], phases=(Phase.L1,))}
    )
    lines = {key for device in whole(seen) for key in keys(device) if key.endswith(("_l2", "_l3"))}
    assert lines == set()


def test_buttons_that_were_there_stay_until_the_station_has_spoken() -> None:
    seen = picture()
    seen.chargers[BAY_1].capabilities = frozenset()
    known = frozenset({"evhub_charger_bay-1_unlock"})
    assert keys(entities.charger(seen, DEVICE, BAY_1, known))[-2:] == ["firmware", "unlock"]
    seen.chargers[BAY_1].capabilities = frozenset({Capability.LIMIT, Capability.RESET})
    assert keys(entities.charger(seen, DEVICE, BAY_1, known))[-2:] == ["firmware", "restart"]


def test_words_are_the_programs() -> None:
    bay = whole()[2]
    assert entity(bay, "status").options["ops"] == list(Status)
    assert entity(bay, "reason").options["ops"] == list(Limiter)
    assert entity(whole()[0], "safe_plan").options["ops"] == list(PlanState)


def test_the_limit_follows_the_drawing() -> None:
    seen = picture()
    seen.site = replace(
        seen.site, chargers={**seen.site.chargers, BAY_1: replace(seen.site.chargers[BAY_1], max_a=20.5)}
    )
    limit = entity(entities.charger(seen, DEVICE, BAY_1), "limit").options
    assert (limit["min"], limit["max"], limit["cmd_t"]) == (0, 20.5, "evhub/charger/bay-1/set/limit_a")


def test_commands_go_to_the_set_topics_of_the_contract() -> None:
    commands = {one.key: one.options["cmd_t"] for one in whole()[2].entities if "cmd_t" in one.options}
    assert commands == {
        "limit": "evhub/charger/bay-1/set/limit_a",
        "allow": "evhub/charger/bay-1/set/allow",
        "restart": "evhub/charger/bay-1/set/restart",
        "unlock": "evhub/charger/bay-1/set/unlock",
    }


def test_no_two_ids_meet() -> None:
    """`bay` with a key `a_b` and `bay_a` with a key `b` would be one entity: no key ends as another one."""
    for one, other in itertools.permutations({key for device in whole()[1:] for key in keys(device)}, 2):
        assert not one.endswith(f"_{other}")


@pytest.mark.parametrize(
    ("prefix", "node"),
    [("evhub", "evhub"), ("garage/north", "garage_2fnorth"), ("a_b", "a_5fb"), ("a.b", "a_2eb")],
)
def test_a_prefix_becomes_a_node(prefix: str, node: str) -> None:
    assert Scheme(Topics(prefix)).node == node


def test_a_device_is_one_document() -> None:
    [(topic, document)] = DEVICE.documents(whole()[2]).items()
    assert topic == "homeassistant/device/evhub_charger_bay-1/config"
    assert document["dev"] == {
        "ids": ["evhub_charger_bay-1"],
        "name": "Bay 1",
        "sn": "CP/1",
        "mf": "Acme",
        "mdl": "One",
        "sw": "1.2.3",
        "via_device": "evhub_hub",
    }
    assert document["avty"] == [{"t": "evhub/status"}, {"t": "evhub/charger/bay-1/availability"}]
    assert document["avty_mode"] == "all"
    power = document["cmps"]["power"]  # type: ignore[index]
    assert (power["p"], power["uniq_id"]) == ("sensor", "evhub_charger_bay-1_power")
    assert (power["stat_t"], power["val_tpl"]) == ("evhub/charger/bay-1/state", "{{ value_json.power_w }}")


def test_the_older_form_is_a_document_for_each_entity() -> None:
    device = whole()[2]
    documents = SINGLE.documents(device)
    assert len(documents) == len(device.entities)
    power = documents["homeassistant/sensor/evhub/charger_bay-1_power/config"]
    assert power["uniq_id"] == "evhub_charger_bay-1_power"  # the same entity in either form
    assert "homeassistant/button/evhub/charger_bay-1_restart/config" in documents


@pytest.mark.parametrize("scheme", [DEVICE, SINGLE], ids=["device", "single"])
def test_every_topic_is_ours_and_home_assistant_takes_it(scheme: Scheme) -> None:
    topics = [topic for device in whole() for topic in scheme.documents(device)]
    assert all(scheme.is_ours(topic) for topic in topics)
    assert all(words.TOPIC.fullmatch(topic) for topic in topics)


@pytest.mark.parametrize(
    "topic",
    [
        "homeassistant/device/evhub2_hub/config",
        "homeassistant/device/evhub_light/config",
        "homeassistant/sensor/garage/charger_bay-1_power/config",
        "homeassistant/sensor/evhub/temperature/config",
        "other/device/evhub_hub/config",
    ],
)
def test_what_is_not_ours(topic: str) -> None:
    assert not DEVICE.is_ours(topic)


@pytest.mark.parametrize("scheme", [DEVICE, SINGLE], ids=["device", "single"])
def test_every_document_is_what_home_assistant_reads(scheme: Scheme) -> None:
    seen = picture()
    seen.meters[MAIN].identity = Identity(vendor="Shelly", model="Pro 3EM", firmware="1.0")
    for device in whole(seen):
        for topic, document in scheme.documents(device).items():
            words.check(topic, document)


def test_the_page_names_every_entity() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "homeassistant.md").read_text()
    for title, device in zip(("Hub", "Meter", "Charger"), whole(), strict=False):
        table = page.partition(f"\n### {title}\n")[2].partition("\n#")[0]
        rows = re.findall(r"^\| (\(?`.*?) \| (.*?) \|", table, re.M)
        written = {key: platform.replace(" ", "_") for keys, platform in rows for key in re.findall(r"`(.+?)`", keys)}
        real = {re.sub("^over_.*", "over_<circuit>", one.key): one.platform for one in device.entities}
        assert written == real
        off = {key for keys, _ in rows if keys.startswith("(") for key in re.findall(r"`(.+?)`", keys)}
        assert off == {one.key for one in device.entities if one.options.get("en") is False}


def test_a_name_is_never_missing() -> None:
    assert entities.charger(picture(), DEVICE, BAY_2).info["name"] == "bay-2"
