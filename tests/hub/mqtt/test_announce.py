"""When Home Assistant is told what: after listening, after a change, and never of what it knows."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from hub.core.state import Picture
from hub.model.charger import Capability
from hub.model.reading import Identity
from hub.mqtt.announce import Announcements
from hub.mqtt.homeassistant import Form, Scheme
from hub.mqtt.mirror import Update
from hub.mqtt.topics import Topics
from tests.hub.mqtt.example import BAY_1, BAY_2, MAIN, picture

HUB, METER = "homeassistant/device/evhub_hub/config", "homeassistant/device/evhub_meter_main/config"
DEVICES = [HUB, METER, *(f"homeassistant/device/evhub_charger_{bay}/config" for bay in ("bay-1", "bay-2"))]
FIRST = DEVICES[2]
POWER = "homeassistant/sensor/evhub/charger_bay-1_power/config"
UNLOCK = "homeassistant/button/evhub/charger_bay-1_unlock/config"


def begun(form: Form = Form.DEVICE, held: Iterable[Update] = ()) -> tuple[Picture, Announcements]:
    seen = picture()
    seen.chargers[BAY_1].capabilities = frozenset({Capability.LIMIT, Capability.RESET, Capability.UNLOCK})
    one = Announcements(Scheme(Topics("evhub"), form=form), seen)
    for update in held:
        one.learned(update.topic, update.payload)
    return seen, one


def said(updates: list[Update]) -> dict[str, Any]:
    return {update.topic: json.loads(update.payload) if update.payload else None for update in updates}


def test_the_hub_is_told_before_those_that_name_it() -> None:
    _, one = begun()
    assert [update.topic for update in one.everything()] == DEVICES
    assert [update.topic for update in one.everything()] == DEVICES  # whatever the broker holds


def test_nothing_is_told_before_it_was_listened() -> None:
    seen, one = begun()
    seen.chargers[BAY_1].capabilities = frozenset()
    assert (one.charger(BAY_1), one.redrawn()) == ([], [])
    one.everything()
    one.forget()
    assert one.redrawn() == []


def test_readings_are_no_news_but_what_a_charger_calls_itself_is() -> None:
    seen, one = begun()
    one.everything()
    assert one.charger(BAY_1) == []
    seen.chargers[BAY_1].identity = Identity(vendor="Acme", model="One", firmware="1.3.0")
    [(topic, document)] = said(one.charger(BAY_1)).items()
    assert (topic, document["dev"]["sw"]) == (FIRST, "1.3.0")
    assert one.charger(BAY_1) == []


def test_what_a_meter_calls_itself_is_news_too() -> None:
    seen, one = begun()
    one.everything()
    assert one.meter(MAIN) == []
    seen.meters[MAIN].identity = Identity(vendor="Shelly", model="Pro 3EM")
    [(topic, document)] = said(one.meter(MAIN)).items()
    assert (topic, document["dev"]["mdl"]) == (METER, "Pro 3EM")
    assert one.meter(MAIN) == []
    seen.site = replace(seen.site, meters={})
    assert one.meter(MAIN) == []  # a straggler from the bus


def test_a_new_drawing_tells_what_differs_and_clears_who_left() -> None:
    seen, one = begun()
    one.everything()
    bay_1 = replace(seen.site.chargers[BAY_1], name="By the door", max_a=16.0)
    seen.site = replace(seen.site, chargers={BAY_1: bay_1})
    told = said(one.redrawn())
    assert told.keys() == {FIRST, DEVICES[3]}
    assert told[DEVICES[3]] is None
    assert (told[FIRST]["dev"]["name"], told[FIRST]["cmps"]["limit"]["max"]) == ("By the door", 16.0)
    assert one.redrawn() == []


def test_who_left_while_the_hub_was_off_is_cleared() -> None:
    _, before = begun()
    seen, one = begun(held=before.everything())
    seen.site = replace(seen.site, chargers={BAY_1: seen.site.chargers[BAY_1]})
    assert said(one.everything())[DEVICES[3]] is None


def test_a_part_that_left_is_named_once_more_without_options() -> None:
    _, before = begun()
    held = before.everything()
    seen, one = begun(held=held)
    seen.chargers[BAY_1].capabilities = frozenset({Capability.RESET})
    parts = said(one.everything())[FIRST]["cmps"]
    assert (parts["unlock"], parts["restart"]["p"]) == ({"p": "button"}, "button")
    assert one.charger(BAY_1) == []


def test_a_station_that_has_not_spoken_yet_stays_what_it_was() -> None:
    _, before = begun()
    held = before.everything()
    seen, one = begun(held=held)
    seen.chargers[BAY_1] = replace(seen.chargers[BAY_1], identity=None, capabilities=frozenset())
    assert said(one.everything()) == said(held)


def test_another_station_is_not_what_the_one_before_was() -> None:
    _, before = begun()
    seen, one = begun(held=before.everything())
    seen.chargers[BAY_1] = replace(seen.chargers[BAY_1], identity=None)
    other = replace(seen.site.chargers[BAY_1], station=seen.site.chargers[BAY_2].station)
    seen.site = replace(seen.site, chargers={BAY_1: other})
    assert said(one.everything())[FIRST]["dev"].keys() == {"ids", "name", "sn", "via_device"}


@pytest.mark.parametrize(("before", "after"), [(Form.SINGLE, Form.DEVICE), (Form.DEVICE, Form.SINGLE)])
def test_entities_move_to_the_other_form(before: Form, after: Form) -> None:
    held = begun(before)[1].everything()
    _, one = begun(after, held)
    assert set(one.moves()) == {update.topic for update in held}  # it is told before, or it would forget them
    updates = one.everything()
    assert [update.topic for update in updates if update.payload] == [u.topic for u in begun(after)[1].everything()]
    assert [update.topic for update in updates[-len(held) :]] == [update.topic for update in held]
    assert not any(update.payload for update in updates[-len(held) :])
    assert one.moves() == []


def test_who_has_gone_does_not_move() -> None:
    held = begun(Form.SINGLE)[1].everything()
    seen, one = begun(held=held)
    seen.site = replace(seen.site, chargers={BAY_2: seen.site.chargers[BAY_2]})
    assert POWER not in one.moves()
    updates = one.everything()
    assert (updates[0].topic.split("/")[3][:13], updates[0].payload) == ("charger_bay-1", b"")


def test_in_the_older_form_an_entity_that_left_is_cleared() -> None:
    seen, one = begun(Form.SINGLE)
    assert UNLOCK in said(one.everything())
    seen.chargers[BAY_1].capabilities = frozenset({Capability.RESET})
    assert said(one.charger(BAY_1)) == {UNLOCK: None}


def test_switched_off_it_clears_all_that_was_told_before() -> None:
    _, before = begun()
    one = Announcements(Scheme(Topics("evhub")), picture(), enabled=False)
    for update in before.everything():
        one.learned(update.topic, update.payload)
    assert said(one.everything()) == dict.fromkeys(DEVICES)
    assert (one.charger(BAY_1), one.redrawn()) == ([], [])


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"not json", b"{}", b'{"o": 3}', b'{"o": {"name": "zigbee2mqtt"}}', b"\xff"]
)
def test_what_others_have_there_is_left_alone(payload: bytes) -> None:
    _, one = begun()
    one.learned("homeassistant/device/evhub_charger_old/config", payload)
    assert None not in said(one.everything()).values()


def test_what_is_not_as_we_write_it_does_no_harm() -> None:
    _, one = begun()
    odd = b'{"o": {"name": "evhub"}, "dev": [], "cmps": {"a": 1, "power": {}, "old": {"p": "sensor"}}}'
    one.learned(FIRST, odd)
    one.learned(POWER, b'{"o": {"name": "evhub"}}')
    assert one.moves() == []
    updates = one.everything()
    assert updates[0] == Update(POWER, b"")
    assert said(updates)[FIRST]["cmps"]["old"] == {"p": "sensor"}
