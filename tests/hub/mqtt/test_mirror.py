"""When a retained topic is published, told by a clock that the test turns."""

import json
from dataclasses import replace
from datetime import timedelta

from hub.core.state import Picture
from hub.model.charger import Status
from hub.model.units import PerPhase
from hub.mqtt.mirror import Mirror, Moment, Update, encoded
from hub.mqtt.topics import Topics
from tests.hub.mqtt.example import BAY_1, BAY_2, MAIN, NOW, candidate, picture

STATE, AVAILABILITY = "evhub/charger/bay-1/state", "evhub/charger/bay-1/availability"


def at(seconds: float) -> Moment:
    return Moment(NOW + timedelta(seconds=seconds), seconds)


def begun() -> tuple[Picture, Mirror]:
    seen = picture()
    mirror = Mirror(Topics("evhub"), seen)
    mirror.everything(at(0))
    return seen, mirror


def names(updates: list[Update]) -> set[str]:
    return {update.topic for update in updates}


def draw(seen: Picture, watts: float) -> None:
    reading = seen.chargers[BAY_1].reading
    assert reading is not None
    seen.chargers[BAY_1].reading = replace(reading, power_w=watts)


def test_everything_is_every_topic_every_time() -> None:
    _, mirror = begun()
    assert names(mirror.everything(at(0.1))) == {
        "evhub/site/state",
        "evhub/circuit/grid/state",
        "evhub/circuit/garage/state",
        "evhub/meter/main/state",
        STATE,
        AVAILABILITY,
        "evhub/charger/bay-2/state",
        "evhub/charger/bay-2/availability",
    }


def test_nothing_changed_nothing_said() -> None:
    _, mirror = begun()
    assert mirror.charger(BAY_1, at(5)) == []
    assert mirror.circuits(at(5)) == []


def test_readings_wait_for_their_second() -> None:
    seen, mirror = begun()
    draw(seen, 1000.0)
    assert (mirror.charger(BAY_1, at(0.3)), mirror.has_late) == ([], True)
    draw(seen, 1100.0)
    assert mirror.charger(BAY_1, at(0.6)) == []
    assert mirror.late(at(0.9)) == []
    [update] = mirror.late(at(1.0))
    assert (update.topic, json.loads(update.payload)["power_w"]) == (STATE, 1100.0)
    assert not mirror.has_late
    draw(seen, 1200.0)
    assert names(mirror.charger(BAY_1, at(2.5))) == {STATE}  # its second has passed long ago


def test_a_status_does_not_wait() -> None:
    seen, mirror = begun()
    seen.chargers[BAY_1].status = Status.SUSPENDED_EV
    assert names(mirror.charger(BAY_1, at(0.1))) == {STATE}


def test_a_lost_link_does_not_wait() -> None:
    seen, mirror = begun()
    seen.chargers[BAY_1].online = False
    assert mirror.charger(BAY_1, at(0.1)) == [Update(AVAILABILITY, b"offline")]


def test_a_grant_comes_with_the_circuits() -> None:
    seen, mirror = begun()
    seen.grants[BAY_1] = replace(seen.grants[BAY_1], limit_a=8.0)
    assert names(mirror.circuits(at(0.1))) == {STATE}


def test_the_site_counts_within_a_second() -> None:
    seen, mirror = begun()
    seen.chargers[BAY_1].status = Status.FINISHING
    mirror.charger(BAY_1, at(0.2))
    [update] = mirror.late(at(1.0))
    assert (update.topic, json.loads(update.payload)["chargers"]["charging"]) == ("evhub/site/state", 0)


def test_a_meter() -> None:
    seen, mirror = begun()
    reading = seen.meters[MAIN].reading
    assert reading is not None
    seen.meters[MAIN].reading = replace(reading, current_a=PerPhase(1.0, 2.0, 3.0))
    assert mirror.meter(MAIN, at(0.5)) == []
    seen.meters[MAIN].online = False
    assert names(mirror.meter(MAIN, at(0.6))) == {"evhub/meter/main/state"}


def test_what_leaves_the_drawing_is_cleared() -> None:
    seen, mirror = begun()
    seen.site = replace(seen.site, chargers={BAY_2: seen.site.chargers[BAY_2]}, meters={})
    del seen.chargers[BAY_1]
    updates = mirror.redrawn(at(0.1))
    cleared = {update.topic for update in updates if update.payload == b""}
    assert cleared == {STATE, AVAILABILITY, "evhub/meter/main/state"}
    assert names(updates) - cleared == {"evhub/site/state"}  # one charger less
    assert mirror.redrawn(at(0.2)) == []
    assert mirror.charger(BAY_1, at(0.3)) == []  # a straggler from the bus
    assert (mirror.is_ours(STATE), mirror.is_ours("evhub/charger/bay-2/state")) == (False, True)


def test_a_new_drawing_whose_fact_has_not_come_yet() -> None:
    seen, mirror = begun()
    draw(seen, 1.0)
    mirror.charger(BAY_1, at(0.1))  # waits for its second
    seen.site = replace(seen.site, chargers={})
    assert (mirror.charger(BAY_1, at(2)), mirror.late(at(2)), mirror.circuits(at(2))) == ([], [], [])
    assert Update(STATE, b"") in mirror.redrawn(at(2.1))
    assert not mirror.has_late


def test_a_new_drawing_just_before_a_new_connection() -> None:
    seen, mirror = begun()
    seen.site = replace(seen.site, chargers={BAY_2: seen.site.chargers[BAY_2]})
    updates = mirror.everything(at(1))
    assert {Update(STATE, b""), Update(AVAILABILITY, b"")} <= set(updates)
    assert len(updates) == 8


def test_a_candidate_comes_and_goes() -> None:
    _, mirror = begun()
    [found] = mirror.found(candidate(), at(1))
    assert (found.topic, json.loads(found.payload)["integration"]) == ("evhub/discovery/openevse-a1b2", "openevse")
    assert mirror.found(candidate(), at(2)) == []
    assert mirror.lost("shelly", candidate().station, at(3)) == []  # another integration's device of that name
    assert mirror.lost("openevse", candidate().station, at(4)) == [Update("evhub/discovery/openevse-a1b2", b"")]


def test_an_adopted_candidate_is_cleared() -> None:
    seen, mirror = begun()
    mirror.found(candidate(), at(1))
    adopted = replace(seen.site.chargers[BAY_2], station=candidate().station)
    seen.site = replace(seen.site, chargers={**seen.site.chargers, BAY_2: adopted})
    assert Update("evhub/discovery/openevse-a1b2", b"") in mirror.redrawn(at(2))
    assert mirror.found(candidate(), at(3)) == []


def test_payloads_are_text_or_json() -> None:
    assert encoded("online") == b"online"
    assert encoded({"name": "Straße", "status": Status.CHARGING}) == '{"name":"Straße","status":"charging"}'.encode()


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert json.loads(encoded({"model": "\ud800"})) == {"model": "\ud800"}
